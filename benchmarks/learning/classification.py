"""Classifiers: accuracy, log-loss, parameters, seconds and memory on the same rows and folds."""

import numpy as np
from bench_ising_temperature import configurations
from rows import OURS, Method, megabytes, seconds, spread
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from tables import header, line, show

FOLDS, TEST = 5, 0.25
SIDE = 10
STRENGTHS = [1e-3, 1e-2, 1e-1, 1.0, 10.0]  # C of the logistic regressions
FIXED = {"order": 2, "radius": 1}


def problems(quick):
    """Name, a function from seed to (X, y), splits and methods."""
    n = 1 if quick else 2
    grid, torus = {"grid": [8, 8]}, {"grid": [SIDE, SIDE], "periodic": True}
    yield (
        "digits, 8 x 8 pixels", lambda _: load_digits(return_X_y=True), n,
        [
            *([] if quick else [ours("HamiltonianClassifier, chosen", **grid)]),
            ours("HamiltonianClassifier, order 2, radius 1", **grid, **FIXED),
            *peers(degrees=[2], scale="range"),
        ],
    )  # fmt: skip
    symmetry = "translation+reflection"
    yield (
        f"Ising, {SIDE} x {SIDE} spins, which of 5 temperatures",
        lambda seed: configurations(SIDE, 100 if quick else 400, seed), 1,
        [
            ours("HamiltonianClassifier, translation and reflection", kind="spin", symmetry=symmetry, **torus, **FIXED),
            *peers(degrees=[2], scale=None, spins=True, strengths=[1e-4, *STRENGTHS[:3]]),
        ],
    )  # fmt: skip
    chosen = [ours("HamiltonianClassifier, chosen", order=[1, 2], radius="auto"), *peers(degrees=[1, 2])]
    yield "breast cancer, 30 variables", lambda _: load_breast_cancer(return_X_y=True), n, chosen
    yield "wine, 13 variables", lambda _: load_wine(return_X_y=True), n, chosen


def ours(name, **options):
    return Method(OURS(name), "cheaplearn", "classifier", options)


def peers(degrees, scale="deviation", spins=False, strengths=STRENGTHS):
    options = {"scale": scale}
    name = f"PolynomialFeatures({' or '.join(map(str, degrees))}) + LogisticRegression"
    return [
        Method(
            name, "scikit-learn", "logistic", options | {"degrees": degrees, "spins": spins, "strengths": strengths}
        ),
        Method("MLPClassifier", "scikit-learn", "mlp_classifier", options),
    ]


def compare(pythons, folder, quick, limit, _):
    show("### Classification\n")
    for name, draw, splits, methods in problems(quick):
        files = [write_split(draw, seed, folder / f"split{seed}.npz") for seed in range(splits)]
        show(f"{name}: {shape_of(files[0])}, {splits} split{'s' * (splits > 1)}\n")
        header("method", "accuracy", "log-loss, nats", "parameters", "s", "peak over X, MB", "chosen (first split)")
        for method in methods:
            results = [measure(method, file, seed, pythons, limit) for seed, file in enumerate(files)]
            row(method.name, results)
        show("")
    show(
        f"Accuracy and log-loss on rows ({TEST:.0%}; mean ± standard error over splits) that took part in no choice. "
        f"Everything that is chosen is chosen on the same {FOLDS} stratified folds of the training rows by held-out "
        "log-loss; seconds and memory are of the whole fit with its choices. The networks have at least 10,000 "
        "parameters.\n"
    )


def write_split(draw, seed, path):
    X, y = draw(seed)
    labels = np.unique(y, return_inverse=True)[1]
    X, X_test, y, y_test = train_test_split(X, labels, test_size=TEST, stratify=labels, random_state=seed)
    fold = np.empty(len(y), int)
    for k, (_, held) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, y)):
        fold[held] = k
    np.savez(path, X=X, y=y, X_test=X_test, y_test=y_test, fold=fold)
    return path


def shape_of(path):
    with np.load(path) as data:
        return f"{len(data['X']):,} rows to learn from, {len(data['X_test']):,} to test"


def measure(method, path, seed, pythons, limit):
    outputs = path.with_name("probabilities.npy")
    result = method.run(pythons, limit, data=str(path), outputs=str(outputs), seed=seed)["all"]
    if "failed" in result:
        return result
    with np.load(path) as data:
        y = data["y_test"]
    p = np.load(outputs)
    return result | {"accuracy": accuracy_score(y, p.argmax(axis=1)), "loss": log_loss(y, p)}


def row(name, results):
    failed = [result["failed"] for result in results if "failed" in result]
    if failed:
        line(f"{name}: {failed[0]}", *[""] * 6)
        return
    peaks = [result["peak"] for result in results]
    line(
        name,
        spread([result["accuracy"] for result in results]),
        spread([result["loss"] for result in results], ".3f"),
        f"{np.mean([result['parameters'] for result in results]):,.0f}",
        seconds(np.mean([result["seconds"] for result in results])),
        megabytes(None if None in peaks else max(peaks)),
        results[0]["chosen"],
    )
