"""Symmetries found in polynomials of physics, next to those the literature states.

    python benchmarks/bench_symmetries.py [--data DIR] [--words]

DIR is the folder with physpolys_dev: lists of records with name, domain ("real", "spin", "bit"), variables,
terms (pairs of coefficient and {variable: power}) and symmetry (a text). Without it a few textbook formulas are looked
at. Prints seconds, what was expected and what was found.
"""

import argparse
import json
import time
from pathlib import Path

import cheaplearn as cl

TEXTBOOK = [
    ("Henon-Heiles", "(px^2 + py^2 + x^2 + y^2)/2 + x^2*y - y^3/3", "3-fold axis and mirror of (x, y), p -> -p"),
    ("central quartic", "(x^2 + y^2 + z^2)^2 + x^2 + y^2 + z^2", "so(3)"),
    ("two times", "x^2 + y^2 - z^2 - t^2", "so(2,2)"),
    ("Minkowski", "t^2 - x^2 - y^2 - z^2 + (t^2 - x^2 - y^2 - z^2)^2", "so(3,1)"),
    ("monkey saddle", "x^3 - 3*x*y^2", "3-fold axis, mirror"),
    ("determinant", "(a*d - b*c)^2 + a*d - b*c", "so(2,2) as SL(2) x SL(2)"),
]


def polynomial_of(record):
    place = {name: i for i, name in enumerate(record["variables"])}
    terms = {
        tuple(sorted((place[name], power) for name, power in powers.items())): value
        for value, powers in record["terms"]
    }
    return cl.Polynomial(terms, record["variables"])


def cases(folder):
    if folder is None:
        for name, text, expected in TEXTBOOK:
            yield name, cl.Polynomial.parse(text), None, expected
        return
    for path in sorted((folder / "physpolys_dev").glob("*.json")):
        for record in json.loads(path.read_text(encoding="utf-8")):
            kinds = None if record["domain"] == "real" else dict.fromkeys(record["variables"], record["domain"])
            yield record["name"], polynomial_of(record), kinds, record["symmetry"]


def shortened(words, most=6):
    kept = [sentence.removeprefix("invariant under ") for sentence in words]
    return "; ".join(kept[:most]) + (f"; ... ({len(kept)} sentences)" if len(kept) > most else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with physpolys_dev")
    parser.add_argument("--words", action="store_true", help="print every sentence of symmetries and structure")
    options = parser.parse_args()
    for name, polynomial, kinds, expected in cases(options.data):
        start = time.perf_counter()
        found = cl.symmetries(polynomial, variables=kinds)
        seconds = time.perf_counter() - start
        print(f"{name} ({len(polynomial.variables)} variables, {len(polynomial)} terms, {seconds:.2f} s)")
        print(f"  expected  {expected}")
        print(f"  found     {found.algebra}; {shortened(found.words)}")
        if options.words:
            print("  " + repr(cl.describe(polynomial, variables=kinds)).replace("\n", "\n  "))


if __name__ == "__main__":
    main()
