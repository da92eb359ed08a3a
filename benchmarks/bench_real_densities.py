"""Densities of real variables with known couplings, as markdown tables.

`python benchmarks/bench_real_densities.py [--seeds 20] [--quick] [--only NAME]`. The samples come from samplers that
share no code with the library (real_fields.py). Recovery: the family is chosen among orders 2 and 4, all listed radii
and all symmetries of the geometry. Efficiency: error of the couplings against the Cramer-Rao bound, and its slope with
the number of samples.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from real_fields import double_wells, gaussian_lattice, gaussian_ring, henon_heiles, phi4_lattice, phi4_ring

import cheaplearn as cl

warnings.filterwarnings("ignore", category=UserWarning)  # notes on families left out and symmetries ruled out

RING, TORUS = cl.Chain(8, periodic=True), cl.Grid(8, 8, periodic=True)
MOST = "translation+reflection+sign flip", "translation+reflection+rotation+sign flip"
HENON = {  # terms of the fitted H, raw units
    "px**2": 0.5, "py**2": 0.5, "x**2": 0.5, "y**2": 0.5, "x**2*y": 1.0, "y**3": -1 / 3,
    "x**4": 1.0, "x**2*y**2": 2.0, "y**4": 1.0,
}  # fmt: skip


def cases(quick):
    """Name, sampler, settings, couplings by term, the family that should be chosen (order, radius, symmetry)."""
    n = 2000 if quick else 5000
    chain = {"geometry": RING, "symmetry": "auto"}
    lattice = {"geometry": TORUS, "radius": [0, 1], "symmetry": "auto", "max_terms": 3000}
    yield (
        "Gaussian ring, 8 sites", lambda s: gaussian_ring(8, n, s), chain | {"radius": "auto"},
        {"x0**2": 1.0, "x0*x1": -0.6}, (2, 1, MOST[0]),
    )  # fmt: skip
    yield (
        "Gaussian field, 8x8", lambda s: gaussian_lattice(8, n, s), lattice,
        {"x0**2": 1.0, "x0*x1": -0.4}, (2, 1, MOST[1]),
    )  # fmt: skip
    yield (
        "phi^4 ring, 8 sites", lambda s: phi4_ring(8, n, s), chain | {"radius": "auto"},
        {"x0**2": 0.5, "x0*x1": -1.0, "x0**4": 0.5}, (4, 1, MOST[0]),
    )  # fmt: skip
    yield (
        "phi^4 lattice, 8x8", lambda s: phi4_lattice(8, n, s), lattice,
        {"x0**2": 0.5, "x0*x1": -0.5, "x0**4": 0.5}, (4, 1, MOST[1]),
    )  # fmt: skip
    yield (
        "Henon-Heiles, confined", lambda s: henon_heiles(2 * n, s), {"names": ["px", "py", "x", "y"]},
        HENON, (4, np.inf, None),
    )  # fmt: skip
    yield (
        "8 double wells", lambda s: double_wells(8, n, s), chain | {"radius": "auto"},
        {"x0**2": -4.0, "x0**4": 2.0}, (4, 0, MOST[0]),
    )  # fmt: skip


def fitted(X, settings, seed):
    import pandas as pd

    settings = dict(settings)
    names = settings.pop("names", [f"x{i}" for i in range(X.shape[1])])
    model = cl.HamiltonianDensity(order="auto", random_state=seed, **settings)
    return model.fit(pd.DataFrame(X, columns=names))


def recovery(seeds, quick, only):
    print("| problem | samples | parameters | right family | couplings within 3 errors | largest | exists | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for name, draw, settings, truth, family in cases(quick):
        if only not in name:
            continue
        hits, z, seconds, exists = 0, [], [], 0
        for seed in range(seeds):
            X = draw(seed)
            start = time.perf_counter()
            model = fitted(X, settings, seed)
            seconds.append(time.perf_counter() - start)
            found = (model.order_, model.radius_, model.symmetry_)
            hits += found == family
            exists += model.normalizability_.verdict == "yes"
            table = model.couplings.set_index("term")
            z += [(table.value_raw[t] - v) / table.standard_error[t] for t, v in truth.items() if t in table.index]
        z = np.abs(z)
        size = f"{int(model.ladder_.query('chosen').parameters.iloc[0])}"
        print(
            f"| {name} | {len(X):,} | {size} | {hits} of {seeds} | {np.sum(z < 3)} of {len(z)} | {z.max():.1f} errors "
            f"| {exists} of {seeds} | {np.median(seconds):.1f} |",
            flush=True,
        )
    print()


def efficiency(seeds):
    print("| Gaussian family | method | samples | root mean square error / Cramer-Rao | slope with samples |")
    print("|---|---|---|---|---|")
    problems = [
        ("ring of 8, radius 1", RING, gaussian_ring, 8, -0.6),
        ("torus 8x8, radius 1", TORUS, gaussian_lattice, 8, -0.4),
    ]
    for name, geometry, draw, size, bond in problems:
        measured = {}
        for method in ("score matching", "likelihood"):
            errors, bounds, counts = [], [], (500, 2000, 8000)
            for count in counts:
                square, bound = [], []
                for seed in range(seeds):
                    X = draw(size, count, 1000 + seed, bond)
                    model = cl.HamiltonianDensity(order=2, radius=1, geometry=geometry, method=method).fit(X)
                    truth = true_couplings(model, bond)
                    square.append((model.couplings.value_raw[:-1] - truth) ** 2)
                    bound.append(model.couplings.standard_error[:-1] ** 2)
                errors.append(np.mean(square, axis=0))
                bounds.append(np.mean(bound, axis=0))
            measured[method] = errors, bounds
        reference = measured["likelihood"][1]  # errors by the Fisher information: the Cramer-Rao bound at the fit
        for method, (errors, _) in measured.items():
            ratios = [np.sqrt(np.mean(e) / np.mean(b)) for e, b in zip(errors, reference, strict=True)]
            slope = np.polyfit(np.log(counts), [0.5 * np.log(np.mean(e)) for e in errors], 1)[0]
            shown = ", ".join(f"{r:.2f}" for r in ratios)
            print(f"| {name} | {method} | {', '.join(map(str, counts))} | {shown} | {slope:.2f} |", flush=True)
    print()


def true_couplings(model, bond):
    geometry = model.hamiltonian_.geometry
    truth = []
    for sites in model.hamiltonian_.monomials:
        if len(sites) == 1:
            truth.append(0.0)
        elif sites[0] == sites[1]:
            truth.append(1.0)
        else:
            steps = np.abs(np.subtract(*np.array(np.unravel_index(np.array(sites), geometry.shape)).T))
            steps = np.minimum(steps, np.array(geometry.shape) - steps)
            truth.append(bond if steps.sum() == 1 else 0.0)
    return np.array(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--only", default="", help="recovery of the problems whose name holds this, nothing else")
    arguments = parser.parse_args()
    recovery(arguments.seeds, arguments.quick, arguments.only)
    if not arguments.only:
        efficiency(arguments.seeds)


if __name__ == "__main__":
    main()
