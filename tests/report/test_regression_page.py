"""The page of a regression: complete, in the units of its target, escaped; its scores against other ways to them."""

import math
import re

import numpy as np
import pytest
from report.test_page import outline_of
from sklearn.metrics import r2_score, root_mean_squared_error

from cheaplearn.polynomial import Polynomial
from cheaplearn.report import PredictedRows, write_report
from cheaplearn.report.formula_words import formula_text


@pytest.fixture
def page(regression):
    return regression[2].read_text(encoding="utf-8")


def test_nothing_outside_the_page_is_named_and_ids_fit(page):
    assert not re.search(r"https?://|@import|<script|<iframe|//cdn", page)
    outline = outline_of(page)
    assert len(set(outline.ids)) == len(outline.ids)
    used = {reference[1:] for reference in outline.references if reference.startswith("#")}
    assert used | set(re.findall(r"url\(#([^)]+)\)", page)) <= set(outline.ids)


def test_everything_promised_is_on_the_page(regression, page):
    shape, result, _ = regression
    for section in ("ladder", "formula", "couplings", "accuracy", "network", "certificate", "use", "origin"):
        assert f'<section id="{section}">' in page
    assert '<p id="verdict">' in page
    for text in (
        f"{result.chosen['parameters']:,}", f"{result.test.r2:.4f}", f"{result.network.neurons:,} neurons",
        "95 % intervals", f"({result.test.covered} of 50)", "cheaplearn predict", "toys &amp; trifles",
        "A note with &lt;angle&gt; brackets.", result.network.formula,
    ):  # fmt: skip
        assert text in page, text
    assert "<b>odd</b>" not in page
    assert "<i>formula</i>" not in page
    assert ("--sparse" in page) == (shape != "formula")
    assert ("were aimed at and are out of reach" in page) == (shape == "plain")
    assert ("like it" in page) == (shape == "grid")
    assert page.count("<svg") == 8


def test_errors_are_in_the_units_of_the_target(page):
    sections = re.findall(r'<section id="(?:certificate|accuracy|formula|couplings)">.*?</section>', page, re.DOTALL)
    assert len(sections) == 4
    for section in sections:
        assert "nats" not in re.sub(r"<[^>]*>", " ", section)
    assert "units of force" in page


def test_the_same_result_gives_the_same_page(regression, tmp_path):
    write_report(regression[1], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == regression[2].read_bytes()


def test_scores_are_those_of_scikit_learn_and_their_errors_those_of_resampled_rows():
    rng = np.random.default_rng(0)
    actual = rng.normal(size=400)
    predicted = actual + rng.exponential(0.3, size=400) - 0.3
    rows = PredictedRows(actual, predicted, predicted - 0.5, predicted + 0.5)
    assert rows.r2 == pytest.approx(r2_score(actual, predicted), rel=1e-12)
    assert rows.rmse == pytest.approx(root_mean_squared_error(actual, predicted), rel=1e-12)
    assert rows.covered == np.sum(np.abs(actual - predicted) <= 0.5)
    drawn = rng.integers(400, size=(2000, 400))
    again = [PredictedRows(actual[d], predicted[d], predicted[d], predicted[d]) for d in drawn]
    assert rows.r2_error == pytest.approx(np.std([one.r2 for one in again]), rel=0.1)
    assert rows.rmse_error == pytest.approx(np.std([one.rmse for one in again]), rel=0.1)


def test_scores_without_variance_or_intervals_are_not_known():
    flat = PredictedRows(np.ones(3), np.ones(3), np.full(3, np.nan), np.full(3, np.nan))
    assert math.isnan(flat.r2)
    assert math.isnan(flat.r2_error)
    assert flat.covered is None
    assert (flat.rmse, flat.rmse_error) == (0, 0)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x", ("x", False)),
        ("0*x", ("0", False)),
        ("-x*y**2/3 + 5", ("5 - 1/3*x*y^2", False)),
        ("x - 1", ("-1 + x", False)),
        ("x/1024 + 1.5", ("3/2 + 0.00097656*x", True)),
        ("123456*x", ("1.2346e+05*x", True)),
    ],
)
def test_formulas_are_exact_where_they_are_simple_and_say_where_they_are_not(formula, expected):
    assert formula_text(Polynomial.parse(formula, variables=["x", "y"])) == expected
