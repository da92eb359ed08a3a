"""Densities of real and discrete variables: couplings recovered, families chosen, what is said and what is refused."""

import numpy as np
import pandas as pd
import pytest
from mixed_models import QUARTIC, chain_gaussian, columns_of, in_turn, quartic_draws, random_gaussian, samples_of
from sklearn.base import clone
from sklearn.model_selection import KFold

from cheaplearn import Chain, HamiltonianDensity, groups
from cheaplearn.hamiltonian import Hamiltonian
from cheaplearn.learning.families import Family
from cheaplearn.learning.mixed.fitting import fit_mixed_terms
from cheaplearn.learning.mixed.objective import joint_losses
from cheaplearn.learning.mixed.samples import mixed_units
from cheaplearn.learning.mixed.terms import mixed_terms

MIXED = ["real", "real", "spin", "bit"]


def z_scores(model, truth):
    """By term; terms that are not in the truth have coupling 0 there."""
    table = model.couplings.query("term != '1'").set_index("term")
    expected = pd.Series(truth, dtype=float).reindex(table.index).fillna(0.0)
    assert set(truth) <= set(table.index)
    return (table.value_raw - expected) / table.standard_error


@pytest.mark.parametrize("seed", range(3))
def test_couplings_of_conditional_gaussians_are_recovered_within_their_errors(seed):
    rng = np.random.default_rng(seed)
    truth = random_gaussian(3, 4, rng)
    X = truth.draw(8000, rng)
    model = HamiltonianDensity(kind=["real"] * 3 + ["spin"] * 4, order=2).fit(X)
    names = [f"x{i}" for i in range(7)]
    sites = {"*".join(names[i] for i in term): value for term, value in truth.couplings().items()}
    expected = {text.replace(f"{n}*{n}", f"{n}**2"): v for text, v in sites.items() for n in [text.split("*")[0]]}
    z = z_scores(model, expected)
    assert np.abs(z).max() < 4  # of 31 couplings
    assert 0.4 < np.mean(z**2) < 1.9
    assert model.method_ == "score matching + pseudolikelihood"
    assert model.normalizability_.verdict == "yes"
    assert model.log_partition_ == pytest.approx(truth.log_Z, abs=0.3)


def test_errors_of_many_fits_are_as_large_as_they_say():
    rng = np.random.default_rng(3)
    truth = random_gaussian(1, 2, rng)
    expected = {"x0**2": truth.K[0, 0] / 2, "x0*x1": truth.B[0, 0], "x0*x2": truth.B[0, 1], "x1*x2": truth.J[0, 1]}
    expected |= {"x1": truth.h[0], "x2": truth.h[1]}
    fits = (HamiltonianDensity(kind=["real", "spin", "spin"]).fit(truth.draw(1000, rng)) for _ in range(100))
    z = np.array([z_scores(model, expected) for model in fits])
    assert np.all(np.abs(z.mean(axis=0)) < 4 / 10)  # errors of the mean of 100: 1 / 10
    assert np.all((z.std(axis=0) > 0.72) & (z.std(axis=0) < 1.28))  # of their deviation: 0.07


def test_couplings_of_a_quartic_energy_are_recovered_within_their_errors():
    frame = pd.DataFrame(quartic_draws(8000, np.random.default_rng(4)), columns=list("xysb"))
    kinds = dict(zip("xysb", MIXED, strict=True))
    model = HamiltonianDensity(kind=kinds, order=4).fit(frame)
    z = z_scores(model, QUARTIC)
    assert np.abs(z).max() < 4  # of 40 couplings
    assert 0.4 < np.mean(z**2) < 1.9
    assert model.hamiltonian_.variables.kinds == tuple(MIXED)
    assert np.abs(z[list(QUARTIC)]).max() < 3


def test_order_and_radius_are_found_in_nineteen_of_twenty_seeds():
    sites, hits = 5, 0
    for seed in range(20):
        X = in_turn(chain_gaussian(sites).draw(1000, np.random.default_rng(seed)), sites)
        kinds = ["real", "spin"] * 2 + ["real"]
        model = HamiltonianDensity(
            kind=kinds,
            order="auto",
            radius=[0, 1, 2],
            geometry=Chain(sites),
            cv=3,
            standard_errors=False,
            random_state=seed,
        ).fit(X)
        hits += (model.order_, model.radius_) == (2, 1)
    assert hits >= 19


