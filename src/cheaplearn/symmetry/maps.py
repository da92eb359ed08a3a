"""Signed permutations of the variables, and whether they leave couplings as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy import sparse, stats

from .noise import aligned_covariance, linear_test
from .source import Energies, Key

__all__ = ["MapTest", "SignedMap", "Verdict", "cycles_of", "map_key", "map_matrix", "order_of"]

SignedMap = tuple[tuple[int, ...], tuple[int, ...]]  # x_i goes to sign_i x_target(i); a target of -1 leaves the grid


@dataclass(frozen=True)
class Verdict:
    """Whether couplings stay as they are.

    Args:
        holds: Whether they do, as far as they are known.
        residual: Change of the couplings, relative to their size.
        expected: What noise alone would change, relative to the same.
        p_value: Of a change as large by noise alone.
    """

    holds: bool
    residual: float = 0.0
    expected: float = 0.0
    p_value: float = 1.0


class MapTest:
    """Tests maps of one energy.

    Args:
        energies: The energies.
        tolerance: Largest change of a coupling, relative to the largest of its degree, that counts as none; 0 for
            exact equality. Not used where couplings have errors.
        level: Level of each test where they do.
    """

    def __init__(self, energies: Energies, tolerance: float, level: float) -> None:
        self.energies, self.tolerance, self.level = energies, tolerance, level
        self.values: dict[Key, Fraction] = {
            (k, monomial): value
            for k, p in enumerate(energies.polynomials)
            for monomial, value in p.terms.items()
            if monomial
        }
        self.terms = tuple(self.values)
        self.couplings = np.array([float(value) for value in self.values.values()])
        self.norm = float(np.linalg.norm(self.couplings)) or 1.0
        self.noisy = energies.noisy
        self.exact = not self.noisy and tolerance == 0
        self.floats = dict(zip(self.terms, self.couplings.tolist(), strict=True))
        self.scales: dict[tuple[int, int], float] = {}
        for k, monomial in self.terms:
            degree = (k, sum(power for _, power in monomial))
            self.scales[degree] = max(self.scales.get(degree, 0.0), abs(self.floats[k, monomial]))

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the couplings, in the order of `terms`."""
        return aligned_covariance(self.energies, self.terms)

    @cached_property
    def variances(self) -> dict[Key, float]:
        """Variance of each coupling."""
        diagonal = self.covariance if self.covariance.ndim == 1 else self.covariance.diagonal()
        return dict(zip(self.terms, diagonal.tolist(), strict=True))

    def agrees(self, key: Key, image: Key, sign: int) -> bool:
        """Tells whether two couplings may be the same up to a sign.

        Args:
            key: A term.
            image: The term it goes to.
            sign: 1 or -1.

        Returns:
            True if so.
        """
        if self.exact:
            return self.values.get(image, 0) == sign * self.values.get(key, 0)
        difference = abs(self.floats.get(image, 0.0) - sign * self.floats.get(key, 0.0))
        if self.noisy:
            variance = self.variances.get(image, 0.0) + self.variances.get(key, 0.0)
            return bool(difference <= self.reach * variance**0.5)
        degree = (key[0], sum(power for _, power in key[1]))
        return difference <= self.tolerance * self.scales.get(degree, 0.0)

    def negligible(self, key: Key) -> bool:
        """Tells whether a coupling without a statistical error is zero to rounding.

        Args:
            key: The term.

        Returns:
            True if so.
        """
        degree = (key[0], sum(power for _, power in key[1]))
        return not self.exact and abs(self.floats[key]) <= self.tolerance * self.scales[degree]

    @cached_property
    def reach(self) -> float:
        """Largest difference of two couplings, in standard deviations, that does not speak for itself."""
        return float(stats.norm.isf(self.level / (2 * max(len(self.terms), 1))))

    def __call__(self, mapping: SignedMap) -> Verdict:
        """Tests a map.

        Args:
            mapping: Targets and signs; terms with a variable that leaves the grid are not moved.

        Returns:
            The verdict. Stops at the first coupling that is clearly another one.

        Cost: one look-up per factor of each term.
        """
        images: dict[Key, tuple[Key, int]] = {}
        for key in self.terms:
            moved = map_key(key, mapping)
            if moved is None:
                continue
            if not self.agrees(key, *moved):
                return Verdict(holds=False, residual=1.0, p_value=0.0)
            images[key] = moved
        if self.exact:
            return Verdict(holds=True)
        return self._judged(images)

    def _judged(self, images: dict[Key, tuple[Key, int]]) -> Verdict:
        if not self.noisy:
            changes = [self.floats.get(image, 0.0) - sign * self.floats[key] for key, (image, sign) in images.items()]
            return Verdict(True, float(np.linalg.norm(changes)) / self.norm)
        place = {key: i for i, key in enumerate(self.terms)}
        rows, columns, entries = [], [], []
        for row, (key, (image, sign)) in enumerate(images.items()):
            rows.append(row)
            columns.append(place[key])
            entries.append(-float(sign))
            if image in place:
                rows.append(row)
                columns.append(place[image])
                entries.append(1.0)
        D = sparse.coo_array((entries, (rows, columns)), shape=(len(images), len(self.terms))).tocsr()
        if self.covariance.ndim == 1:
            size, expected, p_value = self._by_cycles(D)
        else:
            size, expected, p_value = linear_test(D, self.couplings, self.covariance)
        return Verdict(p_value >= self.level, size / self.norm, expected / self.norm, p_value)

    def _by_cycles(self, D: sparse.csr_array) -> tuple[float, float, float]:
        """The test of `noise.linear_test`, one small problem for each cycle of terms: errors are independent."""
        _, part = sparse.csgraph.connected_components(abs(D).T @ abs(D), directed=False)
        touched = np.flatnonzero(np.asarray(abs(D).sum(axis=0)).ravel() > 0)
        size = float(np.linalg.norm(D @ self.couplings))
        expected = float(np.sqrt((D.power(2) @ self.covariance).sum()))
        statistic, freedom = 0.0, 0
        for label in np.unique(part[touched]):
            members = np.flatnonzero(part == label)
            block = D[:, members]
            block = block[np.flatnonzero(np.asarray(abs(block).sum(axis=1)).ravel() > 0)].toarray()
            weighed = block * np.sqrt(self.covariance[members])
            u, s, _ = np.linalg.svd(weighed, full_matrices=False)
            kept = s > 1e-9 * s.max(initial=0.0)
            inside = u[:, kept].T @ (block @ self.couplings[members])
            statistic += float(np.sum((inside / s[kept]) ** 2))
            freedom += int(kept.sum())
        return size, expected, float(stats.chi2.sf(statistic, freedom)) if freedom else 1.0


