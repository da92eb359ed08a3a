"""What `describe` returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..polynomial import Polynomial
from .results import Symmetries

__all__ = ["Structure"]


@dataclass(frozen=True, eq=False)
class Structure:
    """What an energy is made of.

    Args:
        variables: Names of the variables that occur.
        unused: Names of those that do not.
        order: Highest degree of a term.
        edges: Pairs of names that share a term.
        components: Sets of names that are connected by edges: the energy is a sum of functions of one set each.
        blocks: These functions, one polynomial per component (of the first output), without the constant.
        factors: Polynomials in different variables whose product the energy is, up to `constant`; empty if it is none.
        constant: What is added to that product.
        forms: Linear combinations of the variables (rows) that the energy depends on, shape (forms, n).
        outer: f, a polynomial in g, if the energy is f(g); else None.
        inner: g, if the energy is f(g); else None.
        invariants: Texts of quadratic forms through which alone the energy depends on their variables.
        scaling: Weight by name and the power of t by which the energy grows, or None.
        left_out: Number of couplings within the threshold of 0 that were treated as absent.
        symmetries: The symmetries.
        words: Sentences.
    """

    variables: tuple[str, ...]
    unused: tuple[str, ...]
    order: int
    edges: list[tuple[str, str]]
    components: list[tuple[str, ...]]
    blocks: list[Polynomial]
    factors: list[Polynomial]
    constant: float
    forms: np.ndarray
    outer: Polynomial | None
    inner: Polynomial | None
    invariants: list[str]
    scaling: tuple[dict[str, int], int] | None
    left_out: int
    symmetries: Symmetries
    words: list[str]

    def __repr__(self) -> str:
        head = f"Structure: order {self.order}, {len(self.variables)} variables"
        return "\n".join([head, *(f"  {sentence}" for sentence in self.words)])
