"""The parameters of a discrete family: one coupling per monomial of spins or bits, one table per set of categories."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from ..._messages import must_be
from ...geometry import Geometry, Group
from ...hamiltonian import Alphabet, FactorGraph, Hamiltonian, Monomials, Orbits, Variables, local_monomials
from ...hamiltonian.partition import Enumeration, JunctionTree, exact_method
from ...hamiltonian.tabulate import table_patterns

__all__ = ["Terms", "atom_values", "explicit_sites", "local_terms", "terms_of_sites"]

OWNER = "HamiltonianDensity"
MAX_ELIMINATION = 1 << 24  # table entries of all cliques up to which the likelihood is fitted by elimination


@dataclass(frozen=True, eq=False)
class Terms:
    """What is fitted. Atoms are what monomials multiply: a spin, a bit, or the indicator of one state of a site.

    Args:
        kind: "spin", "bit" or "category".
        alphabet: The states of each site.
        site_sets: For each degree d the sets of sites that interact, shape (sets, d), ascending.
        monomials: Products of atoms, one per coupling; those of one set of categories are contiguous.
        tables: For each run of sets of one shape: first coupling, and shape (sets, q_1, ..., q_d). Spins and bits
            have one coupling per set.
        order: Highest degree.
        radius: Radius of the family, `math.inf` for all.
        geometry: Where the sites live, or None.
        orbits: Which couplings a symmetry ties; None if all are free.
        symmetry: The group that ties them, or None.
        n_free: Free parameters if they are tied.
    """

    kind: str
    alphabet: Alphabet
    site_sets: tuple[np.ndarray, ...]
    monomials: Monomials
    tables: tuple[tuple[int, tuple[int, ...]], ...]
    order: int
    radius: float
    geometry: Geometry | None
    orbits: Orbits | None = None
    symmetry: Group | None = None
    n_free: int | None = None

    def __len__(self) -> int:
        return len(self.monomials)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.alphabet)

    @cached_property
    def atoms_per_site(self) -> np.ndarray:
        """Atoms of each site, shape (n,)."""
        return self.alphabet.sizes if self.kind == "category" else np.ones(self.n_sites, np.int64)

    @cached_property
    def site_of_atom(self) -> np.ndarray:
        """Site of each atom, shape (atoms,)."""
        return np.repeat(np.arange(self.n_sites), self.atoms_per_site)

    @property
    def degrees(self) -> np.ndarray:
        """Degree of each coupling, shape (couplings,)."""
        return self.monomials.degrees

    @cached_property
    def group_of_term(self) -> np.ndarray:
        """Number of the set of sites that each coupling belongs to, shape (couplings,)."""
        groups, done = np.empty(len(self), np.int64), 0
        for first, (sets, *shape) in self.tables:
            size = math.prod(shape)
            groups[first : first + sets * size] = done + np.repeat(np.arange(sets), size)
            done += sets
        return groups

    @cached_property
    def n_parameters(self) -> int:
        """Free parameters: the zero-sum tables over q_1, ..., q_d states have (q_1 - 1) ... (q_d - 1)."""
        if self.n_free is not None:
            return self.n_free
        if self.kind != "category":
            return len(self)
        return sum(sets * math.prod(q - 1 for q in shape) for _, (sets, *shape) in self.tables)

    def subset(self, kept: np.ndarray) -> Terms:
        """Returns the family of some of its sets of sites (booleans in the order of `group_of_term`), all free."""
        bounds = np.cumsum([0, *map(len, self.site_sets)])
        sets = tuple(block[kept[a:b]] for block, a, b in zip(self.site_sets, bounds, bounds[1:], strict=False))
        return _expanded(self.kind, self.alphabet, sets, self.order, self.radius, self.geometry, math.inf)

    @cached_property
    def tie(self) -> csr_array | None:
        """Orthonormal columns, one for each orbit, that span the couplings a symmetry allows; None if all are free.

        Shape (couplings, orbits). Couplings are `tie @ psi`, so that |psi| = |theta|: a prior, a gradient and a step
        measure the same tied or free.
        """
        if self.orbits is None:
            return None
        return csr_array(self.orbits.matrix @ diags_array(1 / np.sqrt(self.orbits.sizes)))

    def atoms(self, codes: np.ndarray) -> np.ndarray:
        """Values of the atoms.

        Args:
            codes: Codes of the states, shape (samples, n).

        Returns:
            Shape (samples, atoms), int8: -1 or 1 for spins, 0 or 1 otherwise.
        """
        return atom_values(self.kind, self.alphabet.sizes, codes)

    def projected(self, theta: np.ndarray) -> np.ndarray:
        """Zero-sum gauge: every table of categories sums to zero along each axis; others are as they were.

        Args:
            theta: One number per coupling, shape (couplings, ...).

        Returns:
            The nearest couplings in that gauge, same shape.
        """
        if self.kind != "category":
            return theta
        result = theta.copy()
        for first, shape in self.tables:
            block = result[first : first + math.prod(shape)].reshape(*shape, *theta.shape[1:])
            for axis in range(1, len(shape)):
                block -= block.mean(axis=axis, keepdims=True)
        return result

    @cached_property
    def couplings_per_site(self) -> np.ndarray:
        """Free couplings of each site, its field included, shape (n,), couplings of tied terms counted one by one."""
        counts = np.zeros(self.n_sites, np.int64)
        free = self.alphabet.sizes - 1 if self.kind == "category" else np.ones(self.n_sites, np.int64)
        for block in self.site_sets:
            size = np.prod(free[block], axis=1)
            for column in block.T:
                counts += np.bincount(column, size, self.n_sites).astype(np.int64)
        return counts

    @cached_property
    def samples_needed(self) -> int:
        """Different samples that it takes to tell apart the couplings of any one site.

        Each sample is one equation for each site, so a coupling that a symmetry ties at c sites costs a site d / c of
        one, d the number of sites of a term.
        """
        if self.orbits is None:
            return int(self.couplings_per_site.max(initial=0))
        whole = np.concatenate([self.site_of_atom[block].ravel() for block in self.monomials.sites])
        orbit, degree = (np.repeat(values, self.degrees) for values in (self.orbits.index, self.degrees))
        shape = (self.n_sites, len(self.orbits))
        touched = csr_array((np.ones(len(whole)), (whole, orbit)), shape=shape) > 0
        degrees = np.zeros(len(self.orbits))
        degrees[orbit] = degree
        per_site = touched @ (degrees / np.maximum(touched.sum(axis=0), 1))
        return math.ceil(per_site.max(initial=0.0) * self.n_parameters / max(len(self.orbits), 1) - 1e-9)

    @property
    def coupled_pairs(self) -> set[tuple[int, int]]:
        """Pairs of sites (ascending) that some set holds."""
        pairs: set[tuple[int, int]] = set()
        for block in self.site_sets:
            for i, j in combinations(range(block.shape[1]), 2):
                pairs.update(map(tuple, block[:, [i, j]].tolist()))
        return pairs

    @cached_property
    def variables(self) -> Variables:
        """The atoms as variables of a Hamiltonian."""
        names, n = self.alphabet.names, len(self.site_of_atom)
        if self.kind == "category":
            labels = zip(names, self.alphabet.labels, strict=True)
            names = tuple(f"{name}={label}" for name, values in labels for label in values.tolist())
        kind = "spin" if self.kind == "spin" else "bit"
        return Variables(names, (kind,) * n, np.zeros(n), np.ones(n))

    def hamiltonian(self, theta: np.ndarray, standard_errors: np.ndarray | None = None) -> Hamiltonian:
        """Returns H with couplings theta, one column named "H"."""
        return Hamiltonian(
            self.monomials,
            theta[:, None],
            np.zeros(1),
            np.array(["H"]),
            self.variables,
            self.geometry,
            self.order,
            self.radius,
            self.alphabet if self.kind == "category" else None,
            None if standard_errors is None else standard_errors[:, None],
            orbits=self.orbits,
        )

    @cached_property
    def exact_sums(self) -> Enumeration | JunctionTree | None:
        """What sums over all states exactly, the cheaper way, or None where neither is affordable."""
        return exact_method(self.tabulation[0], max_cost=MAX_ELIMINATION)

    def graph(self, theta: np.ndarray) -> FactorGraph:
        """Returns the energies with couplings theta as tables."""
        empty, patterns = self.tabulation
        return replace(empty, values=patterns @ theta)

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}  # a copy computes the rest anew

    @cached_property
    def tabulation(self) -> tuple[FactorGraph, csr_array]:
        """The factor graph with all tables zero, and the matrix that writes couplings into its tables."""
        return table_patterns(self.hamiltonian(np.zeros(len(self))))


def atom_values(kind: str, sizes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Values of the atoms.

    Args:
        kind: "spin", "bit" or "category".
        sizes: States of each site, shape (n,).
        codes: Codes of the states, shape (samples, n).

    Returns:
        Shape (samples, atoms), int8: -1 or 1 for spins, 0 or 1 otherwise.
    """
    if kind == "bit":
        return codes.astype(np.int8)
    if kind == "spin":
        return (2 * codes.astype(np.int8) - 1).astype(np.int8)
    states = np.concatenate([np.arange(q) for q in sizes])
    return (np.repeat(codes, sizes, axis=1) == states).astype(np.int8)


