"""Pages of flattenings: what they say, and that they need nothing from outside."""

import re

import cheaplearn as cl
from cheaplearn.flattening import linear
from cheaplearn.report import FlatteningPage, LinearPage, write_report

VERSIONS = {"cheaplearn": "0"}


def written(page, tmp_path):
    path = tmp_path / "page.html"
    write_report(page, path)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!#|data:)", text)
    return text


def test_the_page_of_a_product_states_bound_and_costs(tmp_path):
    f = cl.flatten("a*b*c*d")
    text = written(FlatteningPage(f, "cheaplearn flatten", VERSIONS), tmp_path)
    assert "One hidden layer takes 16 neurons, 2 take 12." in text
    assert text.count("<tr>") == len(f.table) + 1
    assert all(bound.model in text for bound in f.bounds)
    assert "every variable in [-1, 1]" in text


def test_names_are_escaped_and_long_polynomials_shortened(tmp_path):
    p = cl.Polynomial.from_dict({(1, 1): 1}, variables=["<b>", "y"])
    assert "<b>*y" not in written(FlatteningPage(cl.flatten(p), "", VERSIONS), tmp_path)
    long = "+".join(f"x{i}*x{i + 1}" for i in range(12))
    assert "12 terms" in written(
        FlatteningPage(cl.flatten(long, biases=True, activation="silu"), "", VERSIONS), tmp_path
    )


def test_affine_polynomials_have_a_page(tmp_path):
    for formula in ("0", "2*x - 1"):
        assert "One hidden layer will do" in written(FlatteningPage(cl.flatten(formula), "", VERSIONS), tmp_path)


def test_the_page_of_a_linear_map_says_which_side_is_cheaper(tmp_path):
    for m, sentence in ((linear.fft(16), "Flattening this map costs"), (linear.haar(16), "the dense matrix is the")):
        text = written(LinearPage(m, m.measure(4, 1), m.error(), "", VERSIONS, ("A note.",)), tmp_path)
        assert sentence in text
        assert "A note." in text
