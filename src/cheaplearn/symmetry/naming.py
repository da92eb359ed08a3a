"""Names of one-parameter groups: rotations, boosts, squeezes, shears, translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

__all__ = ["Planes", "linear_text", "name_generator", "planes_of", "tuple_text"]

_ZERO = 1e-7  # entries below this, relative to the largest, are not there


@dataclass(frozen=True)
class Planes:
    """A generator that turns or boosts disjoint coordinate planes.

    Args:
        pairs: The variables (i, j) of each plane; it rotates i towards j (or boosts both).
        rates: Relative speed of each plane, the first is 1; negative: the other way round.
        kind: "rotation" or "boost".
        round: Whether each plane has equal units: x' = -y, y' = x.
    """

    pairs: tuple[tuple[int, int], ...]
    rates: tuple[float, ...]
    kind: str
    round: bool


def planes_of(matrix: np.ndarray) -> Planes | None:
    """Reads a generator as rotations or boosts of disjoint coordinate planes.

    Args:
        matrix: Shape (n, n).

    Returns:
        The planes, or None if it is of another kind.
    """
    M = np.where(np.abs(matrix) > _ZERO * np.abs(matrix).max(initial=0.0), matrix, 0.0)
    occupied = M != 0
    if not occupied.any() or occupied.diagonal().any() or np.any(occupied != occupied.T):
        return None
    if np.any(occupied.sum(axis=1) > 1):
        return None
    pairs = [(int(i), int(j)) for i, j in np.argwhere(np.triu(occupied))]
    products = np.array([M[i, j] * M[j, i] for i, j in pairs])
    if not (np.all(products > 0) or np.all(products < 0)):
        return None
    speeds = np.sqrt(np.abs(products)) * np.array([np.sign(M[j, i]) for i, j in pairs])
    equal_units = all(abs(abs(M[i, j]) - abs(M[j, i])) <= 1e-6 * abs(M[i, j]) for i, j in pairs)
    kind = "rotation" if products[0] < 0 else "boost"
    return Planes(tuple(pairs), tuple((speeds / speeds[0]).tolist()), kind, equal_units)


def name_generator(matrix: np.ndarray, shift: np.ndarray | None, names: Sequence[str], resolution: float = 1e-6) -> str:
    """Names a one-parameter group x' = M x + c.

    Args:
        matrix: M, shape (n, n).
        shift: c, shape (n,), or None.
        names: Of the variables.
        resolution: Relative size of parts of eigenvalues that count as zero.

    Returns:
        For example "rotation of (x, y)", "boost of (x, t)", "squeeze of (x, y)", "translation along x + 2*y".
    """
    size = np.abs(matrix).max(initial=0.0)
    step = np.abs(shift).max(initial=0.0) if shift is not None else 0.0
    if size <= _ZERO * step:
        assert shift is not None
        return f"translation along {linear_text(shift, names)}"
    name = _linear_name(np.where(np.abs(matrix) > _ZERO * size, matrix, 0.0), names, resolution)
    if shift is None or step <= _ZERO * size:
        return name
    centre = linalg.lstsq(matrix, -shift)[0]
    if np.abs(matrix @ centre + shift).max() <= 1e-6 * step:
        moved = [i for i in range(len(names)) if abs(centre[i]) > _ZERO]
        about = ", ".join(f"{names[i]} = {centre[i]:.6g}" for i in moved)
        return f"{name} about {about}"
    return f"{name} with a translation along {linear_text(shift, names)}"


def linear_text(coefficients: np.ndarray, names: Sequence[str]) -> str:
    """Writes a linear combination.

    Args:
        coefficients: Shape (n,).
        names: Of the variables.

    Returns:
        Such as "x - 2*y"; coefficients to 6 digits.
    """
    parts: list[str] = []
    cut = _ZERO * np.abs(coefficients).max(initial=0.0)
    for value, name in zip(coefficients.tolist(), names, strict=True):
        if abs(value) <= cut:
            continue
        size = "" if abs(abs(value) - 1) < 1e-9 else f"{abs(value):.6g}*"
        sign = ("-" if value < 0 else "") if not parts else (" - " if value < 0 else " + ")
        parts.append(f"{sign}{size}{name}")
    return "".join(parts) or "0"


def tuple_text(indices: Sequence[int], names: Sequence[str]) -> str:
    """Writes variables as "(x, y)".

    Args:
        indices: Of the variables.
        names: Of all variables.

    Returns:
        The text.
    """
    return f"({', '.join(names[i] for i in indices)})"


def _linear_name(matrix: np.ndarray, names: Sequence[str], resolution: float) -> str:
    planes = planes_of(matrix)
    if planes is not None:
        return _planes_name(planes, names)
    places = np.argwhere(matrix)
    if np.all(places[:, 0] == places[:, 1]):
        return _diagonal_name(matrix.diagonal(), names)
    if len(places) == 1:
        i, j = map(int, places[0])
        return f"shear {names[i]} -> {names[i]} + t*{names[j]}"
    return f"{_hidden_kind(matrix, resolution)} {_flow_text(matrix, names)}"


def _planes_name(planes: Planes, names: Sequence[str]) -> str:
    texts = []
    for (i, j), rate in zip(planes.pairs, planes.rates, strict=True):
        first, second = (i, j) if rate > 0 or planes.kind == "boost" else (j, i)
        speed = "" if abs(abs(rate) - 1) < 1e-6 else f" at {abs(rate):.6g} times the rate"
        sign = " the other way" if planes.kind == "boost" and rate < 0 else ""
        texts.append(tuple_text((first, second), names) + speed + sign)
    shape = "" if planes.round else ("elliptic " if planes.kind == "rotation" else "scaled ")
    return f"{shape}{planes.kind} of {' together with '.join(texts)}"


def _diagonal_name(diagonal: np.ndarray, names: Sequence[str]) -> str:
    moved = np.flatnonzero(diagonal)
    if np.all(np.abs(diagonal[moved] - diagonal[moved[0]]) < 1e-9):
        return f"scaling of {tuple_text(moved.tolist(), names)}"
    unit = np.abs(diagonal[moved]).min()
    rates = ", ".join(f"{names[int(i)]} -> e^({_times_t(diagonal[i] / unit)}) {names[int(i)]}" for i in moved)
    return f"squeeze of {tuple_text(moved.tolist(), names)}: {rates}"


def _times_t(rate: float) -> str:
    return {1.0: "t", -1.0: "-t"}.get(round(rate, 9), f"{rate:.6g}*t")


def _hidden_kind(matrix: np.ndarray, resolution: float) -> str:
    values = linalg.eigvals(matrix)
    size, norm = float(np.abs(values).max()), float(np.linalg.norm(matrix))
    if size <= 10 * resolution * norm:
        return "shear"
    if np.abs(values.real).max() <= 10 * resolution * size:
        return "rotation in oblique axes"
    if np.abs(values.imag).max() <= 10 * resolution * size:
        return "boost in oblique axes"
    return "linear flow"


def _flow_text(matrix: np.ndarray, names: Sequence[str]) -> str:
    rows = [i for i in range(len(names)) if matrix[i].any()]
    shown = "; ".join(f"{names[i]}' = {linear_text(matrix[i], names)}" for i in rows[:4])
    return f"({shown}{'; ...' if len(rows) > 4 else ''})"