def test_a_ladder_says_what_it_compared_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    X = in_turn(chain_gaussian(5).draw(1000, np.random.default_rng(5)), 5)
    kinds = ["real", "spin", "real", "spin", "real"]
    mirror = groups.reflections(Chain(5))
    settings = {"kind": kinds, "radius": [0, 1], "geometry": Chain(5), "symmetry": [None, mirror], "random_state": 0}
    model = HamiltonianDensity(checkpoint=tmp_path, **settings).fit(X)
    assert model.symmetry_ == mirror.name
    assert model.verdict_.startswith("somewhat cheap: order 2, radius 1, mirror-symmetric: 7 numbers explain ")
    assert len(model.ladder_) == 4
    assert model.baselines_.model.tolist() == ["independent variables"]
    free = model.ladder_.query("radius == 0 and symmetry.isna()").loss.item()
    assert model.baselines_.loss.item() == pytest.approx(free, rel=1e-6)
    coefficients = dict(zip(model.hamiltonian_.monomials, model.hamiltonian_.coefficients[:, 0].tolist(), strict=True))
    assert coefficients[0, 1] == pytest.approx(coefficients[3, 4], rel=1e-12)
    from cheaplearn.learning.mixed import ladder

    counted = []
    score = ladder._score
    monkeypatch.setattr(ladder, "_score", lambda *a: counted.append(a) or score(*a))
    again = HamiltonianDensity(checkpoint=tmp_path, **settings).fit(X)
    assert len(counted) == 1  # the independent variables
    pd.testing.assert_frame_equal(model.ladder_, again.ladder_)


def test_every_fold_is_scored_by_a_fit_that_has_not_seen_it():
    rng = np.random.default_rng(13)
    truth = random_gaussian(2, 2, rng)
    X, folds, kinds = truth.draw(300, rng), KFold(3), ["real", "real", "spin", "spin"]
    weight = rng.uniform(0.5, 2.0, 300)
    settings = {"kind": kinds, "radius": [0, "all"], "regularization": 0.01}
    model = HamiltonianDensity(cv=folds, **settings).fit(X, sample_weight=weight)
    samples, columns = samples_of(X, weight), columns_of(kinds)
    variables, _, _ = mixed_units(columns, samples, [None], False, True)
    for radius, row in zip((0.0, np.inf), model.ladder_.itertuples(), strict=True):
        terms, losses = mixed_terms(Family(2, radius, 0), columns, variables, None), np.empty(300)
        for training, held in folds.split(X):
            theta = fit_mixed_terms(terms, samples.part(training), 0.01, False).theta
            losses[held] = joint_losses(terms, samples.part(held), theta[:, None])[:, 0]
        assert row.loss == pytest.approx(weight @ losses / weight.sum(), rel=1e-6)


def test_a_symmetry_that_the_samples_rule_out_is_named():
    rng = np.random.default_rng(14)
    X = random_gaussian(1, 1, rng).draw(300, rng) + np.array([50.0, 0.0])
    model = HamiltonianDensity(kind=["real", "spin"], symmetry=[None, "sign flip"], random_state=0)
    with pytest.warns(UserWarning, match="sign flip.* was not tried: x0 has mean"):
        model.fit(X)
    assert model.symmetry_ is None
    assert len(model.ladder_) == 1


def test_apart_variables_have_the_couplings_of_the_pure_fits():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(500, 2)) @ [[1.0, 0.4], [0.0, 0.8]]
    s = rng.choice([-1, 1], size=(500, 3))
    s[:, 1] = np.where(rng.random(500) < 0.7, s[:, 0], s[:, 1])
    terms = [(0,), (1,), (0, 0), (0, 1), (1, 1), (2,), (3,), (4,), (2, 3), (2, 4), (3, 4)]
    kinds = ["real", "real", "spin", "spin", "spin"]
    both = HamiltonianDensity(kind=kinds, terms=terms, regularization=0.0).fit(np.hstack([x, s]))
    both = both.couplings.query("term != '1'").set_index("term")
    real = HamiltonianDensity(kind="real", order=2, method="score matching").fit(x)
    real = real.couplings.query("term != '1'").set_index("term")
    frame = pd.DataFrame(s, columns=["x2", "x3", "x4"])
    spin = HamiltonianDensity(kind="spin", order=2, method="pseudolikelihood", regularization=1e-9).fit(frame)
    spin = spin.couplings.set_index("term")
    for found, value in ((real, "value_raw"), (spin, "value")):
        same = both.loc[found.index]
        assert np.allclose(same.value_raw, found[value], rtol=1e-6, atol=1e-8)
        assert np.allclose(same.standard_error, found.standard_error, rtol=1e-4)


