"""The judge of recovered formulas: it accepts the truth, and nothing else."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("bench_feynman")
    del sys.modules["bench_feynman"]


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_formula_counts_only_if_it_has_the_terms_and_the_coefficients(bench, noise):
    rng = np.random.default_rng(0)
    k = int(rng.integers(2, 9))
    equation = {"id": "made up", "formula": f"a**2*b/{k} + b/pi", "variables": [["a", 1.0, 3.0], ["b", 1.0, 3.0]]}
    X, y, truth = bench.sample(equation, 800, noise, 0)
    right, error = bench.ours(X, y, truth, equation, noise)
    assert right
    assert error < (1e-12 if noise == 0 else 0.05)
    for wrong in (
        truth | {(2, 1): sympy.Rational(1, k + 1)},
        truth | {(1, 0): sympy.Integer(1)},
        {(2, 1): truth[2, 1]},
    ):
        assert not bench.ours(X, y, wrong, equation, noise)[0]


def test_a_peer_may_keep_small_terms_but_not_large_ones(bench):
    rng = np.random.default_rng(1)
    X = rng.uniform(1, 3, size=(500, 2))
    y, truth, powers = X[:, 0] * X[:, 1], {(1, 1): sympy.Integer(1)}, np.array([[1, 0], [1, 1]])
    judged = [bench.peer(np.array(c), powers, X, y, truth)[0] for c in ([1e-5, 1.0], [0.1, 1.0], [1e-5, 1.1])]
    assert judged == [True, False, False]
