"""Checks that all exact methods share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._messages import must_be

__all__ = ["checked_array", "code_type"]


def checked_array(array: Any, length: int, argument: str, owner: str) -> np.ndarray:
    """Refuses arrays of a wrong shape, and infinite or missing numbers.

    Args:
        array: What the caller passed.
        length: How many numbers there must be.
        argument: Name of the argument, for the message.
        owner: The class that was called, for the message.

    Returns:
        The array as float64, shape (length,); not a copy where it was one already.

    Raises:
        ValueError: If the shape is wrong or a number is not finite.
    """
    numbers = np.asarray(array, dtype=np.float64)
    if numbers.shape != (length,):
        raise ValueError(must_be(argument, owner, f"of shape ({length},)", f"shape {numbers.shape}"))
    if not np.isfinite(numbers.sum()):  # one pass without a mask; only a suspicious sum is looked at closely
        wrong = np.flatnonzero(~np.isfinite(numbers))
        if len(wrong):
            got = f"{numbers[wrong[0]]} at place {wrong[0]}"
            raise ValueError(must_be(argument, owner, "finite", got, "Forbid a state by a large energy instead."))
    return numbers


def code_type(sizes: np.ndarray) -> type[np.unsignedinteger] | type[np.signedinteger]:
    """Returns the type of codes, as in `Alphabet.encode`: uint8, or int32 if a site has more than 256 states."""
    return np.uint8 if max(sizes.tolist(), default=0) <= 256 else np.int32
