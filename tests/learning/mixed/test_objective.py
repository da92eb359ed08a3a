"""The joint objective against a slow twin, its derivatives against differences, its limits against the pure fits."""

import math

import numpy as np
import pytest
from mixed_models import columns_of, random_values, samples_of

from cheaplearn import HamiltonianDensity
from cheaplearn.geometry import groups
from cheaplearn.learning.families import Family
from cheaplearn.learning.mixed.conditional import ConditionalLosses
from cheaplearn.learning.mixed.fitting import fit_mixed_terms, mixed_covariance
from cheaplearn.learning.mixed.objective import MixedObjective, joint_losses
from cheaplearn.learning.mixed.samples import mixed_units
from cheaplearn.learning.mixed.terms import mixed_terms
from cheaplearn.learning.real.solve import solve

FAMILIES = {
    "pairs": (("real", "spin", "bit", "real"), 2, None),
    "quartic": (("real", "bit", "spin"), 4, None),
    "categories": (("real", ("category", 3), "spin", ("category", 2)), 3, None),
    "tied": (("real", ("category", 3), "real", ("category", 3), "spin"), 3, [2, 3, 0, 1, 4]),
    "signed": (("real", "spin", "real", "spin"), 2, [2, 3, 0, 1]),
}


def case(name, samples=30, seed=0):
    kinds, order, permutation = FAMILIES[name]
    rng, columns = np.random.default_rng([seed, order]), columns_of(kinds)
    drawn = samples_of(random_values(columns, samples, rng) * 1.0, rng.uniform(0.5, 2.0, samples))
    signs = [1] * (len(kinds) - 1) + [-1] if name == "signed" else None
    group = None if permutation is None else groups.signed_permutation(permutation, signs)
    lifted = None if group is None else columns.lifted(group)
    variables, _, _ = mixed_units(columns, drawn, [lifted], False, True)
    return mixed_terms(Family(order, math.inf, 0, group), columns, variables, None), drawn, rng


def energy_and_slopes(terms, couplings, t):
    """H, its first and second derivatives by every real variable: term by term, one sample at a time."""
    H, first, second = 0.0, np.zeros(len(t)), np.zeros(len(t))
    for term, c in zip(terms.monomials, couplings.tolist(), strict=True):
        powers = {v: term.count(v) for v in term}
        H += c * math.prod(t[v] ** p for v, p in powers.items())
        for v, p in powers.items():
            rest = c * math.prod(t[u] ** q for u, q in powers.items() if u != v)
            first[v] += rest * p * t[v] ** (p - 1)
            second[v] += rest * p * (p - 1) * t[v] ** max(p - 2, 0)
    return H, first, second


def slow_losses(terms, couplings, T):
    columns, losses = terms.columns, []
    for t in T:
        _, first, second = energy_and_slopes(terms, couplings, t)
        loss = sum(first[c] ** 2 / 2 - second[c] for c in columns.real)
        for site in columns.discrete_sites:
            energies, observed = [], None
            for level in columns.levels(site):
                other = t.copy()
                other[columns.of_site[site]] = level
                energies.append(energy_and_slopes(terms, couplings, other)[0])
                if np.array_equal(other, t):
                    observed = energies[-1]
            loss += observed + np.log(np.sum(np.exp(-np.array(energies))))
        losses.append(loss)
    return np.array(losses)


