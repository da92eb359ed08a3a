"""Linear maps of the command line: a transform by name, or a matrix in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .exits import BadInput, bad_input

if TYPE_CHECKING:
    from ..flattening.linear import FactorChain, SkipChain

__all__ = ["read_linear_map"]

_NUMBERS = {"fft": 1, "rfft": 1, "hadamard": 1, "haar": 1, "dct": 1, "daubechies": 2, "strassen": 2}  # at most
_FILES = (".npy", ".npz", ".csv")
_LARGEST = 4096


def read_linear_map(text: str, error: float, seed: int) -> tuple[FactorChain | SkipChain, list[str]]:
    """Makes the map that a text names.

    Args:
        text: "fft:256" and the like, or a file with a matrix.
        error: Largest relative error of the factors of a matrix.
        seed: Of random matrices and of the search.

    Returns:
        The map, and sentences about it.

    Raises:
        BadInput: If the text names none.
    """
    if text.lower().endswith(_FILES):
        return _factored(Path(text), error, seed)
    name, *numbers = text.split(":")
    if name not in _NUMBERS or not 1 <= len(numbers) <= _NUMBERS[name] or not all(map(str.isdecimal, numbers)):
        known = ", ".join(f"{key}:N" for key in _NUMBERS)
        message = (
            f"`--linear` must be one of {known} with a number N, or a file ending in {', '.join(_FILES)}, got {text!r}."
        )
        raise BadInput(message)
    sizes = [int(number) for number in numbers]
    if sizes[0] > _LARGEST:
        message = (
            f"`--linear` must have a size of at most {_LARGEST}, which is compared with its dense matrix, got {text!r}."
        )
        raise BadInput(message)
    with bad_input():
        return _named(name, sizes, seed)


def _named(name: str, numbers: list[int], seed: int) -> tuple[FactorChain | SkipChain, list[str]]:
    from ..flattening import linear

    n = numbers[0]
    if name == "strassen":
        matrix = np.random.default_rng(seed).standard_normal((n, n))
        full = f"Full recursion has fewer synapses than n^3 from n = {linear.strassen_crossover(1):,} on."
        return linear.strassen(matrix, *numbers[1:]), [f"A is random (seed {seed}).", full]
    if name == "haar":
        skips = linear.haar(n, skips=True)
        return linear.haar(n), [f"With skips the same map takes {skips.synapses:,} synapses in {skips.depth} layers."]
    if name == "rfft":
        return linear.fft(n, real=True), []
    makers: dict[str, Any] = {"fft": linear.fft, "hadamard": linear.hadamard, "dct": linear.dct}
    return makers.get(name, linear.daubechies)(*numbers), []


def _factored(path: Path, error: float, seed: int) -> tuple[FactorChain, list[str]]:
    from ..flattening.linear import factorize
    from .files import existing_file

    existing_file(str(path), _FILES)
    matrix = _matrix(path)
    with bad_input():
        found = factorize(matrix, error=error, random_state=seed)
    table = found.table[["method", "note", "factors", "synapses", "error"]].to_string(index=False)
    return found.chain, [found.message, "", "Tried:", table]


def _matrix(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() == ".csv":
            return np.loadtxt(path, delimiter=",", ndmin=2)
        stored = np.load(path, allow_pickle=False)
    except ValueError as err:
        message = f"`--linear` must name a file with one matrix of numbers, no header, got {path.name!r}: {err}."
        raise BadInput(message) from err
    if path.suffix.lower() == ".npy":
        return np.asarray(stored)
    with stored as arrays:
        if len(arrays.files) != 1:
            message = f"`--linear` must name a file with one matrix, got {len(arrays.files)} arrays in {path.name!r}."
            raise BadInput(message)
        matrix: np.ndarray = arrays[arrays.files[0]]
        return matrix
