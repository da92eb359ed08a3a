"""The page of a density of real variables: complete, honest about existence and units, escaped."""

import re

import numpy as np
import pytest
from report.test_page import outline_of

from cheaplearn.hamiltonian.normalizable import Normalizability
from cheaplearn.report import write_report
from cheaplearn.report.density_words import escape_words


@pytest.fixture
def page(real):
    return real[2].read_text(encoding="utf-8")


def text_of(page):
    text = re.sub(r"<(style|svg|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", text).split())


def test_nothing_outside_the_page_is_named_and_ids_fit(page):
    assert not re.search(r"https?://|@import|<script|<iframe|//cdn", page)
    outline = outline_of(page)
    assert len(set(outline.ids)) == len(outline.ids)
    used = {reference[1:] for reference in outline.references if reference.startswith("#")}
    assert used | set(re.findall(r"url\(#([^)]+)\)", page)) <= set(outline.ids)


def test_everything_promised_is_on_the_page(real, page):
    shape, result, _ = real
    for section in ("ladder", "couplings", "held-out", "existence", "use", "origin"):
        assert f'<section id="{section}">' in page
    assert ('<table id="ladder-table">' in page) == (shape in {"circle", "tied"})
    assert ('<p id="verdict">' in page) == (shape in {"circle", "tied"})
    assert result.real.existence.proof.replace("'", "&#39;") in page
    assert "Hyvärinen score" in page
    for one in result.real.scores:
        assert f"{one.mean:.4f}".replace("-", "\u2212") in page
    strongest = result.strongest(16)
    table = re.search(r'<table class="couplings".*?</table>', page, flags=re.DOTALL).group()
    assert table.count("<tr>") == len(strongest) + 1
    assert f"{strongest['value'].iloc[0]:+.4g}".replace("-", "\u2212") in table
    assert ("and 1 like it" in table) == (shape == "tied")
    assert "A note with &lt;angle&gt; brackets." in page
    assert "<b>odd</b>" not in page


def test_scores_are_in_nats_nowhere(page):
    assert "loss (nats)" not in page
    assert not re.search(r"Hyvärinen score</th>[^<]*nats", page)
    assert not re.search(r"Hyvärinen score is <b>[^<]*nats", page)
    assert "not in nats" in page or 'id="ladder-table"' not in page


def test_ln_z_and_ln_p_are_there_if_and_only_if_the_density_exists(real, page):
    shape, result, _ = real
    exists = shape != "falling"
    assert ("This density exists (proved)." in page) == exists
    assert ("No such density exists (proved)." in page) == (not exists)
    assert ('<section id="partition">' in page) == exists
    assert ("ln p" in text_of(page)) == exists
    assert ("falls without end" in page) == (not exists)
    if exists:
        assert f"{result.partition.value:.6g}".replace("-", "\u2212") in page
        assert "\u22123.2100" in page
    assert ("Bounds that were given: x0 from 0 to 1, x1 from 0 to 1." in text_of(page)) == (shape == "bounded")


def test_strongest_terms_are_sorted_in_scaled_units_and_have_no_constant(real):
    _, result, _ = real
    strongest = result.strongest(100)
    assert "1" not in strongest["term"].tolist()
    sizes = strongest["value_scaled"].abs().to_numpy()
    assert np.all(sizes[:-1] >= sizes[1:])
    raw = result.couplings.set_index("term")["value_raw"]
    assert strongest["value"].tolist() == [raw[term] for term in strongest["term"]]


def test_signs_of_pairs_say_whether_variables_go_together(real):
    shape, result, _ = real
    signs = result.pair_signs()
    assert not np.diag(signs).any()
    if shape in {"circle", "falling"}:
        assert signs[0, 1] == signs[1, 0] == 1  # b was made of the first column


def test_the_same_result_gives_the_same_page(real, tmp_path):
    write_report(real[1], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == real[2].read_bytes()


def test_the_way_out_is_written_with_its_powers():
    found = Normalizability("no", "", "direction", {"x": -1.5, "y": 2.0}, {"y": 2.0})
    assert escape_words(found) == "x = -1.5 s, y = 2 s^2 (s to infinity)"
    many = Normalizability("no", "", "direction", {f"x{i}": 1.0 for i in range(9)}, None)
    assert escape_words(many).endswith("x5 = 1 s and 3 more (s to infinity)")
    assert escape_words(Normalizability("yes", "", "gaussian")) == ""
