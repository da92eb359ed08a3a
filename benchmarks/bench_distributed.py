"""A density fitted on a local Dask cluster against the same fit in one process, printed as a markdown table.

`python benchmarks/bench_distributed.py [--samples 200000] [--sites 100] [--workers 2]`: spins of a chain from a seed,
all pairs, pseudo-likelihood, no standard errors. Every engine has as many threads in all as there are workers.
Seconds are wall time of one `fit`; starting the cluster is not counted, sending it the samples is.
"""

from __future__ import annotations

import argparse
import os
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from cheaplearn import HamiltonianDensity

SEED, STAY = 0, 0.7  # a spin equals the one before with this probability


def spins(samples, sites, seed):
    same = np.random.default_rng(seed).random((samples, sites), dtype=np.float32) < STAY
    return np.cumprod(np.where(same, 1, -1).astype(np.int8), axis=1, dtype=np.int8)


def chunk(block_info):
    info = block_info[None]
    return spins(*info["chunk-shape"], SEED + info["chunk-location"][0])


def fit(X, engine):
    start = time.perf_counter()
    model = HamiltonianDensity(kind="spin", method="pseudolikelihood", standard_errors=False, engine=engine).fit(X)
    return time.perf_counter() - start, model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = options.samples // 8
    X = np.concatenate([spins(rows, options.sites, SEED + k) for k in range(8)])
    lazy = da.map_blocks(chunk, chunks=((rows,) * 8, (options.sites,)), dtype=np.int8)
    HamiltonianDensity(kind="spin").fit(X[:1000, :3])  # imports and compiled kernels are not the point
    with (
        LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.run(__import__, "cheaplearn")
        runs = {'"numpy"': fit(X, "numpy"), '"dask", array': fit(X, "dask"), '"dask", Dask array': fit(lazy, "dask")}
    print(f"{len(X):,} x {options.sites} spins, {options.workers} processes, {os.cpu_count()} cores\n")
    print("| engine | s | / numpy | Newton steps | products | largest difference / largest coupling |")
    print("|---|---|---|---|---|---|")
    seconds, reference = runs['"numpy"']
    theta = reference.hamiltonian_.couplings.value.to_numpy()
    for name, (taken, model) in runs.items():
        other = model.hamiltonian_.couplings.value.to_numpy()
        difference = np.abs(theta - other).max() / np.abs(theta).max()
        products = model._fit.optimum.products
        print(f"| {name} | {taken:.1f} | {taken / seconds:.2f} | {model.n_iter_} | {products} | {difference:.1e} |")


if __name__ == "__main__":
    main()
