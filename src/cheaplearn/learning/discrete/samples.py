"""Samples of discrete sites, ready to be fitted, and what is odd about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...hamiltonian import Alphabet
from .pair_states import compared_pairs, joint_states

__all__ = ["DiscreteSamples", "oddities"]

SHOWN = 5  # examples named in a note
MOST_PAIRS = 4000  # states of all sites together up to which pairs of columns are compared


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
    """

    codes: np.ndarray
    weight: np.ndarray
    alphabet: Alphabet
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int

    def part(self, chosen: np.ndarray) -> DiscreteSamples:
        """Returns some of the samples."""
        groups = None if self.groups is None else self.groups[chosen]
        kept = {"codes": self.codes[chosen], "weight": self.weight[chosen], "rows": self.rows[chosen]}
        return replace(self, **kept, groups=groups)

    def distinct(self) -> DiscreteSamples:
        """Returns different rows once, with their weights summed; groups are lost."""
        keys = np.ascontiguousarray(self.codes)
        keys = keys.view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1]))).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        if len(first) == len(keys):
            return self
        weight = np.bincount(place, self.weight, len(first))
        return replace(self, codes=self.codes[first], weight=weight, rows=self.rows[first], groups=None)


def oddities(samples: DiscreteSamples, order: int) -> list[str]:
    """Says what of the couplings the samples cannot tell.

    Args:
        samples: The samples.
        order: Highest degree that is fitted.

    Returns:
        Sentences: constant columns, columns that are copies, combinations of states that never occur, fewer
        samples than variables.
    """
    names, sizes = samples.alphabet.names, samples.alphabet.sizes
    notes: list[str] = []
    constant = np.flatnonzero(np.all(samples.codes == samples.codes[:1], axis=0))
    if len(constant):
        notes.append(
            f"{_named(constant, lambda i: names[i], 'column')} always the same value: "
            "couplings with it are not identified; only the prior keeps them finite."
        )
    if len(samples.codes) < len(names):
        notes.append(
            f"{len(samples.codes)} different samples of {len(names)} variables: most couplings are not identified. "
            "Lower the order or the radius, pass terms, or raise regularization."
        )
    if order > 1 and sizes.sum() <= MOST_PAIRS:
        notes += _pairs(samples)
    return notes


def _pairs(samples: DiscreteSamples) -> list[str]:
    """Compares the columns that vary two by two."""
    names, sizes = samples.alphabet.names, samples.alphabet.sizes
    copies, never = compared_pairs(joint_states(samples.codes, sizes), sizes)
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
