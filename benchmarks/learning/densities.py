"""Densities of real variables whose truth is known: held-out log-likelihood and Fisher divergence."""

from functools import cache

import numpy as np
from real_fields import gaussian_lattice, phi4_ring
from rows import OURS, Method, megabytes, seconds
from sklearn.model_selection import KFold
from tables import header, line, show

FOLDS, TEST = 5, 5000
SIDE, BOND = 8, -0.4
SITES, MASS, COUPLING, QUARTIC = 8, -0.5, 0.5, 0.5


def problems(quick):
    """Name, samples to learn from, a function (samples, seed) -> X, the true (ln p, slopes) at X, and methods."""
    torus, ring = {"grid": [SIDE, SIDE], "periodic": True}, {"ring": SITES}
    most = {"radius": [0, 1], "symmetry": "auto", "order": "auto", "max_terms": 3000}
    score = {"method": "score matching", "radius": 1}
    yield (
        f"Gaussian field, {SIDE} x {SIDE}, 64 variables", 500 if quick else 1000,
        lambda n, seed: gaussian_lattice(SIDE, n, seed, BOND), gaussian_truth,
        [
            ours("HamiltonianDensity, chosen", **torus, **most),
            ours("HamiltonianDensity, order 2, radius 1, score matching", **torus, **score),
            ours("HamiltonianDensity, order 2, radius 1, likelihood", method="likelihood", radius=1, **torus),
            *peers(),
        ],
    )  # fmt: skip
    yield (
        f"phi^4 ring, {SITES} variables", 1000 if quick else 2000,
        lambda n, seed: phi4_ring(SITES, n, seed, MASS, COUPLING, QUARTIC), phi4_truth,
        [
            ours("HamiltonianDensity, chosen", **ring, **most),
            ours("HamiltonianDensity, order 4, radius 1, score matching", order=4, **ring, **score),
            *peers(),
        ],
    )  # fmt: skip


def ours(name, **options):
    return Method(OURS(name), "cheaplearn", "density", options)


def peers():
    return [
        Method("EmpiricalCovariance", "scikit-learn", "covariance"),
        Method("GraphicalLassoCV", "scikit-learn", "graphical_lasso"),
        Method("GaussianMixture, components and kind by folds", "scikit-learn", "mixture"),
        Method("KernelDensity, bandwidth by folds", "scikit-learn", "kernels"),
    ]


def gaussian_truth(X):
    fields = X.reshape(-1, SIDE, SIDE)
    slopes = 2 * fields
    for axis in (1, 2):
        slopes += BOND * (np.roll(fields, 1, axis) + np.roll(fields, -1, axis))
    slopes = slopes.reshape(X.shape)
    momenta = np.cos(2 * np.pi * np.arange(SIDE) / SIDE)
    eigenvalues = 2 + 2 * BOND * np.add.outer(momenta, momenta)  # of the precision, whose vectors are waves
    log_z = (X.shape[1] * np.log(2 * np.pi) - np.log(eigenvalues).sum()) / 2
    return -np.sum(X * slopes, axis=1) / 2 - log_z, -slopes


def phi4_truth(X):
    left, right = np.roll(X, 1, axis=1), np.roll(X, -1, axis=1)
    H = (MASS * X**2 + QUARTIC * X**4 + COUPLING * (X - right) ** 2).sum(axis=1)
    slopes = 2 * MASS * X + 4 * QUARTIC * X**3 + 2 * COUPLING * (2 * X - left - right)
    return -H - phi4_log_partition(X.shape[1]), -slopes


@cache
def phi4_log_partition(sites=SITES, reach=5.0, points=601):
    """ln Z by the transfer matrix: the trace of its power, on a grid so fine that rounding is all that is left."""
    x, step = np.linspace(-reach, reach, points, retstep=True)
    site = MASS * x**2 + QUARTIC * x**4
    matrix = step * np.exp(-np.add.outer(site, site) / 2 - COUPLING * np.subtract.outer(x, x) ** 2)
    return float(np.log(np.sum(np.linalg.eigvalsh(matrix) ** sites)))


def compare(pythons, folder, quick, limit, _):
    show("### Densities of real variables\n")
    for name, samples, draw, truth, methods in problems(quick):
        path = folder / "samples.npz"
        X, X_test = draw(samples, 0), draw(TEST, 1)
        np.savez(path, X=X, X_test=X_test, fold=fold_of(len(X)))
        exact = truth(X_test)
        show(f"{name}: {samples:,} samples to learn from, {TEST:,} others to test\n")
        header(
            "method", "log-likelihood, nats", "below the truth", "Fisher divergence", "parameters", "s",
            "peak over X, MB", "ln Z of ours by", "chosen",
        )  # fmt: skip
        line("the truth", f"{exact[0].mean():.3f}", "0", "0", *[""] * 5)
        for method in methods:
            row(method.name, measure(method, path, pythons, limit), exact)
        show("")
    show(
        "Below the truth: mean of ln p - ln q over the test samples ± its standard error. Fisher divergence: mean of "
        "|grad ln p - grad ln q|^2 / 2. ln Z is not part of score matching and not of its seconds: a Gaussian integral "
        "where the chosen order is 2, else by annealing from both sides (the upper end of the bracket is used). The "
        "truth's is exact: waves diagonalise the Gaussian field, a transfer matrix gives that of the ring. The "
        f"peers choose on {FOLDS} folds; HamiltonianDensity with one family has nothing to choose.\n"
    )


def fold_of(rows):
    fold = np.empty(rows, int)
    for k, (_, held) in enumerate(KFold(FOLDS, shuffle=True, random_state=0).split(fold)):
        fold[held] = k
    return fold


def measure(method, path, pythons, limit):
    outputs = path.with_name("found.npz")
    result = method.run(pythons, limit, data=str(path), outputs=str(outputs), seed=0)["all"]
    if "failed" in result:
        return result
    with np.load(outputs) as found:
        return result | {"log_density": found["log_density"], "slopes": found["slopes"]}


def row(name, result, exact):
    if "failed" in result:
        line(f"{name}: {result['failed']}", *[""] * 8)
        return
    gap = exact[0] - result["log_density"]
    fisher = ((exact[1] - result["slopes"]) ** 2).sum(axis=1).mean() / 2
    line(
        name, f"{result['log_density'].mean():.3f}", f"{gap.mean():.3f} ± {gap.std() / len(gap) ** 0.5:.3f}",
        f"{fisher:.3g}", f"{result['parameters']:,}", seconds(result["seconds"]), megabytes(result["peak"]),
        result["partition"], result["chosen"],
    )  # fmt: skip
