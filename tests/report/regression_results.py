"""Small results of regressions: a full family with a symmetry on a grid, a formula, one without noise."""

import numpy as np
import pandas as pd

import cheaplearn as cl
from cheaplearn.report import PredictedRows, RegressionResult

SHAPES = ("plain", "formula", "grid", "exact")


def small_regression(shape: str) -> RegressionResult:
    rng = np.random.default_rng(2)
    if shape == "grid":
        X = pd.DataFrame(rng.uniform(-1, 1, (150, 4)), columns=["<b>odd</b>", "b", "c", "d"])
        options = {
            "geometry": cl.Grid(2, 2, periodic=True),
            "symmetry": "translation",
            "radius": "auto",
            "order": [1, 2],
        }
        y = (X**2).sum(axis=1)
    else:
        X = pd.DataFrame(rng.uniform(1, 3, (150, 2)), columns=["<b>odd</b>", "b"])
        options = {"order": [1, 2, 3]} | ({"sparse": True} if shape == "formula" else {})
        y = X["b"] - X["<b>odd</b>"] * X["b"] / 4
    y = y + (0 if shape == "exact" else 0.05) * rng.normal(size=150)
    model = cl.HamiltonianRegressor(random_state=0, cv=3, **options).fit(X[:100], y[:100].rename("force"))
    test = X[100:]
    lower, upper = model.predict_interval(test)
    formula = "\N{GREEK SMALL LETTER ALPHA} <i>formula</i> - 2" if shape == "grid" else "b - 1/4*a*b"
    return RegressionResult(
        name="toys & trifles",
        target="force",
        rows=150,
        training_rows=100,
        folds=3,
        ladder=model.ladder_,
        verdict=model.verdict_,
        notes=("A note with <angle> brackets.",),
        hamiltonian=model.hamiltonian_,
        couplings=model.couplings,
        formula=formula,
        formula_note="Coefficients are the fitted ones.",
        sparse=shape == "formula",
        order=model.order_,
        noise=float(model.noise_),
        spread=model.spread_,
        network=cl.compile(model, (0, 3), 1e-2),
        tolerance=1e-2,
        tolerance_reached=shape != "plain",
        largest_difference=1.5e-4,
        test=PredictedRows(y[100:].to_numpy(), model.predict(test), lower, upper),
        seed=0,
        versions={"Python": "3.11", "cheaplearn": cl.__version__},
        seconds={"ladder": 1.2},
        command="cheaplearn fit toys.csv --target force",
        date="2026-01-01",
    )
