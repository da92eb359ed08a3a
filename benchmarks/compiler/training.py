"""A compiled network against networks trained on the same polynomial."""

from pathlib import Path

import functions
import numpy as np
from processes import run
from tables import header, line, number, ratio, show

HERE = Path(__file__).parent
POINTS = 100_000


def targets():
    quartic = functions.sparse("sparse quartic, 20 variables, 40 terms", n=20, count=40, degree=4, seed=0)
    products = [functions.product(k) for k in (4, 8)]
    return [functions.xy(), *products, functions.henon_heiles(), quartic]


def competitors():
    for activation in ("tanh", "silu"):
        for layers in (1, 3):
            job = {"activation": activation, "width": 64, "layers": layers}
            yield f"MLP {activation}, {layers} x 64", "torch", HERE / "worker_mlp.py", job
    for multiplication in (False, True):
        name = "pykan, multiplication nodes" if multiplication else "pykan, splines"
        yield name, "pykan", HERE / "worker_kan.py", {"multiplication": multiplication}


def compare(pythons, folder, seconds, limit):
    show(f"### Error against trained networks ({seconds:g} s of training each)\n")
    header("target", "method", "neurons or nodes", "worst error", "/ spread", "/ cheaplearn", "s", "s / cheaplearn")
    ratios = []
    for function in targets():
        X = functions.points(function["n"], POINTS, 12345)
        points, outputs = str(Path(folder, "points.npy")), str(Path(folder, "outputs"))
        np.save(points, X)
        exact = functions.values(function, X)
        job = {"function": function, "points": points, "values": outputs, "dtype": "float32"}
        parts = run(pythons["cheaplearn"], HERE / "worker_cheaplearn.py", job, limit, ["compile", "evaluate"])
        ours = parts["compile"] | parts["evaluate"]
        ours |= judged(ours, outputs + ".numpy.npy", exact)
        row(function, f"**cheaplearn** (certified {number(ours, 'certified')})", ours, ours, exact)
        for name, environment, worker, extra in competitors():
            job = {"function": function, "points": points, "values": outputs + ".npy", "seconds": seconds, "seed": 0}
            theirs = run(pythons[environment], worker, job | extra, seconds + limit)["all"]
            theirs |= judged(theirs, outputs + ".npy", exact)
            row(function, name, theirs, ours, exact)
            if "worst" in theirs and "worst" in ours:
                ratios.append(theirs["worst"] / ours["worst"])
    show(f"\nWorst error on {POINTS:,} fresh points, float32; spread: standard deviation of the target on them.")
    if ratios:
        show(f"Smallest error of a trained network / cheaplearn: {min(ratios):.0f}.")
    show("")


def judged(result, path, exact):
    return {} if "failed" in result else {"worst": float(np.abs(np.load(path) - exact).max())}


def row(function, method, result, ours, exact):
    if "failed" in result:
        method += f": {result['failed']}"
    line(
        function["name"], method, result.get("neurons", ""), number(result, "worst"),
        ratio(result.get("worst"), exact.std()), ratio(result.get("worst"), ours.get("worst")),
        number(result, "seconds"), ratio(result.get("seconds"), ours.get("seconds")),
    )  # fmt: skip
