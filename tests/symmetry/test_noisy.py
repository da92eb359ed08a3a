"""Symmetries of Hamiltonians whose couplings carry standard errors."""

import numpy as np
import pytest
from symmetric_models import dense, measured, of_form, substituted

import cheaplearn as cl
from cheaplearn.hamiltonian import Hamiltonian, Variables
from cheaplearn.symmetry.action import build_action
from cheaplearn.symmetry.noise import aligned_covariance
from cheaplearn.symmetry.numeric import noisy_null_space
from cheaplearn.symmetry.source import read_source

HENON_HEILES = "(px^2 + py^2 + x^2 + y^2)/2 + x^2*y - y^3/3"


def mild(rng, n):
    """A change of variables with condition number at most e."""
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    return ((left * np.exp(rng.uniform(-0.5, 0.5, n))) @ right).tolist()


@pytest.mark.parametrize(("p", "q", "name"), [(3, 0, "so(3)"), (2, 1, "so(2,1)"), (2, 2, "so(2,2)")])
def test_noisy_algebras_are_found_plain_and_hidden(p, q, name):
    right, residuals = 0, []
    seeds = 20 if p + q < 4 else 6
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        energy = of_form(p, q) if seed % 2 else substituted(of_form(p, q), mild(rng, p + q))
        found = cl.symmetries(measured(energy, rng, 0.02, 4))
        right += found.algebra == name
        residuals += [g.residual / g.expected for g in found.generators if seed % 2]
    assert right >= seeds - (seeds == 20)
    # residuals are as large as said, where entries of the generators carry no error
    assert abs(np.mean(np.square(residuals)) - 1) < 0.3


def test_p_values_of_the_rank_test_are_uniform():
    p_values = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        energies = read_source(measured(substituted(of_form(2, 0), mild(rng, 2)), rng, 0.003, 4), "test")
        action = build_action(energies, [0, 1])
        space = noisy_null_space(action, aligned_covariance(energies, action.terms), 1e-9)
        assert len(space.basis) == 1
        p_values.append(space.p_value)
    z = (np.mean(p_values) - 0.5) / np.sqrt(1 / 12 / len(p_values))
    assert abs(z) < 3.5
    assert np.mean(np.array(p_values) < 0.1) < 0.25


def test_noisy_random_polynomials_have_no_symmetry():
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n = 2 + seed % 3
        error = (0.01, 0.1, 0.5)[seed % 3]
        found = cl.symmetries(measured(dense(rng, n, 3 if n > 3 else 4), rng, error, 3 if n > 3 else 4))
        assert found.dimension == 0, seed
        assert not found.discrete, (seed, found)


def test_noisy_henon_heiles_keeps_its_discrete_symmetries():
    missing, false = 0, 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        found = cl.symmetries(measured(cl.Polynomial.parse(HENON_HEILES), rng, 0.01, 3))
        names = {symmetry.name for symmetry in found.discrete}
        missing += not {"3-fold rotation of (x, y)", "x -> -x", "time reversal (px, py) -> -(px, py)"} <= names
        false += "y -> -y" in names or "swap of x and y" in names or found.algebra != "so(2)"
        assert all(symmetry.p_value > 1e-6 for symmetry in found.discrete)
    assert missing <= 1
    assert false <= 1


def test_a_broken_symmetry_is_seen_once_the_errors_are_small_enough():
    tilted = cl.Polynomial.parse("(x^2 + y^2)^2 + x^2 + y^2 + x^3/50 + x/100")
    rng = np.random.default_rng(0)
    assert cl.symmetries(measured(tilted, rng, 0.1, 4)).algebra == "so(2)"
    assert cl.symmetries(measured(tilted, rng, 1e-4, 4)).dimension == 0


def test_errors_too_large_to_decide_are_said():
    rng = np.random.default_rng(3)
    found = cl.symmetries(measured(of_form(2, 0), rng, 30.0, 4))
    assert found.dimension == 0
    assert "more data would decide" in " ".join(found.words)


def test_scaled_variables_are_read_in_raw_units():
    scale = np.array([2.0, 0.5])
    plain = measured(of_form(2, 0), np.random.default_rng(0), 1e-3, 4)
    powers = np.array([[np.sum(np.array(s) == i) for i in range(2)] for s in plain.monomials])
    units = (scale**powers).prod(axis=1)[:, None]
    variables = Variables(plain.variables.names, ("real",) * 2, np.zeros(2), scale)
    scaled = Hamiltonian(
        plain.monomials, plain.coefficients * units, plain.offsets, plain.classes, variables, None, 4, np.inf,
        standard_errors=plain.standard_errors * units,
    )  # fmt: skip
    one, two = cl.symmetries(plain), cl.symmetries(scaled)
    assert one.algebra == two.algebra == "so(2)"
    assert one.generators[0].p_value == pytest.approx(two.generators[0].p_value, rel=1e-6)


def test_classes_are_compared_by_the_differences_of_their_energies():
    plain = measured(of_form(2, 0), np.random.default_rng(0), 1e-3, 4)
    skew = np.random.default_rng(1).normal(size=plain.coefficients.shape)  # in both classes: of no consequence
    both = Hamiltonian(
        plain.monomials, np.hstack([skew, skew + plain.coefficients]), np.zeros(2), np.array(["a", "b"]),
        plain.variables, None, 4, np.inf, standard_errors=np.hstack([plain.standard_errors] * 2) / np.sqrt(2),
    )  # fmt: skip
    found = cl.symmetries(both)
    assert found.algebra == "so(2)"
    assert "posterior" in found.words[0]
