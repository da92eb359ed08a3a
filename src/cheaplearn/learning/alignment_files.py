"""The rows of alignment files as each format writes them: FASTA, A2M and Stockholm, plain or gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from .._messages import must_be

__all__ = ["ENDINGS", "Row", "read_rows"]

OWNER = "read_alignment"
ENDINGS = {
    ".fasta": "fasta",
    ".fa": "fasta",
    ".fas": "fasta",
    ".afa": "fasta",
    ".a2m": "a2m",
    ".a3m": "a2m",
    ".sto": "stockholm",
    ".stk": "stockholm",
    ".stockholm": "stockholm",
}
Row = tuple[str, str]  # name, letters with gaps written as "-"


def read_rows(path: Path, form: str) -> tuple[list[Row], list[str]]:
    """Reads the columns of an alignment.

    Args:
        path: The file.
        form: "fasta", "a2m", "stockholm", or "auto" to go by the ending.

    Returns:
        The rows, upper-case and all of one length, and sentences about what the format left out.

    Raises:
        ValueError: If the file is none of this format or its rows differ in length.
        ImportError: If Biopython is not installed.
    """
    form = _form_of(path, form)
    _require_biopython()
    try:
        with _opened(path) as file:
            rows, notes = READERS[form](file)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as err:
        raise ValueError(must_be("path", OWNER, f"a readable {form} file", f"{str(path)!r} ({err})")) from err
    if not rows or not rows[0][1]:
        got = f"{str(path)!r} without a sequence" if not rows else f"{str(path)!r} without a column"
        advice = "Check the file, or pass `format` if its ending says another one than it is."
        raise ValueError(must_be("path", OWNER, f"an alignment in {form} format", got, advice))
    refuse_other_lengths(rows)
    return rows, notes


def _form_of(path: Path, form: str) -> str:
    if form in READERS:
        return form
    if form != "auto":
        raise ValueError(must_be("format", OWNER, f"one of auto, {', '.join(READERS)}", repr(form)))
    ending = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if ending.lower() not in ENDINGS:
        requirement = f"a file ending in {', '.join(ENDINGS)} (or one of these and .gz)"
        advice = "Pass format='fasta', 'a2m' or 'stockholm'."
        raise ValueError(must_be("path", OWNER, requirement, repr(str(path)), advice))
    return ENDINGS[ending.lower()]


def _require_biopython() -> None:
    try:
        import_module("Bio")
    except ImportError as err:
        message = "`read_alignment` needs Biopython. Install it with: pip install 'cheaplearn[alignments]'."
        raise ImportError(message) from err


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def refuse_other_lengths(rows: Sequence[Row]) -> None:
    """Names the first row that is not as long as the first one.

    Args:
        rows: The rows.

    Raises:
        ValueError: If there is one.
    """
    length = len(rows[0][1])
    for number, (name, letters) in enumerate(rows, start=1):
        if len(letters) != length:
            requirement = f"an alignment: {length} columns in every sequence, as in the first"
            advice = "Align the sequences, or pass format='a2m' if lower-case letters are insertions."
            got = f"{len(letters)} in sequence {number} ({name!r})"
            raise ValueError(must_be("path", OWNER, requirement, got, advice))


def _fasta(file: IO[str]) -> tuple[list[Row], list[str]]:
    raw = _records(file)
    lower = sum(sum(map(str.islower, letters)) for _, letters in raw)
    notes = []
    if lower:
        notes.append(
            f"{lower:,} lower-case letters were read as upper-case ones, since case has no meaning in FASTA. "
            "If they are insertions, read the file as A2M."
        )
    return [(name, letters.upper().replace(".", "-")) for name, letters in raw], notes


def _a2m(file: IO[str]) -> tuple[list[Row], list[str]]:
    raw = _records(file)
    inserted = [sum(map(str.islower, letters)) for _, letters in raw]
    notes = []
    if any(inserted):
        touched = sum(map(bool, inserted))
        notes.append(
            f"{sum(inserted):,} lower-case letters, in {touched:,} of {len(raw):,} sequences, were left out: in A2M "
            "they are insertions between the columns."
        )
    return [(name, "".join(c for c in letters if not c.islower() and c != ".")) for name, letters in raw], notes


def _records(file: IO[str]) -> list[Row]:
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    return [
        (title.split(maxsplit=1)[0] if title.strip() else "", letters) for title, letters in SimpleFastaParser(file)
    ]


def _stockholm(file: IO[str]) -> tuple[list[Row], list[str]]:
    from Bio import AlignIO

    try:
        alignments = list(AlignIO.parse(file, "stockholm"))
    except ValueError as err:
        file.seek(0)
        refuse_other_lengths(_stockholm_rows(file) or [("", "")])
        raise ValueError(must_be("path", OWNER, "a Stockholm file", f"one of which Biopython says: {err}")) from err
    if len(alignments) != 1:
        raise ValueError(must_be("path", OWNER, "a Stockholm file of one alignment", len(alignments)))
    alignment = alignments[0]
    rows = [(record.id, str(record.seq).upper().replace(".", "-")) for record in alignment]
    return _without_inserts(rows, alignment.column_annotations.get("reference_annotation"))


def _without_inserts(rows: list[Row], reference: str | None) -> tuple[list[Row], list[str]]:
    """Keeps the columns that `#=GC RF` marks as those of the model; all if there is no such line."""
    if reference is None or not set(reference) & set(".-~"):
        return rows, []
    kept = [k for k, mark in enumerate(reference) if mark not in ".-~"]
    note = (
        f"{len(reference) - len(kept):,} of {len(reference):,} columns were left out: the line `#=GC RF` marks them as "
        "insertions."
    )
    return [(name, "".join(letters[k] for k in kept)) for name, letters in rows], [note]


def _stockholm_rows(file: IO[str]) -> list[Row]:
    """The rows of a file that Biopython refuses, to say which one is wrong."""
    rows: dict[str, str] = {}
    for line in file:
        words = line.split()
        if len(words) == 2 and not line.startswith(("#", "//")):
            rows[words[0]] = rows.get(words[0], "") + words[1]
    return list(rows.items())


READERS: dict[str, Callable[[Any], tuple[list[Row], list[str]]]] = {
    "fasta": _fasta,
    "a2m": _a2m,
    "stockholm": _stockholm,
}
