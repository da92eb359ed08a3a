"""Samples of discrete sites, ready to be fitted, and what is odd about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ...hamiltonian import Alphabet
from .fields import cofactor_values
from .likelihood import feature_squares, feature_sums
from .losses import Loss
from .objective import SumsOfSamples
from .pair_states import compared_pairs, joint_states
from .pattern import Pattern
from .shared_sums import SharedSums
from .start import state_weights
from .terms import Terms, atom_values
from .tying import whole_orbits

__all__ = ["DiscreteSamples", "Place", "Samples", "oddities"]

Place = Callable[[np.ndarray, np.ndarray, Pattern, Loss], SumsOfSamples]
SHOWN = 5  # examples named in a note
MOST_PAIRS = 4000  # states of all sites together up to which pairs of columns are compared


class Samples(Protocol):
    """What a fit asks of its samples, wherever they are."""

    @property
    def alphabet(self) -> Alphabet:
        """The states of each site."""

    @property
    def count(self) -> int:
        """Number of rows."""

    @property
    def total(self) -> float:
        """Total sample weight."""

    def distinct(self) -> Samples:
        """Returns different rows once (as far as they are in one place), with their weights summed."""

    def number_distinct(self, limit: int) -> int:
        """Returns how many rows are different, counted up to a limit."""

    def state_weights(self) -> list[np.ndarray]:
        """Returns for each site the weight of each of its states, shape (q,)."""

    def joint_states(self) -> np.ndarray:
        """Returns which two states occur together, over all states of all sites, shape (S, S)."""

    def sums(self, place: Place, pattern: Pattern, loss: Loss) -> SumsOfSamples:
        """Returns what sums losses over the samples."""

    def square_sums(self, kind: str, pattern: Pattern, step: int) -> np.ndarray:
        """Returns the summed squares of each cofactor over every `step`-th sample, and last their weight."""

    def feature_sums(self, terms: Terms) -> np.ndarray:
        """Returns the weighted sum of every monomial, shape (couplings,)."""

    def feature_squares(self, terms: Terms, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns weighted sums of outer squares of monomials less their means, and of these."""


