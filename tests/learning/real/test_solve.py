"""Normal equations: pseudo-inverse, ridges, and eight digits of an ill-conditioned fit against exact arithmetic."""

import flint
import numpy as np
import pytest
from product_families import monomials_of, random_products

from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.errors import coupling_covariance
from cheaplearn.learning.real.solve import solve, solve_path
from cheaplearn.learning.real.sums import ScoreSums, score_sums


def random_sums(seed, n_samples=60, **kind):
    rng = np.random.default_rng(seed)
    basis = ProductBasis(monomials_of(random_products(rng, 3, 4, 4)), **kind)
    return score_sums(rng.normal(size=(n_samples, basis.n_variables)), None, basis)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_solutions_satisfy_the_normal_equations_one_by_one_and_on_a_path(seed, ridge):
    sums = random_sums(seed)
    full = sums.A + ridge * np.diag(np.diag(sums.A))
    solution = solve(sums, ridge)
    np.testing.assert_allclose(full @ solution.theta, sums.b, atol=1e-9 * np.abs(sums.b).max())
    path = solve_path(sums, np.array([0.0, 0.01, ridge]))
    np.testing.assert_allclose(path.theta[:, 2], solution.theta, rtol=1e-8, atol=1e-10)
    assert solution.rank == path.rank == len(sums)
    assert solution.notes == path.notes == ()
    assert 0.1 * path.condition < solution.condition < 100 * path.condition


@pytest.mark.parametrize("seed", range(5))
def test_a_path_is_the_least_loss_with_its_penalty(seed):
    sums, rng = random_sums(seed), np.random.default_rng(seed)
    ridges = np.array([0.0, 1e-3, 0.5])
    path = solve_path(sums, ridges)
    penalty = np.diag(sums.A) / sums.weight / 2

    def penalised(theta):
        return sums.loss(theta) + ridges * (penalty @ theta**2)

    for _ in range(20):
        nearby = path.theta + 1e-3 * rng.normal(size=path.theta.shape)
        assert np.all(penalised(nearby) > penalised(path.theta))


def test_scaling_a_function_scales_its_coupling_and_nothing_else():
    sums = random_sums(1)
    d = np.exp(8 * np.random.default_rng(2).normal(size=len(sums)))
    scaled = ScoreSums(sums.A * d * d[:, None], sums.b * d, sums.weight, sums.count)
    for ridge in (0.0, 0.1):
        np.testing.assert_allclose(solve(scaled, ridge).theta * d, solve(sums, ridge).theta, rtol=1e-9)


def test_directions_without_information_are_named_left_small_and_have_no_error():
    """With t1 = t0 and t2 = 0 the gradients of 2 t0 t1 and t0^2 + t1^2 agree, those of t0 t2 and t1 t2 agree, and
    that of t2^2 vanishes."""
    basis = ProductBasis(local_monomials(3, 2, np.inf))
    t = np.random.default_rng(0).normal(size=(100, 3))
    t[:, 2], t[:, 1] = 0.0, t[:, 0]
    sums = score_sums(t, None, basis)
    solution = solve(sums)
    place = basis.place
    assert solution.rank == len(basis) - 3
    assert "determine 6 of 9 directions" in solution.notes[0]
    assert "falls without end" in solution.notes[0]  # the curvature of t2^2 rewards a density ever narrower
    assert solution.theta[place[0, 2]] == pytest.approx(solution.theta[place[1, 2]], abs=1e-12)
    np.testing.assert_allclose(sums.A @ solution.null, 0, atol=1e-10)
    covariance = coupling_covariance(t, None, basis, solution.theta, sums)
    unknown = np.flatnonzero(np.isnan(covariance.standard_errors))
    assert set(unknown) == {place[i, j] for i in range(3) for j in range(i, 3)}
    combinations = np.zeros((2, len(basis)))
    combinations[0, [place[0, 2], place[1, 2]]] = 1.0
    combinations[1, [place[0, 0], place[0, 1], place[1, 1]]] = 1.0
    assert np.isfinite(covariance.errors_of(combinations)).all()


