"""Certified error of cheaplearn against generic bounds of |network - function| on the same network."""

from pathlib import Path

import functions
from processes import run
from tables import header, line, number, ratio, show

HERE = Path(__file__).parent
PIECES = {2: 64, 4: 8, 6: 4, 8: 3}  # per axis: about 4,096 boxes (8 variables: 6,561)


def targets():
    cubic = functions.sparse("sparse cubic, 6 variables, 12 terms", n=6, count=12, degree=3, seed=0)
    return [functions.xy(), functions.product(4), functions.product(8), cubic]


def cases(function, methods, quick):
    whole = [{"part": method, "method": method, "pieces": 1} for method in methods]
    pieces = [PIECES[function["n"]]] + ([512] if function["n"] == 2 and not quick else [])
    method = "CROWN" if "CROWN" in methods else "IBP"
    return whole + [{"part": f"split {k}", "method": method, "pieces": k} for k in pieces]


def measure(function, dtype, pythons, folder, quick, limit):
    layers = str(Path(folder, "layers.npz"))
    job = {"function": function, "dtype": dtype, "layers": layers, "search": 1000 if quick else 4000}
    ours = run(pythons["cheaplearn"], HERE / "worker_cheaplearn.py", job, limit, ["compile", "search"])
    results = {"ours": ours["compile"], "search": ours["search"]}
    if "failed" in ours["compile"]:
        return results
    job = {"function": function, "layers": layers}
    for name, worker, methods in (
        ("auto_LiRPA", HERE / "worker_lirpa.py", ["IBP", "CROWN", "alpha-CROWN"]),
        ("interval", HERE / "worker_interval.py", ["IBP"]),
    ):
        wanted = cases(function, methods, quick)
        python = pythons["cheaplearn"] if name == "interval" else pythons[name]
        results[name] = run(python, worker, job | {"cases": wanted}, limit, [case["part"] for case in wanted])
    return results


def compare(pythons, folder, quick, limit):
    measured = [
        (function, dtype, measure(function, dtype, pythons, folder, quick, limit))
        for dtype in ("float32", "float64")
        for function in targets()
    ]
    whole_box(measured)
    split_box(measured)


def whole_box(measured):
    show("### Certified error on the same network\n")
    header(
        "function", "dtype", "neurons", "worst found", "cheaplearn", "s", "own intervals", "auto_LiRPA IBP", "CROWN",
        "alpha-CROWN", "s (alpha)", "best of them / cheaplearn",
    )  # fmt: skip
    smallest, reasons = None, set()
    for function, dtype, results in measured:
        ours = results["ours"]
        theirs = [results.get("interval", {}).get("IBP", {})]
        theirs += [results.get("auto_LiRPA", {}).get(method, {}) for method in ("IBP", "CROWN", "alpha-CROWN")]
        reasons |= {(function["name"], r["failed"]) for r in (ours, results["search"], *theirs) if "failed" in r}
        best = min((r["bound"] for r in theirs if "bound" in r), default=None)
        times = best / ours["certified"] if best is not None and "certified" in ours else None
        smallest = min(filter(None, (smallest, times)), default=None)
        line(
            function["name"], dtype, ours.get("neurons", ""), number(results["search"], "found"),
            number(ours, "certified"), number(ours, "seconds"), *(number(r, "bound") for r in theirs),
            number(theirs[-1], "seconds"), ratio(best, ours.get("certified")),
        )  # fmt: skip
    show("\nThe generic bounds are for exact arithmetic with the same stored weights; cheaplearn's includes rounding.")
    if smallest is not None:
        show(f"Smallest ratio: {smallest:.1e} (target: 1e3, {'met' if smallest >= 1e3 else 'missed'}).")
    failures(reasons)


def split_box(measured):
    show("\n### The same with the box cut into pieces\n")
    header(
        "function",
        "dtype",
        "boxes",
        "cheaplearn, one box",
        "s",
        "auto_LiRPA CROWN",
        "s",
        "own intervals",
        "s",
        "CROWN / cheaplearn",
    )
    reasons = set()
    for function, dtype, results in measured:
        for part in (name for name in results.get("interval", {}) if name.startswith("split")):
            ours, crown, interval = results["ours"], results["auto_LiRPA"][part], results["interval"][part]
            reasons |= {(function["name"], r["failed"]) for r in (crown, interval) if "failed" in r}
            line(
                function["name"], dtype, f"{int(part.split()[1]) ** function['n']:,}", number(ours, "certified"),
                number(ours, "seconds"), number(crown, "bound"), number(crown, "seconds"), number(interval, "bound"),
                number(interval, "seconds"), ratio(crown.get("bound"), ours["certified"]),
            )  # fmt: skip
    failures(reasons)


def failures(reasons):
    for name, reason in sorted(reasons):
        show(f"\nNo figure, {name}: {reason}")
    show("")