@dataclass(frozen=True, eq=False)
class DiscreteSamples:
    """Rows of positive weight.

    Args:
        codes: Codes of the states, shape (samples, n).
        weight: Positive sample weights, shape (samples,).
        alphabet: The states of each site.
        groups: Group of each sample, or None.
        rows: Place of each sample among the rows passed to `fit`.
        n_rows: Number of rows passed to `fit`.
        different: Whether no row is known to occur twice.
        shared: Sums of monomials of which those of many families are parts, or None.
    """

    codes: np.ndarray
    weight: np.ndarray
    alphabet: Alphabet
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int
    different: bool = False
    shared: SharedSums | None = None

    def part(self, chosen: np.ndarray) -> DiscreteSamples:
        """Returns some of the samples."""
        groups = None if self.groups is None else self.groups[chosen]
        some = replace(self, codes=self.codes[chosen], weight=self.weight[chosen], rows=self.rows[chosen])
        return replace(some, groups=groups, different=False, shared=None)

    def distinct(self) -> DiscreteSamples:
        """Returns different rows once, with their weights summed; groups are lost."""
        if self.different:
            return self
        keys = np.ascontiguousarray(self.codes)
        keys = keys.view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1]))).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        if len(first) == len(keys):
            return replace(self, different=True)
        weight = np.bincount(place, self.weight, len(first))
        some = replace(self, codes=self.codes[first], weight=weight, rows=self.rows[first])
        return replace(some, groups=None, different=True)

    def with_sums(self, terms: Terms) -> DiscreteSamples:
        """Returns these samples with the sums of all monomials of a family, which `feature_sums` then looks up."""
        return replace(self, shared=SharedSums(terms, self.feature_sums(terms)))

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def total(self) -> float:
        """Total sample weight."""
        return float(self.weight.sum())

    def number_distinct(self, limit: int) -> int:
        """Returns how many rows are different, counted up to a limit."""
        first = self.part(np.arange(min(self.count, 2 * limit))).distinct().count  # mostly enough, and cheap
        return limit if first >= limit else min(limit, self.distinct().count)

    def state_weights(self) -> list[np.ndarray]:
        """Returns for each site the weight of each of its states, shape (q,)."""
        return state_weights(self.codes, self.weight, self.alphabet.sizes)

    def joint_states(self) -> np.ndarray:
        """Returns which two states occur together, over all states of all sites, shape (S, S)."""
        return joint_states(self.codes, self.alphabet.sizes)

    def sums(self, place: Place, pattern: Pattern, loss: Loss) -> SumsOfSamples:
        """Returns what sums losses over the samples at a place."""
        return place(self.atoms(loss.kind), self.weight, pattern, loss)

    def square_sums(self, kind: str, pattern: Pattern, step: int) -> np.ndarray:
        """Returns the summed squares of each cofactor over every `step`-th sample, and last their weight."""
        U = cofactor_values(pattern, self.atoms(kind, step), np.float32)
        w = self.weight[::step]
        return np.append((U * U) @ w, w.sum())

    def feature_sums(self, terms: Terms) -> np.ndarray:
        """Returns the weighted sum of every monomial, shape (couplings,)."""
        if self.shared is not None:
            return self.shared.of(terms)
        return feature_sums(terms, self.atoms(terms.kind), self.weight)

    def feature_squares(self, terms: Terms, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns weighted sums of outer squares of monomials less their means, and of these."""
        return feature_squares(terms, means, self.atoms(terms.kind), self.weight)

    def atoms(self, kind: str, step: int = 1) -> np.ndarray:
        """Returns the atoms of every `step`-th sample, shape (atoms, samples), int8."""
        return np.ascontiguousarray(atom_values(kind, self.alphabet.sizes, self.codes[::step]).T)


def oddities(samples: Samples, terms: Terms) -> list[str]:
    """Says what of the couplings the samples cannot tell.

    Args:
        samples: The samples.
        terms: What is fitted; only sites that some term holds together are compared.

    Returns:
        Sentences: constant columns, columns that are copies, combinations of states that never occur, fewer
        samples than couplings of a variable.
    """
    names, sizes = samples.alphabet.names, samples.alphabet.sizes
    notes: list[str] = []
    occurs = [weight > 0 for weight in samples.state_weights()]
    constant = _constant(np.array([np.sum(states) == 1 for states in occurs]), terms)
    if len(constant):
        notes.append(
            f"{_named(constant, lambda i: names[i], 'column')} always the same value: "
            "couplings with such a column are not identified; only the prior keeps them finite."
        )
    most = terms.samples_needed
    different = samples.number_distinct(most)
    if different < most:
        rows = f"{different} different sample{'' if different == 1 else 's'} of {len(names)} variables"
        notes.append(
            f"{rows} cannot tell all couplings apart: a variable has up to {most}. Identified are those of variables "
            f"with fewer than {different}, of the others only combinations. Lower the order or the radius, pass terms, "
            "or see that regularization is as strong as you want it."
        )
    if sizes.sum() <= MOST_PAIRS and terms.coupled_pairs:
        notes += _pairs(samples, terms)
    return notes


def _constant(same: np.ndarray, terms: Terms) -> np.ndarray:
    """Returns the columns of one value; tied columns only if all of those that are tied have one."""
    if terms.symmetry is not None:
        orbit = terms.symmetry.site_orbits
        same = same & (np.bincount(orbit, same) == np.bincount(orbit))[orbit]
    return np.flatnonzero(same)


def _pairs(samples: Samples, terms: Terms) -> list[str]:
    """Compares the columns that vary and are coupled, two by two; tied pairs tell something if all are alike."""
    names, coupled = samples.alphabet.names, terms.coupled_pairs
    compared = compared_pairs(samples.joint_states(), samples.alphabet.sizes)
    copies, never = (
        whole_orbits([tuple(pair) for pair in pairs.tolist() if tuple(pair) in coupled], terms) for pairs in compared
    )
    notes = []
    if len(copies):
        notes.append(
            f"{_named(copies, lambda p: f'{names[p[0]]} and {names[p[1]]}', 'pair')} of columns each other's copies: "
            "their coupling has no finite optimum, and couplings with one of them cannot be told from those with the "
            "other. Leave one of them out."
        )
    if len(never):
        notes.append(
            f"{_named(never, lambda p: f'{names[p[0]]} and {names[p[1]]}', 'pair')} of columns never in some "
            "combination of their states: their coupling has no finite optimum; only the prior keeps it finite."
        )
    return notes


def _named(found: Any, name: Callable[[Any], str], what: str) -> str:
    shown = ", ".join(name(item) for item in list(found)[:SHOWN])
    rest = f", ... ({len(found)} in all)" if len(found) > SHOWN else ""
    return f"{what.capitalize()}{'s' if len(found) > 1 else ''} {shown}{rest} {'are' if len(found) > 1 else 'is'}"
