"""Small results to report: one on a grid, one without."""

from pathlib import Path

import numpy as np
import pytest
from report.density_results import small_density
from report.real_results import SHAPES as REAL_SHAPES
from report.real_results import small_real
from report.regression_results import SHAPES as REGRESSION_SHAPES
from report.regression_results import small_regression

import cheaplearn as cl
from cheaplearn.report import (
    Alternative,
    DensityResult,
    FitResult,
    GenericSizes,
    RegressionResult,
    TestScore,
    write_report,
)


def small_result(grid: bool) -> FitResult:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, (90, 9)).astype(float) if grid else rng.uniform(-1, 1, (90, 3))
    if grid:
        y = np.array(["up", "down", "<b>odd</b>"])[np.add(X[:, 0] > X[:, 1], X[:, 1] > X[:, 2], dtype=int)]
    else:  # many classes of long names: wide tables
        y = np.array([*(f"kind number {k}" for k in range(11)), "<b>odd</b>"])[np.argsort(np.argsort(X[:, 0])) % 12]
    geometry = cl.Grid(3, 3) if grid else None
    model = cl.HamiltonianClassifier(geometry=geometry, cv=3, random_state=0).fit(X, y)
    box = (0, 4) if grid else dict(zip(["x0", "x1", "x2"], [(-1, 1), (-1, 1), (-2, 1)], strict=True))
    predicted = model.predict(X)
    confusion = np.array([[np.sum((y == a) & (predicted == b)) for b in model.classes_] for a in model.classes_])
    return FitResult(
        name="toys & trifles",
        source="toys.csv",
        target="kind",
        rows=112,
        training_rows=90,
        folds=3,
        ladder=model.ladder_,
        notes=("A note with <angle> brackets.",),
        alternatives=(Alternative("plain network (MLP, 100 hidden neurons)", 1303, 0.41, 0.05, 0.9, 0.91),),
        generic=GenericSizes.of(X, len(model.classes_)),
        hamiltonian=model.hamiltonian_,
        network=cl.compile(model, box),
        tolerance=1e-2,
        tolerance_reached=grid,
        same_class=112,
        test=TestScore(int(np.trace(confusion)), 90, confusion),
        seed=0,
        versions={"Python": "3.11", "cheaplearn": cl.__version__},
        seconds={"ladder": 1.2},
        command="cheaplearn fit toys.csv --target kind",
        date="2026-01-01",
    )


@pytest.fixture(scope="session", params=["circle", "maps", "bars", "contacts"])
def density(request, tmp_path_factory) -> tuple[str, DensityResult, Path]:
    result = small_density(request.param)
    path = tmp_path_factory.mktemp("density") / f"{request.param}.html"
    write_report(result, path)
    return request.param, result, path


@pytest.fixture(scope="session", params=REAL_SHAPES)
def real(request, tmp_path_factory) -> tuple[str, DensityResult, Path]:
    result = small_real(request.param)
    path = tmp_path_factory.mktemp("real") / f"{request.param}.html"
    write_report(result, path)
    return request.param, result, path


@pytest.fixture(scope="session", params=REGRESSION_SHAPES)
def regression(request, tmp_path_factory) -> tuple[str, RegressionResult, Path]:
    result = small_regression(request.param)
    path = tmp_path_factory.mktemp("regression") / f"{request.param}.html"
    write_report(result, path)
    return request.param, result, path


@pytest.fixture(scope="session", params=["grid", "plain"])
def written(request, tmp_path_factory) -> tuple[FitResult, Path]:
    result = small_result(grid=request.param == "grid")
    path = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    write_report(result, path)
    return result, path
