"""Fitted energies as densities: polynomials of single states, ln Z against quadrature, samples, existence."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from mixed_models import columns_of, quartic_draws, quartic_energy, random_gaussian, random_values
from scipy.integrate import quad

from cheaplearn.hamiltonian import Hamiltonian, Monomials, Variables, local_monomials
from cheaplearn.learning.mixed import drawing, existence
from cheaplearn.learning.mixed.existence import mixed_existence
from cheaplearn.learning.mixed.gaussians import ConditionalGaussians
from cheaplearn.learning.mixed.model import MixedModel
from cheaplearn.learning.mixed.polynomials import ConditionalPolynomials, count_states, states_of_sites


def hamiltonian_of(columns, terms, center=0.0, scale=1.0):
    """H with given couplings of products of columns, in scaled variables."""
    order = max(map(len, terms))
    blocks = [sorted(term for term in terms if len(term) == d) for d in range(1, order + 1)]
    monomials = Monomials(tuple(np.array(block, int).reshape(-1, d) for d, block in enumerate(blocks, start=1)))
    real = np.array([kind == "real" for kind in columns.column_kinds])
    variables = Variables(
        columns.column_names, columns.column_kinds, np.where(real, center, 0.0), np.where(real, scale, 1.0)
    )
    values = np.array([[terms[term]] for term in monomials])
    return Hamiltonian(monomials, values, np.zeros(1), np.array(["H"]), variables, None, order, math.inf)


def random_hamiltonian(kinds, order, seed):
    rng, columns = np.random.default_rng(seed), columns_of(kinds)
    monomials = columns.expanded(local_monomials(len(kinds), order, math.inf, None, columns.kinds))
    terms = dict(zip(monomials, rng.normal(size=len(monomials)).tolist(), strict=True))
    return columns, hamiltonian_of(columns, terms, 0.3, 1.7), rng


KINDS = ("spin", "real", ("category", 3), "real", "bit")


def test_polynomials_of_single_states_have_the_energies_of_the_hamiltonian():
    columns, H, rng = random_hamiltonian(KINDS, 4, 0)
    polynomials, values = ConditionalPolynomials(H, columns), random_values(columns, 50, rng)
    coefficients = polynomials.coefficients(values)
    t = H.variables.scaled(values)[:, columns.real]
    powers = np.array([[math.prod(row[v] for v in term) for term in polynomials.real_terms] for row in t])
    assert np.allclose(np.sum(coefficients * powers, axis=1), H(values)[:, 0])
    low, high = polynomials.ranges()
    assert np.all((coefficients > low - 1e-12) & (coefficients < high + 1e-12))


def test_states_are_enumerated_once_each():
    columns = columns_of(KINDS)
    sites = columns.discrete_sites
    states = states_of_sites(columns, sites, np.arange(count_states(columns, sites)))
    assert len(np.unique(states, axis=0)) == count_states(columns, sites) == 12
    assert np.all(states[:, columns.real] == 0)


def test_log_partition_is_that_of_quadrature():
    columns = columns_of(("real", "spin", "real", ("category", 3)))
    terms = {(0, 0): 1.0, (2, 2): 0.8, (0, 2): 0.3, (0, 1): 0.5, (2, 3): -0.4, (1, 4): 0.7, (1,): 0.2, (0,): -0.3}
    terms |= {(0, 0, 1): 0.4, (0, 2, 3): 0.2}  # squares that depend on the state, too
    H = hamiltonian_of(columns, terms, 0.4, 1.3)
    model = MixedModel(H, columns, mixed_existence(H, columns))
    assert model.existence.verdict == "yes"
    grid = np.linspace(-14, 14, 281)  # the trapezoidal rule is exact to rounding for what dies out so smoothly
    x, y = (axis.ravel() for axis in np.meshgrid(grid, grid))
    total = 0.0
    for state in states_of_sites(columns, columns.discrete_sites, np.arange(6)):
        rows = np.tile(state, (len(x), 1))
        rows[:, columns.real] = np.column_stack([x, y])
        total += np.exp(-H(rows)[:, 0]).sum() * 0.1**2
    assert model.partition().value == pytest.approx(math.log(total), abs=1e-9)
    assert model.partition().verified


@pytest.mark.parametrize("seed", range(3))
def test_log_partition_of_conditional_gaussians_is_known(seed):
    rng = np.random.default_rng(seed)
    truth, columns = random_gaussian(3, 4, rng), columns_of(("real",) * 3 + ("spin",) * 4)
    H = hamiltonian_of(columns, truth.couplings())
    model = MixedModel(H, columns, mixed_existence(H, columns))
    assert model.partition().value == pytest.approx(truth.log_Z, abs=1e-10)


def test_log_partition_says_where_it_is_possible():
    columns = columns_of(("real", "spin"))
    quartic = hamiltonian_of(columns, {(0,) * 4: 1.0, (0, 1): 1.0})
    model = MixedModel(quartic, columns, mixed_existence(quartic, columns))
    with pytest.raises(ValueError, match=r"at most quadratic in the real .* at most 65,536 states, got degree 4"):
        model.partition()
    many = columns_of(("real",) + ("spin",) * 17)
    H = hamiltonian_of(many, {(0, 0): 1.0, (0, 3): 1.0})
    with pytest.raises(ValueError, match="got 131,072 states"):
        MixedModel(H, many, mixed_existence(H, many)).partition()


def moments(values):
    """Means of all products of at most two columns, with their standard errors if samples are independent."""
    pairs = list(itertools.combinations_with_replacement(range(values.shape[1]), 2))
    products = np.hstack([values, np.column_stack([values[:, i] * values[:, j] for i, j in pairs])])
    return products.mean(axis=0), products.std(axis=0) / math.sqrt(len(values))


@pytest.mark.parametrize("method", ["exact", "gibbs"])
def test_samples_of_conditional_gaussians_have_the_moments_of_independent_ones(method):
    rng = np.random.default_rng(7)
    truth, columns = random_gaussian(2, 3, rng), columns_of(("real",) * 2 + ("spin",) * 3)
    H = hamiltonian_of(columns, truth.couplings())
    drawn = MixedModel(H, columns, mixed_existence(H, columns)).sample(4000, method, 1)
    assert drawn.method == method
    (a, ea), (b, eb) = moments(truth.draw(100_000, rng)), moments(drawn.values)
    worth = drawn.effective_sample_size / 4000
    moving = eb > 0  # squares of spins do not
    z = (a - b)[moving] / np.sqrt(ea**2 + eb**2 / worth)[moving]
    assert np.abs(z).max() < 4
    again = MixedModel(H, columns, mixed_existence(H, columns)).sample(4000, method, 1)
    assert np.array_equal(again.values, drawn.values)


def quartic_hamiltonian():
    columns = columns_of(("real", "real", "spin", "bit"))
    terms = {(0,) * 4: 1.0, (0, 0): -1.0, (0, 1): 0.5, (1, 1): 1.0, (1,) * 4: 0.4, (0, 2): 0.4, (0, 0, 2, 3): 0.3}
    terms |= {(2, 3): -0.5, (1, 1, 3): 0.2}
    return columns, hamiltonian_of(columns, terms)


def test_samples_of_a_quartic_energy_have_the_moments_of_metropolis():
    columns, H = quartic_hamiltonian()
    rng = np.random.default_rng(8)
    values = random_values(columns, 5, rng)
    assert np.allclose(H(values)[:, 0], quartic_energy(*values.T))
    drawn = MixedModel(H, columns, mixed_existence(H, columns)).sample(4000, "auto", 2)
    assert drawn.method == "gibbs"
    assert 0.6 < drawn.acceptance < 0.95
    (a, ea), (b, eb) = moments(quartic_draws(10_000, rng)), moments(drawn.values)
    moving = eb > 0
    z = (a - b)[moving] / np.sqrt(ea**2 + eb**2 * 4000 / drawn.effective_sample_size)[moving]
    assert np.abs(z).max() < 4


def test_samples_of_categories_have_their_frequencies():
    columns = columns_of(("real", ("category", 3)))
    H = hamiltonian_of(columns, {(0,) * 4: 1.0, (0, 1): 1.0, (2,): -0.5, (0, 2): -0.6})
    Z = [quad(lambda x, f=f, e=e: math.exp(-(x**4) - f * x - e), -5, 5)[0] for f, e in ((0, 0), (1.0, 0), (-0.6, -0.5))]
    drawn = MixedModel(H, columns, mixed_existence(H, columns)).sample(4000, "gibbs", 3)
    raw = columns.decode(drawn.values)
    for state, z in zip("abc", Z, strict=True):
        p = z / sum(Z)
        assert abs(np.mean(raw[:, 1] == state) - p) < 4 * math.sqrt(p * (1 - p) / drawn.effective_sample_size)


def test_methods_and_numbers_without_a_meaning_are_refused():
    columns, H = quartic_hamiltonian()
    for options, message in (
        ({"method": "exact"}, "must be gibbs unless H is quadratic in the real variables"),
        ({"method": "hmc"}, "must be one of auto, exact, gibbs, got 'hmc'"),
        ({"method": "gibbs", "thinning": 0}, "`thinning` of .* must be an integer of at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            drawing.draw_mixed(H, columns, None, 10, **options)


EXISTENCE = [
    ({(0, 0): 1.0, (1, 1): 1.0, (0, 1, 2): 1.5}, "yes"),  # |c| < 2 whatever the spin
    ({(0, 0): 1.0, (1, 1): 1.0, (0, 1, 2): 2.5}, "no"),
    ({(0, 0): 1.0, (1, 1): 1.0, (0, 0, 3): -0.9}, "yes"),
    ({(0, 0): 1.0, (1, 1): 1.0, (0, 0, 3): -1.1}, "no"),  # with the bit set
    ({(0,) * 4: 1.0, (1,) * 4: 1.0, (0, 0, 0, 1, 2): 1.0, (0, 0, 1): 5.0}, "yes"),
    ({(0,) * 4: 1.0, (1,) * 4: 1.0, (0, 0, 0, 0, 2, 3): 1.0}, "no"),  # vanishes with spin -1 and bit 1
    ({(0,) * 4: 1.0, (1, 1): 1.0, (0, 0, 2): 9.0}, "yes"),
    ({(0, 0): 1.0, (2,): 1.0}, "no"),  # nothing holds the second variable
]


@pytest.mark.parametrize(("terms", "verdict"), EXISTENCE)
def test_existence_is_decided_for_the_worst_state(terms, verdict):
    columns = columns_of(("real", "real", "spin", "bit"))
    found = mixed_existence(hamiltonian_of(columns, terms, 1.0, 2.0), columns)
    assert found.verdict == verdict
    if verdict == "no":
        assert found.direction


def test_states_are_tried_one_by_one_where_sizes_prove_nothing(monkeypatch):
    columns = columns_of(("real",) * 3 + ("spin",))
    K = {(0, 1): 1.2, (0, 2): 1.2, (1, 2): 1.2}  # positive definite, but not with all signs flipped at will
    squares = {(i, i): 1.0 for i in range(3)}
    H = hamiltonian_of(columns, squares | K | {(0, 3): 3.0, (0, 0, 3): 0.1})
    found = mixed_existence(H, columns)
    assert found.verdict == "yes"
    assert "2 different polynomials" in found.proof
    monkeypatch.setattr(existence, "MAX_STATES", 1)
    undecided = mixed_existence(H, columns)
    assert undecided.verdict == "undecided"
    without = mixed_existence(hamiltonian_of(columns, squares | K | {(0, 3): 3.0}), columns)
    assert without.verdict == "yes"  # linear terms do not matter: one polynomial


def test_polynomials_beyond_the_budget_leave_the_question_open(monkeypatch):
    columns = columns_of(("real", "real", "spin", "spin"))
    mixed = {(0, 0, 0, 1): -3.2, (0, 1, 1, 1): 3.2, (0, 0, 1, 1): 4.0}  # with signs at will: negative at (1, 1)
    terms = {(0,) * 4: 1.0, (1,) * 4: 1.0} | mixed | {(0, 2): 1.0, (1, 3): 1.0}
    H = hamiltonian_of(columns, terms)
    assert mixed_existence(H, columns).verdict == "yes"
    monkeypatch.setattr(existence, "MAX_WORK", 0)
    found = mixed_existence(H, columns)
    assert found.verdict == "undecided"
    assert found.proof.startswith("Of 4 different polynomials of the real variables only 1 were tried")


def test_what_does_not_exist_is_not_sampled():
    columns = columns_of(("real", "spin"))
    H = hamiltonian_of(columns, {(0, 0): -1.0, (1,): 1.0})
    model = MixedModel(H, columns, mixed_existence(H, columns))
    for asked in (lambda: model.sample(3, "auto", 0), model.partition):
        with pytest.raises(ValueError, match=r"must be asked of a density that exists, got .*H falls"):
            asked()
    forced = replace(model.existence, verdict="undecided")
    with pytest.raises(ValueError, match="squares are positive definite for every state"):
        MixedModel(H, columns, forced).partition()


def test_draws_of_reals_have_the_conditional_mean_and_covariance():
    rng = np.random.default_rng(9)
    truth, columns = random_gaussian(3, 2, rng), columns_of(("real",) * 3 + ("spin",) * 2)
    H = hamiltonian_of(columns, truth.couplings())
    gaussians = ConditionalGaussians(ConditionalPolynomials(H, columns), H.variables, columns)
    s = np.array([1.0, -1.0])
    states = np.tile(np.concatenate([np.zeros(3), s]), (20_000, 1))
    x = gaussians.draw_reals(states, rng)
    covariance = np.linalg.inv(truth.K)
    error = np.sqrt(np.diag(covariance) / len(x))
    assert np.all(np.abs(x.mean(axis=0) + covariance @ truth.B @ s) < 4 * error)
    assert np.allclose(np.cov(x.T), covariance, atol=5 * covariance.max() / math.sqrt(len(x) / 2))
