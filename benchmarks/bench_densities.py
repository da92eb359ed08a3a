"""Densities on data with known answers, spike trains, the DEBD suite and a protein family, as markdown tables.

`python benchmarks/bench_densities.py --data DIR [--only known,neural,debd,protein]`, DIR the folder with gml_small,
tfim10, neural15, debd_dev and protein_PF00014. Log-likelihoods are nats per row. Where ln Z is annealed the figure uses
the upper end of the bracket; "unverified" marks brackets wider than 0.1 nats. What is chosen (kind of monomials, order,
penalties) is chosen on the validation rows, never on the test rows.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold

import cheaplearn as cl

warnings.filterwarnings("ignore", category=UserWarning)  # notes on rare states; the tables say what is unverified

DEBD = {  # settings tried: kind, order, method, l1, regularisation
    "nltcs": [("bit", order, "likelihood", 0.0, rho) for order in (2, 3) for rho in (1.0, 3.0)],
    "plants": [(kind, 2, "pseudolikelihood", 0.0, rho) for kind in ("bit", "spin") for rho in (1.0, 3.0)],
    "jester": [(kind, 2, "pseudolikelihood", 0.0, rho) for kind in ("bit", "spin") for rho in (10.0, 30.0)],
    "dna": [("spin", 2, "pseudolikelihood", l1, rho) for l1 in (0.4, 0.6, 0.8) for rho in (0.1, 1.0)],
}
TARGETS = {"nltcs": -6.03, "plants": -13.5, "jester": -54.0, "dna": -82.0}
PUBLISHED = {
    "nltcs": "-6.00 to -6.11",
    "plants": "-12.54 to -12.98",
    "jester": "-52.86 to -53.48",
    "dna": "-80.03 to -85.14",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="known,neural,debd,protein")
    arguments = parser.parse_args()
    if arguments.data is None:
        print("Needs --data DIR, the folder with gml_small, tfim10, neural15, debd_dev and protein_PF00014.")
        return
    parts = {"known": known, "neural": neural, "debd": debd, "protein": protein}
    for name in arguments.only.split(","):
        parts[name](arguments.data)


def table(header, rows):
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


def known(data):
    rows = []
    z = np.load(data / "gml_small" / "gml_small.npz")
    for name in ("a", "b", "c", "mvt"):
        S, counts = z[f"{name}_states"], z[f"{name}_counts"]
        J = z["mvt_true_inferred" if name == "mvt" else f"{name}_true"]
        n = S.shape[1]
        truth = -np.concatenate([np.diag(J), J[np.triu_indices(n, 1)]])
        for method in ("likelihood", "pseudolikelihood", "screening"):
            found = cl.HamiltonianDensity(kind="spin", method=method).fit(S, sample_weight=counts).couplings
            error = found["value"] - truth
            worst = np.abs(error / found["standard_error"]).max()
            rows.append((f"{name} ({n} spins)", method, f"{np.abs(error).max():.4f}", f"{worst:.1f}"))
    table(("gml_small", "method", "largest error", "in standard errors"), rows)

    z = np.load(data / "tfim10" / "tfim10.npz")
    p, rows = z["p_true"], []
    X = 2 * ((np.arange(1024)[:, None] >> np.arange(9, -1, -1)) & 1) - 1
    for order, floor in ((1, 1.633), (2, 1.674e-3), (3, 1.674e-3), (4, 9.6e-6)):
        model = cl.HamiltonianDensity(kind="spin", order=order, method="likelihood").fit(X, sample_weight=p)
        kl = p @ (np.log(p) - model.score_samples(X))
        rows.append((order, f"{kl:.3e}", f"{floor:.3e}", f"{kl / floor:.3f}"))
    table(("tfim10, exact p as weights: order", "KL(true, fit)", "best possible", "ratio"), rows)


def neural(data):
    x = np.load(data / "neural15" / "neural15.npz")["x"]
    started = time.perf_counter()
    model = cl.HamiltonianDensity(kind="bit", order="auto", cv=KFold(5)).fit(x[:20000])
    seconds = time.perf_counter() - started
    ladder = model.ladder_
    rows = [
        (
            f"order {row.order}",
            row.parameters,
            f"{row.loss:.4f} ± {row.standard_error:.4f}",
            "chosen" if row.chosen else "",
        )
        for row in ladder.itertuples()
    ]  # fmt: skip
    rows += [
        (b.model, b.parameters, f"{b.loss:.4f} ± {b.standard_error:.4f}", "") for b in model.baselines_.itertuples()
    ]
    table(("neural15, 5 blocked folds of 20,000 words", "parameters", "held-out loss", ""), rows)
    print(
        f"Test loss on the last 20,000 words: {-model.score(x[20000:]):.4f} nats ({model.method_}; {seconds:.1f} s).\n"
    )


def debd(data):
    rows = []
    for name, settings in DEBD.items():
        z = np.load(data / "debd_dev" / f"{name}.npz")
        n = int(z["nvars"])
        train, valid, test = (
            np.unpackbits(z[part], axis=1)[:, :n].astype(np.int8) for part in ("train", "valid", "test")
        )
        started = time.perf_counter()
        tried = []
        for kind, order, method, l1, rho in settings:
            values = (lambda bits: 2 * bits - 1) if kind == "spin" else (lambda bits: bits)
            model = cl.HamiltonianDensity(
                kind=kind, order=order, method=method, l1=l1, regularization=rho, standard_errors=False, random_state=0
            ).fit(values(train))
            tried.append((model.score(values(valid)), model, values, (kind, order, method, l1, rho)))
        _, model, values, setting = max(tried, key=lambda each: each[0])
        ln_z = model.estimate_partition(steps=5000, chains=200)
        loss = -model.energy(values(test)).mean()
        mark = "" if ln_z.verified else " unverified"
        kind, order, method, l1, rho = setting
        rows.append((
            name, n, f"{loss - ln_z.upper:.3f}{mark}", f"{loss - ln_z.lower:.3f}", ln_z.method, TARGETS[name],
            PUBLISHED[name], len(model.hamiltonian_.monomials),
            f"{kind}s, order {order}, {method}, l1 {l1:g}, rho {rho:g}", f"{time.perf_counter() - started:.0f}",
        ))  # fmt: skip
    header = (
        "data",
        "n",
        "test LL",
        "with the lower end",
        "ln Z by",
        "target",
        "published",
        "couplings",
        "chosen on validation rows",
        "s",
    )
    table(header, rows)


def protein(data):
    z = np.load(data / "protein_PF00014" / "PF00014.npz")
    msa, dist = z["msa"], z["dist"]
    L = msa.shape[1]
    started = time.perf_counter()
    weight = cl.sequence_weights(msa, identity=0.8)
    rows = []
    model = cl.HamiltonianDensity(kind="category", regularization=0.01 * weight.sum(), labels=range(21))
    model.fit(msa, sample_weight=weight)
    rows.append((
        "order 2, pseudo-likelihood + APC",
        *precision(cl.contact_scores(model.coupling_strengths_), dist),
        f"{time.perf_counter() - started:.0f}",
    ))
    started = time.perf_counter()
    rows.append((
        "mean-field DCA + APC",
        *precision(cl.contact_scores(mean_field(msa, weight)), dist),
        f"{time.perf_counter() - started:.1f}",
    ))
    table(
        (
            f"PF00014, L = {L}, Meff = {weight.sum():.1f}: contacts |i - j| > 4",
            "right of top L, d < 6 A",
            "d < 8 A",
            "s",
        ),
        rows,
    )

    rng = np.random.default_rng(0)
    held = rng.random(len(msa)) < 0.2
    rows = []
    for order in (1, 2):
        part = cl.HamiltonianDensity(
            kind="category", order=order, regularization=0.01 * weight[~held].sum(), labels=range(21), random_state=0
        ).fit(msa[~held], sample_weight=weight[~held])
        ln_z = part.partition_ if order == 1 else part.estimate_partition(steps=4000, chains=100)
        energy = np.average(part.energy(msa[held]), weights=weight[held])
        rows.append((order, f"{-energy - ln_z.upper:.2f}", f"{-energy - ln_z.lower:.2f}", repr(ln_z)))
    table(("order", "held-out log-likelihood (20 % of sequences, reweighted)", "with the lower end", "ln Z"), rows)


def precision(scores, dist):
    i, j = np.triu_indices(len(scores), 5)
    top = np.argsort(-scores[i, j])[: len(scores)]
    return tuple(int(np.sum(dist[i[top], j[top]] < d)) for d in (6, 8))


def mean_field(msa, weight, pseudocount=0.5):
    """Morcos et al. (2011): minus the inverse of the connected correlations, with half of the weight pseudo-counts."""
    n, L, q = *msa.shape, 21
    one_hot = np.eye(q)[msa].reshape(n, -1)
    single = weight @ one_hot / weight.sum()
    pair = (one_hot * weight[:, None]).T @ one_hot / weight.sum()
    single = (1 - pseudocount) * single + pseudocount / q
    pair = (1 - pseudocount) * pair + pseudocount / q**2
    for i in range(L):
        block = slice(i * q, (i + 1) * q)
        pair[block, block] = np.diag(single[block])
    kept = np.arange(L * q) % q < q - 1
    J = np.zeros((L * q, L * q))
    J[np.ix_(kept, kept)] = -np.linalg.inv((pair - np.outer(single, single))[np.ix_(kept, kept)])
    strengths = np.zeros((L, L))
    for i, j in itertools.combinations(range(L), 2):
        block = J[i * q : (i + 1) * q, j * q : (j + 1) * q]
        block = block - block.mean(axis=0) - block.mean(axis=1, keepdims=True) + block.mean()
        strengths[i, j] = strengths[j, i] = np.sqrt(np.mean(block**2))
    return strengths


if __name__ == "__main__":
    main()
