"""Every objective against its definition, written the slow obvious way: all states of one site, one at a time."""

import itertools

import numpy as np
import pytest
from discrete_models import KINDS, design, random_samples, random_terms
from sklearn.linear_model import LogisticRegression

from cheaplearn.learning.discrete import fields, partition
from cheaplearn.learning.discrete.fitting import _objective
from cheaplearn.learning.discrete.partition import Partition

METHODS = ("likelihood", "pseudolikelihood", "screening")


def flipped(codes, site, state):
    changed = codes.copy()
    changed[:, site] = state
    return changed


def definition(terms, samples, method, rho):
    """The function of theta in the docstring of `HamiltonianDensity`; energies are features times theta."""
    w = samples.weight / samples.weight.sum()
    sizes = samples.alphabet.sizes
    own = design(terms, samples.codes)
    everything = design(terms, np.array(list(itertools.product(*map(range, sizes)))))
    of_states = [[design(terms, flipped(samples.codes, i, a)) for a in range(q)] for i, q in enumerate(sizes)]

    def value(theta):
        H = own @ theta
        total = rho / (2 * samples.weight.sum()) * float(theta @ theta)
        if method == "likelihood":
            return total + float(w @ H) + float(np.log(np.exp(-everything @ theta).sum()))
        for features in of_states:
            per_state = np.array([one @ theta for one in features])
            if method == "pseudolikelihood":
                total += float(w @ (H + np.log(np.exp(-per_state).sum(axis=0))))
            else:
                total += float(np.log(w @ np.exp(H - per_state.mean(axis=0))))
        return total

    return value


def slow_gradient(f, theta, step=1e-5):
    return np.array([(f(theta + step * e) - f(theta - step * e)) / (2 * step) for e in np.eye(len(theta))])


@pytest.fixture(params=[fields.DenseProducts, fields.SlotProducts, fields.OneHotProducts], ids=["blas", "slots", "hot"])
def _path(request, monkeypatch):
    chosen = request.node.callspec.params
    if request.param is fields.OneHotProducts and (chosen["kind"] != "category" or chosen["order"] > 2):
        pytest.skip("rows of W are added for pairs of categories only")
    monkeypatch.setattr(partition, "products_of", request.param)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_value_and_gradient_follow_the_definition(kind, order, method):
    samples = random_samples(kind, seed=order)
    terms = random_terms(kind, samples, order)
    objective = _objective(terms, samples, method, 3.0, Partition)
    rng = np.random.default_rng(order)
    theta = terms.projected(0.4 * rng.normal(size=len(terms)))
    point = objective.at(theta)
    slow = definition(terms, samples, method, 3.0)
    assert point.value == pytest.approx(slow(theta), rel=1e-12)
    np.testing.assert_allclose(point.gradient, terms.projected(slow_gradient(slow, theta)), atol=2e-9)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_second_derivative_is_that_of_the_gradient(kind, order, method):
    samples = random_samples(kind, seed=order)
    terms = random_terms(kind, samples, order)
    objective = _objective(terms, samples, method, 3.0, Partition)
    rng = np.random.default_rng(order + 10)
    theta, d, e = (terms.projected(0.4 * rng.normal(size=len(terms))) for _ in range(3))
    point = objective.at(theta)
    change = objective.at(theta + 1e-5 * d).gradient - objective.at(theta - 1e-5 * d).gradient
    image = objective.second(point, d)  # after points elsewhere: nothing kept for them may be used
    scale = np.abs(image).max()
    np.testing.assert_allclose(image, change / 2e-5, atol=2e-5 * scale)
    assert e @ image == pytest.approx(d @ objective.second(point, e), rel=1e-4, abs=1e-5 * scale)
    assert d @ image > 0


@pytest.mark.parametrize("kind", KINDS)
def test_energies_of_fields_and_of_the_hamiltonian_are_the_same(kind):
    """The twin's own features against the public Hamiltonian."""
    samples = random_samples(kind)
    terms = random_terms(kind, samples, 3)
    theta = np.random.default_rng(1).normal(size=len(terms))
    values = samples.alphabet.decode(samples.codes)
    np.testing.assert_allclose(terms.hamiltonian(theta)(values)[:, 0], design(terms, samples.codes) @ theta, atol=1e-12)


def test_the_part_of_each_site_vanishes_at_its_own_logistic_regression():
    """With shared couplings the estimator is not the node-wise one, but its gradient is the sum over the nodes.

    Node i regresses s_i on the other spins: log-odds minus twice the field.
    """
    samples = random_samples("spin", rows=400)
    terms = random_terms("spin", samples, 2)
    objective = _objective(terms, samples, "pseudolikelihood", 0.0, Partition)
    s = 2.0 * samples.codes - 1
    n = s.shape[1]
    for site in range(n):
        others = np.delete(np.arange(n), site)
        node = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000)
        node.fit(s[:, others], samples.codes[:, site], sample_weight=samples.weight)
        theta = np.zeros(len(terms))
        for number, sites in enumerate(terms.monomials):
            if sites == (site,):
                theta[number] = -node.intercept_[0] / 2
            elif site in sites:
                theta[number] = -node.coef_[0][np.flatnonzero(others == sum(sites) - site)[0]] / 2
        slots = objective.sums.first(theta).slots / objective.total
        own = objective.pattern.column == site
        np.testing.assert_allclose(slots[own], 0, atol=1e-6)
        assert np.abs(slots[~own]).max() > 1e-3  # the other nodes have optima of their own


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["pseudolikelihood", "screening"])
def test_sums_of_parts_add_up(kind, method):
    samples = random_samples(kind, rows=501)
    terms = random_terms(kind, samples, 3)
    whole = _objective(terms, samples, method, 0.0, Partition).sums
    theta = 0.3 * np.random.default_rng(2).normal(size=len(terms))
    d = np.random.default_rng(3).normal(size=len(terms))
    parts = [
        Partition(whole.atoms[:, a:b], whole.weight[a:b], whole.pattern, whole.loss) for a, b in [(0, 7), (7, 501)]
    ]
    for one, both in zip(whole.first(theta), parts[0].first(theta).plus(parts[1].first(theta)), strict=True):
        np.testing.assert_allclose(one, both, rtol=1e-9, atol=1e-9)
    both = parts[0].second(theta, d) + parts[1].second(theta, d)
    np.testing.assert_allclose(whole.second(theta, d), both, rtol=1e-4, atol=1e-3)
