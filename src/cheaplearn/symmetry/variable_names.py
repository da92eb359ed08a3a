"""What names of variables say: sequences (q1, q2, ...), and momenta (px of x, p1 of q1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["families", "momenta"]

_NUMBERED = re.compile(r"(.*?)_?(\d+)$", re.DOTALL)


def families(names: Sequence[str], used: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Groups variables into sequences of equal length.

    Args:
        names: Of all variables.
        used: Those that occur.

    Returns:
        Prefix and variables by number, if all variables are numbered and all prefixes have equally many; else all
        variables in the given order, under the prefix "".

    Example:
        >>> families(["p1", "p2", "q1", "q2"], range(4))
        [('p', [0, 1]), ('q', [2, 3])]
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for i in used:
        match = _NUMBERED.match(names[i])
        if match is None:
            return [("", list(used))]
        found.setdefault(match[1], []).append((int(match[2]), i))
    if len({len(members) for members in found.values()}) != 1:
        return [("", list(used))]
    return [(prefix, [i for _, i in sorted(members)]) for prefix, members in found.items()]


def momenta(names: Sequence[str], used: Sequence[int]) -> dict[int, int]:
    """Pairs momenta with their coordinates: px with x, p_x with x, p1 with q1 or x1, p with q or x.

    Args:
        names: Of all variables.
        used: Those that occur.

    Returns:
        Coordinate by momentum; empty if some variable that starts with p has no coordinate.
    """
    place = {names[i]: i for i in used}
    pairs: dict[int, int] = {}
    for name, i in place.items():
        if not name.startswith("p"):
            continue
        rest = name[1:].lstrip("_")
        coordinate = next((c for c in (rest, f"q{rest}", f"x{rest}", f"q_{rest}") if c in place and c != name), None)
        if coordinate is None or place[coordinate] in pairs.values():
            return {}
        pairs[i] = place[coordinate]
    return pairs
