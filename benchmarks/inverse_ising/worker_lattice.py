"""A large lattice. Job: side, rows, data (where the samples lie), and the step: draw, fit or parts."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from measured import answer, job, peak_megabytes

import cheaplearn as cl
from cheaplearn.hamiltonian import Alphabet, FactorGraph, local_monomials
from cheaplearn.hamiltonian.sampling import gibbs_sweeps
from cheaplearn.learning.discrete.fitting import fit_terms
from cheaplearn.learning.discrete.samples import DiscreteSamples, oddities
from cheaplearn.learning.discrete.terms import local_terms

SWEEPS = 40  # from random states; correlations of this model decay within a few
CHAINS = 250


def couplings(side, rng):
    """Each site with its right and its lower neighbour, and a coupling of +-0.3."""
    site = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate([np.column_stack([site.ravel(), np.roll(site, -1, axis).ravel()]) for axis in (0, 1)])
    return np.sort(pairs, axis=1), rng.choice([-0.3, 0.3], len(pairs))


def draw(task):
    rng = np.random.default_rng(0)
    pairs, J = couplings(task["side"], rng)
    sizes = np.full(task["side"] ** 2, 2)
    equal = np.array([[1.0, -1.0], [-1.0, 1.0]])
    graph = FactorGraph.from_tables(sizes, {tuple(p): -j * equal for p, j in zip(pairs.tolist(), J, strict=True)})
    S = np.empty((task["rows"], len(sizes)), np.int8)
    parts = [slice(first, first + CHAINS) for first in range(0, task["rows"], CHAINS)]

    def work(part, seed):
        own = np.random.default_rng(seed)
        codes = own.integers(0, 2, S[part].shape)
        gibbs_sweeps(graph, codes, SWEEPS, own)
        S[part] = 2 * codes - 1

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, parts, range(1, len(parts) + 1)))
    np.savez(task["data"], S=S, pairs=pairs, J=J)
    answer("all", seconds=time.perf_counter() - start)


def density(task):
    grid = cl.Grid(task["side"], task["side"], periodic=True)
    return cl.HamiltonianDensity(kind="spin", geometry=grid, radius=1, standard_errors=False)


def fit(task):
    data = np.load(task["data"])
    S, true = data["S"], dict(zip(map(tuple, data["pairs"].tolist()), data["J"].tolist(), strict=True))
    density(task | {"side": 4}).fit(S[:, :16])  # loads libraries and compiles
    start = time.perf_counter()
    model = density(task).fit(S)
    seconds, peak = time.perf_counter() - start, peak_megabytes()
    fields, pairs = model.hamiltonian_.monomials.sites
    J = np.array([true.get(pair, 0.0) for pair in map(tuple, pairs.tolist())])
    error = -model.hamiltonian_.coefficients[len(fields) :, 0] - J
    rmse = float(np.sqrt(np.mean(error**2)))
    answer(
        "all",
        seconds=seconds,
        peak=peak,
        couplings=len(model.hamiltonian_.monomials),
        rmse=rmse,
        bound=bound(S, pairs),
        worst=float(np.abs(error).max()),
        steps=model.n_iter_,
    )


def bound(S, pairs):
    """Cramer-Rao bound of one coupling if all others were known, root mean square over the pairs: below any error."""
    variance = 1 - np.mean(S[:, pairs[:, 0]] * S[:, pairs[:, 1]], axis=0, dtype=np.float64) ** 2
    return float(np.sqrt(np.mean(1 / variance) / len(S)))


def parts(task):
    """Seconds of the steps of a fit, each called by itself."""
    S = np.load(task["data"])["S"]
    n, grid, seconds = S.shape[1], density(task).geometry, {}

    def timed(name, call):
        start = time.perf_counter()
        result = call()
        seconds[name] = time.perf_counter() - start
        return result

    alphabet = timed("alphabet", lambda: Alphabet.of_kinds([f"x{i}" for i in range(n)], ["spin"] * n))
    codes = timed("codes of the samples", lambda: alphabet.encode(S.astype(float)))
    samples = DiscreteSamples(codes, np.ones(len(S)), alphabet, None, np.arange(len(S)), len(S))
    timed("neighbouring pairs", lambda: grid.neighbour_pairs(1))
    timed("monomials", lambda: local_monomials(n, 2, 1, grid, ["spin"] * n))
    terms = timed("terms", lambda: local_terms("spin", alphabet, 2, 1, grid))
    timed("factor graph", lambda: terms.tabulation)
    timed("different rows", samples.distinct)
    fitted = timed("solver", lambda: fit_terms(terms, samples, "pseudolikelihood", 1e-6 * len(S)))
    timed("notes", lambda: oddities(samples, terms))
    timed("Hamiltonian", lambda: terms.hamiltonian(fitted.theta))
    answer("all", **seconds)


if __name__ == "__main__":
    task = job()
    {"draw": draw, "fit": fit, "parts": parts}[task["step"]](task)
