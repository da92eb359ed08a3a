"""What the builders ask of sizes and matrices, in the one sentence of the house."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
from scipy import sparse

from ..._messages import must_be

__all__ = ["checked_choice", "checked_level", "checked_matrix", "checked_size", "prime_factors"]


def checked_size(value: Any, owner: str, argument: str = "n", power_of_two: bool = False) -> int:
    """Reads a size.

    Args:
        value: What the caller passed.
        owner: The public function that was called.
        argument: Name of the argument.
        power_of_two: Whether only 1, 2, 4, 8, ... will do.

    Returns:
        The size.

    Raises:
        ValueError: If it is not a positive integer, or no power of two where one is needed.
    """
    size = _integer(value)
    if size < 1:
        raise ValueError(must_be(argument, owner, "a positive integer", value, f"Pass {argument}=64 for example."))
    if power_of_two and size & (size - 1):
        below = 1 << (size.bit_length() - 1)
        raise ValueError(must_be(argument, owner, "a power of two", value, f"Pass {below} or {2 * below}."))
    return size


def checked_level(value: Any, owner: str, most: int, argument: str = "levels") -> int:
    """Reads a number of levels between 0 and `most`.

    Args:
        value: What the caller passed.
        owner: The public function that was called.
        most: The largest number allowed.
        argument: Name of the argument.

    Returns:
        The number.

    Raises:
        ValueError: If it is no integer between 0 and `most`.
    """
    level = _integer(value)
    if not 0 <= level <= most:
        advice = f"Pass {argument}={most} or less."
        raise ValueError(must_be(argument, owner, f"an integer between 0 and {most}", value, advice))
    return level


def checked_choice(value: Any, owner: str, argument: str, choices: Sequence[str]) -> str:
    """Reads one of several words.

    Args:
        value: What the caller passed.
        owner: The public function that was called.
        argument: Name of the argument.
        choices: The words allowed.

    Returns:
        The word.

    Raises:
        ValueError: If it is another one.
    """
    if value not in choices:
        raise ValueError(must_be(argument, owner, f"one of {', '.join(choices)}", repr(value)))
    return str(value)


def checked_matrix(value: Any, owner: str, argument: str = "A", ndim: int = 2) -> np.ndarray:
    """Reads a finite real or complex array.

    Args:
        value: What the caller passed: an array, a sparse matrix, a table or nested lists.
        owner: The public function that was called.
        argument: Name of the argument.
        ndim: Number of axes it must have.

    Returns:
        The array in float64 or complex128.

    Raises:
        ValueError: If it is empty, not numeric, not finite or of another number of axes.
    """
    array = np.asarray(value.toarray() if sparse.issparse(value) else value)
    if array.dtype.kind not in "biufc":
        raise ValueError(must_be(argument, owner, "numeric", f"dtype {array.dtype}"))
    if array.ndim != ndim or not array.size:
        requirement = "a matrix with entries" if ndim == 2 else "a vector with entries"
        raise ValueError(must_be(argument, owner, requirement, f"shape {array.shape}"))
    if not np.all(np.isfinite(array)):
        place = ", ".join(str(i) for i in np.argwhere(~np.isfinite(array))[0])
        advice = "Replace or remove missing values first."
        raise ValueError(must_be(argument, owner, "finite", f"{array[~np.isfinite(array)][0]} at [{place}]", advice))
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def prime_factors(n: int) -> list[int]:
    """Prime factors with repetition, ascending; empty for 1.

    Args:
        n: A positive integer.

    Returns:
        The factors.

    Example:
        >>> prime_factors(360)
        [2, 2, 2, 3, 3, 5]
    """
    found, p = [], 2
    while p * p <= n:
        while n % p == 0:
            found.append(p)
            n //= p
        p += 1
    return found + [n] * (n > 1)


def _integer(value: Any) -> int:
    try:
        return -1 if isinstance(value, bool) else index(value)
    except TypeError:
        return -1
