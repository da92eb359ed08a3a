"""ln Z of real variables against transfer matrices, Gaussian algebra and adaptive quadrature."""

import math

import numpy as np
import pytest
from real_models import TransferMatrix, double_wells, gaussian_chain, hamiltonian_of, henon_heiles, phi4_lattice
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import kstest, truncnorm

from cheaplearn.hamiltonian.partition import real_log_partition
from cheaplearn.hamiltonian.partition.real_annealing import annealed_real_partition
from cheaplearn.hamiltonian.real_target import RealTarget
from cheaplearn.hamiltonian.sampling import sample_real
from cheaplearn.hamiltonian.sampling.gaussian import Gaussian
from cheaplearn.hamiltonian.walls import Walls


def annealed(H, seed, steps=200, chains=200, bounds=None, samples=None):
    return annealed_real_partition(RealTarget(H, bounds, "test"), np.random.default_rng(seed), steps, chains, samples)


@pytest.mark.parametrize(("mass", "coupling"), [(1.0, 0.25), (-2.0, 0.5)])
def test_a_phi4_chain_has_the_ln_z_of_the_transfer_matrix(mass, coupling):
    H = phi4_lattice((8,), mass, coupling, periodic=False)
    truth = TransferMatrix(H).log_partition
    found = real_log_partition(H, 1, steps=400)
    assert found.method == "annealing"
    assert found.verified
    assert found.lower <= found.value == found.upper
    assert abs(found.value - truth) < 5 * found.standard_error + (found.upper - found.lower)
    assert found.standard_error < 0.01
    sides = annealed(H, 2)
    assert abs(sides.log_partition - truth) < 4 * sides.standard_error
    assert abs(sides.forward - truth) < 4 * sides.forward_standard_error
    assert abs(sides.reverse - truth) < 4 * sides.reverse_standard_error


def test_standard_errors_are_those_of_repeated_runs():
    H = phi4_lattice((4,), -1.0, 0.5, periodic=False)
    truth, runs = TransferMatrix(H).log_partition, 60
    X = sample_real(H, runs * 200, 3).values
    for name, error in [("forward", "forward_standard_error"), ("log_partition", "standard_error")]:
        found = [annealed(H, k, steps=20, chains=100, samples=X[k::runs]) for k in range(runs)]
        z = np.array([(getattr(one, name) - truth) / getattr(one, error) for one in found])
        assert abs(z.mean()) < 4 / math.sqrt(runs) + 0.1  # forward is a bound: slightly below the truth
        assert abs(z.std() - 1) < 4 / math.sqrt(2 * runs)


def test_the_combination_is_exact_because_paths_are_their_own_time_reversal():
    H = double_wells(2, height=1.5, tilt=0.3)  # lengths of paths drawn anew for the way back: z = 11
    truth = TransferMatrix(H, reach=3.5).log_partition
    X = sample_real(H, 20_000, 5, chains=2000, burn_in=200, thinning=25).values
    found = annealed(H, 4, steps=6, chains=10_000, samples=X)
    assert found.standard_error < 0.02
    assert abs(found.log_partition - truth) < 4 * found.standard_error


def test_wells_behind_barriers_are_all_counted():
    H = double_wells(2, height=5.0, stiffness=1.0, tilt=0.1)
    truth = TransferMatrix(H, reach=3.0).log_partition
    found = annealed(H, 6, steps=300)
    assert abs(found.log_partition - truth) < 4 * found.standard_error
    assert found.standard_error < 0.05
    assert "RealSamples" in found.notes[0]


@pytest.mark.parametrize("interval", [(-0.5, 0.9), (0.2, 6.0)])
def test_walls_cut_the_integral_off(interval):
    H = phi4_lattice((5,), -1.0, 0.3, periodic=False)
    truth = TransferMatrix(H, interval=interval).log_partition
    walls = [interval if interval[1] < 5 else (interval[0], None)] * 5
    found = annealed(H, 7, bounds=walls)
    assert abs(found.log_partition - truth) < 4 * found.standard_error
    assert found.standard_error < 0.02


def test_gaussians_are_exact_and_annealing_agrees():
    rng = np.random.default_rng(8)
    root = rng.normal(size=(6, 6))
    K, b = root @ root.T + np.eye(6), rng.normal(size=6)
    center, scale = rng.normal(size=6), rng.uniform(0.1, 5, 6)
    terms = {(i, j): K[i, j] * (0.5 if i == j else 1) for i in range(6) for j in range(i, 6)}
    H = hamiltonian_of(terms | {(i,): b[i] for i in range(6)}, 6, center=center, scale=scale)
    found = real_log_partition(H)
    truth = 3 * math.log(2 * math.pi) - np.linalg.slogdet(K)[1] / 2 + b @ np.linalg.solve(K, b) / 2
    truth += np.log(scale).sum()
    assert found.value == found.lower == found.upper == pytest.approx(truth, rel=1e-12)
    assert found.method == "Gaussian integral"
    sides = annealed(H, 9)
    assert abs(sides.log_partition - truth) < 4 * sides.standard_error


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bounds", [None, (-0.7, 0.4), (0.1, None)])
def test_one_variable_is_integrated_as_scipy_does(seed, bounds):
    rng = np.random.default_rng(seed)
    terms = {(0,) * d: float(rng.normal() * 3) for d in range(1, 6)} | {(0,) * 6: float(rng.uniform(0.1, 2))}
    center, scale = rng.normal(size=1), rng.uniform(0.2, 3, 1)
    H = hamiltonian_of(terms, 1, center=center, scale=scale)
    found = real_log_partition(H, bounds=None if bounds is None else [bounds])
    low, high = bounds or (-60 * scale[0] + center[0], 60 * scale[0] + center[0])
    high = 60 * scale[0] if high is None else high
    x = np.linspace(low, high, 200_001)
    energies = H(x[:, None])[:, 0]
    best = energies.min()
    near = x[energies < best + 60]

    def weight(x):
        return math.exp(best - H(np.array([[x]]))[0, 0])

    truth = math.log(quad(weight, near[0], near[-1], points=[x[energies.argmin()]], limit=500)[0]) - best
    assert found.method == "quadrature"
    assert found.value == pytest.approx(truth, abs=1e-7)
    assert found.upper - found.lower < 1e-10


