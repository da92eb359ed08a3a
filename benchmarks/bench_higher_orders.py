"""Interactions of three and four spins, learned from exact samples where pairs are not enough.

    .venv/bin/python benchmarks/bench_higher_orders.py [--data DIR] [--quick]

DIR holds `physpolys_dev/physpolys_dev.json`, whose spin polynomials of degree 3 and 4 (Baxter-Wu, low-autocorrelation
sequences, a dense 3-spin glass) are taken as energies at a stated beta; without it only the random models are fitted.
KL(true || fit) is exact, by enumeration of all states. RMSE is over the true couplings, a missing one counting as 0.
Prints Markdown.
"""

import argparse
import json
import time
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np

import cheaplearn as cl
from cheaplearn.hamiltonian.factor_graph import FactorGraph
from cheaplearn.hamiltonian.partition import Enumeration

SAMPLES = 20_000
BETAS = {"baxter_wu_L3": 0.3, "labs_N8": 0.05, "labs_N11": 0.04, "labs_N13": 0.03, "pspin_p3_N12": 1.0}
FEW_STATES = 1 << 16  # up to which the likelihood of families that couple everything is fitted


class Truth:
    """A model of n spins: terms {sites: coupling in H}, all its probabilities, and samples."""

    def __init__(self, name, n, terms, geometry=None, radius="all", samples=SAMPLES):
        self.name, self.n, self.terms, self.geometry, self.radius = name, n, terms, geometry, radius
        self.order = max(map(len, terms))
        tables = {sites: k * spin_product(len(sites)) for sites, k in terms.items()}
        graph = FactorGraph.from_tables(np.full(n, 2), tables)
        states = Enumeration(graph)
        self.energies = states.energies(graph.values)
        self.log_partition = states.log_partition(graph.values)
        self.p = np.exp(-self.energies - self.log_partition)
        codes = states.sample(graph.values, samples, np.random.default_rng(0))
        self.X = 2.0 * codes - 1
        rows, counts = np.unique(codes, axis=0, return_counts=True)
        self.rows, self.counts = 2.0 * rows - 1, counts

    def divergence(self, graph):
        """KL(true || fit), nats, over all states."""
        states = Enumeration(graph)
        energies = states.energies(graph.values)
        return float(self.p @ (energies - self.energies)) + states.log_partition(graph.values) - self.log_partition

    def expected_divergence(self):
        """KL that a maximum-likelihood fit of the true terms alone expects: half a nat per coupling and sample."""
        return len(self.terms) / (2 * len(self.X))


def spin_product(degree):
    table = np.ones(())
    for _ in range(degree):
        table = np.multiply.outer(table, [-1.0, 1.0])
    return table


def random_glass(name, n, degree, count, strength, seed):
    rng = np.random.default_rng(seed)
    sets = list(combinations(range(n), degree))
    chosen = rng.permutation(len(sets))[:count]
    signs = rng.choice([-1, 1], count)
    return Truth(name, n, {sets[c]: strength * s for c, s in zip(chosen, signs, strict=True)})


def chain_glass(n, strength, seed):
    signs = np.random.default_rng(seed).choice([-1, 1], n - 2)
    terms = {(i, i + 1, i + 2): strength * signs[i] for i in range(n - 2)}
    return Truth(f"chain of 3-spin terms, {n}", n, terms, cl.Chain(n), 2)


def plaquettes(height, width, strength, seed):
    signs = np.random.default_rng(seed).choice([-1, 1], (height - 1, width - 1))
    terms = {}
    for i in range(height - 1):
        for j in range(width - 1):
            a = i * width + j
            terms[a, a + 1, a + width, a + width + 1] = strength * signs[i, j]
    return Truth(f"4-spin plaquettes, {height} x {width}", height * width, terms, cl.Grid(height, width), 1)


def from_file(folder):
    for record in json.loads((folder / "physpolys_dev" / "physpolys_dev.json").read_text()):
        if record["domain"] != "spin" or record["degree"] < 3:
            continue
        place = {name: i for i, name in enumerate(record["variables"])}
        beta = BETAS[record["name"]]
        terms = {tuple(sorted(map(place.get, powers))): beta * k for k, powers in record["terms"] if powers}
        yield Truth(f"{record['name']}, beta = {beta}", record["n_vars"], terms)


