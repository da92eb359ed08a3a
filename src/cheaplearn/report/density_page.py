"""What the template of a density's page is filled with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from .density_pictures import DensityPictures, coupling_picture
from .density_words import counted_sites, density_headline, density_terms, partition_words
from .words import radius_text, symmetry_text

if TYPE_CHECKING:
    from .density_result import DensityResult

__all__ = ["density_facts"]

MINUS = "\u2212"
SHOWN = 16  # couplings in the table
_METHODS = {
    "likelihood": "maximum likelihood",
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


def density_facts(result: DensityResult) -> dict[str, Any]:
    """Collects what the template names.

    Args:
        result: What was found.

    Returns:
        Values and functions by name.
    """
    chosen = result.chosen
    strongest = result.strongest(SHOWN)
    degrees = [len(sites) for sites in result.hamiltonian.monomials.sites]
    return {
        "result": result,
        "picture": DensityPictures(result),
        "headline": density_headline(result),
        "sites": counted_sites(result),
        "terms": density_terms(int(chosen["order"]), float(chosen["radius"]), result.hamiltonian.geometry is not None),
        "chosen": chosen,
        "tied": isinstance(chosen["symmetry"], str),
        "symmetries": any(isinstance(name, str) for name in result.ladder["symmetry"]),
        "symmetry": symmetry_text,
        "ladder": list(result.ladder.itertuples()),
        "baselines": list(result.baselines.itertuples()),
        "scored": result.ladder_score is not None,
        "pseudo": result.ladder_score == "pseudo-log-likelihood",
        "gain": result.test.log_likelihood - result.test_baselines[0].log_likelihood,
        "geometry": result.hamiltonian.geometry is not None,
        "test": result.test,
        "contacts": [] if result.contacts is None else list(result.contacts.head(len(result.names)).itertuples()),
        "separation": 0 if result.contacts is None else int(result.contacts["separation"].min()),
        "strongest": list(strongest.itertuples()),
        "n_couplings": len(result.strongest(sum(degrees))),
        "intervals": bool(np.isfinite(strongest["lower"].to_numpy(dtype=float)).any()),
        "couplings_intro": _INTRODUCTIONS[coupling_picture(result)],
        "states": _number_of_states(result),
        "partition": partition_words(result),
        "method": _METHODS.get(result.method, result.method),
        "radius": radius_text,
        "minus": _minus,
        "signed": _signed,
    }


def _number_of_states(result: DensityResult) -> Markup | str:
    alphabet = result.hamiltonian.alphabet
    assert alphabet is not None
    sizes = alphabet.sizes
    digits = float(np.log10(sizes).sum())
    if digits < 6:
        return f"{math.prod(sizes.tolist()):,}"
    if len(set(sizes.tolist())) == 1:
        return Markup("{}<sup>{}</sup> ≈ 10<sup>{}</sup>").format(int(sizes[0]), len(sizes), round(digits))
    return Markup("about 10<sup>{}</sup>").format(round(digits))


def _minus(value: float, digits: int, significant: bool = False) -> str:
    """A number with a proper minus sign."""
    return f"{value:.{digits}{'g' if significant else 'f'}}".replace("-", MINUS)


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", MINUS)
