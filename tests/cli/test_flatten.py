"""`cheaplearn flatten`."""

import json

import numpy as np
import pytest

from cheaplearn.cli.ellipsis import expanded


def test_a_product_is_told_in_words_and_in_json(run):
    outcome = run("flatten", "x1*x2*...*x6")
    assert outcome.code == 0, outcome
    assert "64  staircase: one hidden layer of softplus" in outcome.out
    assert "One hidden layer takes 64 neurons, 3 take 20: 3.2 times as many." in outcome.out
    facts = json.loads(run("flatten", "x1*x2*...*x6", "--json", "--dtype", "float64").out)
    assert facts["lower_bound"] == facts["flat_neurons"] == 64
    assert facts["deep_neurons"] == 20
    assert facts["bits_lost"]["float64"] > 10
    assert {row["construction"] for row in facts["table"]} >= {"sign patterns", "half-price gates"}


def test_biases_box_and_activation_reach_the_library(run):
    arguments = "flatten", "x*y + z**2", "--biases", "--activation", "silu", "--box", "x=-2:1", "--box", "y=0:1"
    facts = json.loads(run(*arguments, "--box", "z=-1:1", "--json", "--exact").out)
    assert facts["box"] == {"x": [-2, 1], "y": [0, 1], "z": [-1, 1]}
    assert facts["lower_bound"] == facts["flat_neurons"] == 3
    assert all("modulo" not in bound["arithmetic"] for bound in facts["bounds"])


@pytest.mark.parametrize(
    ("name", "synapses", "dense"),
    [("fft:64", 768, 4096), ("hadamard:32", 320, 1024), ("haar:16", 94, 80), ("rfft:16", None, None)],
)
def test_linear_maps_are_counted(run, name, synapses, dense):
    facts = json.loads(run("flatten", "--linear", name, "--json").out)
    assert facts["largest_difference"] < 1e-13
    if synapses:
        assert (facts["synapses"], facts["dense_synapses"]) == (synapses, dense)


@pytest.mark.parametrize("name", ["dct:16", "daubechies:16:3", "strassen:8:1", "haar:8"])
def test_linear_maps_are_told_in_words(run, name):
    outcome = run("flatten", "--linear", name)
    assert outcome.code == 0, outcome
    assert "Largest difference from the matrix" in outcome.out
    assert ("With skips" in outcome.out) == (name == "haar:8")


@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_a_matrix_in_a_file_is_factored(run, tmp_path, ending):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(24, 3)) @ rng.normal(size=(3, 20))
    path = tmp_path / f"weights.{ending}"
    {"npy": np.save, "npz": np.savez, "csv": lambda p, m: np.savetxt(p, m, delimiter=",")}[ending](path, matrix)
    facts = json.loads(run("flatten", "--linear", path, "--json").out)
    assert facts["synapses"] <= 3 * (24 + 20)
    assert facts["flattening_cost"] > 3


@pytest.mark.parametrize("subject", [["x1*x2*...*x4"], ["--linear", "fft:16"]])
def test_a_page_is_written_once(run, tmp_path, subject):
    page = tmp_path / "page.html"
    outcome = run("flatten", *subject, "--report", page)
    assert outcome.code == 0, outcome
    assert "what depth buys" in page.read_text(encoding="utf-8")
    refused = run("flatten", *subject, "--report", page)
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert run("flatten", *subject, "--report", page, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`FORMULA` or `--linear` must be given"),
        (["x*y", "--linear", "fft:8"], "only one of them"),
        (["x*y", "--activation", "relu"], "`activation` of `flatten` must be one of"),
        (["x*y", "--dtype", "float16"], "`dtypes` of `flatten` must be some of"),
        (["x1*x2*...*y4"], "`FORMULA` must use three dots as in"),
        (["--linear", "wavelet:8"], "`--linear` must be one of fft:N"),
        (["--linear", "hadamard:12"], "power of two"),
        (["--linear", "missing.npy"], "missing.npy"),
        (["--linear", "fft:100000"], "a size of at most 4096"),
        (["x*y", "--error", "0.1"], "`--error` must go with --linear"),
        (["x*y", "--report", "page.txt"], "`--report` must end in .html"),
    ],
)
def test_bad_input_is_refused(run, arguments, message):
    outcome = run("flatten", *arguments)
    assert outcome.code == 2, outcome
    assert message in outcome.err


def test_files_without_one_matrix_of_numbers_are_refused(run, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    np.savez(tmp_path / "two.npz", a=np.eye(2), b=np.eye(2))
    np.save(tmp_path / "tiny.npy", np.eye(4) * 1e-200)
    for name in ("objects.npy", "table.csv", "two.npz", "tiny.npy"):
        outcome = run("flatten", "--linear", tmp_path / name)
        assert outcome.code == 2, outcome
    np.save(tmp_path / "zeros.npy", np.zeros((3, 3)))
    assert run("flatten", "--linear", tmp_path / "zeros.npy").code == 0


def test_three_dots_are_written_out_or_left_alone():
    assert expanded("2*x1*x2*...*x4 - y") == "2*x1*x2*x3*x4 - y"
    assert expanded("s0+s3+...+s9") == "s0+s3+s6+s9"
    for unclear in ("x1*x2*...*x2", "x1*x3*...*x4", "x1+x2*...*x4", "x2*x1*...*x8", "x1*y2*...*x4"):
        assert expanded(unclear) == unclear