@pytest.mark.parametrize("name", FAMILIES)
def test_losses_are_those_of_the_slow_twin(name):
    terms, samples, rng = case(name)
    theta = rng.normal(size=(terms.n_free, 2)) * 0.3
    losses = joint_losses(terms, samples, theta)
    T = terms.variables.scaled(samples.X)
    for column in range(2):
        expected = slow_losses(terms, terms.to_terms @ theta[:, column], T)
        assert np.allclose(losses[:, column], expected, rtol=1e-9, atol=1e-9)
    objective = MixedObjective.of(terms, samples, 0.0)
    w = samples.weight
    assert objective.at(theta[:, 0]).value == pytest.approx(w @ losses[:, 0] / w.sum(), rel=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradient_and_second_derivative_are_those_of_the_value(name):
    terms, samples, rng = case(name)
    objective = MixedObjective.of(terms, samples, 0.1)
    theta, K, h = rng.normal(size=terms.n_free) * 0.3, terms.n_free, 1e-5
    point, matrix = objective.at(theta), objective.matrix(objective.at(theta))
    for k in rng.choice(K, size=min(K, 12), replace=False):
        step = h * np.eye(K)[k]
        ahead, behind = objective.at(theta + step), objective.at(theta - step)
        assert point.gradient[k] == pytest.approx((ahead.value - behind.value) / (2 * h), rel=1e-5, abs=1e-7)
        assert np.allclose(matrix[k], (ahead.gradient - behind.gradient) / (2 * h), rtol=1e-5, atol=1e-7)
    assert np.allclose(np.diag(matrix), point.diagonal)
    assert np.allclose(matrix, matrix.T)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_of_single_samples_add_up_and_blocks_do_not_matter(name, monkeypatch):
    terms, samples, rng = case(name, samples=3000)
    theta, t = rng.normal(size=terms.n_free) * 0.3, terms.variables.scaled(samples.X)
    whole = ConditionalLosses(terms, t, samples.weight)
    _, gradient, _ = whole.first(theta)
    parts = [whole.scores(theta, slice(a, a + 700)) @ samples.weight[a : a + 700] for a in range(0, 3000, 700)]
    assert np.allclose(np.sum(parts, axis=0), gradient)
    from cheaplearn.learning.mixed import conditional
    from cheaplearn.learning.real import site_terms

    monkeypatch.setattr(conditional, "KEPT_ENTRIES", 0)
    monkeypatch.setattr(site_terms, "BLOCK_ENTRIES", 1)
    blocked = ConditionalLosses(terms, t, samples.weight)
    for a, b in zip(whole.first(theta), blocked.first(theta), strict=True):
        assert np.allclose(a, b)
    assert np.allclose(whole.second(theta), blocked.second(theta))
    assert np.allclose(whole.losses(theta[:, None]), blocked.losses(theta[:, None]))


def test_real_variables_alone_give_the_couplings_of_score_matching():
    rng, columns = np.random.default_rng(3), columns_of(("real", "real"))
    samples = samples_of(rng.normal(size=(200, 2)))
    variables, _, _ = mixed_units(columns, samples, [None], False, True)
    terms = mixed_terms(Family(4, math.inf, 0), columns, variables, None)
    for ridge in (0.0, 0.1):
        found = fit_mixed_terms(terms, samples, ridge, False)
        assert np.allclose(found.theta, solve(MixedObjective.of(terms, samples, 0.0).sums, ridge).theta, rtol=1e-7)


@pytest.mark.parametrize("kind", ["spin", "bit", ("category", 3)])
def test_discrete_variables_alone_give_the_couplings_of_the_pseudo_likelihood(kind):
    rng, columns = np.random.default_rng(4), columns_of((kind,) * 3)
    q = len(columns.levels(0))
    codes = (rng.integers(q, size=(400, 3)) + np.array([[0, 1, 1]]) * rng.integers(2, size=(400, 1))) % q
    samples = samples_of(np.hstack([columns.levels(i)[codes[:, i]] for i in range(3)]))
    variables, _, _ = mixed_units(columns, samples, [None], False, True)
    terms = mixed_terms(Family(2, math.inf, 0), columns, variables, None)
    found = fit_mixed_terms(terms, samples, 0.0, True)
    raw = columns.decode(samples.X)
    name = kind if isinstance(kind, str) else kind[0]
    pure = HamiltonianDensity(kind=name, order=2, method="pseudolikelihood", regularization=1e-8).fit(raw)
    energies = found.hamiltonian(samples.X)[:, 0] - pure.energy(raw)
    assert np.ptp(energies) < 1e-5  # categories differ by their gauge, nothing else
    if name != "category":
        errors = pure.couplings.standard_error
        assert np.allclose(found.hamiltonian.couplings.standard_error[: len(errors)], errors, rtol=1e-4)


def test_standard_errors_are_the_sandwich_of_single_samples():
    terms, samples, _ = case("categories", samples=400, seed=5)
    objective = MixedObjective.of(terms, samples, 0.01)
    theta = fit_mixed_terms(terms, samples, 0.01, False).theta
    found = mixed_covariance(terms, samples, objective, theta, 0.0)
    h, K, w = 1e-5, len(theta), samples.weight
    gradients = np.array([
        (joint_losses(terms, samples, np.stack([theta + h * e, theta - h * e], axis=1)) @ [0.5 / h, -0.5 / h])
        for e in np.eye(K)
    ])
    V = np.cov(gradients, aweights=w, ddof=0)
    inverse = np.linalg.inv(objective.matrix(objective.at(theta)))
    assert np.allclose(found.matrix, inverse @ V @ inverse / w.sum(), rtol=1e-4, atol=1e-9)


def test_a_weight_of_two_is_two_samples():
    terms, samples, rng = case("pairs", samples=200)
    weight = rng.integers(1, 4, size=200)
    once = samples_of(samples.X, weight.astype(float))
    often = samples_of(np.repeat(samples.X, weight, axis=0))
    a, b = (fit_mixed_terms(terms, some, 0.0, True).hamiltonian for some in (once, often))
    assert np.allclose(a.coefficients, b.coefficients, rtol=1e-8)
    assert np.allclose(a.standard_errors, b.standard_errors, rtol=1e-6)
