"""How many synapses Strassen's multiplication takes, as exact integers, and from which size on it pays."""

from __future__ import annotations

from ..._messages import must_be
from .checks import checked_size

__all__ = ["strassen_crossover", "strassen_synapses"]


def strassen_synapses(n: int, leaf: int = 1) -> int:
    """Synapses of Strassen's recursion s(n) = 7 s(n / 2) + 6 n^2 with s(leaf) = leaf^3, copies included.

    Args:
        n: Size: leaf times a power of two.
        leaf: Size of the blocks that are multiplied as dense matrices.

    Returns:
        The exact count for a matrix A without zeros; the dense map has n^3.

    Raises:
        ValueError: If n is not leaf times a power of two.

    Example:
        >>> strassen_synapses(2), strassen_synapses(64, leaf=32) / 64**3
        (31, 0.96875)
    """
    n, leaf = checked_size(n, "strassen_synapses"), checked_size(leaf, "strassen_synapses", "leaf")
    times, rest = divmod(n, leaf)
    if rest or times & (times - 1) or not times:
        raise ValueError(must_be("n", "strassen_synapses", "leaf times a power of two", f"{n} with leaf {leaf}"))
    total, size = leaf**3, leaf
    while size < n:
        size *= 2
        total = 7 * total + 6 * size * size
    return total


def strassen_crossover(leaf: int = 1) -> int:
    """The smallest size leaf x 2^j from which Strassen's chain has fewer synapses than the dense map.

    Args:
        leaf: Size of the dense blocks; 1 is the full recursion.

    Returns:
        The size; it stays the cheaper way for all larger ones, because s(n) / n^3 falls from there on.

    Example:
        >>> strassen_crossover(), strassen_crossover(leaf=32)
        (131072, 64)
    """
    size = 2 * checked_size(leaf, "strassen_crossover", "leaf")
    while strassen_synapses(size, leaf) >= size**3:
        size *= 2
    return size
