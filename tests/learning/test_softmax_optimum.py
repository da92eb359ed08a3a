"""The optimum against a dense design matrix, SciPy's minimiser and scikit-learn's solver."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning import HamiltonianClassifier
from cheaplearn.learning.coordinates import Features
from cheaplearn.learning.families import Family
from cheaplearn.learning.prior import INDEPENDENT_SHARE
from cheaplearn.learning.softmax import fit_softmax


def data(seed, n=4, samples=60, classes=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, n))
    logits = rng.normal(size=(n, classes))
    y = (X @ logits + rng.gumbel(size=(samples, classes))).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return X, y


def design(t, order, radius, geometry):
    """The dense design matrix, one column per monomial."""
    terms = list(local_monomials(t.shape[1], order, radius, geometry))
    return terms, np.column_stack([np.prod(t[:, list(sites)], axis=1) for sites in terms])


def correlation(terms, chain, smoothness):
    """The prior of the docstring of `term_blocks`, pair by pair."""
    C = np.eye(len(terms))
    for i, a in enumerate(terms):
        for j, b in enumerate(terms):
            shift = b[0] - a[0]
            if i != j and smoothness and len(a) == len(b) and tuple(s + shift for s in a) == b:
                C[i, j] = (1 - INDEPENDENT_SHARE) * math.exp(-(shift**2) / (2 * smoothness**2))
    return C


def slow_objective(Phi, Y, weight, rho, C):
    inverse = np.linalg.inv(C)

    def value(flat):
        theta = flat.reshape(Phi.shape[1] + 1, -1)
        logits = Phi @ theta[:-1] + theta[-1]
        loss = weight @ (logsumexp(logits, axis=1) - np.sum(logits * Y, axis=1))
        return loss + rho / 2 * np.sum(theta[:-1] * (inverse @ theta[:-1]))

    return value


@pytest.mark.parametrize(("order", "radius", "smoothness"), [(1, 0, 0), (2, 1, 0), (2, 1, 1.5), (3, 2, 0.7)])
def test_fit_matches_scipy_on_the_dense_design_matrix(order, radius, smoothness):
    X, y = data(seed=order, samples=40)
    chain, weight = Chain(4), np.random.default_rng(0).uniform(0.5, 2, size=40)
    model = HamiltonianClassifier(order, radius, chain, regularization=0.7, cv=None, smoothness=smoothness)
    H = model.fit(X, y, sample_weight=weight).hamiltonian_
    terms, Phi = design(H.variables.scaled(X), order, radius, chain)
    value = slow_objective(Phi, np.eye(3)[y], weight, 0.7, correlation(terms, chain, smoothness))
    ours = np.vstack([-H.coefficients, -H.offsets])
    twin = minimize(value, np.zeros(ours.size), method="L-BFGS-B", options={"ftol": 1e-15, "maxfun": 10**6})
    assert value(ours.ravel()) <= twin.fun + 1e-9 * abs(twin.fun)
    P = np.exp(H.logits(X))
    theta = twin.x.reshape(ours.shape)
    Q = np.exp(Phi @ theta[:-1] + theta[-1])
    P, Q = P / P.sum(axis=1, keepdims=True), Q / Q.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(P, Q, atol=2e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_order_one_matches_scikit_learns_logistic_regression(classes):
    X, y = data(seed=5, classes=classes)
    model = HamiltonianClassifier(1, 0, regularization=0.5, cv=None).fit(X, y)
    # two classes: scikit-learn penalises the one difference of weights w, we penalise w/2 and -w/2
    C = 1 / 0.5 if classes > 2 else 2 / 0.5
    twin = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(model.hamiltonian_.variables.scaled(X), y)
    expected = twin.predict_proba(model.hamiltonian_.variables.scaled(X))
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)
    assert model.decision_function(X).shape == ((60,) if classes == 2 else (60, 3))


@pytest.mark.parametrize("smoothness", [0, 1.0])
@pytest.mark.parametrize("geometry", [Grid(2, 3), Grid(2, 3, periodic=True)])
def test_primal_and_dual_coordinates_give_the_same_probabilities(smoothness, geometry):
    X, y = data(seed=8, n=6)
    family = Family(2, 1, len(local_monomials(6, 2, 1, geometry)))
    space = Features(X, geometry, smoothness)
    Y = np.eye(3)[y]
    logits = []
    for coordinates in (space.primal(family), space.dual(family)):
        gram = coordinates.Z.T @ coordinates.Z
        np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-9 * gram.max())
        logits.append(fit_softmax(coordinates.Z, Y, np.ones((60, 1)), 0.3).logits[:, 0])
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-6)


def test_gram_matrix_is_the_same_whether_radii_grow_or_not():
    X, _ = data(seed=2, n=9, samples=20)
    growing, grid = Features(X, Grid(3, 3), 1.0), Grid(3, 3)
    for radius in (0, 1, 2):
        family = Family(3, radius, len(local_monomials(9, 3, radius, grid)))
        alone = Features(X, grid, 1.0).dual(family).Z
        together = growing.dual(family).Z
        np.testing.assert_allclose(together @ together.T, alone @ alone.T, atol=1e-10)


def test_problems_solved_together_equal_problems_solved_alone():
    X, y = data(seed=3)
    Y, weight = np.eye(3)[y], np.random.default_rng(1).integers(0, 3, size=(60, 4)).astype(float)
    together = fit_softmax(X, Y, weight, 0.1, tolerance=1e-10)
    assert together.converged.all()
    for k in range(4):
        alone = fit_softmax(X, Y, weight[:, k : k + 1], 0.1, tolerance=1e-10)
        np.testing.assert_allclose(together.weights[:, k], alone.weights[:, 0], atol=1e-8)


@pytest.mark.parametrize("rho", [1e-4, 1e-1, 1e2])
def test_reported_gradient_is_the_gradient(rho):
    X, y = data(seed=4)
    Y = np.eye(3)[y]
    optima = fit_softmax(X, Y, np.ones((60, 1)), rho, tolerance=1e-9)
    W = optima.weights[:, 0]
    P = np.exp(X @ W[:-1] + W[-1])
    P /= P.sum(axis=1, keepdims=True)
    gradient = np.vstack([X.T @ (P - Y) + rho * W[:-1], (P - Y).sum(axis=0)])
    assert optima.converged.all()
    assert np.linalg.norm(gradient) <= 2e-9 * max(rho * np.linalg.norm(W[:-1]), 1e-3)


def test_unreachable_tolerance_is_reported_as_not_converged():
    X, y = data(seed=4)
    assert not fit_softmax(X, np.eye(3)[y], np.ones((60, 1)), 0.1, tolerance=0.0).converged.any()
