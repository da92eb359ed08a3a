"""Recovers the polynomial equations of the Feynman lectures from samples, beside peers, as markdown tables.

`python benchmarks/bench_feynman.py --data DIR [--samples 1000] [--noise 0,0.01] [--seeds 3]`, DIR the folder with
feynman.json. A formula counts as recovered if it has exactly the monomials of the true one and every coefficient is
equal: the same fraction, or within 1e-9 without noise and 3 standard errors with it where the true one is no simple
fraction (1/(2 pi)). Peers give no fractions: theirs count within 1 %, and terms below 0.1 % of y are forgiven. The
noise is Gaussian, in units of the standard deviation of y.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import sympy
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import cheaplearn as cl

warnings.filterwarnings("ignore")  # LassoCV does not converge at its smallest penalties

DEGREE = 5  # peers are told none either: all terms up to the highest degree
KEPT = 1e-3  # a term of a peer counts if its share of the standard deviation of y is above


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--samples", default="1000")
    parser.add_argument("--noise", default="0,0.01")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    if arguments.data is None:
        print("Needs --data DIR, the folder with feynman.json.")
        return
    every = json.loads((arguments.data / "feynman.json").read_text(encoding="utf-8"))
    equations = [equation for equation in every if equation["polynomial"]]
    methods = {"cheaplearn": ours}
    if arguments.peers:
        methods |= {"PolynomialFeatures + Ridge": ridge, "PolynomialFeatures + Lasso": lasso}
        if (stlsq := pysindy()) is not None:
            methods["pysindy STLSQ"] = stlsq
    for samples in map(int, arguments.samples.split(",")):
        for noise in map(float, arguments.noise.split(",")):
            tables(equations, methods, samples, noise, arguments.seeds)


def tables(equations, methods, samples, noise, seeds):
    print(f"{samples:,} samples, noise {noise:g} of the standard deviation, {seeds} seeds: formulas recovered\n")
    print("| equation | formula | " + " | ".join(methods) + " |\n|" + "---|" * (len(methods) + 2))
    total = {name: [0, 0.0, 0.0] for name in methods}
    for equation in equations:
        row = []
        for name, method in methods.items():
            found = 0
            for seed in range(seeds):
                X, y, truth = sample(equation, samples, noise, seed)
                started = time.perf_counter()
                right, error = method(X, y, truth, equation, noise)
                total[name][2] += time.perf_counter() - started
                found += right
                total[name][1] = max(total[name][1], error)
            total[name][0] += found
            row.append(f"{found}/{seeds}")
        print(f"| {equation['id']} | {equation['formula']} | " + " | ".join(row) + " |", flush=True)
    runs = seeds * len(equations)
    print("| all | | " + " | ".join(f"**{right}/{runs}**" for right, _, _ in total.values()) + " |")
    print(
        "| largest error of a coefficient, relative | | " + " | ".join(f"{e:.1e}" for _, e, _ in total.values()) + " |"
    )
    print("| seconds per fit | | " + " | ".join(f"{s / runs:.2f}" for _, _, s in total.values()) + " |\n", flush=True)


def sample(equation, samples, noise, seed):
    rng = np.random.default_rng([seed, *equation["id"].encode()])
    names = [name for name, _, _ in equation["variables"]]
    low, high = (np.array([v[k] for v in equation["variables"]]) for k in (1, 2))
    X = rng.uniform(low, high, size=(samples, len(names)))
    symbols = sympy.symbols(names)
    expression = sympy.sympify(equation["formula"], locals=dict(zip(names, symbols, strict=True)))
    clean = sympy.lambdify(symbols, expression, "numpy")(*X.T)
    poly = sympy.Poly(expression, *symbols)
    truth = dict(poly.terms())
    return X, clean + noise * clean.std() * rng.normal(size=samples), truth


def ours(X, y, truth, equation, noise):
    """Whether the formula has the monomials of the truth and its coefficients, and the largest relative error."""
    model = cl.HamiltonianRegressor(sparse=True, random_state=0).fit(X, y)
    formula = model.formula_[0]
    found = {
        tuple(dict(monomial).get(k, 0) for k in range(X.shape[1])): coefficient
        for monomial, coefficient in formula.terms.items()
    }
    if found.keys() != truth.keys():
        return False, 0.0
    terms = model.couplings.set_index("term")
    errors, right = [0.0], True
    for monomial, true in truth.items():
        errors.append(abs(float(found[monomial]) / float(true) - 1))
        if true.is_Rational:
            right &= found[monomial] == true
        elif noise == 0:
            right &= errors[-1] < 1e-9
        else:
            right &= abs(float(found[monomial]) - float(true)) < 3 * standard_error(terms, monomial)
    return bool(right), max(errors)


def standard_error(terms, monomial):
    factors = [f"x{k}" if power == 1 else f"x{k}**{power}" for k, power in enumerate(monomial) if power]
    return float(terms.loc["*".join(factors), "standard_error"])


def peer(coefficients, powers, X, y, truth):
    """The same for coefficients of a peer: its small terms are forgiven, and errors of 1 % of the coefficients."""
    share = np.abs(coefficients) * np.std([np.prod(X**power, axis=1) for power in powers], axis=1) / y.std()
    found = {tuple(power): c for power, c, s in zip(powers.tolist(), coefficients, share, strict=True) if s > KEPT}
    if found.keys() != truth.keys():
        return False, 0.0
    error = max(abs(found[m] / float(c) - 1) for m, c in truth.items())
    return error < 1e-2, error


def library(X):
    features = PolynomialFeatures(DEGREE, include_bias=False).fit(X)
    return features, features.powers_


def ridge(X, y, truth, equation, noise):
    features, powers = library(X)
    model = make_pipeline(features, StandardScaler(), RidgeCV(np.logspace(-10, 3, 14))).fit(X, y)
    return peer(model[-1].coef_ / model[-2].scale_, powers, X, y, truth)


def lasso(X, y, truth, equation, noise):
    features, powers = library(X)
    model = make_pipeline(features, StandardScaler(), LassoCV(cv=3, alphas=20, max_iter=500)).fit(X, y)
    return peer(model[-1].coef_ / model[-2].scale_, powers, X, y, truth)


def pysindy():
    """Returns the peer, or None and says so if it is not installed."""
    try:
        from pysindy import STLSQ, PolynomialLibrary
    except ImportError:
        print("pysindy is not installed here: its column is missing.\n")
        return None

    def stlsq(X, y, truth, equation, noise):
        features = PolynomialLibrary(DEGREE, include_bias=False).fit(X)
        values = np.asarray(features.transform(X))
        scale = values.std(axis=0)
        model = STLSQ(threshold=0.02 * y.std(), alpha=1e-10).fit((values - values.mean(axis=0)) / scale, y - y.mean())
        return peer(np.ravel(model.coef_) / scale, np.asarray(features.powers_), X, y, truth)

    return stlsq


if __name__ == "__main__":
    main()