def test_a_frame_of_numbers_and_text_is_fitted_and_drawn_again():
    rng = np.random.default_rng(7)
    color = rng.choice(["red", "green", "blue"], size=4000, p=[0.5, 0.3, 0.2])
    size = rng.normal(size=4000) + np.where(color == "red", 1.0, -0.5)
    frame = pd.DataFrame({"size": size, "color": color, "left": rng.integers(2, size=4000)})
    kinds = {"size": "real", "color": "category", "left": "bit"}
    model = HamiltonianDensity(kind=kinds).fit(frame)
    assert model.gauge_ == "reference"
    # H = (x - m_c)^2 / 2 - ln p_c: relative to blue, the first in the alphabet
    expected = {"size**2": 0.5, "size*color=red": -1.5, "color=red": (1.0 - 0.25) / 2 - np.log(0.5 / 0.2)}
    expected |= {"color=green": -np.log(0.3 / 0.2), "size": 0.5}
    assert np.abs(z_scores(model, expected)).max() < 3.5
    drawn = model.sample(4000, random_state=0)
    assert set(drawn[:, 1]) == {"red", "green", "blue"}
    reds = drawn[drawn[:, 1] == "red"]
    assert abs(reds[:, 0].astype(float).mean() - 1.0) < 4 / np.sqrt(len(reds) / 2)
    assert np.isfinite(model.score(pd.DataFrame(drawn, columns=frame.columns)))
    given = HamiltonianDensity(kind=kinds, labels={"color": ["red", "green", "blue", "grey"]})
    with pytest.warns(UserWarning, match="The samples determine"):
        given.fit(frame)
    assert "color=grey" in given.hamiltonian_.variables.names
    with pytest.raises(ValueError, match=r"must be one of 'blue', 'green', 'red' in column 1 \(color\), got 'grey'"):
        model.energy(pd.DataFrame({"size": [0.0], "color": ["grey"], "left": [0]}))


def test_scores_are_log_probabilities():
    rng = np.random.default_rng(8)
    truth = random_gaussian(1, 2, rng)
    model = HamiltonianDensity(kind=["real", "spin", "spin"]).fit(truth.draw(2000, rng))
    grid = np.linspace(-8, 8, 1001)
    rows = [np.column_stack([grid, np.full(1001, a), np.full(1001, b)]) for a in (-1, 1) for b in (-1, 1)]
    total = sum(np.exp(model.score_samples(some)).sum() for some in rows) * (grid[1] - grid[0])
    assert total == pytest.approx(1.0, abs=1e-9)


def test_the_estimator_can_be_cloned_saved_and_fitted_again():
    rng = np.random.default_rng(9)
    truth = random_gaussian(1, 1, rng)
    X = truth.draw(300, rng)
    model = HamiltonianDensity(kind=["real", "spin"]).fit(X)
    copy = clone(model)
    assert copy.kind == ["real", "spin"]
    assert np.array_equal(copy.fit(X).energy(X), model.energy(X))
    saved = Hamiltonian.from_arrays(*model.hamiltonian_.to_arrays())
    assert np.array_equal(saved(X)[:, 0], model.energy(X))
    weight = rng.integers(0, 3, 300)
    a = HamiltonianDensity(kind=["real", "spin"]).fit(X, sample_weight=weight)
    b = HamiltonianDensity(kind=["real", "spin"]).fit(np.repeat(X, weight, axis=0))
    pd.testing.assert_frame_equal(a.couplings, b.couplings, rtol=1e-6, atol=1e-9)


