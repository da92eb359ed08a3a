"""Alignments from files: what is a column, which letters there are, and what is said about the rest."""

import gzip
import sys

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.learning import Alignment

PROTEIN = "-ACDEFGHIKLMNPQRSTVWY"


def random_letters(rng, rows=7, columns=12, alphabet=PROTEIN):
    letters = rng.choice(list(alphabet), (rows, columns))
    letters[0, : len(alphabet)] = list(alphabet)[:columns]  # surely no nucleotides
    return letters


def fasta(letters, width=5):
    rows = ["".join(row) for row in letters]
    return "".join(
        f">s{k} more words\n" + "\n".join(row[i : i + width] for i in range(0, len(row), width)) + "\n"
        for k, row in enumerate(rows)
    )


@pytest.fixture
def write(tmp_path):
    def write_file(name, text):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write_file


@pytest.mark.parametrize("name", ["x.fasta", "x.fa", "x.FAS", "x.afa.gz"])
@pytest.mark.parametrize("seed", [0, 1])
def test_fasta_comes_back_as_written(write, name, seed):
    letters = random_letters(np.random.default_rng(seed))
    alignment = cl.read_alignment(write(name, fasta(letters)))
    assert np.array_equal(alignment.sequences, letters)
    assert alignment.names == tuple(f"s{k}" for k in range(7))
    assert alignment.alphabet == PROTEIN
    assert "protein" in alignment.notes[-1]
    assert np.array_equal(np.array(list(PROTEIN))[alignment.codes], letters)


@pytest.mark.parametrize("seed", [0, 1])
def test_insertions_of_a2m_are_left_out_and_counted(write, seed):
    """Insertions anywhere, with or without the dots that fill them up, change nothing."""
    rng = np.random.default_rng(seed)
    letters = random_letters(rng)
    inserted, touched, text = 0, 0, ""
    for k, row in enumerate(letters):
        extra = rng.integers(0, 3, len(row)) if k % 2 else np.zeros(len(row), int)
        inserted, touched = inserted + extra.sum(), touched + bool(extra.any())
        pieces = [letter + "v" * n + "." * rng.integers(0, 2) for letter, n in zip(row, extra, strict=True)]
        text += f">s{k}\n{''.join(pieces)}\n"
    alignment = cl.read_alignment(write("x.a2m", text))
    assert np.array_equal(alignment.sequences, letters)
    assert f"{inserted} lower-case letters, in {touched} of 7 sequences, were left out" in alignment.notes[0]
    with pytest.raises(ValueError, match=r"12 columns in every sequence, as in the first, got \d+ in sequence 2"):
        cl.read_alignment(write("x.fasta", text.replace(".", "")))


def test_case_and_dots_of_fasta_mean_nothing_and_it_is_said(write):
    letters = random_letters(np.random.default_rng(3))
    text = fasta(letters).replace("-", ".").replace("W", "w")
    alignment = cl.read_alignment(write("x.fasta", text))
    assert np.array_equal(alignment.sequences, letters)
    assert alignment.notes[0].startswith(f"{(letters == 'W').sum()} lower-case letters were read as upper-case ones")


def stockholm(letters, reference=None, blocks=2):
    lines = ["# STOCKHOLM 1.0", "#=GF ID toy"]
    for part in np.array_split(np.arange(letters.shape[1]), blocks):
        lines += [f"s{k}/1-9   {''.join(row[part])}" for k, row in enumerate(letters)]
        lines += [f"#=GC RF  {''.join(np.array(list(reference))[part])}"] if reference else []
        lines.append("")
    return "\n".join([*lines, "//", ""])


@pytest.mark.parametrize("name", ["x.sto", "x.sto.gz", "x.stk"])
def test_stockholm_in_blocks_with_and_without_marked_insertions(write, name):
    letters = random_letters(np.random.default_rng(4))
    whole = cl.read_alignment(write(name, stockholm(np.where(letters == "-", ".", letters))))
    assert whole.names[0] == "s0/1-9"
    assert np.array_equal(whole.sequences, letters)
    part = cl.read_alignment(write(name, stockholm(letters, "xx..xxxx.xxx")))
    assert np.array_equal(part.sequences, np.delete(letters, [2, 3, 8], axis=1))
    assert "3 of 12 columns were left out: the line `#=GC RF`" in part.notes[0]
    assert len(cl.read_alignment(write(name, stockholm(letters, "x" * 12))).notes) == 1


def test_the_row_of_another_length_is_named(write):
    letters = random_letters(np.random.default_rng(5))
    text = fasta(letters).replace(">s4 more words\n", ">s4 more words\nAA\n")
    with pytest.raises(ValueError, match=r"got 14 in sequence 5 \('s4'\). Align the sequences"):
        cl.read_alignment(write("x.fa", text))
    with pytest.raises(ValueError, match=r"got 13 in sequence 3 \('s2/1-9'\)"):
        cl.read_alignment(write("x.sto", stockholm(letters, blocks=1).replace("s2/1-9   ", "s2/1-9   A")))


