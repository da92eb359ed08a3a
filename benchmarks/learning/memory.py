"""Peak memory over X of fits of 200 variables on a chain, order 2, radius 1."""

from rows import OURS, Method, megabytes, seconds
from tables import header, line, show

BASE = Method("PolynomialFeatures(2).fit_transform", "scikit-learn", "features")
FITS, STREAMS = 25, 50  # targets: how many times below


def methods():
    for name, fit, target in (
        ("HamiltonianClassifier.fit", "chain_classifier", FITS),
        ('HamiltonianClassifier(engine="streaming").fit', "chain_classifier_streaming", STREAMS),
        ("HamiltonianRegressor.fit", "chain_regressor", FITS),
        ("HamiltonianRegressor.partial_fit", "chain_regressor_streaming", STREAMS),
        ('HamiltonianDensity(method="score matching").fit', "chain_density", FITS),
        ("HamiltonianDensity.partial_fit", "chain_density_streaming", STREAMS),
    ):
        yield Method(OURS(name), "cheaplearn", fit), target


def compare(pythons, _, quick, limit, __):
    rows = 5000 if quick else 20_000
    show(f"### Memory: 200 variables on a chain, order 2, radius 1, {rows:,} samples\n")
    show(f"X itself: {rows * 200 * 8 / 1e6:,.0f} MB.\n")
    header("method", "couplings", "s", "peak over X, MB", "times below", "Python's share, MB", "times below", "target")
    base = measure(BASE, rows, pythons, limit)
    row(BASE.name, base, base, None)
    for method, target in methods():
        row(method.name, measure(method, rows, pythons, limit), base, target)
    show(
        "\nPeak: growth of the resident memory of the process during the call, whose X was there before and which had "
        "run the call on 300 samples. Python's share: what tracemalloc counts in another process (Python objects and "
        "NumPy arrays; not the work space of libraries). The features alone are counted for scikit-learn, not the "
        "model that is fitted to them. partial_fit is given 1,000 samples at a time.\n"
    )


def measure(method, rows, pythons, limit):
    resident, traced = (
        method.run(pythons, limit, rows=rows, traced=traced)["all"] for traced in (False, True)
    )  # fmt: skip
    if "failed" in resident or "failed" in traced:
        return {"failed": resident.get("failed") or traced["failed"]}
    return resident | {"traced": traced["peak"]}


def row(name, result, base, target):
    if "failed" in result:
        line(f"{name}: {result['failed']}", *[""] * 7)
        return
    times = [below(result, base, key) for key in ("peak", "traced")]
    line(
        name, f"{result['parameters']:,}", seconds(result["seconds"]),
        megabytes(result["peak"]), written(times[0]), megabytes(result["traced"]), written(times[1]),
        "" if target is None else f"{target}: {verdict(times, target)}",
    )  # fmt: skip


def below(result, base, key):
    if None in (result.get(key), base.get(key)):
        return None
    return base[key] / max(result[key], 1e-3)


def written(times):
    return "" if times is None else f"{times:,.0f}" if times >= 10 else f"{times:.1f}"


def verdict(times, target):
    """Met if it is by every measure there is."""
    known = [t for t in times if t is not None]
    if not known:
        return "not known"
    return "met" if min(known) >= target else "met by one measure" if max(known) >= target else "missed"
