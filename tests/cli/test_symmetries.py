"""`cheaplearn symmetries`."""

import json

import numpy as np
import pandas as pd


def test_a_formula_is_told_in_words_and_in_json(run):
    outcome = run("symmetries", "x^2 + y^2 - z^2 - t^2")
    assert outcome.code == 0, outcome
    assert "invariant under rotations of (x, y)" in outcome.out
    assert "so(2,2)" in outcome.out
    assert "order 2: 4 terms of 4 variables" in outcome.out
    facts = json.loads(run("symmetries", "(x*y + z)^3 + 2*(x*y + z)", "--json").out)
    assert facts["algebra"] == "so(1,1)"
    assert facts["order"] == 6
    assert any("g = z + x*y" in sentence for sentence in facts["structure"])
    assert np.shape(facts["generators"][0]["matrix"]) == (3, 3)


def test_options_reach_the_search(run):
    assert json.loads(run("symmetries", "(x - 1)^2 + (y - 1)^2", "--json").out)["dimension"] == 0
    about = json.loads(run("symmetries", "(x - 1)^2 + (y - 1)^2", "--affine", "--json").out)
    assert about["symmetries"][0]["symmetry"] == "rotation of (x, y) about x = 1, y = 1"
    spins = json.loads(run("symmetries", "a*b + b*c", "--variables", "spin", "--json").out)
    assert spins["dimension"] == 0
    assert spins["signed_permutations"] > 2


def test_a_fitted_model_and_bad_input(run, tmp_path):
    states = np.random.default_rng(0).choice([-1, 1], (400, 3))
    pd.DataFrame(states, columns=["a", "b", "c"]).to_csv(tmp_path / "spins.csv", index=False)
    folder = tmp_path / "model"
    fitted = run("fit", tmp_path / "spins.csv", "--density", "-o", folder, "--order", "2")
    assert fitted.code == 0, fitted
    facts = json.loads(run("symmetries", folder, "--json").out)
    assert facts["variables"] == ["a", "b", "c"]
    assert facts["dimension"] == 0
    refused = run("symmetries", folder, "--variables", "spin")
    assert refused.code == 2
    assert "`--variables` must be left out unless the source is a formula" in refused.err
    assert run("symmetries", "x*").code == 2
    assert run("symmetries", tmp_path / "missing.csv").code == 2