@pytest.mark.parametrize("power", [4, 6, 10])
def test_pure_powers_have_their_gamma_function(power):
    found = real_log_partition(hamiltonian_of({(0,) * power: 1e-8}, 1, center=[3.0], scale=[10.0]))
    truth = math.log(2) + gammaln(1 + 1 / power) + 8 / power * math.log(10) + math.log(10)
    assert found.value == pytest.approx(truth, abs=1e-12)


def test_scales_enter_as_a_jacobian_and_a_seed_repeats():
    terms = {(0, 0): 0.5, (0, 1): 0.4, (1, 1): 1.0, (0, 0, 1): 0.3, (0,) * 4: 0.2, (1,) * 4: 0.1}
    one = real_log_partition(hamiltonian_of(terms, 2), 10, steps=50)
    two = real_log_partition(hamiltonian_of(terms, 2, scale=np.array([2.0**-10, 2.0**9])), 10, steps=50)
    assert two.value == pytest.approx(one.value - math.log(2), abs=1e-12)
    assert repr(one).endswith("by annealing, verified)")


def test_henon_heiles_is_integrated_on_a_grid_if_confined():
    H = henon_heiles(confining=0.1)
    x, w = np.polynomial.legendre.leggauss(300)
    X = np.stack(np.meshgrid(8 * x, 8 * x), axis=-1).reshape(-1, 2)
    truth = math.log((np.exp(-H(X)[:, 0]) * 64 * np.outer(w, w).ravel()).sum())
    found = annealed(H, 11)
    assert abs(found.log_partition - truth) < 4 * found.standard_error
    with pytest.raises(
        ValueError, match=r"`hamiltonian` of `real_log_partition` must be such that exp.-H. can be normalised"
    ):
        real_log_partition(henon_heiles())


def test_the_base_within_walls_is_a_truncated_gaussian():
    walls = Walls(np.array([0.5, -np.inf, 3.0, -np.inf]), np.array([2.0, -1.0, np.inf, np.inf]))
    base = Gaussian(np.array([0.0, 0.2, 1.0, 5.0]), np.array([1.0, 2.0, 0.25, 3.0]), walls)
    parts = [
        quad(lambda x, m=m, s=s: math.exp(-(((x - m) / s) ** 2) / 2), low, high, epsabs=0)[0]
        for m, s, low, high in [(0, 1, 0.5, 2), (0.2, 2, -np.inf, -1), (1, 0.25, 3, 6), (5, 3, -60, 70)]
    ]
    assert base.log_partition == pytest.approx(np.log(parts).sum(), rel=1e-9)
    X = base.raw(base.draw(1000, np.random.default_rng(12)))
    assert walls.contain(X).all()
    np.testing.assert_allclose(base.raw(base.white(X)), X, rtol=1e-12)
    for z, low, high in zip(base.white(X).T, base.white_walls.low, base.white_walls.high, strict=True):
        assert kstest(z, truncnorm(low, high).cdf).pvalue > 1e-4


def test_a_wide_bracket_warns_and_is_not_verified():
    H = double_wells(12, height=1.0)
    with pytest.warns(UserWarning, match="ln Z is not verified: annealing forward and back differ by"):
        found = real_log_partition(H, 13, steps=2, chains=10, samples=sample_real(H, 40, 14, chains=20).values)
    assert not found.verified


def test_wrong_arguments_are_named():
    H = phi4_lattice((3,), periodic=False)
    with pytest.raises(ValueError, match="`steps` of `real_log_partition` must be an integer of at least 2, got 1"):
        real_log_partition(H, steps=1)
    with pytest.raises(ValueError, match=r"`samples` of `real_log_partition` must be at least 4 finite samples of 3"):
        real_log_partition(H, samples=np.zeros((9, 2)))
    with pytest.raises(
        ValueError, match="`samples` of `real_log_partition` must be within `bounds`, got row 1 outside"
    ):
        real_log_partition(H, samples=np.array([[0.0] * 3, [2.0] * 3] * 3), bounds=[(-1, 1)] * 3)
    with pytest.raises(
        ValueError, match=r"`hamiltonian` of `real_log_partition` must be such that exp.-H. can be normalised"
    ):
        real_log_partition(gaussian_chain(3, mass=0.0))
    with pytest.raises(
        ValueError, match=r"`hamiltonian` of `real_log_partition` must be such that exp.-H. can be normalised"
    ):
        real_log_partition(hamiltonian_of({(0, 0): 1.0, (0, 0, 0): 1e-3}, 1))
