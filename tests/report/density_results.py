"""Small results of densities to report: one for every way to draw couplings."""

from dataclasses import replace

import numpy as np
import pandas as pd

import cheaplearn as cl
from cheaplearn.learning import top_contacts
from cheaplearn.report import DensityResult, HeldOut


def chain_of(rng, rows, n, stay=0.8):
    """Spins each of which equals the one before it with probability `stay`."""
    X = rng.choice([-1, 1], (rows, n))
    for i in range(1, n):
        X[:, i] = np.where(rng.random(rows) < stay, X[:, i - 1], -X[:, i - 1])
    return X


def case(shape):
    rng = np.random.default_rng(3)
    if shape == "circle":
        X = (chain_of(rng, 500, 5) + 1) // 2
        names = ["<b>odd</b>", "b", "c", "d", "e"]
        return pd.DataFrame(X, columns=names), {"kind": "bit", "order": "auto", "cv": 3}
    if shape == "maps":
        X = chain_of(rng, 500, 9)
        return X, {"kind": "spin", "order": 2, "geometry": cl.Grid(3, 3, periodic=True), "radius": 1}
    if shape == "bars":
        return chain_of(rng, 300, 62), {"kind": "spin", "order": 2, "geometry": cl.Chain(62), "radius": 1}
    letters = np.array(list("-AC"))[rng.integers(0, 3, (200, 9))]
    letters[:, 7] = np.where(rng.random(200) < 0.8, letters[:, 1], letters[:, 7])
    return letters, {"kind": "category", "order": 2, "labels": list("-AC"), "regularization": 5.0}


def small_density(shape: str) -> DensityResult:
    X, options = case(shape)
    model = cl.HamiltonianDensity(random_state=0, **options).fit(X)
    partition = model.partition_
    contacts = None
    if shape == "contacts":
        contacts = top_contacts(cl.contact_scores(model.coupling_strengths_), 100)
        contacts = contacts.assign(first=contacts["first"] + 1, second=contacts["second"] + 1)
    scores = model.score_samples(X)
    return DensityResult(
        name="toys & trifles",
        kind=options["kind"],
        sequences=shape == "contacts",
        rows=700,
        training_rows=len(X),
        effective_rows=123.4 if shape == "contacts" else None,
        weighing="reweighting" if shape == "contacts" else "none",
        folds=3,
        blocked=shape == "maps",
        ladder=model.ladder_,
        ladder_score=getattr(model, "ladder_score_", None),
        baselines=getattr(model, "baselines_", model.ladder_.iloc[:0]),
        notes=("A note with <angle> brackets.",),
        hamiltonian=model.hamiltonian_,
        couplings=model.hamiltonian_.couplings,
        strengths=model.coupling_strengths_,
        contacts=contacts,
        method=model.method_,
        regularization=model.regularization_,
        partition=replace(partition, verified=shape != "bars"),
        test=HeldOut("chosen", scores.mean(), 0.01, 200),
        test_baselines=(HeldOut("independent", scores.mean() - 0.25, 0.02, 200),),
        seed=0,
        versions={"Python": "3.11", "cheaplearn": cl.__version__},
        seconds={"ladder": 1.2},
        command="cheaplearn fit toys.csv --density",
        date="2026-01-01",
    )
