"""Build and evaluation time against ways to evaluate the polynomial itself."""

from pathlib import Path

import functions
import numpy as np
from processes import run
from tables import header, line, number, ratio, show

HERE = Path(__file__).parent
ROWS, VARIABLES, DEGREE = 10_000, 50, 4


def compare(pythons, folder, quick, limit):
    show(f"### Build and evaluation time ({VARIABLES} variables, degree {DEGREE}, 1 thread)\n")
    header(
        "terms",
        "method",
        "dtype",
        "build s",
        "/ cheaplearn",
        f"ms per {ROWS:,} rows",
        "/ cheaplearn (NumPy)",
        "worst error",
    )
    for count in (100, 1000) if quick else (100, 1000, 10_000):
        function = functions.sparse(f"{count:,}", n=VARIABLES, count=count, degree=DEGREE, seed=count)
        X = functions.points(VARIABLES, ROWS, 54321)
        exact = functions.values(function, X.astype(np.longdouble))
        rows = measure(function, X, pythons, folder, limit)
        ours = rows[0][2]
        for name, dtype, result, path in rows:
            worst = np.abs(np.load(path) - exact).max() if "seconds" in result else None
            line(
                f"{count:,}", name + (f": {result['failed']}" if "failed" in result else ""), dtype,
                number(result, "build_seconds"), ratio(result.get("build_seconds"), ours.get("build_seconds")),
                format(1e3 * result["seconds"], ".3g") if "seconds" in result else "",
                ratio(result.get("seconds"), ours.get("seconds")), "" if worst is None else f"{worst:.1e}",
            )  # fmt: skip
    show(f"\nA process is ended after {limit:g} s. The rivals multiply, which the network has not.\n")


def measure(function, X, pythons, folder, limit):
    """Rows (method, dtype, result, file of outputs); cheaplearn first."""
    points, outputs = str(Path(folder, "points.npy")), str(Path(folder, "outputs"))
    np.save(points, X)
    job = {"function": function, "points": points, "values": outputs}
    ours_job = job | {"dtype": "float32", "timed": True, "onnx": True}
    ours = run(pythons["cheaplearn"], HERE / "worker_cheaplearn.py", ours_job, limit, ["compile", "evaluate", "onnx"])
    sympy = run(pythons["sympy"], HERE / "worker_sympy.py", job, limit, ["plain", "cse"])
    horner_job = job | {"values": outputs + ".horner.npy"}
    horner = run(pythons["multivar_horner"], HERE / "worker_horner.py", horner_job, limit)["all"]
    return [
        (label(ours["compile"]), "float32", network(ours, "evaluate"), outputs + ".numpy.npy"),
        ("the same in ONNX Runtime", "float32", network(ours, "onnx"), outputs + ".onnx.npy"),
        ("sympy.lambdify", "float32", sympy["plain"], outputs + ".False.npy"),
        ("sympy.lambdify, cse", "float32", sympy["cse"], outputs + ".True.npy"),
        (f"multivar_horner {horner.get('kind', '')}".strip(), "float64", horner, outputs + ".horner.npy"),
    ]


def label(compiled):
    sizes = f", {compiled['neurons']:,} neurons, certified {compiled['certified']:.1g}" if "neurons" in compiled else ""
    return f"**cheaplearn** in NumPy{sizes}"


def network(ours, part):
    """Compilation (and export) is the build."""
    if "failed" in ours["compile"]:
        return ours["compile"]
    return {"build_seconds": ours["compile"]["seconds"] + ours[part].get("export_seconds", 0)} | ours[part]
