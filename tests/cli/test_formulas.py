"""Formulas from files: text and JSON, and where a fault is."""

import json

import numpy as np
import pytest

import cheaplearn as cl

BOX = ["--box", "-1", "1"]


def labels_and_fingerprint(outcome):
    assert outcome.code == 0, outcome
    facts = json.loads(outcome.out)
    return facts["labels"], facts["formula_sha256"]


def test_text_and_json_files_say_the_same(run, tmp_path):
    lines = ["# two outputs", "", "E = x*y + z  # energy", "  F=y*z", ""]
    (tmp_path / "f.txt").write_text("\r\n".join(lines), encoding="utf-8-sig", newline="")
    (tmp_path / "f.json").write_text('{"E": "x*y + z",\n "F": "y*z"}')
    text = labels_and_fingerprint(run("compile", "--file", tmp_path / "f.txt", *BOX, "--json"))
    assert text == (["E", "F"], cl.Circuit.coerce(["x*y + z", "y*z"]).fingerprint)
    assert labels_and_fingerprint(run("compile", "--file", tmp_path / "f.json", *BOX, "--json")) == text
    assert labels_and_fingerprint(run("compile", "E=x*y+z", "F=y*z", *BOX, "--json")) == text


def test_a_list_and_arguments_are_outputs_in_order(run, tmp_path):
    (tmp_path / "f.json").write_text('["y*z", "x"]')
    found = labels_and_fingerprint(run("compile", "x*y", "--file", tmp_path / "f.json", *BOX, "--json"))
    assert found == (["y0", "y1", "y2"], cl.Circuit.coerce(["x*y", "y*z", "x"]).fingerprint)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.txt", "x*y\n  E = x + sin(y)  # no\n", "f.txt, line 2 (E): {}got the function call `sin(y)` at column 11."),
        ("f.txt", "x*y\n\nx +\n", "f.txt, line 3: {}got nothing after `+` at column 3."),
        ("f.txt", "E=\n", "f.txt, line 1 (E): {}got empty text"),
        ("f.txt", "# nothing\n", "f.txt' holds none"),
        ("f.txt", "E=x\nE=y\n", "f.txt, line 2 (E): the name 'E' is that of an earlier output"),
        ("f.txt", b"x\ny\xff", "f.txt, line 2: the file must be UTF-8 text, got the byte 0xff"),
        ("f.json", '{"a": "x",\n  "b": "1/x"}', "f.json, line 2: {}got a division by a variable in `1/x` at column 9."),
        ("f.json", '["x", "y\\n+ 1/x"]', "f.json, line 1, in the text at column 7: {}got a division by a variable"),
        ("f.json", '{"a": "x", "a": "y"}', "the name 'a' is that of an earlier output"),
        ("f.json", '{"a": "x",', "f.json, line 1, column 11: the file must be JSON"),
        ("f.json", '{"a": 1}', "all of them texts"),
        ("f.json", '[["a", "x"]]', "all of them texts"),
        ("f.json", '"x"', "all of them texts"),
        ("f.json", "[" * 100_000, "the file must be JSON"),
        ("f.json", '{" ": "x"}', "an output must have a name"),
    ],
)
def test_faults_are_told_with_file_line_and_column(run, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome = run("compile", "--file", path, *BOX)
    assert outcome.code == 2, outcome
    assert message.format("`text` of `Polynomial.parse` must be a polynomial, ") in outcome.err
    assert outcome.out == ""


def test_a_missing_file_is_named(run, tmp_path):
    outcome = run("compile", "--file", tmp_path / "no.txt", *BOX)
    assert outcome.code == 2
    assert "no.txt: No such file" in outcome.err


def test_long_lines_are_read_and_their_faults_found(run, tmp_path):
    rng = np.random.default_rng(3)
    terms = [f"{rng.integers(1, 9)}*x{k}" for k in rng.integers(0, 50, 20_000)]
    path = tmp_path / "long.txt"
    path.write_text("+".join(terms))
    facts = json.loads(run("compile", "--file", path, *BOX, "--json").out)
    assert facts["neurons"] == 0
    assert len(facts["variables"]) == 50
    path.write_text("+".join(terms) + "+sin(x)")
    outcome = run("compile", "--file", path, *BOX)
    assert outcome.code == 2
    assert f"`sin(x)` at column {len('+'.join(terms)) + 2}." in outcome.err
