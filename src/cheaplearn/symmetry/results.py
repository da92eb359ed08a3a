"""What `symmetries` returns: generators, discrete symmetries, and sentences about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DiscreteSymmetry", "Generator", "Symmetries"]


@dataclass(frozen=True, eq=False)
class Generator:
    """A one-parameter group x' = M x + c that leaves the energy as it is.

    Args:
        matrix: M, shape (n, n).
        shift: c, shape (n,); None if only linear maps were looked for.
        name: What it does, in words.
        residual: Size of grad H . (M x + c) over that of its terms before they cancel; exactly 0 for exact couplings.
        expected: The residual that errors of the couplings alone would leave; 0 if they have none.
        p_value: Probability of a residual as large by noise alone; 1 if the couplings have no errors.
    """

    matrix: np.ndarray
    shift: np.ndarray | None
    name: str
    residual: float
    expected: float = 0.0
    p_value: float = 1.0


@dataclass(frozen=True, eq=False)
class DiscreteSymmetry:
    """A map x -> matrix x that leaves the energy as it is.

    Args:
        name: What it does, in words.
        kind: "sign flip", "permutation", "signed permutation", "rotation", or that of a geometry.
        matrix: Shape (n, n).
        order: How many times it must be applied to come back.
        residual: Root of the sum of squares of the changes of couplings, over that of the couplings; 0 if exact.
        expected: The residual that errors of the couplings alone would leave; 0 if they have none.
        p_value: Probability of a residual as large by noise alone; 1 if the couplings have no errors.
    """

    name: str
    kind: str
    matrix: np.ndarray
    order: int
    residual: float = 0.0
    expected: float = 0.0
    p_value: float = 1.0

    @cached_property
    def generators(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The map as (targets, signs) if it is a signed permutation, as `assert_invariant` takes it; else empty."""
        if np.any(np.abs(np.abs(self.matrix) - (self.matrix != 0)) > 0) or np.any((self.matrix != 0).sum(axis=0) != 1):
            return []
        targets = np.argmax(self.matrix != 0, axis=0)
        return [(targets, self.matrix[targets, np.arange(len(targets))].astype(int))]


@dataclass(frozen=True, eq=False)
class Symmetries:
    """The symmetries of an energy.

    Args:
        variables: Names.
        generators: One-parameter groups, a basis of the Lie algebra.
        algebra: Its name: "so(3)", "so(2,2)", "abelian R^2", "trivial", or dimension and Killing signature.
        discrete: Generators of discrete symmetries, and those that have a name of their own.
        words: Sentences.
        permutation_order: Number of signed permutations that leave the energy as it is; None if not counted.
        changes: With rows X: for each generator and discrete symmetry, by name, the root mean square change of H over
            the rows, in units of its standard deviation.
        held_out: Of samples: for each signed permutation, by name, the held-out score with couplings tied less that
            with free ones, in units of its error; negative where the symmetry predicts better.
    """

    variables: tuple[str, ...]
    generators: list[Generator]
    algebra: str
    discrete: list[DiscreteSymmetry]
    words: list[str]
    permutation_order: int | None = None
    changes: dict[str, float] = field(default_factory=dict)
    held_out: dict[str, float] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """Number of independent one-parameter groups."""
        return len(self.generators)

    @property
    def table(self) -> pd.DataFrame:
        """One row per symmetry: name, kind, residual, expected (from noise), p_value; of rows change and held_out."""
        import pandas as pd

        found: list[tuple[str, Any]] = [("one-parameter group", g) for g in self.generators]
        found += [(d.kind, d) for d in self.discrete]
        rows = [
            {"symmetry": s.name, "kind": kind, "residual": s.residual, "expected": s.expected, "p_value": s.p_value}
            for kind, s in found
        ]
        table = pd.DataFrame(rows, columns=["symmetry", "kind", "residual", "expected", "p_value"])
        if self.changes:
            table = table.assign(change=[self.changes[s.name] for _, s in found])
        return table.assign(held_out=[self.held_out.get(s.name) for _, s in found]) if self.held_out else table

    def __repr__(self) -> str:
        head = f"Symmetries of {', '.join(self.variables)}: {self.algebra}, {len(self.discrete)} discrete"
        lines = [head, *(f"  {sentence}" for sentence in self.words)]
        if self.generators or self.discrete:
            lines += ["", self.table.to_string(index=False, max_colwidth=60)]
        return "\n".join(lines)
