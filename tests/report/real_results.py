"""Small results of densities of real variables: one for every way to draw couplings and to exist."""

import warnings

import numpy as np
import pandas as pd

import cheaplearn as cl
from cheaplearn.report import DensityResult, HeldOut, RealFindings

SHAPES = ("circle", "maps", "tied", "falling", "bounded")


def case(shape):
    rng = np.random.default_rng(5)
    if shape == "maps":
        noise = rng.normal(size=(500, 3, 3))
        field = noise + 0.6 * np.roll(noise, 1, axis=1) + 0.6 * np.roll(noise, 1, axis=2)
        return field.reshape(500, 9), {"order": 2, "radius": 1, "geometry": cl.Grid(3, 3, periodic=True)}
    if shape == "tied":
        X = rng.choice([-1, 1], (500, 2)) + 0.5 * rng.normal(size=(500, 2))
        return X, {"order": "auto", "radius": "auto", "symmetry": "permutation", "cv": 3}
    if shape == "bounded":
        return rng.beta(2, 3, (300, 2)), {"order": 2, "bounds": (0, 1)}
    X = rng.normal(size=(500, 3 if shape == "falling" else 5))
    X[:, 1] += 0.7 * X[:, 0]
    table = pd.DataFrame(X, columns=["<b>odd</b>", *"bcde"][: X.shape[1]])
    return table, {"order": 3} if shape == "falling" else {"order": "auto", "radius": "auto", "cv": 3}


def small_real(shape: str) -> DensityResult:
    X, options = case(shape)
    model = cl.HamiltonianDensity(random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no density
        model.fit(X)
    H = model.hamiltonian_
    exists = model.normalizability_.verdict == "yes"
    losses = model.hyvarinen_score(X, H.variables.scale)
    n = len(H.variables)
    strengths = np.zeros((n, n))
    pairs = H.monomials.sites[1]
    strengths[pairs[:, 0], pairs[:, 1]] = strengths[pairs[:, 1], pairs[:, 0]] = 0.5
    np.fill_diagonal(strengths, 0)
    bounds = ((0.0, 1.0),) * n if shape == "bounded" else None
    scores = (HeldOut("chosen", losses.mean(), 0.02, 200), HeldOut("independent Gaussians", -1.1, 0.03, 200))
    return DensityResult(
        name="toys & trifles",
        kind="real",
        sequences=False,
        rows=700,
        training_rows=len(X),
        effective_rows=None,
        weighing="none",
        folds=3,
        blocked=shape == "maps",
        ladder=model.ladder_,
        ladder_score=getattr(model, "ladder_score_", None),
        baselines=getattr(model, "baselines_", model.ladder_.iloc[:0]),
        notes=("A note with <angle> brackets.",),
        hamiltonian=H,
        couplings=H.couplings,
        strengths=strengths,
        contacts=None,
        method=model.method_,
        regularization=model.regularization_,
        partition=model.partition_ if exists else None,
        test=HeldOut("chosen", -3.21, 0.01, 200) if exists else None,
        test_baselines=(HeldOut("independent Gaussians", -4.32, 0.02, 200),) if exists else (),
        seed=0,
        versions={"Python": "3.11", "cheaplearn": cl.__version__},
        seconds={"ladder": 1.2},
        command="cheaplearn fit toys.csv --density",
        date="2026-01-01",
        verdict=model.verdict_ if hasattr(model, "ladder_score_") else "",
        real=RealFindings(model.normalizability_, bounds, scores),
    )