def test_more_couplings_than_the_samples_determine_still_solve():
    basis = ProductBasis(local_monomials(4, 3, np.inf))
    t = np.random.default_rng(0).normal(size=(5, 4))
    sums = score_sums(t, None, basis)
    solution = solve(sums)
    assert solution.rank == 20 < len(basis)
    d = 1 / np.sqrt(np.diag(sums.A))
    inverse = np.linalg.pinv(sums.A * d * d[:, None], rcond=1e-12, hermitian=True)
    np.testing.assert_allclose(solution.theta, d * (inverse @ (d * sums.b)), rtol=1e-7)
    assert "falls without end" in solution.notes[0]
    np.testing.assert_allclose(solution.null.T @ solution.null, np.eye(len(basis) - 20), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "order", "samples"), [(4, 3, 5), (6, 4, 20), (8, 4, 40)])
def test_the_rank_is_the_number_of_derivatives_seen(n, order, samples, dtype):
    basis = ProductBasis(local_monomials(n, order, np.inf))
    t = np.random.default_rng(0).normal(size=(samples, n)).astype(dtype)
    assert solve(score_sums(t, None, basis)).rank == n * samples < len(basis)


def test_a_function_given_twice_shares_its_coupling_and_the_loss_keeps_its_minimum():
    basis = ProductBasis(local_monomials(1, 2, 0))
    twice = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    t = np.random.default_rng(0).normal(size=(50, 1))
    once, both = (solve(score_sums(t, None, basis, tying)) for tying in (None, twice))
    np.testing.assert_allclose(both.theta, once.theta[[0, 1, 1]] / [1, 2, 2], rtol=1e-12)
    assert both.rank == 2
    assert "determine 2 of 3" in both.notes[0]
    assert "falls without end" not in both.notes[0]


def test_merged_sums_are_as_coarse_as_the_coarser_part():
    basis = ProductBasis(local_monomials(1, 2, 0))
    fine, coarse = (score_sums(np.ones((3, 1), dtype), None, basis) for dtype in (np.float64, np.float32))
    assert (fine + coarse).eps == (coarse + fine).eps == coarse.eps > fine.eps


@pytest.mark.parametrize("seed", range(4))
def test_order_eight_keeps_eight_digits(seed):
    """Couplings of t .. t^8 against the same normal equations of the same samples in rational arithmetic."""
    rng = np.random.default_rng(seed)
    t = [rng.normal, rng.standard_t, rng.uniform, rng.normal][seed](
        *[(), (5,), (-2, 2), (0.5, 0.7)][seed], size=(1000, 1)
    )
    basis = ProductBasis(local_monomials(1, 8, 0))
    theta = basis.to_monomials() @ solve(score_sums(t, None, basis)).theta
    exact = exact_couplings(t[:, 0], 8)
    assert np.max(np.abs(theta - exact) / np.abs(exact)) < 1e-8


def exact_couplings(t, order):
    moments = [sum((flint.fmpq(*float(x).as_integer_ratio()) ** p for x in t), flint.fmpq(0)) for p in range(2 * order)]
    powers = range(1, order + 1)
    A = flint.fmpq_mat([[p * q * moments[p + q - 2] for q in powers] for p in powers])
    b = flint.fmpq_mat([[p * (p - 1) * moments[max(p - 2, 0)]] for p in powers])
    theta = A.solve(b)
    return np.array([int(theta[k, 0].p) / int(theta[k, 0].q) for k in range(order)])


def test_bad_ridges_and_empty_sums_are_refused():
    sums = random_sums(0)
    with pytest.raises(ValueError, match="`ridge` of `solve` must be not negative and finite"):
        solve(sums, -1.0)
    with pytest.raises(ValueError, match="`ridge` of `solve_path` must be not negative and finite"):
        solve_path(sums, np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match="of samples with weight"):
        solve(ScoreSums(sums.A, sums.b, 0.0, 0))
