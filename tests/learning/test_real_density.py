"""Densities of real variables: couplings recovered, families chosen, laws of the estimator, what is refused."""

import numpy as np
import pandas as pd
import pytest
from real_fields import gaussian_ring, phi4_couplings, phi4_ring
from scipy.integrate import dblquad

import cheaplearn as cl
from cheaplearn import Chain, HamiltonianDensity


def z_scores(model, truth):
    table = model.couplings.set_index("term")
    return {term: (table.value_raw[term] - value) / table.standard_error[term] for term, value in truth.items()}


def test_couplings_of_a_phi4_ring_are_recovered_within_their_errors():
    X, ring = phi4_ring(8, 6000, seed=1), Chain(8, periodic=True)
    truth = phi4_couplings()
    tied = HamiltonianDensity(order=4, radius=1, geometry=ring, symmetry="translation+reflection+sign flip").fit(X)
    assert max(map(abs, z_scores(tied, truth).values())) < 3
    free = HamiltonianDensity(order=4, radius=1, geometry=ring).fit(X)
    table = free.couplings.query("term != '1'")
    expected = np.zeros(len(table))
    for k, sites in enumerate(free.hamiltonian_.monomials):
        powers = sorted(sites.count(site) for site in set(sites))
        expected[k] = {(2,): truth["x0**2"], (1, 1): truth["x0*x1"], (4,): truth["x0**4"]}.get(tuple(powers), 0.0)
    z = (table.value_raw - expected) / table.standard_error
    assert np.abs(z).max() < 4.5  # of 80 couplings
    assert 0.5 < np.mean(z**2) < 1.8  # couplings of one site are correlated: about 20 independent ones


def test_tied_couplings_are_as_exact_as_many_samples_of_one():
    X, ring = phi4_ring(8, 4000, seed=2), Chain(8, periodic=True)
    tied = HamiltonianDensity(order=4, radius=1, geometry=ring, symmetry="translation").fit(X).couplings
    free = HamiltonianDensity(order=4, radius=1, geometry=ring).fit(X).couplings
    ratio = tied.set_index("term").standard_error["x0**4"] / free.set_index("term").standard_error["x0**4"]
    assert 0.25 < ratio < 0.45  # 1 / sqrt(8) = 0.35 if the sites were independent


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda seed: gaussian_ring(6, 3000, seed), (2, 1, "translation+reflection+sign flip")),
        (lambda seed: phi4_ring(6, 3000, seed, sweeps=80), (4, 1, "translation+reflection+sign flip")),
    ],
)
def test_order_radius_and_symmetry_are_found_in_nineteen_of_twenty_seeds(draw, expected):
    hits = 0
    for seed in range(20):
        model = HamiltonianDensity(
            order="auto", radius="auto", geometry=Chain(6, periodic=True), symmetry="auto", random_state=seed
        ).fit(draw(seed))
        hits += (model.order_, model.radius_, model.symmetry_) == expected
    assert hits >= 19


def test_what_breaks_a_symmetry_is_not_tied():
    rng = np.random.default_rng(3)
    X = gaussian_ring(6, 4000, 3) * rng.permutation([1.0, 1.0, 1.0, 1.3, 1.3, 1.3])
    model = HamiltonianDensity(
        order=2, radius=1, geometry=Chain(6, periodic=True), symmetry=[None, "translation"], random_state=0
    ).fit(X)
    assert model.symmetry_ is None
    assert model.verdict_.startswith("not cheap")


def test_the_density_of_two_variables_integrates_to_one():
    X = phi4_ring(2, 4000, seed=4, sweeps=60)
    model = HamiltonianDensity(order=4, random_state=0).fit(X)
    total, _ = dblquad(lambda y, x: np.exp(model.score_samples([[x, y]])[0]), -5, 5, -5, 5, epsabs=1e-4)
    error = model.partition_.standard_error
    assert abs(np.log(total)) < max(4 * error, 1e-3)


def test_units_do_not_matter():
    X = phi4_ring(4, 3000, seed=5, sweeps=60)
    rng = np.random.default_rng(5)
    scale, shift = rng.uniform(0.1, 10, 4), rng.normal(size=4) * 3
    first = HamiltonianDensity(order=4, standard_errors=False).fit(X)
    second = HamiltonianDensity(order=4, standard_errors=False).fit(X * scale + shift)
    energies = [first.energy(X), second.energy(X * scale + shift)]
    assert np.ptp(energies[0] - energies[1]) < 1e-6 * np.ptp(energies[0])


