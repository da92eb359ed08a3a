r"""A polynomial as a sum of activations along directions, degree by degree, in exact arithmetic.

A network ``sum_j w_j sigma(beta + lam a_j . t)`` has the Taylor coefficients of p up to its degree d if
``sum_j w_j (lam a_j)^alpha sigma_|alpha| / alpha! = c_alpha`` for all ``|alpha| <= d``. Directions and *parts* are
kept apart: part k is a set of weights with ``sum_j w_j a_j^alpha = alpha! c_alpha`` for ``|alpha| = k`` and 0 for every
other degree up to d, so that for any activation, expansion point and scale

    w_j = sum_k part_kj / (sigma_k lam^k).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
from flint import fmpq

__all__ = ["FlatForm", "Moments"]

_MOST_PRODUCTS = 2_000_000  # neurons times monomials of the first two orders beyond the degree
_FEW_PRODUCTS = 4_000  # of every further one


class Moments:
    """Bounds of ``max over |t_i| <= 1 of |sum_j w_j (a_j . t)^m|``.

    Coefficient by coefficient where that is cheap, above all for the first two orders beyond the degree, which
    dominate; by the triangle inequality, neuron by neuron, otherwise.
    """

    def largest(self, form: FlatForm, order: int, factors: Mapping[int, float], by_neuron: float) -> float:
        """Bounds one moment.

        Args:
            form: Directions and parts.
            order: m, above the degree.
            factors: ``1 / (sigma_k lam^k)`` by degree k.
            by_neuron: Bound by the triangle inequality, ``sum_j |w_j| max |a_j . t|^m``.

        Returns:
            A bound that is no larger.
        """
        if by_neuron == 0:
            return 0.0
        if form.expanded_size(order) > (_MOST_PRODUCTS if order <= form.degree + 2 else _FEW_PRODUCTS):
            return by_neuron
        products, several = form.products(order)
        total = float(np.abs(form.weights(factors) @ products) @ several)
        # float64 sums of as many terms as neurons, products of `order` numbers
        return min(by_neuron, total + by_neuron * (form.neurons + 4 * order + 8) * 2.0**-52)


@dataclass(frozen=True)
class FlatForm:
    """Directions and weights of a flat network before it has an activation.

    Args:
        construction: What it is called in a table.
        directions: a_j over variables t with ``|t_i| <= 1``.
        parts: Exact weights by degree, each as long as `directions`.
        degree: d, up to which Taylor coefficients are exact.
        moments: What bounds the terms beyond.
    """

    construction: str
    directions: tuple[tuple[fmpq, ...], ...]
    parts: Mapping[int, Sequence[fmpq]]
    degree: int
    moments: Moments = field(default_factory=Moments)
    _products: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, init=False, repr=False)

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.directions)

    @cached_property
    def matrix(self) -> np.ndarray:
        """Directions, shape (neurons, variables), nearest float64."""
        shape = self.neurons, len(self.directions[0]) if self.directions else 0
        return np.array([[_nearest(x) for x in row] for row in self.directions], dtype=np.float64).reshape(shape)

    @cached_property
    def reach(self) -> np.ndarray:
        """Largest ``|a_j . t|``, shape (neurons,), rounded up."""
        return np.abs(self.matrix).sum(axis=1) * (1 + 2.0**-40)

    @cached_property
    def _parts(self) -> dict[int, np.ndarray]:
        return {k: np.array([_nearest(w) for w in part]) for k, part in self.parts.items()}

    def expanded_size(self, order: int) -> int:
        """Neurons times monomials of an order.

        Args:
            order: m.

        Returns:
            The number.
        """
        return math.comb(self.matrix.shape[1] + order - 1, order) * self.neurons

    def products(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Expands the powers of the directions.

        Args:
            order: m.

        Returns:
            ``a_j^beta`` for all ``|beta| = m``, shape (neurons, monomials), and the multinomials ``m! / beta!``.
        """
        if order not in self._products:
            n = self.matrix.shape[1]
            sites = np.array(list(combinations_with_replacement(range(n), order)), dtype=np.int64).reshape(-1, order)
            counts = np.apply_along_axis(np.bincount, 1, sites, minlength=n)
            total = math.factorial(order)
            several = np.array([float(total // math.prod(map(math.factorial, row))) for row in counts.tolist()])
            self._products[order] = self.matrix[:, sites].prod(axis=2), several
        return self._products[order]

    def weights(self, factors: Mapping[int, float]) -> np.ndarray:
        """The weights at a scale.

        Args:
            factors: ``1 / (sigma_k lam^k)`` by degree k.

        Returns:
            Shape (neurons,), off by at most ``2^-50 sizes``.
        """
        return np.asarray(sum((part * factors[k] for k, part in self._parts.items()), np.zeros(self.neurons)))

    def sizes(self, factors: Mapping[int, float]) -> np.ndarray:
        """Bounds of the weights and of all partial sums that make them.

        Args:
            factors: As in `weights`.

        Returns:
            Shape (neurons,).
        """
        total = sum((np.abs(part * factors[k]) for k, part in self._parts.items()), np.zeros(self.neurons))
        return np.asarray(total) * (1 + 2.0**-40)


def _nearest(number: fmpq) -> float:
    """The float64 next to a rational, or infinity."""
    try:
        return int(number.p) / int(number.q)
    except OverflowError:
        return math.inf
