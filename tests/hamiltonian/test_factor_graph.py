import itertools
import math

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet, FactorGraph, Hamiltonian, Monomials, Variables, local_monomials
from cheaplearn.hamiltonian.features import linear_combination

SIZES = [3, 2, 4]


def binary_hamiltonian(kinds, order=3, seed=0):
    rng = np.random.default_rng(seed)
    monomials = local_monomials(len(kinds), order, math.inf, kinds=kinds)
    theta = rng.normal(size=(len(monomials), 2))
    variables = Variables.default(len(kinds), kinds)
    return Hamiltonian(monomials, theta, np.zeros(2), np.array([0, 1]), variables, None, order, math.inf)


def categorical_hamiltonian(seed=0):
    rng = np.random.default_rng(seed)
    categories = Alphabet(("u", "v", "w"), tuple(np.array(list("abcd")[:q]) for q in SIZES))
    names = [f"{name}={label}" for name, labels in zip("uvw", categories.labels, strict=True) for label in labels]
    site = np.repeat(range(3), SIZES)
    bits = local_monomials(9, 3, math.inf, kinds=["bit"] * 9)
    kept = [block[[len(set(row)) == len(row) for row in site[block]]] for block in bits.sites]
    monomials = Monomials(tuple(kept))
    variables = Variables(tuple(names), ("bit",) * 9, np.zeros(9), np.ones(9))
    theta = rng.normal(size=(len(monomials), 1))
    return Hamiltonian(monomials, theta, np.zeros(1), np.array(["H"]), variables, None, 3, math.inf, categories)


def all_codes(sizes):
    return np.array(list(itertools.product(*[range(q) for q in sizes])))


@pytest.mark.parametrize("kinds", [["spin"] * 5, ["bit"] * 5, ["spin", "bit", "spin", "bit", "bit"]])
@pytest.mark.parametrize("column", [0, 1])
def test_tables_of_spins_and_bits_have_the_energies_of_the_polynomial(kinds, column):
    H = binary_hamiltonian(kinds)
    codes = all_codes(H.alphabet.sizes)
    energies = FactorGraph.from_hamiltonian(H, column).energies(codes)
    np.testing.assert_allclose(energies, H(H.alphabet.decode(codes))[:, column], rtol=1e-12, atol=1e-12)


def test_tables_of_categories_have_the_energies_of_the_indicator_polynomial():
    H = categorical_hamiltonian()
    codes = all_codes(SIZES)
    one_hot = np.hstack([np.eye(q)[codes[:, i]] for i, q in enumerate(SIZES)])
    expected = linear_combination(one_hot, H.monomials, H.coefficients)[:, 0]
    np.testing.assert_allclose(FactorGraph.from_hamiltonian(H).energies(codes), expected, atol=1e-12)
    np.testing.assert_allclose(H(H.categories.decode(codes))[:, 0], expected, atol=1e-12)


def test_one_table_reads_as_scope_and_axes():
    graph = FactorGraph.from_hamiltonian(categorical_hamiltonian())
    assert list(graph.scopes()) == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert [graph.table(f).shape for f in (0, 5, 6)] == [(3,), (2, 4), (3, 2, 4)]
    start, entry = graph.incidence
    touching = [{int(np.searchsorted(graph.site_start, e, side="right")) - 1 for e in entry[start[1] : start[2]]}]
    assert touching == [{1, 3, 5, 6}]


def test_codes_and_labels_are_inverse():
    categories = categorical_hamiltonian().categories
    codes = all_codes(SIZES)
    np.testing.assert_array_equal(categories.encode(categories.decode(codes)), codes)


def test_an_unknown_value_is_named_by_row_and_column():
    categories = categorical_hamiltonian().categories
    with pytest.raises(ValueError, match=r"one of 'a', 'b' in column 1 \(v\), got 'c' in row 1"):
        categories.encode(np.array([["a", "b", "d"], ["a", "c", "d"]]))
    with pytest.raises(ValueError, match=r"one of -1, 1 in column 0 \(x0\), got 0 in row 0"):
        Alphabet.of_kinds(["x0"], ["spin"]).encode(np.array([[0]]))


def test_saving_keeps_categories_and_standard_errors():
    H = categorical_hamiltonian()
    H = Hamiltonian(**{**vars_of(H), "standard_errors": np.abs(H.coefficients)})
    again = Hamiltonian.from_arrays(*H.to_arrays())
    assert again.categories == H.categories
    np.testing.assert_array_equal(again.standard_errors, H.standard_errors)


def vars_of(H):
    return {name: getattr(H, name) for name in H.__dataclass_fields__}


def test_real_variables_have_no_tables():
    H = binary_hamiltonian(["spin"] * 2, order=1)
    real = Hamiltonian(**{**vars_of(H), "variables": Variables.default(2)})
    with pytest.raises(ValueError, match="real variable x0"):
        FactorGraph.from_hamiltonian(real)


def test_labels_of_objects_become_text_and_mixtures_are_refused():
    alphabet = Alphabet(("x",), (np.array(["a", "b"], object),))
    assert alphabet.labels[0].dtype.kind == "U"
    with pytest.raises(ValueError, match="numbers or text, not both"):
        Alphabet(("x",), (np.array(["a", None], object),))
