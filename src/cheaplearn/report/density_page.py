"""What the template of a density's page is filled with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from ..geometry import Grid
from .density_pictures import DensityPictures, coupling_picture
from .density_words import (
    counted_sites,
    density_headline,
    density_terms,
    escape_words,
    existence_words,
    partition_words,
    tied_term,
)
from .numbers import minus, signed
from .words import family_words, radius_text, symmetry_text

if TYPE_CHECKING:
    from .density_result import DensityResult

__all__ = ["density_facts"]

SHOWN = 16  # couplings in the table
_METHODS = {
    "likelihood": "maximum likelihood",
    "score matching": "score matching",
    "pseudolikelihood": "maximum pseudo-likelihood",
    "screening": "interaction screening",
}
_INTRODUCTIONS = {
    "maps": "Two maps of the grid: what each site does by itself, and how it is tied to its neighbours.",
    "circle": "Every column is a point of the circle; a line joins two columns whose states depend on each other "
    "directly, not only by way of others.",
    "bars": "The strongest couplings: terms of columns whose states depend on each other directly, not only by way of "
    "others.",
}

_REAL_INTRODUCTIONS = {
    "maps": "Two maps of the grid: the linear term of every site, and how it is tied to its neighbours.",
    "circle": "Every variable is a point of the circle; a line joins two that depend on each other directly, not only "
    "by way of others.",
    "bars": "The strongest terms of H. Terms of one variable shape its own distribution; products of several say how "
    "they depend on each other directly, not only by way of others.",
}


def density_facts(result: DensityResult) -> dict[str, Any]:
    """Collects what the template names.

    Args:
        result: What was found.

    Returns:
        Values and functions by name.
    """
    chosen = result.chosen
    strongest = result.strongest(SHOWN)
    return {
        "result": result,
        "picture": DensityPictures(result),
        "headline": density_headline(result),
        "sites": counted_sites(result),
        "terms": _terms(result),
        "chosen": chosen,
        "ladder": list(result.ladder.itertuples()),
        "baselines": list(result.baselines.itertuples()),
        "scored": result.ladder_score is not None,
        "pseudo": result.ladder_score == "pseudo-log-likelihood",
        "gain": _gain(result),
        "geometry": result.hamiltonian.geometry is not None,
        "test": result.test,
        "contacts": [] if result.contacts is None else list(result.contacts.head(len(result.names)).itertuples()),
        "separation": 0 if result.contacts is None else int(result.contacts["separation"].min()),
        "strongest": list(strongest.assign(label=[tied_term(row) for _, row in strongest.iterrows()]).itertuples()),
        "n_couplings": result.n_couplings,
        "intervals": bool(np.isfinite(strongest["lower"].to_numpy(dtype=float)).any()),
        "couplings_intro": (_INTRODUCTIONS if result.real is None else _REAL_INTRODUCTIONS)[coupling_picture(result)],
        "states": _number_of_states(result),
        "partition": "" if result.partition is None else partition_words(result.partition),
        "method": _METHODS.get(result.method, result.method),
        "radius": radius_text,
        "symmetry": symmetry_text,
        "minus": minus,
        "signed": signed,
    } | _facts_of_real(result)


def _facts_of_real(result: DensityResult) -> dict[str, Any]:
    if result.real is None:
        return {}
    real = result.real
    pairs = zip(result.names, real.bounds or [], strict=False)
    return {
        "score": real.scores[0],
        "exists": existence_words(real.existence),
        "escape": escape_words(real.existence),
        "bounds": [(name, low, high) for name, (low, high) in pairs if math.isfinite(low) or math.isfinite(high)],
    }


def _terms(result: DensityResult) -> str:
    order, radius = int(result.chosen["order"]), float(result.chosen["radius"])
    geometry = result.hamiltonian.geometry
    if result.real is None:
        return density_terms(order, radius, geometry is not None)
    return family_words(order, radius, isinstance(geometry, Grid))


def _gain(result: DensityResult) -> float:
    """By how much the chosen model is better than independent columns on the rows that took no part in any choice."""
    if result.real is not None:
        chosen, independent = result.real.scores[:2]
        return independent.mean - chosen.mean
    assert result.test is not None
    return result.test.mean - result.test_baselines[0].mean


def _number_of_states(result: DensityResult) -> Markup | str:
    alphabet = result.hamiltonian.alphabet
    if alphabet is None:
        return ""
    sizes = alphabet.sizes
    digits = float(np.log10(sizes).sum())
    if digits < 6:
        return f"{math.prod(sizes.tolist()):,}"
    if len(set(sizes.tolist())) == 1:
        return Markup("{}<sup>{}</sup> ≈ 10<sup>{}</sup>").format(int(sizes[0]), len(sizes), round(digits))
    return Markup("about 10<sup>{}</sup>").format(round(digits))
