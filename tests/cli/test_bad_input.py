"""Every way the input can be wrong: exit code 2, a message that helps, nothing written."""

import sys

import numpy as np
import pandas as pd
import pytest

from cheaplearn.cli.tables import read_samples

GOOD = "a,b,label\n" + "".join(f"{i},{i * i},{'xy'[i % 2]}\n" for i in range(40))


def changed(row, text):
    """The good file with one line (counted as in the file) replaced."""
    lines = GOOD.splitlines()
    lines[row - 1] = text
    return "\n".join(lines) + "\n"


CSV_CASES = {
    "empty file": ("", r"is empty. It must have a header"),
    "header only": ("a,b,label\n", r"at least a row below the header"),
    "target only": ("label\nx\ny\n", r"a column besides the target 'label'"),
    "text cell": (changed(7, "5,abc,x"), r"must be a number but is 'abc': .*small.csv, row 7, column 'b'"),
    "empty cell": (changed(9, "7,,x"), r"is empty or NaN: .*row 9, column 'b'"),
    "NaN cell": (changed(9, "nan,3,x"), r"is empty or NaN: .*row 9, column 'a'"),
    "NaN beside text": (changed(9, "NaN,3,x").replace("\n12,", "\nno,"), r"but is 'no': .*row 14, column 'a'"),
    "infinite cell": (changed(4, "2,-inf,x"), r"is infinite \(-inf\): .*row 4, column 'b'"),
    "empty label": (changed(5, "3,9,"), r"label must not be empty: .*row 5, column 'label'"),
    "blank line": (changed(6, ""), r"row 6"),
    "long row": (changed(8, "1,2,x,4"), r"no readable table.*as many cells as the header"),
    "short row": (changed(8, "1,2"), r"row 8, column 'label'"),
    "twice the same column": (GOOD.replace("a,b,", "a,a,"), r"different names, got 'a' more than once"),
    "one class": (GOOD.replace(",y", ",x"), r"at least two classes, got only x"),
    "small class": (changed(3, "1,1,z"), r"at least 8 rows for 5 folds and a test share of 0.2, got 1 of class z"),
    "other separator": (GOOD.replace(",", ";"), r"are its cells separated by commas\?"),
    "not UTF-8": (b"a,b,label\n1,2,\xff\n", r"must be text in UTF-8"),
}


@pytest.mark.parametrize("case", CSV_CASES, ids=str)
def test_bad_table_is_refused_with_the_place_named(run, tmp_path, case):
    content, message = CSV_CASES[case]
    path = tmp_path / "small.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refuse(run, tmp_path, message, "fit", path, "--target", "label", "-o", tmp_path / "out")


OPTION_CASES = {
    "missing target option": ([], r"`--target` must name .*Columns of .*: a, b, label"),
    "missing column": (["--target", "labell"], r"got 'labell' \(did you mean 'label'\?\). Columns: a, b, label"),
    "grid of another size": (["--target", "label", "--grid", "8x8"], r"got 8x8 = 64 sites for 2 columns"),
    "no grid": (["--target", "label", "--grid", "8by8"], r"lengths joined by x, got '8by8'"),
    "empty box": (["--target", "label", "--box", "1", "-1"], r"must not be empty .*got 1 to -1"),
    "point box": (["--target", "label", "--box", "1", "1"], r"must not be empty"),
    "infinite box": (["--target", "label", "--box", "0", "inf"], r"must be bounded .*got 0 to inf"),
    "NaN box": (["--target", "label", "--box", "nan", "1"], r"must be bounded"),
    "no box": (["--target", "label", "--box", "0"], r"must be two numbers, got '0'"),
    "unknown variable": (["--target", "label", "--box", "q=0:1"], r"variables a, b, got an unknown variable 'q'"),
    "mixed boxes": (["--target", "label", "--box", "0", "1", "--box", "a=0:1"], r"once for all variables"),
    "order": (["--target", "label", "--order", "0"], r"`--order` must be auto, 1, 2 or 3, got '0'"),
    "radius": (["--target", "label", "--radius", "near"], r"`--radius` must be auto, all or a whole number"),
    "radius without grid": (["--target", "label", "--radius", "2"], r"without a grid, got 2"),
    "folds": (["--target", "label", "--cv", "1"], r"`--cv` must be at least 2"),
    "test share": (["--target", "label", "--test", "1.5"], r"`--test` must be a share between 0 and 1, got 1.5"),
    "tiny test share": (["--target", "label", "--test", "0.01"], r"`--test` must leave 2 rows"),
    "dtype": (
        ["--target", "label", "--dtype", "float8"],
        r"`dtype` of `compile` must be one of float16, float32, float64",
    ),
    "activation": (["--target", "label", "--activation", "swish"], r"`activation` of `compile` must be one of silu"),
    "tolerance": (["--target", "label", "--tolerance", "-1"], r"`tolerance` of `compile` must be a positive number"),
    "task": (["--target", "label", "--task", "sort"], r"`--task` must be one of auto, classify"),
    "density of a target": (["--target", "label", "--task", "density"], r"`--target` must be left out for a density"),
    "density and classes": (["--density", "--task", "classify"], r"`--task` must be density with --density"),
    "neither": ([], r"pass --density instead"),
    "kind without density": (["--target", "label", "--kind", "bit"], r"`--kind` must go with a density"),
    "periodic without grid": (["--target", "label", "--periodic"], r"`--periodic` must go with a grid, got none"),
    "regress": (["--target", "label", "--task", "regress"], r"must be a number but is 'x': .*row 2, column 'label'"),
    "sparse classes": (["--target", "label", "--sparse"], r"`--sparse` must go with a regression"),
    "seed": (["--target", "label", "--seed", "x"], r"(?i)invalid value"),
}


