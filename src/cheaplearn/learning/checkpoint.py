"""Scores of finished families on disk, so that an interrupted ladder goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from .families import Family
from .scoring import FamilyScore

__all__ = ["Checkpoint", "fingerprint"]

FORMAT_VERSION = 1


class Checkpoint:
    """A folder with one file for each family that has been scored.

    Args:
        folder: Where; made if it is not there. None keeps nothing.
        key: Fingerprint of the samples, folds and settings: scores with another one are not used.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, key: str) -> None:
        self.folder = None if folder is None else Path(folder)
        self.key = key
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)

    def scored(self, family: Family, compute: Callable[[], FamilyScore]) -> FamilyScore:
        """Returns the score of a family: the one on disk, or else a new one, which is kept.

        Args:
            family: The family.
            compute: Scores it.

        Returns:
            The score, the same either way, bit for bit.
        """
        found = self.load(family)
        if found is None:
            found = compute()
            self.save(family, found)
        return found

    def load(self, family: Family) -> FamilyScore | None:
        """Returns the score of a family that is kept, or None."""
        return None if self.folder is None else _read(self._place(self.folder, family))

    def save(self, family: Family, score: FamilyScore) -> None:
        """Keeps the score of a family."""
        if self.folder is not None:
            _write(self._place(self.folder, family), score)

    def _place(self, folder: Path, family: Family) -> Path:
        return folder / f"{hashlib.sha256(f'{self.key} {family}'.encode()).hexdigest()[:24]}.npz"


def fingerprint(arrays: Iterable[np.ndarray | None], settings: dict[str, Any]) -> str:
    """Tells data sets and settings apart.

    Args:
        arrays: Samples, weights, folds, ...
        settings: What else the scores depend on, by name; the same text counts as the same.

    Returns:
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256(repr(sorted((name, repr(value)) for name, value in settings.items())).encode())
    for array in arrays:
        if array is not None:
            digest.update(f"{array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read(place: Path) -> FamilyScore | None:
    """Returns a score; None if there is none, or it was cut off while it was written."""
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if int(data["version"]) != FORMAT_VERSION:
                return None
            path = dict(zip(data["tried"].tolist(), data["means"].tolist(), strict=True))
            return FamilyScore(float(data["regularization"]), data["losses"], path, bool(data["converged"]))
    except (FileNotFoundError, BadZipFile, EOFError, KeyError, ValueError):
        return None


def _write(place: Path, score: FamilyScore) -> None:
    partial = place.with_suffix(".partial.npz")
    np.savez(
        partial,
        version=FORMAT_VERSION,
        regularization=score.regularization,
        losses=score.losses,
        tried=np.array(list(score.path)),
        means=np.array(list(score.path.values())),
        converged=score.converged,
    )
    partial.replace(place)
