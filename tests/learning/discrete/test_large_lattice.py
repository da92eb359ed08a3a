"""A lattice of more states than float64 can count is fitted without complaint, by the pseudo-likelihood."""

import numpy as np

import cheaplearn as cl


def test_method_auto_counts_states_without_overflow():
    S = np.random.default_rng(0).choice([-1, 1], (1300, 1200))
    grid = cl.Grid(30, 40, periodic=True)
    model = cl.HamiltonianDensity(kind="spin", order=1, geometry=grid, radius=0).fit(S)
    assert model.method_ == "pseudolikelihood"
    np.testing.assert_allclose(-np.tanh(model.hamiltonian_.coefficients[:, 0]), S.mean(axis=0), atol=1e-4)