def fits(truth):
    """What is fitted: (label, method, arguments)."""
    d, methods = truth.order, ["pseudolikelihood", "screening"]
    quick = ["likelihood"] if 1 << truth.n <= FEW_STATES else []
    yield "2", quick[0] if quick else methods[0], {"order": 2}
    if truth.geometry is None:
        for method in quick + methods:
            yield str(d), method, {"order": d}
        for method in methods:
            yield f"{d}, L1", method, {"order": d, "l1": "auto"}
    else:
        for method in ["likelihood", *methods]:
            local = {"order": d, "geometry": truth.geometry, "radius": truth.radius}
            yield f"{d}, radius {truth.radius}", method, local
            if method != "likelihood":
                yield f"{d}, radius {truth.radius}, L1", method, local | {"l1": "auto"}
    for method in ["likelihood", *methods]:
        yield "true terms", method, {"terms": list(truth.terms)}


def fitted(truth, method, arguments):
    model = cl.HamiltonianDensity(kind="spin", method=method, standard_errors=False, random_state=0, **arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # states that the samples never show
        return model.fit(truth.rows, sample_weight=truth.counts)


def line_of(truth, label, method, arguments):
    begin = time.perf_counter()
    model = fitted(truth, method, arguments)
    seconds = time.perf_counter() - begin
    H = model.hamiltonian_
    found = {tuple(sites): k for sites, k in zip(H.monomials, H.coefficients[:, 0].tolist(), strict=True)}
    errors = [found.get(sites, 0.0) - k for sites, k in truth.terms.items()]
    several, true = ({sites for sites in some if len(sites) > 1} for some in (found, truth.terms))
    hits = f"{len(several & true)} / {len(true)}, {len(several - true)} more" if "l1" in arguments else ""
    half = min(map(abs, truth.terms.values())) / 2
    large = {sites for sites in several if abs(found[sites]) > half}
    above = f"{len(large & true)} / {len(true)}, {len(large - true)} more"
    numbers = f"{truth.divergence(model.graph_):.2e}", f"{np.sqrt(np.mean(np.square(errors))):.4f}"
    print(
        f"| {label} | {method} | {len(found)} | {' | '.join(numbers)} | {hits} | {above} | {seconds:.1f} |", flush=True
    )


def ladder_of(truth):
    """What order="auto" chooses (of 1, 2, 3), with held-out losses, and that of order 4 where it is the true one."""
    begin = time.perf_counter()
    model = searched(truth, "auto")
    losses = model.ladder_.sort_values("order").loss.tolist()
    if truth.order > max(model.ladder_.order):
        losses += searched(truth, truth.order).ladder_.loss.tolist()
    orders = ", ".join(f"{loss:.4f} (order {order})" for order, loss in enumerate(losses, start=1))
    entropy = float(truth.p @ (truth.energies + truth.log_partition))
    print(
        f'\n`order="auto"` (1, 2 or 3; {model.method_}) chose {model.order_}. Held-out loss, nats: {orders}; '
        f"entropy of the model: {entropy:.4f}. {time.perf_counter() - begin:.0f} s.\n",
        flush=True,
    )


def searched(truth, order):
    """One ladder over whole samples: folds must not divide the different rows, but the samples."""
    options = {"geometry": truth.geometry, "radius": truth.radius, "regularization": "search", "cv": 3}
    model = cl.HamiltonianDensity(kind="spin", order=order, standard_errors=False, random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(truth.X)


def models(arguments):
    yield random_glass("random 3-spin glass, 16 spins, 32 terms", 16, 3, 32, 0.5, 1)
    yield random_glass("random 4-spin glass, 16 spins, 24 terms", 16, 4, 24, 0.5, 2)
    if not arguments.quick:
        yield chain_glass(20, 0.6, 3)
        yield plaquettes(4, 5, 0.6, 4)
    if arguments.data:
        yield from from_file(arguments.data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with physpolys_dev/")
    parser.add_argument("--quick", action="store_true", help="without the local models and the ladder")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    for truth in models(arguments):
        print(
            f"**{truth.name}**: {len(truth.terms)} terms of degree up to {truth.order}, {len(truth.X):,} samples "
            f"({len(truth.rows):,} different); a maximum-likelihood fit of the true terms alone expects a KL of "
            f"{truth.expected_divergence():.1e}.\n"
        )
        print("| fitted | method | couplings | KL | RMSE | true terms left by L1 | above half the weakest | s |")
        print("|---|---|---|---|---|---|---|---|")
        for label, method, options in fits(truth):
            line_of(truth, label, method, options)
        if not arguments.quick:
            ladder_of(truth)
        print()
    print(f"{time.perf_counter() - begin:.0f} s in all.")


if __name__ == "__main__":
    main()
