"""Which family of local polynomials natural image patches need: a ladder over order, radius and symmetry.

`python benchmarks/bench_images.py --data DIR [--patches 20000]`, DIR the folder with bsds_dev. 8x8 patches of
log-luminance, mean removed, and the same after ZCA whitening. Folds hold out whole images; the last ten images take no
part in the ladder and score the choice, a full Gaussian and independent Gaussians beside it.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np

import cheaplearn as cl

warnings.filterwarnings("ignore", category=UserWarning)
SIDE, TRAINING = 8, 30
NOISE = 0.01  # of log-luminance: a grey level of 100 is known to about this, and 8-bit steps vanish
SYMMETRIES = [None, "blocks:4", "translation", "translation+reflection", "translation+reflection+rotation", "sign flip",
              "translation+reflection+rotation+sign flip"]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--patches", type=int, default=20_000)
    arguments = parser.parse_args()
    if arguments.data is None:
        print("Needs --data DIR, the folder with bsds_dev.")
        return
    images = np.load(arguments.data / "bsds_dev" / "bsds_dev.npz")["x"]
    training, groups = patches(images[:TRAINING], arguments.patches, 0)
    test, _ = patches(images[TRAINING:], arguments.patches // 4, 1)
    study("log-luminance", training, test, groups)
    whiten = zca(training)
    study("whitened", training @ whiten, test @ whiten, groups)


def patches(images, count, seed):
    """Patches from random places, log(1 + grey) with a little noise, less their mean; and their images."""
    rng = np.random.default_rng(seed)
    which = rng.integers(len(images), size=count)
    top, left = (rng.integers(size - SIDE, size=count) for size in images.shape[1:])
    rows, columns = top[:, None, None] + np.arange(SIDE)[:, None], left[:, None, None] + np.arange(SIDE)
    X = np.log1p(images[which[:, None, None], rows, columns].astype(float)).reshape(count, -1)
    X += NOISE * rng.normal(size=X.shape)
    return X - X.mean(axis=1, keepdims=True) + NOISE * rng.normal(size=(count, 1)), which


def zca(X):
    values, vectors = np.linalg.eigh(np.cov(X.T))
    return (vectors / np.sqrt(values)) @ vectors.T


def study(name, X, test, groups):
    start = time.perf_counter()
    model = cl.HamiltonianDensity(
        order=[2, 3, 4],
        radius=[0, 1, 2],
        geometry=cl.Grid(SIDE, SIDE),
        symmetry=SYMMETRIES,
        standard_errors=False,
        random_state=0,
    ).fit(X, groups=groups)
    print(f"### {name}: {len(X):,} patches, {time.perf_counter() - start:.0f} s\n")
    table = model.ladder_.drop(columns="levels")
    print("| order | radius | symmetry | couplings | held-out score | against the best |\n|---|---|---|---|---|---|")
    for row in table.itertuples():
        mark = " **chosen**" if row.chosen else ""
        print(
            f"| {row.order} | {row.radius:g} | {row.symmetry or 'none'} | {row.parameters:,} | {row.loss:.2f} ± "
            f"{row.standard_error:.2f} | +{row.difference:.2f} ± {row.difference_standard_error:.2f}{mark} |"
        )
    print(f"\n{model.verdict_}\n{model.normalizability_}")
    for note in [*model.ladder_notes_, *model.notes_]:
        print(f"- {note}")
    print("\n| model | parameters | test score |\n|---|---|---|")
    chosen = model.hyvarinen_score(test)
    others = {
        "chosen": (int(model.ladder_.query("chosen").parameters.iloc[0]), chosen),
        "independent Gaussians": fitted(X, test, order=2, radius=0, geometry=cl.Grid(SIDE, SIDE)),
        "full Gaussian": fitted(X, test, order=2),
    }
    for label, (parameters, losses) in others.items():
        gap = losses - chosen
        print(
            f"| {label} | {parameters:,} | {losses.mean():.2f} ± {losses.std() / len(losses) ** 0.5:.2f} "
            f"(to the chosen {gap.mean():+.2f} ± {gap.std() / len(gap) ** 0.5:.2f}) |"
        )
    print(flush=True)


def fitted(X, test, **settings):
    model = cl.HamiltonianDensity(standard_errors=False, **settings).fit(X)
    return model.hamiltonian_.n_parameters - 1, model.hyvarinen_score(test)


if __name__ == "__main__":
    main()