@pytest.mark.parametrize(("letters", "kind"), [("ACGU", "RNA"), ("ACGT", "DNA"), ("ACDE", "protein")])
def test_the_kind_of_letters_is_recognised_and_said(write, letters, kind):
    rows = np.random.default_rng(6).choice(list(letters), (4, 30))
    alignment = cl.read_alignment(write("x.fasta", fasta(rows)))
    assert alignment.alphabet == {"RNA": "-ACGU", "DNA": "-ACGT", "protein": PROTEIN}[kind]
    assert f"taken for {kind}" in alignment.notes[0]
    assert cl.read_alignment(write("x.fasta", fasta(rows)), alphabet="protein" if kind != "RNA" else kind).notes == ()


def test_an_unknown_letter_is_refused_by_place_or_counted_as_a_gap(write):
    letters = random_letters(np.random.default_rng(7))
    letters[3, 4] = letters[3, 6] = letters[5, 0] = "X"
    letters[5, 2] = "B"
    path = write("x.fasta", fasta(letters))
    with pytest.raises(ValueError, match=r"got 'X' in sequence 4 \('s3'\), column 5 \(both counted from 1\)"):
        cl.read_alignment(path)
    alignment = cl.read_alignment(path, unknown="gap")
    assert np.array_equal(alignment.sequences, np.where(np.isin(letters, ["X", "B"]), "-", letters))
    assert "4 letters outside the alphabet (3 X, 1 B) in 2 of 7 sequences were read as gaps." in alignment.notes
    assert cl.read_alignment(path, alphabet="BX" + PROTEIN).sequences[5, 2] == "B"
    nucleotides = write("n.fa", fasta(np.array([list("ACGNT"), list("ACGTT")])))
    with pytest.raises(ValueError, match=r"letters -ACGT, got 'N' in sequence 1"):
        cl.read_alignment(nucleotides)


@pytest.mark.parametrize(
    ("name", "text", "options", "message"),
    [
        ("x.txt", ">a\nAC\n", {}, r"`path` of `read_alignment` must be a file ending in .fasta"),
        ("x.fa", ">a\nAC\n", {"format": "clustal"}, r"`format` .* must be one of auto, fasta, a2m, stockholm"),
        ("x.fa", ">a\nAC\n", {"unknown": "drop"}, r"`unknown` .* must be refuse or gap, got 'drop'"),
        ("x.fa", ">a\nAC\n", {"alphabet": "AC"}, r"`alphabet` .* with the gap '-' among them, got 'AC'"),
        ("x.fa", "no record\n", {}, r"an alignment in fasta format, got .* without a sequence"),
        ("x.fa", ">a\n\n>b\n\n", {}, r"without a column"),
        ("x.sto", ">a\nAC\n", {}, r"must be a Stockholm file, got one of which Biopython says"),
        ("x.sto", "# STOCKHOLM 1.0\na AC\n//\n# STOCKHOLM 1.0\nb AC\n//\n", {}, r"of one alignment, got 2"),
    ],
)
def test_files_that_are_no_alignment_are_refused(write, name, text, options, message):
    with pytest.raises(ValueError, match=message):
        cl.read_alignment(write(name, text), **options)


def test_broken_bytes_are_refused(tmp_path):
    (tmp_path / "x.fa").write_bytes(b">a\nA\xff\n")
    with pytest.raises(ValueError, match="a readable fasta file"):
        cl.read_alignment(tmp_path / "x.fa")
    (tmp_path / "x.fa.gz").write_bytes(b">a\nAC\n")
    with pytest.raises(ValueError, match="a readable fasta file"):
        cl.read_alignment(tmp_path / "x.fa.gz")
    with pytest.raises(FileNotFoundError, match=r"absent\.fa"):
        cl.read_alignment(tmp_path / "absent.fa")


def test_without_biopython_the_extra_is_named(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "Bio", None)
    with pytest.raises(ImportError, match=r"pip install 'cheaplearn\[alignments\]'"):
        cl.read_alignment(write("x.fa", ">a\nAC\n"))


def test_an_alignment_checks_its_letters():
    with pytest.raises(ValueError, match=r"must be of the letters -ACGU, got T in row 1, column 0"):
        Alignment(("a", "b"), np.array([["A"], ["T"]]), "-ACGU")
    with pytest.raises(ValueError, match=r"single characters of shape \(2, columns\), got <U2"):
        Alignment(("a", "b"), np.array([["AC"], ["T"]]), "-ACGU")
    assert repr(Alignment(("a",), np.array([["A", "-"]]), "-A")) == "Alignment(1 sequences, 2 columns, alphabet '-A')"