def map_key(key: Key, mapping: SignedMap) -> tuple[Key, int] | None:
    """Moves a term.

    Args:
        key: Output and monomial.
        mapping: Targets and signs.

    Returns:
        The term it goes to and its sign; None if a variable leaves the grid.
    """
    targets, signs = mapping
    sign, moved = 1, []
    for variable, power in key[1]:
        if targets[variable] < 0:
            return None
        moved.append((targets[variable], power))
        if power % 2:
            sign *= signs[variable]
    return (key[0], tuple(sorted(moved))), sign


def map_matrix(mapping: SignedMap) -> np.ndarray:
    """Writes a map as a matrix.

    Args:
        mapping: Targets and signs.

    Returns:
        P with (P x)_target(i) = sign_i x_i, shape (n, n); variables that leave the grid have a column of zeros.
    """
    P = np.zeros((len(mapping[0]),) * 2)
    for i, (target, sign) in enumerate(zip(*mapping, strict=True)):
        if target >= 0:
            P[target, i] = sign
    return P


def cycles_of(targets: Sequence[int]) -> list[tuple[int, ...]]:
    """Splits a permutation into cycles longer than 1.

    Args:
        targets: Where each variable goes.

    Returns:
        The cycles, each from its smallest member.
    """
    seen: set[int] = set()
    cycles = []
    for start in range(len(targets)):
        cycle = []
        i = start
        while i not in seen:
            seen.add(i)
            cycle.append(i)
            i = targets[i]
        if len(cycle) > 1:
            cycles.append(tuple(cycle))
    return cycles


def order_of(mapping: SignedMap) -> int:
    """How many times a map must be applied to come back.

    Args:
        mapping: Targets and signs, a full permutation.

    Returns:
        The order.
    """
    targets, signs = mapping
    order = 1
    moved = {i for cycle in cycles_of(targets) for i in cycle}
    for cycle in [*cycles_of(targets), *((i,) for i in range(len(targets)) if i not in moved)]:
        sign = int(np.prod([signs[i] for i in cycle]))
        order = int(np.lcm(order, len(cycle) * (1 if sign > 0 else 2)))
    return order
