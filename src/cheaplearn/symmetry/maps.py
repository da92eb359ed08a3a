"""Signed permutations of the variables, and whether they leave couplings as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        if self.covariance.ndim == 1:
            size, expected, p_value = self._independent(images)
        else:
            size, expected, p_value = linear_test(self._relations(images), self.couplings, self.covariance)
        return Verdict(p_value >= self.level, size / self.norm, expected / self.norm, p_value)

    def _relations(self, images: dict[Key, tuple[Key, int]]) -> sparse.csr_array:
        """Matrix D such that D theta is the change of every coupling."""
        place = {key: i for i, key in enumerate(self.terms)}
        entries: list[tuple[int, int, float]] = []
        for row, (key, (image, sign)) in enumerate(images.items()):
            entries.append((row, place[key], -float(sign)))
            if image in place:
                entries.append((row, place[image], 1.0))
        rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        return sparse.coo_array((values, (rows, columns)), shape=(len(images), len(self.terms))).tocsr()

    def _independent(self, images: dict[Key, tuple[Key, int]]) -> tuple[float, float, float]:
        """The test of `noise.linear_test` for independent errors: each orbit of terms against its weighted mean."""
        squares = variances = statistic = 0.0
        freedom = 0
        for key, (image, sign) in images.items():
            squares += (self.floats.get(image, 0.0) - sign * self.floats[key]) ** 2
            if (image, sign) != (key, 1):
                alone = image == key
                variances += 4 * self.variances[key] if alone else self.variances[key] + self.variances.get(image, 0.0)
        for members, vanishes in _orbits(images):
            values = np.array([sign * self.floats.get(key, 0.0) for key, sign in members.items()])
            errors = np.array([self.variances.get(key, 0.0) for key in members])
            known = errors == 0
            fixed = np.append(values[known], [0.0] if vanishes else [])
            if len(fixed) and np.ptp(fixed) > 1e-12 * self.norm:
                return float(np.sqrt(squares)), float(np.sqrt(variances)), 0.0
            values, errors = values[~known], errors[~known]
            mean = fixed[0] if len(fixed) else np.average(values, weights=1 / errors)
            statistic += float(np.sum((values - mean) ** 2 / errors))
            freedom += len(values) - (0 if len(fixed) else 1)
        p_value = float(stats.chi2.sf(statistic, freedom)) if freedom else 1.0
        return float(np.sqrt(squares)), float(np.sqrt(variances)), p_value


def _orbits(images: dict[Key, tuple[Key, int]]) -> Iterator[tuple[dict[Key, int], bool]]:
    """Yields the terms that a map takes to each other, with signs, and whether they must vanish (term to -term)."""
    links: dict[Key, list[tuple[Key, int]]] = {}
    for key, (image, sign) in images.items():
        links.setdefault(key, []).append((image, sign))
        links.setdefault(image, []).append((key, sign))
    seen: set[Key] = set()
    for start in links:
        if start in seen:
            continue
        members, stack, vanishes = {start: 1}, [start], False
        while stack:
            key = stack.pop()
            for other, sign in links[key]:
                if other in members:
                    vanishes |= members[other] != sign * members[key]
                else:
                    members[other] = sign * members[key]
                    stack.append(other)
        seen |= members.keys()
        yield members, vanishes


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