def test_what_the_samples_cannot_tell_is_said():
    rng = np.random.default_rng(10)
    x, s = rng.normal(size=200), rng.choice([-1, 1], size=200)
    with pytest.warns(UserWarning, match="The samples determine"):
        model = HamiltonianDensity(kind=["real", "spin", "spin"]).fit(np.column_stack([x, s, s]))
    errors = model.couplings.set_index("term").standard_error
    assert np.isnan(errors["x1*x2"])
    assert np.isnan(errors["x0*x1"])
    assert np.isfinite(errors["x0**2"])
    heavy = np.column_stack([rng.standard_t(3, 300), rng.choice([-1, 1], 300)])
    with pytest.warns(UserWarning, match="The fitted density does not exist"):
        model = HamiltonianDensity(kind=["real", "spin"], order=4).fit(heavy)
    with pytest.raises(ValueError, match="`sample` of `HamiltonianDensity` must be asked of a density that exists"):
        model.sample(5)


def test_a_symmetry_that_mixes_kinds_is_left_out_of_auto_and_refused_otherwise():
    X = in_turn(chain_gaussian(4).draw(400, np.random.default_rng(11)), 4)
    kinds, ring = ["real", "spin", "real", "spin"], Chain(4, periodic=True)
    with pytest.raises(ValueError, match=r"must be a group that only exchanges sites of the same kind .*, got transl"):
        HamiltonianDensity(kind=kinds, geometry=ring, symmetry="translation").fit(X)
    by_two = groups.signed_permutation([2, 3, 0, 1], name="shift by two")
    tied = HamiltonianDensity(kind=kinds, geometry=ring, symmetry=by_two).fit(X)
    assert tied.symmetry_ == "shift by two"
    with pytest.warns(UserWarning, match="Symmetry .*translation.* was not tried: it exchanges sites of different"):
        model = HamiltonianDensity(kind=kinds, geometry=ring, symmetry="auto", random_state=0).fit(X)
    assert set(model.ladder_.symmetry) <= {None, "sign flip", "blocks:2"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": ["real", "real", "spin"]}, r"`kind` of .* must be one kind for each of 4 columns, got 3 kinds"),
        ({"kind": ["real"] * 4}, r"`kind` of .* must be real for some columns and not for others"),
        ({"kind": ["spin"] * 4}, r"`kind` of .* must be real for some columns and not for others"),
        (
            {"kind": ["real", "real", "spin", "bits"]},
            r"`kind` of .* must be made of real, spin, bit, category, got 'bi",
        ),
        ({"kind": {"x": "real", "s": "spin"}}, r"`kind` of .* must be a kind for each of the columns x0, x1, x2, x3"),
        ({"kind": "reel"}, r"`kind` of .* must be one of real, spin, bit, category, got 'reel'"),
        ({"kind": 3}, r"`kind` of .* must be one of real, spin, bit, category, or a list"),
        ({"method": "likelihood"}, r"`method` of .* must be one of auto, score matching \+ pseudolikelihood for kind="),
        ({"l1": 0.1}, r"`l1` of .* must be 0.0 for kind="),
        ({"bounds": (0, 1)}, r"`bounds` of .* must be None for kind="),
        ({"engine": "dask"}, r"`engine` of .* must be 'numpy' for kind="),
        ({"normalizable": "guarantee"}, r"`normalizable` of .* must be 'check' for kind="),
        ({"labels": [None, None, None, [0, 1]]}, r"`labels` of .* must be None unless"),
        (
            {"terms": [(0, 2, 2)]},
            r"`terms` of .* must be such that only real variables repeat, got \(0, 2, 2\) with x2",
        ),
        ({"terms": [(0, 4)]}, r"`terms` of .* must be products of sites 0 .. 3"),
        ({"symmetry": "permutation"}, r"`symmetry` of .* must be a group that only exchanges sites of the same kind"),
        ({"kind": ["real", "spin", "spin", "bit"]}, r"`X` of .* must be one of -1, 1 in column 1 \(x1\)"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, message):
    X = quartic_draws(50, np.random.default_rng(12), sweeps=1)
    with pytest.raises(ValueError, match=message):
        HamiltonianDensity(**({"kind": MIXED} | settings)).fit(X)
