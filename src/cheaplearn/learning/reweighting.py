"""Weights of related sequences, so that a family sampled often does not count for more."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be

__all__ = ["sequence_weights"]

BLOCK = 1024  # sequences compared with one sequence at a time: their letters stay in the cache


def sequence_weights(codes: Any, identity: float = 0.8) -> np.ndarray:
    r"""Weighs each sequence by one over the number of sequences that resemble it.

    .. math:: w_i = 1 / |\{j : \text{sequences } i, j \text{ agree in at least identity} \cdot L \text{ columns}\}|

    The sequence itself is counted, gaps are compared like any letter, and the sum of the weights is
    the effective number of sequences.

    Args:
        codes: Letters as whole numbers 0 .. 255, or as single characters, shape (N, L).
        identity: Share of the L columns in which two sequences must agree to resemble each other, in
            (0, 1], read as the decimal it is written as: 0.8 of 5 columns are 4.

    Returns:
        Weights, shape (N,), in (0, 1].

    Raises:
        ValueError: If `codes` has another shape or other values, or `identity` is no such share.

    Cost: N^2 L / 2 comparisons of one byte: 0.2 s for 13,600 sequences of 53 columns on one core.
    Source: Morcos et al., Direct-coupling analysis of residue coevolution, PNAS 108, E1293 (2011).

    Example:
        >>> sequence_weights(np.array([[0, 1, 2, 3, 4], [0, 1, 2, 3, 0], [4, 3, 2, 1, 0]])).tolist()
        [0.5, 0.5, 1.0]
    """
    letters = _bytes_of(codes)
    if isinstance(identity, bool) or not isinstance(identity, int | float) or not 0 < identity <= 1:
        advice = "Pass identity=0.8; for equal weights do not call this function."
        raise ValueError(must_be("identity", "sequence_weights", "a share above 0 and up to 1", identity, advice))
    from .reweighting_loops import count_similar

    needed = math.ceil(Fraction(repr(float(identity))) * letters.shape[1])
    return 1.0 / count_similar(np.ascontiguousarray(letters.T), needed, BLOCK)


def _bytes_of(codes: Any) -> np.ndarray:
    array = np.asarray(codes)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(must_be("codes", "sequence_weights", "of shape (sequences, columns)", f"shape {array.shape}"))
    if array.dtype.kind in "US":
        array = np.unique(array, return_inverse=True)[1].reshape(array.shape)
    if array.dtype.kind not in "biu" or array.min() < 0 or array.max() > 255:
        requirement = "whole numbers from 0 to 255, or characters"
        got = f"{array.dtype} from {array.min()} to {array.max()}" if array.dtype.kind in "biuf" else str(array.dtype)
        raise ValueError(must_be("codes", "sequence_weights", requirement, got))
    return array.astype(np.uint8)