def test_the_mean_score_is_zero_and_a_weight_of_two_is_two_samples():
    X = phi4_ring(3, 500, seed=6, sweeps=60)
    weight = np.random.default_rng(6).integers(0, 3, 500)
    by_weight = HamiltonianDensity(order=4).fit(X, sample_weight=weight)
    by_rows = HamiltonianDensity(order=4).fit(np.repeat(X, weight, axis=0))
    pd.testing.assert_frame_equal(by_weight.couplings, by_rows.couplings, rtol=1e-6, atol=1e-9)


def test_order_two_is_the_inverse_covariance():
    X = gaussian_ring(5, 400, 7) + 3.0
    precision = np.linalg.inv(np.cov(X.T, bias=True))
    for method in ("likelihood", "score matching"):
        model = HamiltonianDensity(order=2, method=method).fit(X)
        table = model.couplings.set_index("term").value_raw
        assert table["x0**2"] == pytest.approx(precision[0, 0] / 2, rel=1e-8)
        assert table["x1*x3"] == pytest.approx(precision[1, 3], rel=1e-8, abs=1e-10)
        gaussian = -0.5 * np.linalg.slogdet(precision)[1] + 2.5 * np.log(2 * np.pi)
        loss = gaussian + 0.5 * np.einsum("ij,jk,ik->i", X - X.mean(0), precision, X - X.mean(0))
        assert np.allclose(model.score_samples(X), -loss)
        assert model.method_ == method


def test_positive_variables_need_their_bounds():
    rng = np.random.default_rng(8)
    X = rng.exponential(1.0, (20_000, 2))
    model = HamiltonianDensity(order=1, bounds=(0, None)).fit(X)
    z = z_scores(model, {"x0": 1.0, "x1": 1.0})
    assert max(map(abs, z.values())) < 3.5
    assert model.normalizability_.verdict == "yes"
    assert np.isneginf(model.score_samples([[-1.0, 1.0]])[0])


def test_a_density_that_does_not_exist_is_said_and_can_be_forbidden():
    rng = np.random.default_rng(9)
    X = rng.standard_t(3, (300, 2))  # heavy tails ask for a negative quartic coupling
    with pytest.warns(UserWarning, match="The fitted density does not exist"):
        model = HamiltonianDensity(order=4).fit(X)
    assert model.normalizability_.verdict == "no"
    with pytest.raises(ValueError, match=r"`sample` of `HamiltonianDensity` must be asked of a density that exists"):
        model.sample(10)
    with pytest.warns(UserWarning, match="no density that provably exists"):
        proper = HamiltonianDensity(order=4, normalizable="guarantee", random_state=0).fit(X)
    assert proper.normalizability_.verdict == "yes"
    assert np.isfinite(proper.score(X))


def test_samples_have_the_moments_of_the_data():
    X = phi4_ring(4, 6000, seed=10, sweeps=100)
    model = HamiltonianDensity(order=4, radius=1, geometry=Chain(4, periodic=True)).fit(X)
    drawn = model.sample(4000, random_state=0)
    for power in (2, 4):
        a, b = X**power, drawn**power
        error = np.sqrt(a.var(0) / len(a) + b.var(0) / len(b) * 2)
        assert np.all(np.abs(a.mean(0) - b.mean(0)) < 5 * error)
    assert np.array_equal(drawn, model.sample(4000, random_state=0))


def test_a_torch_tensor_gives_the_same_couplings():
    torch = pytest.importorskip("torch")
    X = phi4_ring(4, 1000, seed=11, sweeps=60)
    first = HamiltonianDensity(order=4, radius=1, geometry=Chain(4)).fit(X).hamiltonian_.coefficients
    for dtype, digits in ((torch.float64, 1e-9), (torch.float32, 1e-4)):
        model = HamiltonianDensity(order=4, radius=1, geometry=Chain(4)).fit(torch.tensor(X, dtype=dtype))
        assert np.abs(model.hamiltonian_.coefficients - first).max() < digits * np.abs(first).max()


def test_an_interrupted_ladder_goes_on_where_it_stopped(tmp_path, monkeypatch):
    X = gaussian_ring(5, 300, 12)
    settings = {"order": [2, 4], "radius": "auto", "geometry": Chain(5), "symmetry": "auto", "random_state": 0}
    first = HamiltonianDensity(checkpoint=tmp_path, **settings).fit(X)
    from cheaplearn.learning.real import ladder

    monkeypatch.setattr(ladder, "_score_members", None)  # nothing is left to score
    again = HamiltonianDensity(checkpoint=tmp_path, **settings).fit(X)
    pd.testing.assert_frame_equal(first.ladder_, again.ladder_)