@pytest.mark.parametrize("case", OPTION_CASES, ids=str)
def test_bad_option_is_refused_before_any_work(run, tmp_path, case):
    options, message = OPTION_CASES[case]
    (tmp_path / "small.csv").write_text(GOOD)
    refuse(run, tmp_path, message, "fit", tmp_path / "small.csv", *options, "-o", tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.csv", r"'missing.csv' does not exist"),
        ("table.xlsx", r"digits or a file ending in .csv, .parquet, .npz, got 'table.xlsx'"),
    ],
)
def test_source_that_is_no_table(run, tmp_path, source, message):
    refuse(run, tmp_path, message, "fit", source, "--target", "label", "-o", tmp_path / "out")


def test_digits_have_their_own_target(run, tmp_path):
    refuse(run, tmp_path, "must be left out for digits", "fit", "digits", "--target", "y", "-o", tmp_path / "out")


NPZ_CASES = {
    "no X": ({"A": np.zeros((3, 2))}, r"must hold an array X .*it holds A"),
    "images": ({"X": np.zeros((3, 2, 2)), "y": np.arange(3)}, r"Reshape images to one row each"),
    "no y": ({"X": np.zeros((3, 2))}, r"must hold an array 'y'"),
    "short y": ({"X": np.zeros((3, 2)), "y": np.zeros(2)}, r"must have shape \(3,\)"),
    "NaN": ({"X": np.array([[0, 1], [2, np.nan]]), "y": np.arange(2)}, r"row 2, column 'x1'"),
    "text": ({"X": np.array([["a"]]), "y": np.arange(1)}, r"must be numbers"),
    "objects": ({"X": np.array([[None]]), "y": np.arange(1)}, r"file of plain arrays"),
}


@pytest.mark.parametrize("case", NPZ_CASES, ids=str)
def test_bad_npz(run, tmp_path, case):
    arrays, message = NPZ_CASES[case]
    np.savez(tmp_path / "data.npz", **arrays)
    refuse(run, tmp_path, message, "fit", tmp_path / "data.npz", "-o", tmp_path / "out")


def test_file_that_is_no_npz(run, tmp_path):
    (tmp_path / "data.npz").write_text("hello")
    refuse(run, tmp_path, "file of plain arrays", "fit", tmp_path / "data.npz", "-o", tmp_path / "out")


def test_parquet_without_pyarrow_says_what_to_install(run, tmp_path, monkeypatch):
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    message = r"needs pyarrow.*pip install 'cheaplearn\[data\]'"
    refuse(run, tmp_path, message, "fit", tmp_path / "data.parquet", "--target", "y", "-o", tmp_path / "out")


def test_file_that_is_no_parquet(run, tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    message = "no readable Parquet"
    refuse(run, tmp_path, message, "fit", tmp_path / "data.parquet", "--target", "y", "-o", tmp_path / "out")


def test_fit_without_the_report_packages_says_so_before_any_work(run, tmp_path, monkeypatch):
    (tmp_path / "small.csv").write_text(GOOD)
    monkeypatch.setattr("cheaplearn.cli.fit_command.find_spec", lambda name: None)
    message = r"jinja2 and matplotlib.*pip install 'cheaplearn\[report\]'"
    refuse(run, tmp_path, message, "fit", tmp_path / "small.csv", "--target", "label", "-o", tmp_path / "out")


def test_blank_lines_at_the_end_are_no_rows(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(GOOD + "\n\n")
    assert len(read_samples(str(path), "label").X) == 40


def test_decimals_and_labels_are_read_exactly(tmp_path):
    values = np.random.default_rng(0).standard_normal(1000) * 1e-3
    path = tmp_path / "small.csv"
    pd.DataFrame({"a": values, "label": ["NA", "None"] * 500}).to_csv(path, index=False)
    samples = read_samples(str(path), "label")
    assert samples.X[:, 0].tolist() == values.tolist()
    assert set(samples.y.tolist()) == {"NA", "None"}


def refuse(run, folder, message, *arguments):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    outcome = run(*arguments)
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    pytest_match(message, outcome.err)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def pytest_match(message, text):
    import re

    assert re.search(message, " ".join(text.split())), text
