"""Symmetries of densities from samples: score matching in closed form, with the covariance of its couplings."""

import numpy as np
from symmetric_models import NAMES, monomials

import cheaplearn as cl
from cheaplearn.symmetry.source import Energies


def drawn(energy, rng, count, sweeps=150):
    """Metropolis samples of exp(-energy), one walker each."""
    X = rng.normal(size=(count, len(energy.variables))) * 0.5
    value = energy(X)
    for _ in range(sweeps):
        moved = X + 0.6 * rng.normal(size=X.shape)
        new = energy(moved)
        accepted = np.log(rng.random(count)) < value - new
        X[accepted], value = moved[accepted], np.where(accepted, new, value)
    return X


def score_matched(X, degree):
    """Couplings that minimise mean(|grad H|^2 / 2 - laplace H), and their sandwich covariance."""
    n = X.shape[1]
    names, keys = NAMES[:n], monomials(n, degree)
    gradients, laplacians = np.zeros((len(X), len(keys), n)), np.zeros((len(X), len(keys)))
    for t, monomial in enumerate(keys):
        for i, slope in enumerate(cl.Polynomial({monomial: 1}, names).gradient()):
            gradients[:, t, i] = slope(X)
            laplacians[:, t] += slope.gradient()[i](X)
    A = np.einsum("sti,sui->tu", gradients, gradients) / len(X)
    theta = np.linalg.solve(A, laplacians.mean(axis=0))
    rest = np.einsum("sti,sui,u->st", gradients, gradients, theta, optimize=True) - laplacians
    inverse = np.linalg.inv(A)
    covariance = inverse @ np.cov(rest.T) @ inverse / len(X)
    polynomial = cl.Polynomial(dict(zip(keys, theta.tolist(), strict=True)), names)
    return Energies((polynomial,), names, ("real",) * n, None, tuple((0, key) for key in keys), covariance)


def test_a_hidden_rotation_is_found_in_samples_and_a_broken_one_is_not():
    form = "((x + y/2)^2 + y^2)"
    right, wrong, p_values = 0, 0, []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        found = cl.symmetries(score_matched(drawn(cl.Polynomial.parse(f"{form} + {form}^2/4"), rng, 3000), 4))
        right += found.algebra == "so(2)"
        p_values += [generator.p_value for generator in found.generators]
        broken = cl.Polynomial.parse("x^2 + y^2 + x^4 + y^4 + x*y + x")
        wrong += cl.symmetries(score_matched(drawn(broken, rng, 3000), 4)).dimension
    assert right >= 3
    assert wrong == 0
    assert max(p_values) > 0.05
