"""Certified against found error, with the bound of plain interval propagation on the same networks beside it.

    .venv/bin/python benchmarks/bench_compile.py [--quick]

Prints a Markdown table. `found` is the worst error of the search in `cheaplearn.testing`; `interval` propagates the box
through the stored network and the function by interval arithmetic, as generic verifiers do, without rounding.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import cheaplearn as cl
from cheaplearn.testing import worst_error

HENON_HEILES = "(px**2 + py**2 + x**2 + y**2)/2 + x**2*y - y**3/3"


def quadratic(n, rank, seed):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, rank)) / np.sqrt(n)
    matrix = (factor * rng.choice([-1.0, 1.0], rank)) @ factor.T
    terms = {
        ((i, 2),) if i == j else ((i, 1), (j, 1)): float(matrix[i, j]) * (1 + (i != j))
        for i in range(n)
        for j in range(i, n)
    }
    return cl.Polynomial(terms, [f"x{i}" for i in range(n)])


def digits(seed, order, radius):
    X, y = load_digits(return_X_y=True)
    X_train, _, y_train, _ = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    model = cl.HamiltonianClassifier(order=order, radius=radius, geometry=cl.Grid(8, 8), random_state=seed)
    return model.fit(X_train, y_train)


def interval_bound(net, source):
    """Half-width of |net - p| by interval arithmetic on both, largest over outputs."""
    low, high = np.array([net.certificate.box[name] for name in net.variables]).T
    circuit = cl.Circuit.coerce(source)
    for layer in net.layers:
        W = layer.weights.toarray().astype(np.float64)
        positive, negative = np.maximum(W, 0), np.minimum(W, 0)
        a = positive @ low + negative @ high + layer.bias
        b = positive @ high + negative @ low + layer.bias
        if layer.activation == "silu":
            with np.errstate(over="ignore"):
                a, b = (z / (1 + np.exp(-z)) for z in (a, b))  # increasing for |z| <= 1
        low, high = np.concatenate([low, a]), np.concatenate([high, b])
    worst = 0.0
    for k, output in enumerate(circuit.outputs):
        size = sum(abs(float(c)) for c in output.terms.values())
        worst = max(worst, abs(a[k]) + size, abs(b[k]) + size)
    return worst


def row(name, source, box, **options):
    start = time.perf_counter()
    try:
        net = cl.compile(source, box=box, **options)
    except cl.ToleranceError as error:
        net = cl.compile(source, box=box, **options | {"tolerance": error.best})
        name += " (asked: " + f"{options['tolerance']:g})"
    seconds = time.perf_counter() - start
    found, _ = worst_error(net, source, effort=4000)
    certified = net.certificate.error
    print(
        f"| {name} | {net.dtype.name} | {net.neurons} | {net.synapses} | {net.depth} | {certified:.2e} | {found:.2e} | "
        f"{certified / found:.1f} | {interval_bound(net, source):.1e} | {seconds:.1f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one digits model instead of six")
    quick = parser.parse_args().quick
    print("| function | dtype | neurons | synapses | depth | certified | found | ratio | interval | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for dtype in ("float32", "float64"):
        row("x*y", "x*y", (-1, 1), dtype=dtype)
        row("Henon-Heiles", HENON_HEILES, (-1, 1), dtype=dtype)
        row("product of 8", "*".join("abcdefgh"), (-1, 1), dtype=dtype)
        row("quadratic form, n = 64, rank 8", quadratic(64, 8, 0), (-1, 1), dtype=dtype)
        row("quadratic form, n = 64, rank 64", quadratic(64, 64, 0), (-1, 1), dtype=dtype)
    for seed in range(1 if quick else 3):
        for radius in (1,) if quick else (1, 2):
            model = digits(seed, 2, radius)
            row(f"digits, order 2, radius {radius}, split {seed}", model, (0, 16), tolerance=1e-2)


if __name__ == "__main__":
    main()