def test_nested_families_share_sums_and_lose_nothing_by_it():
    X = phi4_ring(5, 500, seed=13, sweeps=60)
    fixed = {"geometry": Chain(5, periodic=True), "regularization": 0.0, "random_state": 0}
    together = HamiltonianDensity(order=[2, 4], radius="auto", symmetry=[None, "translation"], **fixed).fit(X)
    for _, row in together.ladder_.iterrows():
        few = HamiltonianDensity(order=[1, int(row.order)], radius=row.radius, symmetry=row.symmetry, **fixed).fit(X)
        (loss,) = few.ladder_.query(f"order == {row.order}").loss
        assert loss == pytest.approx(row.loss, rel=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "screening"}, r"`method` of `HamiltonianDensity` must be one of auto, score matching, likelihood"),
        ({"order": 4, "method": "likelihood"}, r"`method` of `HamiltonianDensity` must be score matching unless"),
        ({"l1": 0.1}, r"`l1` of `HamiltonianDensity` must be 0.0 for kind='real', got 0.1"),
        ({"normalizable": True}, r"`normalizable` of `HamiltonianDensity` must be \"check\" or \"guarantee\""),
        ({"bounds": (1, 0)}, r"`bounds` of `HamiltonianDensity` must be pairs \(low, high\) with low < high"),
        ({"bounds": (0, 1)}, r"`X` of `HamiltonianDensity` must be within the bounds, got .* in row 0, column 'x"),
        ({"bounds": {"y": (0, 1)}}, r"`bounds` of `HamiltonianDensity` must be about the variables"),
        ({"terms": [(0, 7)]}, r"`terms` of `HamiltonianDensity` must be products of sites 0 .. 2"),
        ({"symmetry": "translation"}, r"`symmetry` of `HamiltonianDensity` must be such that the geometry has it"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, message):
    X = gaussian_ring(3, 50, 14)
    X[0, :] = 10.0
    with pytest.raises(ValueError, match=message):
        HamiltonianDensity(**settings).fit(X)


def test_given_terms_are_fitted_and_nothing_else():
    X = phi4_ring(3, 4000, seed=15, sweeps=80)
    terms = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2), (0,) * 4, (1,) * 4, (2,) * 4]
    model = HamiltonianDensity(terms=terms).fit(X)
    assert sorted(model.hamiltonian_.monomials) == sorted(tuple(sorted(term)) for term in terms)
    assert max(map(abs, z_scores(model, phi4_couplings()).values())) < 3.5


def test_symmetries_that_the_samples_rule_out_are_named():
    X = gaussian_ring(4, 300, 16) + 50
    model = cl.HamiltonianDensity(order=2, symmetry=[None, "sign flip"], random_state=0)
    with pytest.warns(UserWarning, match="sign flip.* was not tried: x0 has mean"):
        model.fit(X)
    assert model.symmetry_ is None


@pytest.mark.filterwarnings("ignore:HamiltonianDensity. The fitted density:UserWarning")  # of 300 samples
def test_the_hyvarinen_score_is_that_of_the_raw_polynomial():
    X = phi4_ring(3, 300, seed=17, sweeps=40) * [0.1, 2.0, 30.0] + 5.0
    model = HamiltonianDensity(order=4).fit(X)
    (H,) = model.hamiltonian_.to_polynomials()
    expected = np.zeros(len(X))
    for i, slope in enumerate(H.gradient()):
        expected += slope(X) ** 2 / 2 - slope.gradient()[i](X)
    assert np.allclose(model.hyvarinen_score(X), expected, rtol=1e-6)
    spins = HamiltonianDensity("spin").fit(np.sign(X - 5))
    with pytest.raises(ValueError, match=r"`hyvarinen_score` of `HamiltonianDensity` must be asked of real variables"):
        spins.hyvarinen_score(np.sign(X - 5))


@pytest.mark.filterwarnings("ignore:HamiltonianDensity. The fitted density:UserWarning")  # of 400 samples
@pytest.mark.parametrize("order", [2, 4])
def test_the_covariance_has_the_standard_errors_on_its_diagonal_and_covers_the_spread_over_samples(order):
    fits = []
    for seed in range(60):
        X = gaussian_ring(2, 400, [seed, 18]) * [1.0, 3.0] + [0.5, -2.0]
        fits.append(HamiltonianDensity(order=order, method="score matching").fit(X))
    covariance = np.mean([fit.coupling_covariance_ for fit in fits], axis=0)
    table = fits[0].couplings
    assert np.allclose(np.sqrt(np.diag(fits[0].coupling_covariance_)), table.standard_error[:-1])
    values = np.array([fit.couplings.value_raw[:-1] for fit in fits])
    pulls = np.linalg.solve(np.linalg.cholesky(covariance), (values - values.mean(axis=0)).T)
    assert 0.6 < np.median(pulls.var(axis=1)) < 1.5  # sampling error of a variance: 0.18
