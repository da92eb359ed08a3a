"""Which temperature has a configuration? Ising lattices, a symmetric Hamiltonian against a plain network.

`python benchmarks/bench_ising_temperature.py [--seeds 3] [--rows 1000] [--sides 16,32]` prints markdown tables.
For every temperature and seed configurations of the periodic square lattice are drawn by Swendsen-Wang sweeps; half of
them are the test set, which takes part in no choice. `HamiltonianClassifier` fits one family (order 2, radius 1,
translation and reflection) with its regularisation chosen on folds of the training half; scikit-learn's MLP sees the
raw spins, stops early and chooses width and penalty on the same folds. Then the whole ladder, with its verdict.
Seconds are wall time of a fit with all its choices, one BLAS thread.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from graph_models import lattice
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from cheaplearn.geometry import Grid
from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.sampling import sample
from cheaplearn.learning import HamiltonianClassifier

TEMPERATURES = (1.8, 2.0, 2.27, 2.5, 3.0)
FOLDS = 3
LADDER_ROWS = 200  # of each temperature, for the whole ladder
MLP_GRID = {"hidden_layer_sizes": [(64,), (128,)], "alpha": [1e-4, 1e-1, 1.0]}


def configurations(side, rows, seed):
    """Spins, shape (temperatures x rows, side^2), and the temperature of each row."""
    X, y = [], []
    for number, temperature in enumerate(TEMPERATURES):
        table = -np.array([[1.0, -1.0], [-1.0, 1.0]]) / temperature
        graph = FactorGraph.from_tables(np.full(side * side, 2), dict.fromkeys(lattice(side * side, True), table))
        drawn = sample(graph, rows, "cluster", random_state=1000 * seed + number)
        X.append(2.0 * drawn.codes - 1)
        y.append(np.full(rows, f"T = {temperature:g}"))
    return np.vstack(X), np.concatenate(y)


def symmetric(side, seed):
    return HamiltonianClassifier(
        order=2,
        radius=1,
        geometry=Grid(side, side, periodic=True),
        symmetry="translation+reflection",
        kind="spin",
        cv=FOLDS,
        random_state=seed,
    )


def network(seed):
    plain = MLPClassifier(early_stopping=True, max_iter=200, random_state=seed)
    return GridSearchCV(plain, MLP_GRID, cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed))


def parameters(model):
    if isinstance(model, HamiltonianClassifier):
        return model.hamiltonian_.n_parameters
    best = model.best_estimator_
    return sum(weights.size for weights in [*best.coefs_, *best.intercepts_])


def evaluate(model, X, y, training, test):
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the network's own solver
        began = time.perf_counter()
        model.fit(X[training], y[training])
        return model.score(X[test], y[test]), parameters(model), time.perf_counter() - began


def compare(side, rows, seeds):
    """Rows (model, accuracy, its spread over seeds, parameters, per class, seconds)."""
    results = {"HamiltonianClassifier, translation+reflection": [], "MLPClassifier on raw spins": []}
    for seed in range(seeds):
        X, y = configurations(side, rows, seed)
        training, test = train_test_split(np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
        for (_, found), model in zip(results.items(), (symmetric(side, seed), network(seed)), strict=True):
            found.append(evaluate(model, X, y, training, test))
    lines = []
    for name, found in results.items():
        accuracy, count, seconds = np.array(found).T
        error = accuracy.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
        lines.append((name, accuracy.mean(), error, count.mean(), count.mean() / len(TEMPERATURES), seconds.mean()))
    return lines


def climb(side, rows, seed):
    """The whole ladder of one sample, with orders 1 and 2 and all symmetries."""
    X, y = configurations(side, rows, seed)
    model = HamiltonianClassifier(
        order=[1, 2],
        radius=1,
        geometry=Grid(side, side, periodic=True),
        symmetry="auto",
        kind="spin",
        cv=FOLDS,
        random_state=seed,
    )
    began = time.perf_counter()
    model.fit(X, y)
    return model, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--sides", default="16,32")
    options = parser.parse_args()
    for side in map(int, options.sides.split(",")):
        print(f"{side} x {side} spins, {len(TEMPERATURES)} temperatures, {options.rows // 2} training rows of each\n")
        print("| model | accuracy | standard error | parameters | per class | seconds |\n|---|---|---|---|---|---|")
        for name, accuracy, error, count, of_class, seconds in compare(side, options.rows, options.seeds):
            print(f"| {name} | {accuracy:.4f} | {error:.4f} | {count:,.0f} | {of_class:,.0f} | {seconds:.2f} |")
        model, seconds = climb(side, LADDER_ROWS, 0)
        print(f"\nLadder of {LADDER_ROWS} rows of each in {seconds:.1f} s: {model.verdict_}\n")
        shown = ["order", "radius", "symmetry", "parameters", "loss", "standard_error", "chosen"]
        print(model.ladder_[shown].to_string(index=False), "\n", flush=True)


if __name__ == "__main__":
    main()
