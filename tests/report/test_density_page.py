"""The page of a density as text: self-contained, complete, escaped; and its findings in words."""

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from report.test_page import outline_of

from cheaplearn.report import write_report
from cheaplearn.report.density_words import density_headline, density_terms


@pytest.fixture
def page(density):
    return density[2].read_text(encoding="utf-8")


def test_nothing_outside_the_page_is_named_and_ids_fit(page):
    assert not re.search(r"https?://|@import|<script|<iframe|//cdn", page)
    outline = outline_of(page)
    for reference in outline.references:
        assert reference.startswith(("#", "data:"))
    assert len(set(outline.ids)) == len(outline.ids)
    used = {reference[1:] for reference in outline.references if reference.startswith("#")}
    assert used | set(re.findall(r"url\(#([^)]+)\)", page)) <= set(outline.ids)


def test_everything_promised_is_on_the_page(density, page):
    shape, result, _ = density
    for section in ("ladder", "couplings", "held-out", "partition", "use", "origin"):
        assert f'<section id="{section}">' in page
    assert ('<section id="contacts">' in page) == (shape == "contacts")
    assert ("could not be verified" in page) == (shape == "bars")
    assert ('<table id="ladder-table">' in page) == (shape == "circle")
    for text in (
        f"{result.chosen['parameters']:,}",
        f"{result.test.mean:.4f}".replace("-", "\u2212"),
        f"{result.partition.value:.6g}".replace("-", "\u2212"),
        result.partition.method,
        "independent",
        "cheaplearn predict",
        "cheaplearn sample",
    ):
        assert text in page, text
    strongest = result.strongest(16)
    table = re.search(r'<table class="couplings".*?</table>', page, flags=re.DOTALL).group()
    assert table.count("<tr>") == len(strongest) + 1
    assert f"{strongest['value'].iloc[0]:+.4f}".replace("-", "\u2212") in table
    assert ("95 %" in table) == bool(np.isfinite(strongest["lower"]).any())


def test_sentences_are_apart(page):
    text = re.sub(r"<(style|svg|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.findall(r"[a-z)]\.[A-Z]\w*", re.sub(r"<[^>]*>", "", text))


def test_names_from_the_data_are_escaped(density, page):
    assert "<b>odd</b>" not in page
    assert ("&lt;b&gt;odd&lt;/b&gt;" in page) == (density[0] == "circle")
    assert "toys &amp; trifles" in page
    assert "A note with &lt;angle&gt; brackets." in page


def test_every_picture_says_what_it_shows_and_follows_the_colours_of_the_page(density, page):
    pictures = re.findall(r"<svg[^>]*>", page)
    assert len(pictures) == {"circle": 4, "maps": 2, "bars": 2, "contacts": 4}[density[0]]
    for picture in pictures:
        assert 'role="img"' in picture
        assert len(re.search(r'aria-label="([^"]*)"', picture).group(1)) > 40
    figures = "".join(re.findall(r"<figure.*?</figure>", page, flags=re.DOTALL))
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", figures)) <= {"#000000"}
    assert "<th>" not in page


def test_the_same_result_gives_the_same_page(density, tmp_path):
    write_report(density[1], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == density[2].read_bytes()


@pytest.mark.parametrize("density", ["circle"], indirect=True)
def test_a_model_without_couplings_says_so(density, tmp_path):
    result = density[1]
    keep = result.hamiltonian.monomials.sites[:1]
    hamiltonian = replace(
        result.hamiltonian,
        monomials=replace(result.hamiltonian.monomials, sites=keep),
        coefficients=result.hamiltonian.coefficients[:5],
        standard_errors=result.hamiltonian.standard_errors[:5],
    )
    write_report(
        replace(result, hamiltonian=hamiltonian, couplings=hamiltonian.couplings, strengths=np.zeros((5, 5))),
        tmp_path / "page.html",
    )
    assert "the columns are independent of each other" in (tmp_path / "page.html").read_text()


def test_strongest_and_signs_are_those_of_the_couplings(density):
    shape, result, _ = density
    strongest = result.strongest(3)
    assert strongest["term"].str.contains("*", regex=False).all()
    pairs = result.couplings[result.couplings["term"].str.contains("*", regex=False)]
    assert strongest["value"].abs().tolist() == sorted(pairs["value"].abs(), reverse=True)[:3]
    signs = result.pair_signs()
    assert np.array_equal(signs, signs.T)
    if shape == "contacts":
        assert not signs.any()
    else:
        assert [signs[i, i + 1] for i in range(4)] == [1, 1, 1, 1]  # neighbours of the chain tend to agree


@pytest.mark.parametrize(
    ("order", "radius", "geometry", "orders", "expected"),
    [
        (2, math.inf, False, (1, 2, 3), "Pairs are enough: 1,200 numbers describe 15 bits."),
        (3, math.inf, False, (1, 2, 3), "With triples, 1,200 numbers describe 15 bits."),
        (2, 1.0, True, (1, 2, 3), "Pairs of neighbours are enough: 1,200 numbers describe 15 bits."),
        (2, 2.0, True, (2,), "With pairs within 2 steps, 1,200 numbers describe 15 bits."),
        (1, 0.0, False, (1, 2), "No couplings are needed: 1,200 numbers describe 15 bits."),
        (1, 0.0, False, (1,), "Without couplings, 1,200 numbers describe 15 bits."),
        (4, math.inf, False, (4, 5), "Products of up to four are enough: 1,200 numbers describe 15 bits."),
    ],
)
def test_headline_calls_enough_only_what_was_compared_with_more(order, radius, geometry, orders, expected):
    result = SimpleNamespace(
        chosen=pd.Series({"order": order, "radius": radius, "parameters": 1200, "symmetry": None}, dtype=object),
        ladder=pd.DataFrame({"order": orders, "parameters": [1200] * len(orders)}),
        hamiltonian=SimpleNamespace(geometry=object() if geometry else None),
        names=("x",) * 15,
        kind="bit",
        sequences=False,
    )
    assert density_headline(result) == expected


def test_terms_in_words():
    assert density_terms(1, math.inf, geometry=False) == "fields (one column at a time)"
    assert density_terms(3, math.inf, geometry=False).endswith("couplings of up to three columns")
    assert density_terms(2, 2.0, geometry=True).endswith("couplings of two columns at most 2 steps apart")
