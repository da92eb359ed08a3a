"""What depth buys: products at every depth, the precision that flattening costs, polynomials of physics, bounds.

    python benchmarks/bench_flattening.py [--data DIR] [--quick]

Prints markdown tables. DIR holds physpolys_dev/physpolys_dev.json; without it the polynomials of physics are left out.
"""

import argparse
import itertools
import json
import math
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

import cheaplearn as cl
from cheaplearn.flattening.bounds import bias_free_bound, biased_bounds
from cheaplearn.testing import worst_error

POINTS = 20_000
THEORY = {  # THEORY section 5, measured with exp: n -> float32, float64
    2: (2e-4, 8e-9),
    4: (3e-3, 4e-6),
    6: (2e-2, 1e-4),
    8: (9e-2, 1e-3),
    10: (1e-1, 4e-3),
}
DTYPES = ("float32", "float64")


def product(n):
    return "*".join(f"x{i}" for i in range(1, n + 1))


def grouping_formula(n, depth):
    """The least ``sum_i (n / prod_(j <= i) b_j) 2^(b_i)`` over factors of n, and its b."""
    if depth == 1:
        return 2**n, (n,)
    found = []
    for b in range(2, n):
        if n % b == 0:
            rest, groups = grouping_formula(n // b, depth - 1)
            found.append((n // b * 2**b + rest, (b, *groups)))
    return min(found, default=(math.inf, ()))


def products_at_every_depth(sizes):
    print("\n## Products at every depth: neurons (synapses)\n")
    print("| n | layers | formula (b_i) | paper's gates | half-price | bound, one layer | float32 | float64 |")
    print("|---|---|---|---|---|---|---|---|")
    for n in sizes:
        f = cl.flatten(product(n))
        table = f.table.set_index(["construction", "hidden_layers"])
        for depth in range(1, math.ceil(math.log2(n)) + 1):
            count, groups = grouping_formula(n, depth)
            paper, half = (table.loc[name, depth] for name in ("paper's gates (pairs)", "half-price gates"))
            formula = f"{count} ({', '.join(map(str, groups))})" if groups else "-"
            bound = f.lower_bound.neurons if depth == 1 else ""
            errors = " | ".join(f"{paper[f'error_{dtype}']:.1e}" for dtype in DTYPES)
            counts = " | ".join(f"{row.neurons} ({row.synapses})" for row in (paper, half))
            print(f"| {n} | {depth} | {formula} | {counts} | {bound} | {errors} |", flush=True)


def plain_flat_error(n, dtype, scale, X, exact):
    """The paper's network as it stands: 2^n neurons exp(lam s.x), one sum."""
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=n)), dtype)
    hidden = np.exp(X @ (signs.T * dtype(scale)))
    weights = (signs.prod(axis=1) / (2 * scale) ** n).astype(dtype)
    return float(np.abs(hidden @ weights - exact).max())


def floors():
    print("\n## Error floors of the product of n on [-1, 1]^n\n")
    print(
        "| n | dtype | plain exp, 2^n neurons: measured | THEORY | ratio | pairs of exp: measured | certified "
        "| deep tree, softplus: certified | bits lost |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for n, expected in THEORY.items():
        flat, deep = cl.flatten(product(n), "exp"), cl.flatten(product(n), depths=[math.ceil(math.log2(n))])
        for k, dtype in enumerate(DTYPES):
            rng = np.random.default_rng(n)
            X = rng.uniform(-1, 1, (POINTS, n))
            X = np.concatenate([X, rng.choice([-1.0, 1.0], (2000, n))]).astype(dtype)
            exact = X.astype(np.longdouble).prod(axis=1)
            scales = 2.0 ** np.arange(-14, 2, 0.25)
            with np.errstate(over="ignore", invalid="ignore"):  # scales whose weights overflow
                plain = np.nanmin([plain_flat_error(n, np.dtype(dtype).type, scale, X, exact) for scale in scales])
            row = flat.table[
                (flat.table.hidden_layers == 1) & (flat.table.construction == "paper's gates (pairs)")
            ].index[0]
            net = flat.network(int(row), dtype)
            found = max(float(np.abs(net(X)[:, 0] - exact).max()), worst_error(net, flat.polynomial, effort=200)[0])
            tree = deep.deep.error(dtype)
            bits = math.log2(net.certificate.error / tree)
            print(
                f"| {n} | {dtype} | {plain:.1e} | {expected[k]:.0e} | {plain / expected[k]:.2f} | {found:.1e} "
                f"| {net.certificate.error:.1e} | {tree:.1e} | {bits:.1f} |",
                flush=True,
            )


def polynomials_of_physics(folder):
    print("\n## Polynomials of physics: bound, best flat, best deep\n")
    print(
        "| polynomial | degree, variables, terms | bias-free: bound | flat (construction) | deep (layers) | flat/deep "
        "| biases: bound | flat | deep (layers) | flat/deep | bits lost (float64) |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    records = json.loads((Path(folder) / "physpolys_dev" / "physpolys_dev.json").read_text())
    for record in records:
        names = record["variables"]
        exponents = {tuple(powers.get(name, 0) for name in names): c for c, powers in record["terms"]}
        p = cl.Polynomial.from_dict(exponents, variables=names)
        show_flattening(record["name"], p)
    show_flattening("product of 8", cl.Polynomial.parse(product(8)))


def show_flattening(name, p):
    free, biased = cl.flatten(p), cl.flatten(p, "silu", biases=True)
    cells = [name, f"{p.degree}, {len(p.variables)}, {len(p.terms)}"]
    for f in (free, biased):
        flat = f"{f.flat.neurons} ({f.flat.construction})" if f is free else str(f.flat.neurons)
        cells += [
            f"{f.lower_bound.neurons} {f.lower_bound.name}",
            flat,
            f"{f.deep.neurons} ({f.deep.depth})",
            f"{f.cost:.2f}",
        ]
    print("| " + " | ".join([*cells, f"{biased.bits_lost['float64']:.1f}"]) + " |", flush=True)


def seconds_of_bounds():
    print("\n## Seconds of the bounds\n")
    print("| polynomial | bias-free | seconds | biases | seconds | arithmetic |")
    print("|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(10)]
    quartic = {
        tuple(np.bincount(sites, minlength=10).tolist()): Fraction(int(rng.integers(1, 99)))
        for sites in itertools.combinations_with_replacement(range(10), 4)
    }
    symmetric = " + ".join("*".join(f"x{i}" for i in sites) for sites in itertools.combinations(range(12), 6))
    cases = {
        "product of 16": product(16),
        "dense quartic form in 10 variables": cl.Polynomial.from_dict(quartic, variables=names),
        "elementary symmetric e_6 in 12 variables": symmetric,
    }
    for name, source in cases.items():
        p = cl.Polynomial.coerce(source)
        start = time.perf_counter()
        free = bias_free_bound(p)
        middle = time.perf_counter()
        biased = biased_bounds(p)[0]
        end = time.perf_counter()
        times = f"{middle - start:.2f} | {biased.neurons} ({biased.name}) | {end - middle:.2f}"
        print(f"| {name} | {free.neurons} | {times} | {free.arithmetic} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder with physpolys_dev")
    parser.add_argument("--quick", action="store_true", help="products up to 8")
    arguments = parser.parse_args()
    products_at_every_depth((4, 8) if arguments.quick else (2, 4, 6, 8, 12, 16))
    floors()
    if arguments.data:
        polynomials_of_physics(arguments.data)
    seconds_of_bounds()


if __name__ == "__main__":
    main()
