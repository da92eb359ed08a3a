"""The compiler on real and random polynomials: certified against found error, and the cost of many terms.

    .venv/bin/python benchmarks/bench_suite.py --data DIR [--quick]

DIR holds `physpolys_dev/physpolys_dev.json` and `polysystems_dev/polysystems_dev.json`; without it only random
polynomials are compiled. float32 is asked for a relative tolerance of 1e-3, float64 for 1e-7. Prints Markdown.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

import cheaplearn as cl
from cheaplearn.testing import worst_error

TOLERANCES = {"float32": 1e-3, "float64": 1e-7}


def physics(folder):
    for record in json.loads((folder / "physpolys_dev" / "physpolys_dev.json").read_text()):
        index = {name: i for i, name in enumerate(record["variables"])}
        terms = {}
        for coefficient, powers in record["terms"]:
            monomial = tuple(sorted((index[name], power) for name, power in powers.items()))
            terms[monomial] = terms.get(monomial, 0) + Fraction(coefficient)
        polynomial = cl.Polynomial(terms, record["variables"])
        if record["domain"] == "spin":
            yield record["name"] + " (spins)", polynomial, dict.fromkeys(polynomial.variables, "spin")
        yield record["name"], polynomial, None


def systems(folder):
    for name, record in json.loads((folder / "polysystems_dev" / "polysystems_dev.json").read_text()).items():
        equations = [cl.Polynomial.parse(text, variables=record["variables"]) for text in record["equations"]]
        yield name, equations, None


def random_sparse(n, degree, terms, seed):
    rng, mapping = np.random.default_rng(seed), {}
    while len(mapping) < terms:
        sites = rng.integers(0, n, rng.integers(1, degree + 1))
        monomial = tuple((int(s), int(c)) for s, c in zip(*np.unique(sites, return_counts=True), strict=True))
        mapping[monomial] = float(rng.normal())
    return cl.Polynomial(mapping, [f"x{i}" for i in range(n)])


def boxes(variables, kinds):
    if kinds:
        return {"spins": None}
    mixed = [(-1, 1), (0, 1), (-3, 5)]
    named = {name: mixed[i % 3] for i, name in enumerate(variables)}
    return {"[-1, 1]": (-1, 1), "[0, 1]": (0, 1), "[-3, 5]": (-3, 5), "mixed": named}


def row(name, source, kinds, box_name, box, dtype, activation, effort):
    start = time.perf_counter()
    net = cl.compile(
        source,
        box=box,
        variables=kinds,
        dtype=dtype,
        activation=activation,
        relative_tolerance=TOLERANCES[dtype],
    )
    seconds = time.perf_counter() - start
    found, _ = worst_error(net, source, effort=effort)
    certified = net.certificate.error
    ratio = certified / found if found else float("nan")
    mark = " BROKEN" if found > certified else ""
    print(
        f"| {name} | {box_name} | {dtype} | {net.neurons} | {net.depth} | {certified:.2e} | {found:.2e} | "
        f"{ratio:.1f}{mark} | {seconds:.2f} |",
        flush=True,
    )
    return ratio if any(net.certificate.truncations) else float("nan"), found > certified


def suite(cases, effort, activation):
    print(f"\n### {activation}\n\n| polynomial | box | dtype | neurons | depth | certified | found | ratio | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    ratios, broken, refused, small = [], 0, 0, []
    for name, source, kinds, terms in cases:
        variables = (source if isinstance(source, cl.Polynomial) else source[0]).variables
        for box_name, box in boxes(variables, kinds).items():
            for dtype in TOLERANCES:
                try:
                    ratio, is_broken = row(name, source, kinds, box_name, box, dtype, activation, effort)
                except cl.ToleranceError as error:
                    refused += 1
                    print(f"| {name} | {box_name} | {dtype} | REFUSED: {error} |||||||", flush=True)
                    continue
                ratios.append(ratio)
                broken += is_broken
                small.append(ratio if terms <= 1000 else float("nan"))
    print(f"\n{len(ratios)} networks, {broken} broken, {refused} refused. Certified / found, where gates are involved:")
    print(f"median {np.nanmedian(ratios):.1f}; up to 1,000 terms: median {np.nanmedian(small):.1f}, ", end="")
    print(f"90% below {np.nanquantile(small, 0.9):.1f}, largest {np.nanmax(small):.1f}.")


def cost(terms):
    """One line of the cost table, in a process of its own for its peak memory."""
    polynomial = random_sparse(100, 4, terms, seed=0)
    start = time.perf_counter()
    net = cl.compile(polynomial, box=(-1, 1), relative_tolerance=1e-3)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        net.to_onnx(path, form="sparse")
        size = path.stat().st_size / 1e6
    print(f"| {terms:,} | {net.neurons:,} | {net.synapses:,} | {seconds:.2f} | {memory:.2f} | {size:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cost", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--activations", default="silu")
    arguments = parser.parse_args()
    if arguments.cost:
        cost(arguments.cost)
        return
    cases = []
    if arguments.data:
        for name, source, kinds in [*physics(arguments.data), *systems(arguments.data)]:
            terms = len(source) if isinstance(source, cl.Polynomial) else max(map(len, source))
            cases.append((name, source, kinds, terms))
    sizes = [(5, 3, 10), (20, 4, 100), (100, 4, 1000), (100, 6, 1000)]
    sizes += [] if arguments.quick else [(100, 4, 3000), (100, 4, 10_000)]
    for seed, (n, degree, terms) in enumerate(sizes):
        name = f"random, {terms:,} terms, n = {n}, degree {degree}"
        cases.append((name, random_sparse(n, degree, terms, seed), None, terms))
    for activation in arguments.activations.split(","):
        suite(cases, 100 if arguments.quick else 1000, activation)
    print("\n### Cost: n = 100, degree 4, float32\n\n| terms | neurons | synapses | s | peak GB | sparse ONNX, MB |")
    print("|---|---|---|---|---|---|")
    for terms in (100, 1000, 10_000) if arguments.quick else (100, 1000, 10_000, 100_000):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, __file__, "--cost", str(terms)], check=True, env=environment)


if __name__ == "__main__":
    main()
