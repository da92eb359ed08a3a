"""Samples until the graph is recovered without a mistake: screening against pseudo-likelihood.

    .venv/bin/python benchmarks/bench_graph_recovery.py [--quick] [--figure docs/figures/graph_recovery.svg]

As in Lokhov, Vuffray, Misra & Chertkov, "Optimal structure and parameter learning of Ising models", Science Advances 4
(2018): M* is the least number of samples at which all trials find exactly the true edges, those with |coupling| above
half the weakest. A quarter of the edges, drawn at random, has the weak coupling 0.4, the others beta; the signs are all
ferromagnetic or drawn by coin ("glass"). Theirs: 45 of 45 trials. Here: 15 of 15 in each of 2 replicates, every
replicate a graph, weak edges, signs and samples of its own; M runs over the grid 32 x 2^(k/4). "shrunk" thresholds the
L1 couplings, as they do; "refit" thresholds what the library returns: what L1 left, fitted again without it.
Prints Markdown.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from graph_models import TOPOLOGIES, Source, draw_couplings
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

import cheaplearn as cl

WEAK, WEAK_SHARE = 0.4, 0.25  # the coupling of the weak edges, and how many of all edges these are
TRIALS, REPLICATES = 15, 2
LAST = 52  # place in the grid of M where a search gives up: 262,144 samples
METHODS = ("screening", "pseudolikelihood")
READINGS = ("shrunk", "refit")
L1 = {"screening": 0.8, "pseudolikelihood": 0.2}  # what l1="auto" means
SITEWISE = [("random 3-regular", "glass", 16, 1.2), ("random 4-regular", "glass", 16, 1.0)]
BETAS = {"ferromagnet": (0.4, 0.55, 0.7, 0.85), "glass": (0.4, 0.6, 0.8, 1.0, 1.2)}
SIZES = (16, 25, 36, 49, 64)


class Model:
    """One graph with its couplings, and what each estimator finds from how many samples."""

    def __init__(self, topology, signs, n, beta, seed):
        place = list(TOPOLOGIES).index(topology)
        rng = np.random.default_rng([seed, n, round(1000 * beta), place, len(signs)])
        self.edges = TOPOLOGIES[topology](n, rng)
        self.couplings = draw_couplings(self.edges, beta, WEAK, WEAK_SHARE, signs, rng)
        self.source = Source(n, self.edges, self.couplings, signs, int(rng.integers(2**31)), TRIALS)
        self.cut = min(WEAK, beta) / 2
        self.found, self.order = {}, list(range(TRIALS))
        self.fits = 0

    def least_samples(self, method, reading, guess):
        """Doubles or halves until the criterion changes, then bisects; infinite if the last M is not enough."""
        k = guess
        step = -4 if self._recovers(method, reading, k) else 4
        while self._recovers(method, reading, min(k + step, LAST)) == (step < 0):
            k = min(k + step, LAST)
            if k == LAST:
                return k, np.inf
            if k + step < 0:
                return k, count_of(k)
        low, high = sorted((k, min(k + step, LAST)))
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._recovers(method, reading, middle) else (middle, high)
        return high, count_of(high)

    def _recovers(self, method, reading, k):
        for place, trial in enumerate(self.order):
            if not self._trial(method, trial, k)[reading]:
                self.order.insert(0, self.order.pop(place))  # what failed is tried first next time
                return False
        return True

    def _trial(self, method, trial, k):
        key = method, trial, k
        if key not in self.found:
            X, counts = self.source.first(trial, count_of(k))
            self.found[key] = {name: edges == self.edges for name, edges in self._fitted(method, X, counts).items()}
            self.fits += 1
        return self.found[key]

    def _fitted(self, method, X, counts):
        model = cl.HamiltonianDensity(kind="spin", order=2, method=method, l1="auto", standard_errors=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # states that few samples never show
            model.fit(X, sample_weight=counts)
        pairs = np.argwhere(np.triu(np.ones((X.shape[1],) * 2), 1))
        shrunk = model._fit.penalized.theta[X.shape[1] :]  # fields come first, then all pairs in this order
        refit = np.argwhere(np.triu(model.coupling_strengths_ > self.cut, 1))
        return {
            "shrunk": list(map(tuple, pairs[np.abs(shrunk) > self.cut].tolist())),
            "refit": list(map(tuple, refit.tolist())),
        }


class SitewiseModel(Model):
    """The same with each site on its own, as in the paper: two couplings per pair, averaged, and no fields."""

    def _fitted(self, method, X, counts):
        n, p = X.shape[1], counts / counts.sum()
        penalty = L1[method] * np.sqrt(np.log(n**2 / 0.05) / counts.sum())
        J = np.array([couplings_of_site(method, X, p, site, penalty) for site in range(n)])
        found = np.argwhere(np.triu(np.abs(J + J.T) / 2 > self.cut, 1))
        return {"shrunk": list(map(tuple, found.tolist()))}


def couplings_of_site(method, X, p, site, penalty):
    """Minimises the loss of one site plus penalty |J|_1; J is split into its positive and negative part."""
    others = np.delete(np.arange(X.shape[1]), site)
    pairs = -X[:, [site]] * X[:, others]  # energy of the site: pairs @ J

    def loss(parts):
        energy = pairs @ (parts[: len(others)] - parts[len(others) :])
        if method == "screening":
            terms = p * np.exp(energy - energy.max())
            value, slope = np.log(terms.sum()) + energy.max(), terms / terms.sum()
        else:
            value, slope = p @ np.logaddexp(0, 2 * energy), 2 * p * expit(2 * energy)
        gradient = slope @ pairs
        return value + penalty * parts.sum(), np.concatenate([gradient, -gradient]) + penalty

    start = np.zeros(2 * len(others))
    options = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 2000}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start), options=options)
    J = np.zeros(X.shape[1])
    J[others] = found.x[: len(others)] - found.x[len(others) :]
    return J


def count_of(k):
    return round(32 * 2 ** (k / 4))


def measure(cells, readings, replicates, note):
    """M* of every cell, method, reading and replicate: {(topology, signs, n, beta): {(method, reading): [M*, ...]}}."""
    results, guesses = {}, {}
    for topology, signs, n, beta in cells:
        begin, fits = time.perf_counter(), 0
        row = {(m, r): [] for m in METHODS for r in readings}
        for replicate in range(replicates):
            model = Model(topology, signs, n, beta, replicate)
            for method, reading in row:
                last = topology, signs, method, reading
                k, least = model.least_samples(method, reading, guesses.get(last, 18))
                guesses[last] = k
                row[method, reading].append(least)
            fits += model.fits
        results[topology, signs, n, beta] = row
        exact = "exact samples" if model.source.exact else f"{model.source.chain}, worth {model.source.worth:.2f}"
        found = ", ".join("/".join(f"{m:.0f}" for m in some) for some in row.values())
        what = f"{topology}, {signs}, n = {n}, beta = {beta}: {found}; {fits} fits"
        note(f"{what}, {time.perf_counter() - begin:.0f} s, {exact}")
    return results


def slope(x, rows):
    """Least squares of ln M* over all replicates: slope and its standard error."""
    points = [(a, np.log(m)) for a, row in zip(x, rows, strict=True) for m in row if np.isfinite(m)]
    if len({a for a, _ in points}) < 3:
        return np.nan, np.nan
    fit = stats.linregress(*zip(*points, strict=True))
    return fit.slope, fit.stderr


def geometric(row):
    return float(np.exp(np.mean(np.log(row))))


def shown(row):
    value = geometric(row)
    return f"{value:,.0f}" if np.isfinite(value) else f"> {count_of(LAST):,}"


def print_scan(results, axis, of_slope, name):
    """One line for each topology, signs, method and reading."""
    values = sorted({key[axis] for key in results})
    print(f"| graph | couplings | method | threshold on | {' | '.join(f'{name} = {v}' for v in values)} | slope |")
    print("|" + "---|" * (5 + len(values)))
    kinds = dict.fromkeys(key[:2] for key in results)
    for topology, signs in kinds:
        keys = [key for key in results if key[:2] == (topology, signs)]
        for method, reading in results[keys[0]]:
            rows = [results[key][method, reading] for key in keys]
            cells = dict(zip((key[axis] for key in keys), map(shown, rows), strict=True))
            a, error = slope([of_slope(key[axis]) for key in keys], rows)
            line = [topology, signs, method, reading, *(cells.get(v, "") for v in values)]
            print(f"| {' | '.join(line)} | {a:.2f} +- {error:.2f} |")
    print()


def print_ratios(results, heading, group):
    """Geometric means over replicates and cells of what one estimator needs over another, by group of cells."""
    names = [f"{above[0]} {above[1]} / {below[0]} {below[1]}" for above, below in RATIOS]
    print(f"| {' | '.join([*heading, *names])} |\n|" + "---|" * (len(heading) + len(RATIOS)))
    for kind in sorted({group(key) for key in results}):
        rows = [row for key, row in results.items() if group(key) == kind]
        line = []
        for above, below in RATIOS:
            found = np.array([[row[above], row[below]] for row in rows]).swapaxes(0, 1).reshape(2, -1)
            logs = np.subtract(*np.log(found[:, np.isfinite(found).all(axis=0)]))
            line.append(f"{np.exp(logs.mean()):.2f} x/ {np.exp(logs.std(ddof=1) / len(logs) ** 0.5):.2f}")
        print(f"| {' | '.join([*map(str, kind), *line])} |")
    print()


RATIOS = [
    (("pseudolikelihood", "shrunk"), ("screening", "shrunk")),
    (("pseudolikelihood", "refit"), ("screening", "refit")),
    (("screening", "refit"), ("screening", "shrunk")),
    (("pseudolikelihood", "refit"), ("pseudolikelihood", "shrunk")),
]


def print_sitewise(by_beta, cells, replicates):
    """M* of shared couplings and of sites on their own, one line for each replicate of some cells."""
    print("| graph | couplings | beta | replicate | method | shared couplings | each site alone, averaged |")
    print("|---|---|---|---|---|---|---|")
    for topology, signs, n, beta in cells:
        for replicate in range(replicates):
            model = SitewiseModel(topology, signs, n, beta, replicate)
            for method in METHODS:
                shared = by_beta[topology, signs, n, beta][method, "shrunk"][replicate]
                alone = model.least_samples(method, "shrunk", 32)[1]
                line = f"{topology} | {signs} | {beta} | {replicate} | {method} | {shared:,.0f} | {alone:,.0f}"
                print(f"| {line} |", flush=True)
    print()


def draw_figure(betas, sizes, path):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "cheaplearn"  # the same file from the same numbers
    figure, axes = plt.subplots(2, 2, figsize=(9, 7), sharey="row", layout="constrained")
    colours = {t: f"C{i}" for i, t in enumerate(TOPOLOGIES)}
    for row, (results, axis, name) in enumerate(((betas, 3, "beta"), (sizes, 2, "number of spins"))):
        for column, signs in enumerate(("ferromagnet", "glass")):
            ax = axes[row, column]
            for topology in TOPOLOGIES:
                keys = [key for key in results if key[:2] == (topology, signs)]
                for method, style in zip(METHODS, ("o-", "s--"), strict=True):
                    values = [geometric(results[key][method, "shrunk"]) for key in keys]
                    x = [key[axis] for key in keys]
                    if keys:
                        ax.plot(x, values, style, color=colours[topology], label=f"{topology}, {method}", ms=4, lw=1)
            ax.set(yscale="log", xlabel=name, title=signs)
            if row:
                ax.set_xscale("log")
                ax.set_xticks(sorted({key[2] for key in results}), sorted({key[2] for key in results}), minor=False)
                ax.minorticks_off()
        axes[row, 0].set_ylabel("samples for perfect recovery")
    axes[0, 1].legend(fontsize=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="fewer graphs, temperatures, sizes and replicates: 2 minutes"
    )
    parser.add_argument("--figure", type=Path, help="where to draw M* (SVG)")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    topologies = ["random 4-regular", "periodic lattice"] if arguments.quick else TOPOLOGIES
    kinds = [(topology, signs) for topology in topologies for signs in BETAS]
    betas = {signs: some[:3] if arguments.quick else some for signs, some in BETAS.items()}
    sizes = SIZES[:2] if arguments.quick else SIZES
    notes = []

    def note(text):
        notes.append(text)
        print(text, file=sys.stderr, flush=True)

    replicates = 1 if arguments.quick else REPLICATES
    by_beta = measure([(*kind, 16, b) for kind in kinds for b in betas[kind[1]]], READINGS, replicates, note)
    four = [kind for kind in kinds if kind[0] != "random 3-regular"]
    by_size = measure([(*kind, n, WEAK) for n in sizes for kind in four], ["shrunk"], 1, note)

    print(f"M*, geometric mean of {replicates} replicates, against beta (16 spins; slope of ln M* per unit of beta):\n")
    print_scan(by_beta, 3, float, "beta")
    print("M* against the number of spins (all couplings 0.4, one replicate; slope of ln M* per unit of ln n):\n")
    print_scan(by_size, 2, np.log, "n")
    print("Ratios of M*, geometric mean x/ its standard error, over all betas, and over all graphs:\n")
    print_ratios(by_beta, ["graph", "couplings"], lambda key: key[:2])
    print_ratios(by_beta, ["couplings", "beta"], lambda key: (key[1], key[3]))
    if not arguments.quick:
        print("M* with one coupling for both sites, as the library fits it, and with each site fitted on its own:\n")
        print_sitewise(by_beta, SITEWISE, replicates)
    chains = sorted({text.split(" s, ")[1] for text in notes})
    print(f"Samples: {'; '.join(chains)}. {time.perf_counter() - begin:.0f} s in all.")
    if arguments.figure:
        draw_figure(by_beta, by_size, arguments.figure)


if __name__ == "__main__":
    main()
