"""Samples of real variables against exact sums: transfer matrices, quadrature, Gaussian algebra."""

import itertools

import numpy as np
import pytest
from real_models import (
    TransferMatrix,
    double_wells,
    gaussian_chain,
    hamiltonian_of,
    henon_heiles,
    one_site,
    phi4_lattice,
)
from scipy.stats import chi2, kstest, truncnorm

from cheaplearn.hamiltonian import Hamiltonian, Variables, local_monomials
from cheaplearn.hamiltonian.sampling import sample_real
from cheaplearn.hamiltonian.sampling.gaussian import Gaussian
from cheaplearn.hamiltonian.sampling.step_sizes import StepSizes
from cheaplearn.hamiltonian.sampling.trajectories import Trajectories
from cheaplearn.hamiltonian.slopes import Slopes
from cheaplearn.hamiltonian.walls import Walls


def z_scores(drawn, truth, powers):
    """How far means of monomials lie from the truth, in standard errors of as many samples as they are worth."""
    scores = []
    for power in powers:
        values = np.prod([drawn.values[:, int(i)] ** p for i, p in power.items()], axis=0)
        error = values.std() / np.sqrt(drawn.effective_sample_size)
        scores.append((values.mean() - truth.mean(**power)) / error)
    return np.array(scores)


def pairs_and_squares(n):
    return [{str(i): 2} for i in range(n)] + [{str(i): 1, str(j): 1} for i in range(n) for j in range(i)]


@pytest.mark.parametrize(("mass", "coupling"), [(1.0, 0.25), (-1.5, 0.5), (0.0, 2.0)])
def test_moments_of_a_phi4_chain_are_those_of_the_transfer_matrix(mass, coupling):
    H = phi4_lattice((8,), mass, coupling, periodic=False)
    drawn = sample_real(H, 10_000, random_state=1)
    assert drawn.method == "hmc"
    assert drawn.r_hat < 1.02
    assert drawn.effective_sample_size > 5000
    scores = z_scores(drawn, TransferMatrix(H), pairs_and_squares(8))
    assert np.abs(scores).max() < 4  # 36 correlated scores: 4 is passed by chance once in 500
    assert 0.4 < np.sqrt((scores**2).mean()) < 1.6


@pytest.mark.parametrize("method", ["exact", "hmc"])
def test_correlated_gaussians_have_their_mean_and_covariance(method):
    H = gaussian_chain(20, mass=0.05, stiffness=2.0, field=0.3)
    K = 0.05 * np.eye(20) + 2.0 * (np.diag(np.r_[1, np.full(18, 2), 1]) - np.eye(20, k=1) - np.eye(20, k=-1))
    covariance, n = np.linalg.inv(K), 20_000
    drawn = sample_real(H, n, 2, method=method)
    assert drawn.method == method
    size = drawn.effective_sample_size
    mean = (drawn.values.mean(axis=0) - 0.3 * covariance.sum(axis=0)) / np.sqrt(np.diag(covariance) / size)
    error = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / size)
    assert np.abs(mean).max() < 4
    assert np.abs((np.cov(drawn.values.T) - covariance) / error).max() < 4.5


def test_a_long_run_fills_a_tilted_double_well_as_quadrature_says():
    H = double_wells(1, height=2.0, tilt=0.4)
    drawn = sample_real(H, 20_000, random_state=3, method="hmc", chains=400, thinning=40)
    edges = np.linspace(-2, 2, 41)
    x, w = np.polynomial.legendre.leggauss(40)
    mass = [one_site(H, (a + b) / 2 + (b - a) / 2 * x) @ w for a, b in itertools.pairwise(edges)]
    p = np.array(mass) / np.sum(mass)
    counts = np.histogram(drawn.values[:, 0], edges)[0]
    assert drawn.effective_sample_size > 15_000
    kept = p * len(drawn) > 5
    statistic = ((counts - len(drawn) * p) ** 2 / (len(drawn) * p))[kept].sum()
    assert chi2.sf(statistic, kept.sum() - 1) > 1e-4


def test_coupled_double_wells_that_hmc_cannot_cross_get_their_shares():
    H = double_wells(6, height=7.0, stiffness=1.5, tilt=0.04)
    truth = TransferMatrix(H, reach=3.0)
    drawn = sample_real(H, 400, random_state=4)
    assert drawn.method == "tempering"
    assert "disagreed" in drawn.notes[0]
    assert drawn.r_hat < 1.05
    scores = z_scores(drawn, truth, [{"0": 1}, {"5": 1}, {"0": 1, "5": 1}, {"3": 2}, {"2": 1, "4": 1}])
    assert np.abs(scores).max() < 4
    with pytest.warns(UserWarning, match="The chains have not mixed: split R-hat"):
        stuck = sample_real(H, 400, random_state=4, method="hmc", burn_in=300, thinning=5)
    assert any("disagree" in note for note in stuck.notes)


