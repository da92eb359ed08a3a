"""Alignments of proteins, RNA or DNA as arrays of letters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .._messages import must_be
from .alignment_files import Row, read_rows

__all__ = ["ALPHABETS", "Alignment", "read_alignment"]

OWNER = "read_alignment"
ALPHABETS = {"protein": "-ACDEFGHIKLMNPQRSTVWY", "RNA": "-ACGU", "DNA": "-ACGT"}
NUCLEOTIDES = 0.9  # share of the letters that are A, C, G, T, U or N in what is taken for RNA or DNA


@dataclass(frozen=True, eq=False)
class Alignment:
    """Sequences of equal length, a letter or a gap in every column.

    Args:
        names: Name of each sequence.
        sequences: Single characters, shape (N, L).
        alphabet: The characters that may occur, the gap "-" first.
        notes: Sentences about what the letters were taken for and what was left out.

    Raises:
        ValueError: If a character is not in the alphabet, or the shapes do not match.
    """

    names: tuple[str, ...]
    sequences: np.ndarray
    alphabet: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sequences = np.array(self.sequences)
        if sequences.ndim != 2 or len(sequences) != len(self.names) or sequences.dtype != np.dtype("U1"):
            requirement = f"single characters of shape ({len(self.names)}, columns)"
            raise ValueError(must_be("sequences", "Alignment", requirement, f"{sequences.dtype} of {sequences.shape}"))
        object.__setattr__(self, "sequences", sequences)
        sequences.flags.writeable = False
        unknown = ~np.isin(sequences, list(self.alphabet))
        if unknown.any():
            row, column = np.argwhere(unknown)[0]
            where = f"{sequences[row, column]!s} in row {row}, column {column}"
            raise ValueError(must_be("sequences", "Alignment", f"of the letters {self.alphabet}", where))

    @cached_property
    def codes(self) -> np.ndarray:
        """Place of each character in the alphabet, uint8, shape (N, L)."""
        place = np.full(128, 255, np.uint8)
        place[[ord(letter) for letter in self.alphabet]] = np.arange(len(self.alphabet))
        return place[np.ascontiguousarray(self.sequences).view(np.uint32).reshape(self.sequences.shape)]

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Alignment({len(self)} sequences, {self.sequences.shape[1]} columns, alphabet {self.alphabet!r})"


def read_alignment(
    path: str | Path, format: str = "auto", alphabet: str = "auto", unknown: str = "refuse"
) -> Alignment:
    r"""Reads an alignment from a FASTA, A2M or Stockholm file, also gzipped.

    What is a column: in FASTA every character is (case has no meaning); in A2M upper-case letters and "-"
    are, lower-case letters and "." are insertions and are left out; in Stockholm every character is, unless a
    line `#=GC RF` marks columns as insertions. "." is a gap like "-". `notes` says what was left out.

    Args:
        path: The file.
        format: "fasta", "a2m" or "stockholm"; "auto" goes by the ending (.fasta, .fa, .fas, .afa; .a2m,
            .a3m; .sto, .stk, .stockholm; each with .gz or without).
        alphabet: "protein", "RNA", "DNA", or the characters themselves with the gap "-" among them;
            "auto" takes the file for RNA or DNA if at least 90 % of its letters are A, C, G, T, U or N.
        unknown: What to do with a letter that is not in the alphabet (B, J, O, U, X, Z of proteins, N
            of RNA): "refuse", or "gap" to read it as a gap; `notes` counts them.

    Returns:
        The alignment.

    Raises:
        ValueError: If the file is no such alignment; says which sequence, column and letter.
        ImportError: If Biopython is not installed (extra `alignments`).
        OSError: If the file cannot be opened.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "tiny.a2m")
        >>> _ = path.write_text(">one\nMKv-W\n>two\nMR.YW\n")
        >>> alignment = read_alignment(path, alphabet="protein")
        >>> alignment.sequences.tolist(), alignment.notes
        ([['M', 'K', '-', 'W'], ['M', 'R', 'Y', 'W']],
         ('1 lower-case letters, in 1 of 2 sequences, were left out: in A2M they are insertions between the columns.',))
    """
    if unknown not in {"refuse", "gap"}:
        raise ValueError(must_be("unknown", OWNER, "refuse or gap", repr(unknown)))
    rows, notes = read_rows(Path(path), format)
    counts = Counter(letter for _, letters in rows for letter in letters)
    letters, note = _alphabet_of(alphabet, counts)
    known = set(letters)
    if set(counts) - known:
        if unknown == "refuse":
            _refuse_unknown(rows, letters)
        notes.append(_unknown_note(rows, known, counts))
        rows = [(name, "".join(c if c in known else "-" for c in text)) for name, text in rows]
    sequences = np.array([text for _, text in rows]).view("U1").reshape(len(rows), -1)
    return Alignment(tuple(name for name, _ in rows), sequences, letters, (*notes, *note))


def _alphabet_of(alphabet: str, counts: Counter[str]) -> tuple[str, list[str]]:
    """The characters, and a sentence if they were guessed."""
    if alphabet in ALPHABETS:
        return ALPHABETS[alphabet], []
    if alphabet != "auto":
        if "-" not in alphabet or len(set(alphabet)) != len(alphabet) or not alphabet.isascii() or "." in alphabet:
            requirement = "auto, protein, RNA, DNA, or different characters with the gap '-' among them"
            raise ValueError(must_be("alphabet", OWNER, requirement, repr(alphabet)))
        return alphabet, []
    total = sum(count for letter, count in counts.items() if letter != "-")
    nucleotides = sum(counts[letter] for letter in "ACGTUN")
    kind = "protein"
    if nucleotides >= NUCLEOTIDES * total:
        kind = "RNA" if counts["U"] > counts["T"] else "DNA"
    why = f"{nucleotides / max(total, 1):.0%} of the letters are A, C, G, T, U or N"
    return ALPHABETS[kind], [f"The letters were taken for {kind} ({ALPHABETS[kind]}): {why}."]


def _refuse_unknown(rows: list[Row], letters: str) -> None:
    known = set(letters)
    for number, (name, text) in enumerate(rows, start=1):
        column = next((k for k, letter in enumerate(text, start=1) if letter not in known), None)
        if column is not None:
            requirement = f"an alignment of the letters {letters}"
            got = f"{text[column - 1]!r} in sequence {number} ({name!r}), column {column} (both counted from 1)"
            advice = "Correct it, pass another `alphabet`, or pass unknown='gap' to read such letters as gaps."
            raise ValueError(must_be("path", OWNER, requirement, got, advice))


def _unknown_note(rows: list[Row], known: set[str], counts: Counter[str]) -> str:
    strange = {letter: count for letter, count in counts.most_common() if letter not in known}
    touched = sum(not known.issuperset(text) for _, text in rows)
    listed = ", ".join(f"{count:,} {letter}" for letter, count in strange.items())
    return (
        f"{sum(strange.values()):,} letters outside the alphabet ({listed}) in {touched:,} of {len(rows):,} sequences "
        "were read as gaps."
    )
