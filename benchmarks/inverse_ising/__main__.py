"""The density against its peers on inverse Ising, side by side in one run; prints Markdown.

    .venv/bin/python benchmarks/inverse_ising --data ../shared/data [--quick] [--only ising10|lattice] [--match NAME]

First `ising10` (100 spins, 20,000 samples, known couplings), then a lattice of 10,000 spins, drawn here. Each row is
a fresh process, one after the other; it fits a few spins first, which loads and compiles what it needs, then all of
them. ConIII and pyplm are installed in virtual environments of their own under the cache folder (build/bench-envs).
"""

import argparse
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "shared"))

import environments  # ruff: ignore[module-import-not-at-top-of-file]
from processes import Unavailable, run  # ruff: ignore[module-import-not-at-top-of-file]
from tables import header, line, number, ratio, show  # ruff: ignore[module-import-not-at-top-of-file]

OURS = "**cheaplearn**"
EARLIER = {"coniii": "144 s measured before, 27 times what was fastest then"}


def row(name, worker, threads=1, peer="cheaplearn", quick=False, **job):
    return {"name": name, "worker": worker, "threads": threads, "peer": peer, "quick": quick, "job": job}


def ours(name, quick=False, **options):
    return row(f"{OURS} {name}", "worker_cheaplearn.py", threads=1, quick=quick, options=options)


def scikit_learn():
    """Every solver that can fit this, in float64 (what integers become) and float32, in all ways to use two cores."""
    rows = []
    for solver in ("lbfgs", "newton-cholesky", "newton-cg", "liblinear"):
        for dtype in ("float64", "float32") if solver != "liblinear" else ("float64",):
            for threads, jobs in ((1, 1), (2, 1), (1, 2)) if solver != "liblinear" else ((1, 1), (1, 2)):
                name = f"scikit-learn {solver} {dtype}, {threads} thread{'s' * (threads > 1)} x {jobs}"
                quick = (solver, threads, jobs) == ("lbfgs", 1, 2)
                work = {"solver": solver, "dtype": dtype, "jobs": jobs}
                rows.append(row(name, "worker_sklearn.py", threads, quick=quick, **work))
    return rows


def rows():
    plain = {"standard_errors": False}
    l1 = {"solver": "liblinear", "dtype": "float64", "jobs": 2, "l1": 0.02}
    return [
        ours("pseudo-likelihood", True, **plain),
        ours("pseudo-likelihood with standard errors", standard_errors=True),
        ours("screening", True, method="screening", **plain),
        ours("pseudo-likelihood, L1 then refit", True, method="pseudolikelihood", l1="auto", **plain),
        ours("screening, L1 then refit", method="screening", l1="auto", **plain),
        *scikit_learn(),
        row("scikit-learn liblinear L1, C = 0.02 by hindsight, 1 thread x 2", "worker_sklearn.py", **l1),
        row("pyplm 1.0.1, 1 thread x 1", "worker_pseudolm.py", peer="pyplm", jobs=1),
        row("pyplm 1.0.1, 1 thread x 2", "worker_pseudolm.py", peer="pyplm", jobs=2),
        row("NumPy naive mean field (biased)", "worker_mean_field.py", quick=True),
        row("ConIII 3.0.1 Pseudo, 2 threads", "worker_coniii.py", threads=2, peer="coniii"),
    ]


def compare_ising10(pythons, data, quick, match, limit):
    show("### 100 spins, 20,000 samples (`ising10`)\n")
    header(
        "method",
        "time / ours",
        "s",
        "CPU / ours",
        "CPU s",
        "first fit, s",
        "peak MB",
        "RMSE",
        "largest error",
        "edges missed of 200",
        "note",
    )
    results = {}
    for entry in rows():
        if (quick and not entry["quick"]) or not (OURS in entry["name"] or match in entry["name"]):
            continue
        job = {"data": str(data / "ising10" / "ising10.npz"), "started": time.time(), **entry["job"]}
        worker = HERE / entry["worker"]
        result = run(pythons[entry["peer"]], worker, job, limit, threads=entry["threads"])["all"]
        results[entry["name"]] = result
        first = next(iter(results.values()))
        failed = result.get("failed", "")
        note = f"{failed} ({EARLIER[entry['peer']]})" if failed and entry["peer"] in EARLIER else failed
        line(
            entry["name"],
            ratio(result.get("seconds"), first.get("seconds")),
            number(result, "seconds"),
            ratio(result.get("work"), first.get("work")),
            number(result, "work"),
            number(result, "startup"),
            number(result, "peak", ".0f"),
            number(result, "rmse", ".4f"),
            number(result, "worst"),
            result.get("missed", ""),
            note,
        )
    verdict(results)


