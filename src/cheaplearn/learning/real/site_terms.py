"""What every sum over samples needs of each variable: derivatives of the tied functions, from one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import array_api_compat
import numpy as np
from scipy.sparse import csr_array

from ..._messages import must_be
from .basis import ProductBasis
from .bounds import Bounds
from .rows import ScaledRows

__all__ = ["Block", "Derivatives", "Problem", "SiteTerms", "to_host"]

BLOCK_ENTRIES = 1 << 22  # of the table held at once: 32 MiB of float64
LEAST_ROWS = 1024  # of a block: fewer would starve BLAS


@dataclass(frozen=True, eq=False)
class SiteTerms:
    """The functions that contain one variable: d_i phi = factor * rows, rows = matrix @ table[columns].

    Args:
        functions: Which functions, ascending, shape (K_i,).
        columns: Rows of the table, shape (U_i,).
        matrix: Shape (K_i, U_i); None if every function needs one row only.
        factor: The multiple, 1 where there is a matrix, shape (K_i,).
    """

    functions: np.ndarray
    columns: np.ndarray
    matrix: np.ndarray | None
    factor: np.ndarray

    @classmethod
    def of(cls, gradient: csr_array) -> SiteTerms:
        """Reads a sparse matrix from the table to the derivatives, shape (K, rows)."""
        sizes = np.diff(gradient.indptr)
        functions = np.flatnonzero(sizes)
        part = gradient[functions]
        if np.all(sizes[functions] == 1):
            return cls(functions, part.indices.astype(int), None, part.data)
        columns = np.unique(part.indices)
        return cls(functions, columns, part[:, columns].toarray(), np.ones(len(functions)))

    def rows(self, table: Any) -> Any:
        """Returns d_i phi / factor, shape (K_i, samples)."""
        xp, device = array_api_compat.array_namespace(table), array_api_compat.device(table)
        taken = xp.take(table, xp.asarray(self.columns, device=device), axis=0)
        if self.matrix is None:
            return taken
        return xp.asarray(self.matrix, dtype=table.dtype, device=device) @ taken

    def derivatives(self, table: Any) -> Any:
        """Returns d_i phi, shape (K_i, samples)."""
        rows = self.rows(table)
        if self.matrix is None:
            xp, device = array_api_compat.array_namespace(table), array_api_compat.device(table)
            rows *= xp.asarray(self.factor, dtype=table.dtype, device=device)[:, None]
        return rows

    def pulled_back(self, theta: np.ndarray) -> np.ndarray:
        """Returns W with d_i H = W^T table[columns] for couplings of shape (K, columns), shape (U_i, columns)."""
        own = theta[self.functions]
        return own * self.factor[:, None] if self.matrix is None else self.matrix.T @ own


class Block(NamedTuple):
    """Some samples.

    Args:
        rows: Which, a slice.
        table: All products, shape (rows of the table, samples).
        weight: Sample weights, shape (samples,).
        g: Weights by distance from the walls, shape (n, samples); None for 1.
        slope: Their derivatives, same shape; None for 0.
    """

    rows: slice
    table: Any
    weight: Any
    g: Any
    slope: Any


class Derivatives:
    """Derivatives of all functions, as matrices from the table of products.

    Args:
        basis: The functions, T terms.
        tying: P with theta = P u, shape (T, K), as `ProductBasis.tied` returns it; None for K = T untied terms.

    Raises:
        ValueError: If P has another number of rows.
    """

    def __init__(self, basis: ProductBasis, tying: csr_array | None = None) -> None:
        self.basis = basis
        self.tying = None if tying is None else csr_array(tying)
        if self.tying is not None and self.tying.shape[0] != len(basis):
            requirement = f"of shape ({len(basis)}, orbits)"
            raise ValueError(must_be("tying", "score matching", requirement, self.tying.shape))

    @property
    def n_functions(self) -> int:
        """Number of couplings K."""
        return len(self.basis) if self.tying is None else int(self.tying.shape[1])

    def _tied(self, matrix: csr_array) -> csr_array:
        return matrix if self.tying is None else csr_array(self.tying.T @ matrix)

    @cached_property
    def gradients(self) -> list[csr_array]:
        """For each variable the matrix from the table to d_i phi, shape (K, rows of the table)."""
        shape = len(self.basis), len(self.basis.table)
        return [self._tied(own.gradient(*shape)) for own in self.basis.by_variable]

    @cached_property
    def curvatures(self) -> list[csr_array]:
        """For each variable the matrix from the table to d_ii phi, shape (K, rows of the table)."""
        shape = len(self.basis), len(self.basis.table)
        return [self._tied(own.curvature(*shape)) for own in self.basis.by_variable]

    @cached_property
    def sites(self) -> list[SiteTerms]:
        """The functions that contain each variable."""
        return [SiteTerms.of(gradient) for gradient in self.gradients]

    @cached_property
    def curving(self) -> list[SiteTerms]:
        """The functions with a second derivative by each variable, and these derivatives."""
        return [SiteTerms.of(curvature) for curvature in self.curvatures]


class Problem:
    """Samples and functions of one fit, checked; all sums and scores run over its blocks.

    Args:
        t: Scaled variables, shape (samples, n), real floating point, of any array namespace; or `ScaledRows`, which
            are not checked again.
        weight: Non-negative sample weights, shape (samples,); None for 1.
        basis: The functions, T terms.
        tying: P with theta = P u, shape (T, K), as `ProductBasis.tied` returns it; None for K = T untied terms.
        bounds: Walls of the variables, or None.
        derivatives: Of these functions, if they are at hand; `tying` is then not read.

    Raises:
        ValueError: If shapes do not match, t is not floating point, or a sample or weight is not valid.
    """

    def __init__(
        self,
        t: Any,
        weight: Any,
        basis: ProductBasis,
        tying: csr_array | None = None,
        bounds: Bounds | None = None,
        derivatives: Derivatives | None = None,
    ) -> None:
        raw = isinstance(t, ScaledRows)
        like = t.like if raw else t
        self.xp, self.device, self.dtype = (
            array_api_compat.array_namespace(like),
            array_api_compat.device(like),
            t.dtype,
        )
        self.t, self.basis = t, basis
        self.derivatives = Derivatives(basis, tying) if derivatives is None else derivatives
        self.bounds = None if bounds is None or bounds.open else bounds
        if raw:
            weight = None if weight is None else self.constant(weight)
        else:
            self._check(weight)
        self.weight = self.constant(np.ones(len(self))) if weight is None else weight
        self.weighted = weight is not None

    def _check(self, weight: Any) -> None:
        owner, t = "score matching", self.t
        if t.ndim != 2 or t.shape[1] < self.basis.n_variables:
            requirement = f"of shape (samples, at least {self.basis.n_variables})"
            raise ValueError(must_be("t", owner, requirement, f"shape {tuple(t.shape)}"))
        if not self.xp.isdtype(t.dtype, "real floating"):
            raise ValueError(must_be("t", owner, "of a floating point dtype", t.dtype))
        if not bool(self.xp.all(self.xp.isfinite(t))):
            raise ValueError(must_be("t", owner, "finite", "NaN or infinity"))
        if weight is not None:
            if tuple(weight.shape) != (t.shape[0],) or weight.dtype != t.dtype:
                got = f"{tuple(weight.shape)} of {weight.dtype}"
                raise ValueError(must_be("weight", owner, f"of shape ({t.shape[0]},) of {t.dtype}", got))
            if not bool(self.xp.all(self.xp.isfinite(weight) & (weight >= 0))):
                raise ValueError(must_be("weight", owner, "finite and not negative", "another"))
        if self.bounds is not None:
            self.bounds.check(t)

    def __len__(self) -> int:
        return int(self.t.shape[0])

    @property
    def n_functions(self) -> int:
        """Number of couplings K."""
        return self.derivatives.n_functions

    @property
    def sites(self) -> list[SiteTerms]:
        """The functions that contain each variable."""
        return self.derivatives.sites

    @property
    def curving(self) -> list[SiteTerms]:
        """The functions with a second derivative by each variable, and these derivatives."""
        return self.derivatives.curving

    @property
    def gradients(self) -> list[csr_array]:
        """For each variable the matrix from the table to d_i phi."""
        return self.derivatives.gradients

    @property
    def curvatures(self) -> list[csr_array]:
        """For each variable the matrix from the table to d_ii phi."""
        return self.derivatives.curvatures

    def constant(self, values: np.ndarray) -> Any:
        """Returns an array of the samples' namespace, dtype and device."""
        return self.xp.asarray(values, dtype=self.dtype, device=self.device)

    def blocks(self, extra_rows: int = 0) -> Iterator[Block]:
        """Yields the samples in blocks of bounded size; `extra_rows` more rows will be held for each block."""
        held = len(self.basis.table) + extra_rows
        size = max(LEAST_ROWS, BLOCK_ENTRIES // max(1, held))
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            t, g, slope = self.t[rows, :], None, None
            if self.bounds is not None:
                g, slope = (self.xp.permute_dims(values, (1, 0)) for values in self.bounds.weights(t))
            yield Block(rows, self.basis.table.values(t), self.weight[rows], g, slope)


def to_host(array: Any) -> np.ndarray:
    """Returns an array of any namespace and device as float64 NumPy, without a copy where it is that."""
    host = array_api_compat.to_device(array, "cpu")
    return np.asarray(host if isinstance(host, np.ndarray) else np.from_dlpack(host), dtype=np.float64)
