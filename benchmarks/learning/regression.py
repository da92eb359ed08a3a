"""Regressors: R^2, recovered formulas, parameters, seconds and memory on the same rows and folds."""

from functools import partial

import formulas
import numpy as np
from rows import OURS, Method, megabytes, seconds, spread
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, train_test_split
from tables import header, line, show

FOLDS, TEST = 5, 0.25
SITES, ROWS = 20, 800
NOISE = 0.05  # of the ring's field, in standard deviations
SAMPLES, NOISES = 600, (0.0, 0.01)  # of the Feynman equations
DEGREE = 5


def problems(quick):
    """Name, a function from seed to (X, y), true terms or None, splits, and methods."""
    n = 1 if quick else 2
    general = [ours("HamiltonianRegressor"), ours("HamiltonianRegressor(sparse=True)", sparse=True)]
    yield "diabetes, 10 variables", lambda _: load_diabetes(return_X_y=True), None, n, [*general, *peers(3)]
    field = formulas.ring_field(SITES)
    ring = {"ring": SITES, "radius": "auto", "symmetry": "auto", "order": [1, 2, 3]}
    yield (
        f"a translation-invariant field on a ring of {SITES}, noise {NOISE:.0%}",
        lambda seed: ring_rows(field, seed), field, 1,
        [ours("HamiltonianRegressor on the ring", **ring), *peers(3)],
    )  # fmt: skip
    yield "Friedman 1, 10 variables (5 are used), no polynomial", friedman, None, n, [*general, *peers(3)]


def ring_rows(field, seed):
    rng = np.random.default_rng([seed, 11])
    X = rng.normal(size=(ROWS, SITES))
    clean = formulas.value(field, X)
    return X, clean + NOISE * clean.std() * rng.normal(size=ROWS)


def friedman(seed):
    return make_friedman1(ROWS, n_features=10, noise=1.0, random_state=seed)


def feynman_rows(expression, symbols, ranges, noise, seed):
    rng = np.random.default_rng([seed, 12])
    X = rng.uniform(*ranges.T, size=(SAMPLES, len(symbols)))
    clean = formulas.value(formulas.terms_of(expression, symbols), X)
    return X, clean + noise * clean.std() * rng.normal(size=SAMPLES)


def ours(name, **options):
    return Method(OURS(name), "cheaplearn", "regressor", options)


def peers(degree):
    return [
        Method(f"PolynomialFeatures(1 to {degree}) + Ridge", "scikit-learn", "ridge", {"degree": degree}),
        Method(f"pysindy PolynomialLibrary(1 to {degree}) + STLSQ", "pysindy", "stlsq", {"degree": degree}),
        Method("MLPRegressor", "scikit-learn", "mlp_regressor"),
    ]


def compare(pythons, folder, quick, limit, data):
    show("### Regression\n")
    for name, draw, truth, splits, methods in problems(quick):
        files = [write_split(draw, seed, folder / f"split{seed}.npz") for seed in range(splits)]
        show(f"{name}: {len(np.load(files[0])['y']):,} rows to learn from, {splits} split{'s' * (splits > 1)}\n")
        header(
            "method", "R^2", "formula", "equal", "parameters", "s", "peak over X, MB", "chosen (first split)"
        )  # fmt: skip
        for method in methods:
            results = [measure(method, file, truth, seed, pythons, limit) for seed, file in enumerate(files)]
            row(method.name, results)
        show("")
    if data is None:
        show("Feynman equations: left out, they need --data.\n")
    else:
        for noise in NOISES:
            compare_formulas(list(formulas.feynman(data)), noise, pythons, folder, quick, limit)
    show(
        f"R^2 on rows ({TEST:.0%}; mean ± standard error over splits) that took part in no choice, which are all made "
        f"on the same {FOLDS} folds. Formula: the right terms (shares below {formulas.NEGLIGIBLE:g} of the standard "
        f"deviation of y are forgiven) with coefficients within {formulas.CLOSE:.0%}; equal: nothing forgiven and "
        f"coefficients equal up to {formulas.EXACT:g}. STLSQ takes the fewest terms within one standard error of the "
        "best, as HamiltonianRegressor does.\n"
    )