def verdict(results):
    """Says how the fastest of each peer compares, at an error no worse than 0.0145."""
    reference = next(iter(results.values())).get("seconds")
    show("")
    for peer, target in (("scikit-learn", 3), ("pyplm", None), ("ConIII", 30)):
        times = {k: r["seconds"] for k, r in results.items() if k.startswith(peer) and r.get("rmse", 1) <= 0.0145}
        if times and reference:
            best = min(times, key=times.get)
            reached = times[best] / reference
            goal = f" (target: {target}, {'met' if reached >= target else 'missed'})" if target else ""
            show(f"Fastest of {peer}: {best}, {reached:.1f} times ours{goal}.")
    show("")


def compare_lattice(pythons, folder, quick, limit):
    side, count = (32, 1000) if quick else (100, 5000)
    show(f"### A periodic lattice of {side} x {side} spins, {count:,} samples, radius 1\n")
    job = {"side": side, "rows": count, "data": str(Path(folder, "lattice.npz"))}
    answers = {}
    for step in ("draw", "fit", "parts"):
        task = job | {"step": step}
        answers[step] = run(pythons["cheaplearn"], HERE / "worker_lattice.py", task, limit)["all"]
        if "failed" in answers[step]:
            show(f"{step}: {answers[step]['failed']}\n")
            return
    fit = answers["fit"]
    header(
        "couplings", "s", "peak MB", "Newton steps", "RMSE", "RMSE sqrt(N)", "Cramer-Rao, others known", "largest error"
    )
    line(
        f"{fit['couplings']:,}",
        number(fit, "seconds", ".3g"),
        number(fit, "peak", ",.0f"),
        fit["steps"],
        number(fit, "rmse", ".4f"),
        format(fit["rmse"] * count**0.5, ".2f"),
        number(fit, "bound", ".4f"),
        number(fit, "worst"),
    )
    show(f"\nDrawing the samples took {answers['draw']['seconds']:.0f} s. Steps of a fit, each called by itself:\n")
    header("step", "s")
    for name, seconds in answers["parts"].items():
        line(name, f"{seconds:.2g}")
    show("")


def main():
    parser = argparse.ArgumentParser(prog="bench-inverse-ising", description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds ising10/ising10.npz")
    parser.add_argument("--quick", action="store_true", help="few rows, a small lattice")
    parser.add_argument("--only", choices=["ising10", "lattice"], help="one section")
    parser.add_argument("--match", default="", help="peers whose name holds this text, and cheaplearn")
    parser.add_argument("--limit", type=float, default=1200, help="time limit of each row, seconds")
    parser.add_argument("--cache", default="build/bench-envs", help="folder of the peers' environments")
    options = parser.parse_args()
    pythons = {"cheaplearn": sys.executable}
    versions = f"NumPy {version('numpy')}, scikit-learn {version('scikit-learn')}"
    show(f"Python {sys.version.split()[0]}, {versions}; {load()}.\n")
    if options.only != "lattice":
        if not options.quick:
            for name in ("pyplm", "coniii"):
                pythons[name] = environments.prepare(name, Path(options.cache).absolute())
                if isinstance(pythons[name], Unavailable):
                    show(f"{name}: {pythons[name].reason}\n")
        compare_ising10(pythons, Path(options.data).absolute(), options.quick, options.match, options.limit)
    if options.only != "ising10":
        with tempfile.TemporaryDirectory() as folder:
            compare_lattice(pythons, folder, options.quick, options.limit)
    show(f"At the end: {load()}.")


def load():
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load not known"


if __name__ == "__main__":
    main()