def test_units_of_the_variables_do_not_matter():
    terms = {(0,): 0.3, (0, 0): 0.5, (0, 1): 0.4, (1, 1): 1.0, (0, 0, 1): 0.3, (0,) * 4: 0.2, (1,) * 4: 0.1}
    scale = np.array([2.0**-10, 2.0**9])  # powers of two: no rounding differs
    one, two = sample_real(hamiltonian_of(terms, 2), 500, 6), sample_real(hamiltonian_of(terms, 2, scale=scale), 500, 6)
    np.testing.assert_array_equal(two.values / scale, one.values)
    center = np.array([30.0, -5000.0])
    moved = sample_real(hamiltonian_of(terms, 2, center=center, scale=scale), 4000, 6)
    far = sample_real(hamiltonian_of(terms, 2), 4000, 7)
    shift = ((moved.values - center) / scale).mean(axis=0) - far.values.mean(axis=0)
    sizes = moved.effective_sample_size, far.effective_sample_size
    assert np.abs(shift / (far.values.std(axis=0) * np.sqrt(1 / sizes[0] + 1 / sizes[1]))).max() < 4


def test_walls_cut_a_gaussian_off():
    bounds = [(0.5, 2.0), (-0.3, None), (None, 0.1), (None, None)]
    H = hamiltonian_of({(i, i): 0.5 for i in range(4)}, 4)
    drawn = sample_real(H, 4000, 7, bounds=bounds)
    assert drawn.method == "hmc"
    for column, (low, high) in zip(drawn.values.T, [(0.5, 2.0), (-0.3, np.inf), (-np.inf, 0.1), (-9, 9)], strict=True):
        assert low <= column.min()
        assert column.max() <= high
        assert kstest(column[:: len(column) // 1500], truncnorm(low, high).cdf).pvalue > 1e-4
    box = sample_real(hamiltonian_of({(0,): 0.0}, 1), 500, 8, bounds=[(2, 3)])  # flat between walls
    assert kstest(box.values[:, 0], "uniform", (2, 1)).pvalue > 1e-4


def test_folding_is_a_mirror_at_every_wall():
    walls = Walls(np.array([0.0, -1.0, -np.inf, -np.inf]), np.array([1.0, np.inf, 2.0, np.inf]))
    X = np.array([[2.3, -3.0, 5.0, 9.0], [-0.2, 7.0, 1.0, -9.0], [3.1, -1.0, 2.0, 0.0]])
    P = np.ones_like(X)
    walls.reflect(X, P)
    np.testing.assert_allclose(X, [[0.3, 1.0, -1.0, 9.0], [0.2, 7.0, 1.0, -9.0], [0.9, -1.0, 2.0, 0.0]])
    np.testing.assert_array_equal(P, [[1, -1, -1, 1], [-1, 1, 1, 1], [-1, 1, 1, 1]])


@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("walled", [False, True])
def test_paths_come_back_and_keep_the_energy_to_second_order(beta, walled):
    H = phi4_lattice((4,), 1.0, 0.5)
    walls = Walls(np.full(4, -1.0), np.full(4, 1.3)) if walled else Walls.read(None, 4, "test")
    units = Gaussian(np.full(4, 0.1), np.array([0.5, 0.7, 0.6, 0.8]), walls)
    Z = units.draw(50, np.random.default_rng(9))

    class Fixed:
        """Draws one given momentum and accepts everything."""

        def __init__(self, P):
            self.P = P

        def normal(self, size):
            return self.P.copy()

        def random(self, size):
            return np.full(size, -1.0)

    errors = []
    P = np.random.default_rng(10).normal(size=Z.shape)
    for steps in (8, 16):
        chains = Trajectories(Slopes.of_hamiltonian(H), units, Z)
        chance = chains.move(steps, 0.4 / steps, beta, Fixed(P))
        errors.append(np.abs(np.log(chance)).mean())
        end = chains.Z.copy()
        assert np.abs(end - Z).max() > 0.1
        back = Trajectories(chains.slopes, units, end)
        momentum = _last_momentum(chains.slopes, units, Z, P, steps, 0.4 / steps, beta)
        back.move(steps, 0.4 / steps, beta, Fixed(-momentum))
        np.testing.assert_allclose(back.Z, Z, atol=1e-9)
    assert walled or errors[1] < errors[0] / 2.5  # a quarter, but for rounding and the paths that end where they began


def _last_momentum(slopes, units, Z, P, steps, size, beta):
    """The same leapfrog path, written out once more."""

    def force(Z):
        return (1 - beta) * Z + beta * units.factor * slopes.values_and_gradients(units.raw(Z))[1]

    Z, P = Z.copy(), P - size / 2 * force(Z)
    for step in range(steps):
        Z = Z + size * P
        units.white_walls.reflect(Z, P)
        P = P - (size if step < steps - 1 else size / 2) * force(Z)
    return P


def test_step_sizes_reach_their_acceptance():
    sizes, rng = StepSizes(np.array([1e-4, 3.0])), np.random.default_rng(11)
    scale = np.array([0.01, 1.0])
    for _ in range(600):
        sizes.learn(np.exp(-((sizes.now / scale) ** 2)) * rng.uniform(0.9, 1.1, 2))
    np.testing.assert_allclose(sizes.settled, scale * np.sqrt(-np.log(0.8)), rtol=0.1)


def test_a_seed_repeats_the_samples():
    H = double_wells(2, height=1.0)
    for method in ("hmc", "tempering"):
        one, two = (sample_real(H, 300, 12, method, burn_in=100, thinning=20, chains=20) for _ in range(2))
        np.testing.assert_array_equal(one.values, two.values)
        assert one.notes == two.notes
    assert repr(one).startswith("RealSamples(300 of 2 variables by tempering, worth ")


def test_henon_heiles_has_no_density_unless_confined():
    with pytest.raises(ValueError, match=r"`hamiltonian` of `sample_real` must be such that exp.-H. can be normalised"):
        sample_real(henon_heiles(), 10, 0)
    drawn = sample_real(henon_heiles(confining=0.1), 4000, 13)
    x, w = np.polynomial.legendre.leggauss(200)
    X = np.stack(np.meshgrid(8 * x, 8 * x), axis=-1).reshape(-1, 2)
    p = np.exp(-henon_heiles(confining=0.1)(X)[:, 0]) * np.outer(w, w).ravel()
    for value in (lambda X: X[:, 1], lambda X: (X**2).sum(axis=1), lambda X: 3 * X[:, 0] ** 2 * X[:, 1] - X[:, 1] ** 3):
        truth = (value(X) * p).sum() / p.sum()
        found = value(drawn.values)
        assert abs(found.mean() - truth) < 4 * found.std() / np.sqrt(drawn.effective_sample_size)


@pytest.mark.parametrize(
    ("terms", "n"),
    [
        ({(0, 0): 1.0, (0,) * 4: -1e-3}, 1),  # a well that chains would hardly leave
        ({(0, 0): 1.0, (1, 1): 1.0, (0, 0, 0, 0): 1.0, (1, 1, 1, 1): 1.0, (0, 0, 1, 1): -2.1}, 2),
        ({(0, 0): 1.0, (0, 0, 0): 1e-6}, 1),
        ({(0, 0): 1.0, (1,): 1.0}, 2),
        ({(0, 0): 1.0, (0, 1): 3.0, (1, 1): 1.0}, 2),
        ({(0,) * 4: 1.0}, 2),
    ],
)
def test_densities_that_do_not_exist_are_refused(terms, n):
    with pytest.raises(ValueError, match=r"`hamiltonian` of `sample_real` must be such that exp.-H. can be normalised"):
        sample_real(hamiltonian_of(terms, n), 10, 0)


def test_wrong_arguments_are_named():
    H = gaussian_chain(3)
    for arguments, message in [
        ({"n": 0}, "`n` of `sample_real` must be an integer of at least 1, got 0"),
        ({"method": "nuts"}, "`method` of `sample_real` must be one of auto, exact, hmc, tempering, got 'nuts'"),
        ({"bounds": [(0, 1)]}, "`bounds` of `sample_real` must be one pair for each of 3 variables"),
        (
            {"bounds": [(0, 1), (2, 1), (0, 1)]},
            r"`bounds` of `sample_real` must be rising, got \(2, 1\) for variable 1",
        ),
        ({"method": "exact", "bounds": [(0, 1)] * 3}, "`method` of `sample_real` must be another than exact"),
        ({"method": "hmc", "start": np.ones((2, 2))}, "`start` of `sample_real` must be finite numbers of shape"),
        ({"start": np.full((1, 3), 5.0), "bounds": [(0, 1)] * 3}, "`start` of `sample_real` must be within `bounds`"),
    ]:
        with pytest.raises(ValueError, match=message):
            sample_real(H, **({"n": 5, "random_state": 0} | arguments))
    spins = Variables.default(2, ["spin", "spin"])
    terms = local_monomials(2, 1, np.inf, None, spins.kinds)
    mixed = Hamiltonian(terms, np.ones((2, 1)), np.zeros(1), np.array(["H"]), spins, None, 1, 0)
    with pytest.raises(ValueError, match="`hamiltonian` of `sample_real` must be of real variables"):
        sample_real(mixed, 5)


def test_chains_start_where_they_are_told():
    H = double_wells(6, height=30.0)  # no chain leaves the well it starts in
    drawn = sample_real(H, 200, 14, method="hmc", start=np.ones((3, 6)), burn_in=100, thinning=5)
    assert np.all(drawn.values > 0)
