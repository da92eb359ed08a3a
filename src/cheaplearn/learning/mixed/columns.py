"""Sites of several kinds as columns of numbers: reals, spins (-1, 1), bits (0, 1) and the bits of categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Monomials

__all__ = ["Columns", "has_categories", "read_kinds"]

OWNER = "HamiltonianDensity"
KINDS = ("real", "spin", "bit", "category")
STATES = {"spin": np.array([-1, 1]), "bit": np.array([0, 1])}
SHOWN = 30  # states named in a message


@dataclass(frozen=True, eq=False)
class Columns:
    """The sites and their columns.

    A category of q states is q - 1 bits, one for each state but the first: reference coding. Its couplings are
    relative to that state, so every number of the model is free and there is no gauge to fix.

    Args:
        names: One per site.
        kinds: "real", "spin", "bit" or "category" for each site.
        states: The values of each discrete site in ascending order, shape (q,); None for real ones.

    Example:
        >>> columns = Columns(("x", "c"), ("real", "category"), (None, np.array(["a", "b", "d"])))
        >>> columns.column_names, columns.encode(np.array([[0.5, "d"]], object)).tolist()
        (('x', 'c=b', 'c=d'), [[0.5, 0.0, 1.0]])
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    states: tuple[np.ndarray | None, ...]

    def __len__(self) -> int:
        return len(self.site_of_column)

    @cached_property
    def widths(self) -> np.ndarray:
        """Columns of each site, shape (sites,)."""
        pairs = zip(self.kinds, self.states, strict=True)
        return np.array([len(states) - 1 if kind == "category" and states is not None else 1 for kind, states in pairs])

    @cached_property
    def site_of_column(self) -> np.ndarray:
        """Site of each column, ascending, shape (columns,)."""
        return np.repeat(np.arange(len(self.names)), self.widths)

    @cached_property
    def of_site(self) -> list[np.ndarray]:
        """Columns of each site."""
        return np.split(np.arange(len(self)), np.cumsum(self.widths)[:-1])

    @cached_property
    def column_kinds(self) -> tuple[str, ...]:
        """One of "real", "spin" and "bit" for each column."""
        kinds = ("bit" if kind == "category" else kind for kind in self.kinds)
        return tuple(kind for kind, width in zip(kinds, self.widths.tolist(), strict=True) for _ in range(width))

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Name of each column: that of its site, for the bits of categories with their state."""
        found: list[str] = []
        for name, kind, states in zip(self.names, self.kinds, self.states, strict=True):
            found += [f"{name}={s}" for s in states[1:]] if kind == "category" and states is not None else [name]
        return tuple(found)

    @cached_property
    def real(self) -> np.ndarray:
        """Columns of real variables."""
        return np.flatnonzero(np.array(self.column_kinds) == "real")

    @cached_property
    def discrete(self) -> np.ndarray:
        """Columns of spins and bits."""
        return np.flatnonzero(np.array(self.column_kinds) != "real")

    @cached_property
    def discrete_sites(self) -> list[int]:
        """Sites that are not real."""
        return [site for site, kind in enumerate(self.kinds) if kind != "real"]

    def levels(self, site: int) -> np.ndarray:
        """Values of the columns of a discrete site in each of its states, shape (q, columns of the site)."""
        states = self.states[site]
        if states is None:
            raise ValueError(must_be("site", "Columns.levels", "discrete", self.names[site]))
        if self.kinds[site] == "category":
            return np.eye(len(states))[:, 1:]
        return states[:, None].astype(float)

    def expanded(self, monomials: Monomials) -> Monomials:
        """Replaces categories by their bits: one term for each choice of a bit.

        Args:
            monomials: Products of sites.

        Returns:
            Products of columns.
        """
        if "category" not in self.kinds:
            return monomials
        blocks = []
        for degree, sites in enumerate(monomials.sites, start=1):
            rows = [choice for term in sites.tolist() for choice in self._choices(term)]
            blocks.append(np.array(sorted(rows), int).reshape(-1, degree))
        return Monomials(tuple(blocks))

    def _choices(self, sites: Sequence[int]) -> set[tuple[int, ...]]:
        """Returns the products of columns; a real site that repeats has one column, so nothing is counted twice."""
        return set(product(*(self.of_site[site].tolist() for site in sites)))

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Reads raw values.

        Args:
            X: Raw values, shape (samples, sites), of numbers or objects.

        Returns:
            Shape (samples, columns), float64.

        Raises:
            ValueError: If a value is not of the kind of its site (says row and column).
        """
        values = np.empty((len(X), len(self)))
        for site, (kind, columns) in enumerate(zip(self.kinds, self.of_site, strict=True)):
            if kind == "real":
                values[:, columns[0]] = self._numbers(X[:, site], site)
            else:
                values[:, columns] = self.levels(site)[self._codes(X[:, site], site)]
        return values

    def _numbers(self, column: np.ndarray, site: int) -> np.ndarray:
        try:
            numbers = column.astype(float)
        except (TypeError, ValueError) as error:
            requirement = f"numbers in column {site} ({self.names[site]}), which is real"
            raise ValueError(must_be("X", OWNER, requirement, str(error))) from error
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            requirement = f"finite in column {site} ({self.names[site]})"
            raise ValueError(must_be("X", OWNER, requirement, f"{numbers[bad[0]]} in row {bad[0]}"))
        return numbers

    def _codes(self, column: np.ndarray, site: int) -> np.ndarray:
        place = {value: code for code, value in enumerate(self.states[site].tolist())}  # type: ignore[union-attr]
        codes = np.array([place.get(value, -1) for value in column.tolist()])
        bad = np.flatnonzero(codes < 0)
        if len(bad):
            listed = ", ".join(map(repr, list(place)[:SHOWN])) + (", ..." if len(place) > SHOWN else "")
            requirement = f"one of {listed} in column {site} ({self.names[site]})"
            got = f"{column.tolist()[bad[0]]!r} in row {bad[0]}"
            advice = "Correct the value, or fit again with every state that can occur."
            raise ValueError(must_be("X", OWNER, requirement, got, advice))
        return codes

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Returns raw values, shape (samples, sites): float64, or objects if there are categories."""
        if "category" not in self.kinds:
            return values
        raw = np.empty((len(values), len(self.names)), object)
        for site, (kind, columns) in enumerate(zip(self.kinds, self.of_site, strict=True)):
            if kind == "category":
                codes = values[:, columns] @ np.arange(1, len(columns) + 1)
                raw[:, site] = self.states[site][codes.astype(int)]  # type: ignore[index]
            else:
                raw[:, site] = values[:, columns[0]]
        return raw

    def lifted(self, group: Group) -> Group:
        """Lets a group of sites act on columns.

        Args:
            group: Acts on sites.

        Returns:
            The group that takes the columns of a site to those of its image.

        Raises:
            ValueError: If it takes a site to one of another kind or with other states.
        """
        generators, within = [], []
        for (targets, signs), inside in zip(group.generators, group.within, strict=True):
            moved = np.full(len(self), -1)
            for site in np.flatnonzero(targets >= 0).tolist():
                self._check_alike(group, site, int(targets[site]))
                moved[self.of_site[site]] = self.of_site[targets[site]]
            generators.append((moved, signs[self.site_of_column]))
            within.append(None if inside is None else inside[self.site_of_column])
        return Group(len(self), tuple(generators), group.name, tuple(within))

    def _check_alike(self, group: Group, site: int, image: int) -> None:
        a, b = self.states[site], self.states[image]
        if self.kinds[site] == self.kinds[image] and (
            a is b or (a is not None and b is not None and np.array_equal(a, b))
        ):
            return
        words = [f"{self.names[s]} ({self.kinds[s]})" for s in (site, image)]
        requirement = "a group that only exchanges sites of the same kind and states"
        got = f"{group.name}, which takes {words[0]} to {words[1]}"
        raise ValueError(must_be("symmetry", OWNER, requirement, got, "Pass a group of cl.groups that keeps kinds."))


def has_categories(kind: Any) -> bool:
    """Whether an argument `kind` names a category: then samples are not only numbers."""
    if isinstance(kind, str):
        return kind == "category"
    return "category" in (kind.values() if isinstance(kind, Mapping) else kind)


def read_kinds(kind: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Reads the argument `kind` where it says one kind for each column.

    Args:
        kind: A list of kinds, or a mapping from names of columns to kinds.
        names: Of the columns.

    Returns:
        The kind of each column.

    Raises:
        ValueError: If a column has none, or a kind has no column.
    """
    if isinstance(kind, Mapping):
        strange = [name for name in kind if name not in names] + [name for name in names if name not in kind]
        if strange:
            requirement = f"a kind for each of the columns {', '.join(names[:10])}, and no other"
            raise ValueError(must_be("kind", OWNER, requirement, repr(strange[0])))
        return tuple(kind[name] for name in names)
    if len(kind) != len(names):
        raise ValueError(must_be("kind", OWNER, f"one kind for each of {len(names)} columns", f"{len(kind)} kinds"))
    return tuple(kind)
