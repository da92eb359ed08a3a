"""Which values discrete sites take, and their places in the alphabet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from .._messages import must_be

__all__ = ["Alphabet"]

BLOCK_ENTRIES = 1 << 16  # values looked up at once
LABELS = {"spin": np.array([-1, 1]), "bit": np.array([0, 1])}


@dataclass(frozen=True, eq=False)
class Alphabet:
    """The states of each site. The code of a state is its place among them: 0, 1, ..., q - 1.

    Args:
        names: One name per site.
        labels: The values of each site, all different, shape (q,) each.

    Raises:
        ValueError: If a site has no label, or one twice, or labels that are neither numbers nor text.

    Example:
        >>> letters = Alphabet(("x", "y"), (np.array(["a", "b", "c"]), np.array([-1, 1])))
        >>> letters.sizes.tolist(), letters.decode(np.array([[2, 0]])).tolist()
        ([3, 2], [['c', -1]])
    """

    names: tuple[str, ...]
    labels: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "labels", tuple(_plain(labels) for labels in self.labels))
        if len(self.names) != len(self.labels):
            requirement = f"one array per site ({len(self.names)})"
            raise ValueError(must_be("labels", "Alphabet", requirement, len(self.labels)))
        for name, labels in zip(self.names, self.labels, strict=True):
            if labels.ndim != 1 or not len(labels) or len(set(labels.tolist())) != len(labels):
                raise ValueError(must_be("labels", "Alphabet", f"different values of {name}", labels.tolist()))

    @classmethod
    def of_kinds(cls, names: Sequence[str], kinds: Iterable[str]) -> Alphabet:
        """Returns the alphabet of spins (-1, 1) and bits (0, 1); other kinds have none."""
        return cls(tuple(names), tuple(LABELS[kind] for kind in kinds))

    @property
    def sizes(self) -> np.ndarray:
        """Number of states of each site, shape (n,)."""
        return np.array([len(labels) for labels in self.labels], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Alphabet) or self.names != other.names:
            return False
        return all(np.array_equal(a, b) for a, b in zip(self.labels, other.labels, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def encode(self, X: Any, owner: str = "Hamiltonian", first_row: int = 0) -> np.ndarray:
        """Looks up the codes of raw values.

        Args:
            X: Raw values, shape (samples, n).
            owner: Who is called, for the message.
            first_row: Number of the first row, for the message.

        Returns:
            Codes, shape (samples, n), uint8, or int32 if a site has more than 256 states.

        Raises:
            ValueError: If the shape is wrong or a value is no label of its site; says where the first one is.
        """
        values = np.asarray(X)
        if values.ndim != 2 or values.shape[1] != len(self):
            raise ValueError(must_be("X", owner, f"of shape (samples, {len(self)})", f"shape {values.shape}"))
        codes = np.empty(values.shape, np.uint8 if max(self.sizes, default=0) <= 256 else np.int32)
        for labels, sites in self._runs():
            rows = max(1, BLOCK_ENTRIES // (sites.stop - sites.start))
            for first in range(0, len(values), rows):
                part = slice(first, first + rows), sites
                place, known = _looked_up(labels, values[part])
                if not np.all(known):
                    self._refuse_first(values, owner, first_row)
                codes[part] = place
        return codes

    def _runs(self) -> Iterator[tuple[np.ndarray, slice]]:
        """Yields neighbouring sites with the same labels: they are looked up together."""
        for _, run in groupby(enumerate(self.labels), key=lambda item: id(item[1])):
            (first, labels), *more = run
            yield labels, slice(first, first + 1 + len(more))

    def _refuse_first(self, values: np.ndarray, owner: str, first_row: int) -> None:
        for site, labels in enumerate(self.labels):
            _, known = _looked_up(labels, values[:, site])
            if not np.all(known):
                row = int(np.argmin(known))
                self._refuse(values[row, site], site, first_row + row, owner)

    def _refuse(self, value: Any, site: int, row: int, owner: str) -> None:
        labels = self.labels[site].tolist()
        listed = ", ".join(map(repr, labels[:30])) + (", ..." if len(labels) > 30 else "")
        requirement = f"one of {listed} in column {site} ({self.names[site]})"
        advice = "Correct the value, or fit again with every state that can occur."
        got = f"{value.item() if hasattr(value, 'item') else value!r} in row {row}"
        raise ValueError(must_be("X", owner, requirement, got, advice))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Looks up the raw values of codes.

        Args:
            codes: Shape (samples, n).

        Returns:
            Labels, same shape; of objects if the sites' labels have no common type.
        """
        kinds = {labels.dtype.kind for labels in self.labels}
        dtype = np.result_type(*self.labels) if len(kinds) == 1 else object
        values = np.empty(codes.shape, dtype)
        for site, labels in enumerate(self.labels):
            values[:, site] = labels[codes[:, site]]
        return values


def _plain(labels: Any) -> np.ndarray:
    """Returns labels as an array of numbers or text, never of objects: those could not be saved."""
    values = np.asarray(labels)
    if values.dtype.kind == "O":
        values = np.array(values.tolist())
    if values.dtype.kind not in "biufU":
        raise ValueError(must_be("labels", "Alphabet", "numbers or text, not both", values.tolist()))
    return values


def _looked_up(labels: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the place of each value among the labels, and whether it is one of them."""
    if len(labels) == 2 and labels.dtype.kind in "biuf" and values.dtype.kind in "biuf":
        second = values == labels[1]
        return second, second | (values == labels[0])
    try:
        order = np.argsort(labels, kind="stable")
        place = order[np.minimum(np.searchsorted(labels, values, sorter=order), len(labels) - 1)]
        return place, labels[place] == values
    except TypeError:  # text among numbers, or the reverse
        places = {label: k for k, label in enumerate(labels.tolist())}
        place = np.array([places.get(value, -1) for value in values.ravel().tolist()]).reshape(values.shape)
        return place, place >= 0