def local_terms(
    kind: str, alphabet: Alphabet, order: int, radius: float, geometry: Geometry | None, max_terms: float = math.inf
) -> Terms:
    """All sets of 1 .. order sites within a radius.

    Args:
        kind: "spin", "bit" or "category".
        alphabet: The states of each site.
        order: Highest number of sites.
        radius: Largest pairwise distance; `math.inf` for all.
        geometry: Where the sites live, or None.
        max_terms: Most couplings allowed.

    Returns:
        The terms.

    Raises:
        ValueError: If there are more couplings than `max_terms`.
    """
    n = len(alphabet)
    sets = local_monomials(n, order, radius, geometry, kinds=["bit"] * n).sites
    return _expanded(kind, alphabet, sets, order, radius, geometry, max_terms)


def explicit_sites(terms: Iterable, names: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Reads a list of terms or a mask of pairs.

    Args:
        terms: Sets of sites (numbers or names), or a symmetric boolean matrix of pairs, which adds all fields.
        names: Names of the sites.

    Returns:
        The different sets by degree, ascending.

    Raises:
        ValueError: If a term names an unknown site, or one twice.
    """
    n = len(names)
    if isinstance(terms, np.ndarray) and terms.shape == (n, n) and terms.dtype == bool:
        if np.any(terms != terms.T):
            raise ValueError(must_be("terms", OWNER, "a symmetric mask", "an asymmetric one"))
        pairs = np.argwhere(np.triu(terms, 1))
        return (np.arange(n)[:, None], pairs)
    place = {name: i for i, name in enumerate(names)}
    found: dict[int, set[tuple[int, ...]]] = {}
    if not isinstance(terms, Iterable) or isinstance(terms, str):
        raise ValueError(must_be("terms", OWNER, "a list of sets of sites, or a mask of pairs", repr(terms)))
    for term in terms:
        members = tuple(term) if isinstance(term, Iterable) and not isinstance(term, str) else (term,)
        sites = [_site(member, place) for member in members]
        if not sites or min(sites) < 0 or max(sites) >= n or len(set(sites)) < len(sites):
            requirement = f"different sites of 0 .. {n - 1} (or their names) in every term"
            raise ValueError(must_be("terms", OWNER, requirement, repr(term)))
        found.setdefault(len(sites), set()).add(tuple(sorted(sites)))
    if not found:
        raise ValueError(must_be("terms", OWNER, "at least one set of sites", "none"))
    return tuple(np.array(sorted(found.get(d, ())), int).reshape(-1, d) for d in range(1, max(found) + 1))


def _site(member: object, place: dict[str, int]) -> int:
    """Returns the number of a site, -1 for what names none."""
    if isinstance(member, str):
        return place.get(member, -1)
    return int(member) if isinstance(member, int | np.integer) and not isinstance(member, bool) else -1


def terms_of_sites(
    kind: str,
    alphabet: Alphabet,
    sets: tuple[np.ndarray, ...],
    geometry: Geometry | None,
    max_terms: float = math.inf,
) -> Terms:
    """Terms over given sets of sites.

    Args:
        kind: "spin", "bit" or "category".
        alphabet: The states of each site.
        sets: Sets of sites by degree.
        geometry: Where the sites live, or None.
        max_terms: Most couplings allowed.

    Returns:
        The terms; their radius counts as "all".
    """
    return _expanded(kind, alphabet, sets, len(sets), math.inf, geometry, max_terms)


def _expanded(
    kind: str,
    alphabet: Alphabet,
    sets: tuple[np.ndarray, ...],
    order: int,
    radius: float,
    geometry: Geometry | None,
    max_terms: float,
) -> Terms:
    sizes = alphabet.sizes if kind == "category" else np.ones(len(alphabet), np.int64)
    count = sum(float(np.prod(sizes[block].astype(float), axis=1).sum()) for block in sets)
    if count > max_terms:
        advice = "Raise `max_terms`, or pass a smaller order or radius."
        raise ValueError(must_be("order", OWNER, f"such that there are at most {max_terms} couplings", count, advice))
    if kind != "category":
        starts = np.cumsum([0, *map(len, sets)])
        tables = tuple((int(s), (len(b), *(1,) * b.shape[1])) for s, b in zip(starts, sets, strict=False) if len(b))
        return Terms(kind, alphabet, sets, Monomials(sets), tables, order, radius, geometry)
    first_atom = np.concatenate([[0], np.cumsum(sizes)])
    done, runs, sorted_sets, atoms = 0, [], [], []
    for block in sets:
        shapes, group = np.unique(sizes[block], axis=0, return_inverse=True)
        members = [block[group == g] for g in range(len(shapes))]
        of_degree = [np.empty((0, block.shape[1]), np.int64)]
        for shape, some in zip(shapes.tolist(), members, strict=True):
            states = np.indices(shape).reshape(len(shape), -1).T
            of_degree.append((first_atom[some][:, None, :] + states).reshape(-1, len(shape)))
            runs.append((done, (len(some), *shape)))
            done += len(of_degree[-1])
        sorted_sets.append(np.concatenate([np.empty((0, block.shape[1]), np.int64), *members]))
        atoms.append(np.concatenate(of_degree))
    return Terms(kind, alphabet, tuple(sorted_sets), Monomials(tuple(atoms)), tuple(runs), order, radius, geometry)
