"""The page as text: self-contained, complete, escaped."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cheaplearn.report import GenericSizes, TestScore, write_report
from cheaplearn.report.coupling_figures import evidence
from cheaplearn.report.words import table_size


class Outline(HTMLParser):
    """Collects ids and checks that elements close in the order they opened."""

    void = frozenset({"meta", "link", "br", "img", "path", "use"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references = [], [], []

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        self.ids += [facts["id"]] if "id" in facts else []
        self.references += [value for name, value in attributes if name in {"href", "src", "xlink:href"}]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


@pytest.fixture
def page(written):
    return written[1].read_text(encoding="utf-8")


def outline_of(page):
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    return outline


def test_nothing_outside_the_page_is_named(page):
    assert not re.search(r"https?://|@import|<script|<iframe|//cdn", page)
    for reference in outline_of(page).references:
        assert reference.startswith(("#", "data:"))


def test_ids_are_unique_and_every_reference_inside_the_page_has_a_target(page):
    outline = outline_of(page)
    assert len(set(outline.ids)) == len(outline.ids)
    used = {reference[1:] for reference in outline.references if reference.startswith("#")}
    used |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert used <= set(outline.ids)


def test_everything_promised_is_on_the_page(written, page):
    result, _ = written
    chosen, network = result.chosen, result.network
    for section in ("ladder", "couplings", "accuracy", "network", "certificate", "use", "origin"):
        assert f'<section id="{section}">' in page
    for text in (
        f"{chosen['parameters']:,}",
        f"{network.synapses:,} synapses",
        f"{result.test.right} of {result.test.rows}",
        "cl.load(&#34;network.npz&#34;)" if "&#34;network" in page else 'cl.load("network.npz")',
        "onnxruntime.InferenceSession",
        "cheaplearn predict",
        network.formula,
        *network.certificate.assumptions,
        *(f"{name} {version}" for name, version in result.versions.items()),
    ):
        assert text in page.replace("&lt;=", "<="), text


def test_names_from_the_data_are_escaped(page):
    assert "<b>odd</b>" not in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert "toys &amp; trifles" in page
    assert "A note with &lt;angle&gt; brackets." in page


def test_every_picture_says_what_it_shows(page):
    pictures = re.findall(r"<svg[^>]*>", page)
    assert len(pictures) == 6
    for picture in pictures:
        assert 'role="img"' in picture
        assert len(re.search(r'aria-label="([^"]*)"', picture).group(1)) > 40


def test_tables_have_headers_with_a_scope(page):
    for table in re.findall(r"<table.*?</table>", page, flags=re.DOTALL):
        assert '<th scope="col"' in table
    assert "<th>" not in page


def test_pictures_follow_the_colours_of_the_page(page):
    figures = "".join(re.findall(r"<figure.*?</figure>", page, flags=re.DOTALL))
    fixed = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", figures))
    assert fixed <= {"#000000"}


def test_the_same_result_gives_the_same_page(written, tmp_path):
    result, path = written
    write_report(result, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()


def test_a_network_without_certificate_is_refused(written, tmp_path):
    result = replace(written[0], network=replace(written[0].network, certificate=None))
    with pytest.raises(ValueError, match=r"`result` of `write_report` must be with a certified network"):
        write_report(result, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_evidence_is_what_the_softmax_sees(written):
    hamiltonian = written[0].hamiltonian
    values = evidence(hamiltonian)
    assert np.abs(values.sum(axis=1)).max() < 1e-12
    differences = values[:, 0] - values[:, 1]
    assert np.allclose(differences, hamiltonian.coefficients[:, 1] - hamiltonian.coefficients[:, 0])


def test_generic_sizes_of_digits_like_data():
    X = np.zeros((17, 64))
    X[:, 3] = np.arange(17)
    sizes = GenericSizes.of(X, 10)
    assert (sizes.values, sizes.variables) == (17, 64)
    assert sizes.log10_table == pytest.approx(64 * np.log10(17))
    assert sizes.full_orders == ((1, 650), (2, 21450), (3, 479050))
    assert str(table_size(sizes)) == "17<sup>64</sup> ≈ 10<sup>79</sup>"
    assert str(table_size(GenericSizes.of(np.eye(3), 2))) == "2<sup>3</sup> = 8"


@pytest.mark.parametrize(("right", "rows", "expected"), [(10, 10, 1 / 22), (50, 100, 0.0497519)])
def test_standard_error_is_wilsons(right, rows, expected):
    assert TestScore(right, rows, np.zeros((2, 2))).standard_error == pytest.approx(expected, rel=1e-5)