def write_split(draw, seed, path):
    X, y = draw(seed)
    X, X_test, y, y_test = train_test_split(X, y, test_size=TEST, random_state=seed)
    fold = np.empty(len(y), int)
    for k, (_, held) in enumerate(KFold(FOLDS, shuffle=True, random_state=seed).split(X)):
        fold[held] = k
    np.savez(path, X=X, y=y, X_test=X_test, y_test=y_test, fold=fold)
    return path


def measure(method, path, truth, seed, pythons, limit):
    outputs = path.with_suffix(".out.npy")
    result = method.run(pythons, limit, data=str(path), outputs=str(outputs), seed=seed)["all"]
    return judged(result, path, outputs, truth)


def judged(result, path, outputs, truth):
    if "failed" in result:
        return result
    with np.load(path) as data:
        X, y, y_test = data["X"], data["y"], data["y_test"]
    result = result | {"r2": r2_score(y_test, np.load(outputs))}
    if truth is not None and result["formula"] is not None:
        result |= formulas.compare(result["formula"], truth, X, y)
    return result


def row(name, results):
    failed = [result["failed"] for result in results if "failed" in result]
    if failed:
        line(f"{name}: {failed[0]}", *[""] * 7)
        return
    line(
        name, spread([result["r2"] for result in results]), share(results, "terms"), share(results, "exact"),
        *cost(results), results[0]["chosen"],
    )  # fmt: skip


def share(results, key):
    found = [result[key] for result in results if key in result]
    return f"{sum(found)} of {len(found)}" if found else ""


def cost(results):
    peaks = [result["peak"] for result in results]
    return (
        f"{np.mean([result['parameters'] for result in results]):,.0f}",
        seconds(np.mean([result["seconds"] for result in results])),
        megabytes(None if None in peaks else max(peaks)),
    )


def compare_formulas(equations, noise, pythons, folder, quick, limit):
    """All equations of a method in one process; a failure counts as not found, and its reason is shown."""
    equations = equations[::4] if quick else equations
    names = [name for name, *_ in equations]
    for name, *equation in equations:
        write_split(partial(feynman_rows, *equation, noise), 0, folder / f"feynman {name}.npz")
    rational = sum(formulas.has_only_fractions(*equation[1:3]) for equation in equations)
    show(
        f"Polynomial equations of the Feynman lectures, noise {noise:.0%}: {len(names)}, {rational} with fractions "
        f"only, {int(SAMPLES * (1 - TEST))} rows to learn from\n"
    )
    header(
        "method", "R^2, smallest", "formula", "equal", "error of a coefficient", "parameters", "s", "peak, MB", "failed"
    )
    for method in (ours("HamiltonianRegressor(sparse=True)", sparse=True), *peers(DEGREE)):
        files = {"data": str(folder / "feynman {}.npz"), "outputs": str(folder / "feynman {}.out.npy")}
        found = method.run(pythons, limit, names, seed=0, **files)
        results = []
        for name, expression, symbols, _ in equations:
            path = folder / f"feynman {name}.npz"
            truth = formulas.terms_of(expression, symbols)
            results.append(judged(found[name], path, folder / f"feynman {name}.out.npy", truth))
        formula_row(method.name, results)
    show("")


def formula_row(name, results):
    good = [result for result in results if "failed" not in result]
    failed = sorted({result["failed"] for result in results if "failed" in result})
    reason = f"{len(results) - len(good)}: {failed[0]}" if failed else ""
    if not good:
        line(f"{name}: {reason}", *[""] * 8)
        return
    counts = [f"{sum(r.get(key, False) for r in good)} of {len(results)}" for key in ("terms", "exact")]
    if "error" in good[0]:
        counts.append(f"{max(result['error'] for result in good):.1e}")
    else:  # a network has no formula
        counts = [""] * 3
    line(name, f"{min(result['r2'] for result in good):.6f}", *counts, *cost(good), reason)
