"""`cheaplearn fit --density --symmetry`: tied couplings in the summary, in the folder and on the page."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from cheaplearn.cli.model_folder import load_model


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Spins of a ring of five with one field and one coupling, drawn by enumeration."""
    states = np.array(list(product((-1, 1), repeat=5)))
    weight = np.exp(0.5 * (states * np.roll(states, -1, axis=1)).sum(axis=1) - 0.4 * states.sum(axis=1))
    X = states[np.random.default_rng(0).choice(len(states), 1500, p=weight / weight.sum())]
    place = tmp_path_factory.mktemp("ring") / "ring.csv"
    pd.DataFrame(X, columns=list("abcde")).to_csv(place, index=False)
    return place


OPTIONS = ["--density", "--grid", "5", "--periodic", "--order", "2", "--cv", "3"]


def test_the_symmetry_that_was_chosen_is_everywhere(run, table, tmp_path):
    out = tmp_path / "model"
    outcome = run("fit", table, "-o", out, "--json", *OPTIONS, "--symmetry", "auto")
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out)
    assert facts["chosen"]["symmetry"] == "translation"
    assert facts["chosen"]["parameters"] == 2
    assert {row["symmetry"] for row in facts["ladder"]} >= {None, "translation", "sign flip"}
    assert "translation-invariant: 2 numbers" in facts["verdict"]
    assert [row["term"] for row in facts["couplings"]] == ["a*b"]
    page = (out / "report.html").read_text()
    assert facts["verdict"] in page
    assert '<th scope="col">symmetry</th>' in page
    assert "tied by translation" in page
    hamiltonian, _, _ = load_model(out)
    couplings = pd.read_csv(out / "couplings.csv")
    assert couplings["terms"].tolist() == [5, 5]
    assert hamiltonian.orbits.name == "translation"


def test_the_text_shows_symmetry_and_verdict(run, table, tmp_path):
    outcome = run("fit", table, "-o", tmp_path / "model", *OPTIONS, "--symmetry", "translation")
    assert outcome.code == 0, outcome.err
    assert "radius 1, translation: 2 parameters" in outcome.out
    assert "a*b and 4 like it" in outcome.out
    assert "verdict" in outcome.out


def test_unknown_symmetries_are_refused_before_the_fit(run, table, tmp_path):
    for name, message in (("mirror", "made of the names"), ("rotation", "two axes that are alike")):
        outcome = run("fit", table, "-o", tmp_path / "model", *OPTIONS, "--symmetry", name)
        assert outcome.code == 2
        assert message in outcome.err
