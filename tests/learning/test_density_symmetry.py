"""Densities whose couplings a symmetry ties, from samples drawn by enumeration or by a transfer matrix."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.geometry import groups
from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete.fitting import Problem, fit_terms
from cheaplearn.learning.discrete.samples import DiscreteSamples
from cheaplearn.learning.discrete.terms import local_terms
from cheaplearn.learning.discrete.tying import tied

SEEDS = 20


def all_states(n, values=(-1, 1)):
    return np.array(list(itertools.product(values, repeat=n)))


def drawn(states, energies, size, seed):
    """Samples of exp(-energies) over all states."""
    p = np.exp(energies.min() - energies)
    return states[np.random.default_rng(seed).choice(len(states), size, p=p / p.sum())]


def ring_energies(states, field, coupling):
    """Sum of field_i s_i + coupling_i s_i s_(i+1) on a ring."""
    return states @ np.broadcast_to(field, states.shape[1]) + (states * np.roll(states, -1, axis=1)) @ np.broadcast_to(
        coupling, states.shape[1]
    )


def mixed(rng):
    return 0.6 * rng.permutation([1, 1, 1, -1, -1])


def chosen_rungs(energies, size=1500, n=5):
    states = all_states(n)
    for seed in range(SEEDS):
        samples = drawn(states, energies(states, np.random.default_rng(1000 + seed)), size, seed)
        model = cl.HamiltonianDensity(
            kind="spin",
            order=[1, 2],
            radius="auto",
            geometry=cl.Chain(n, periodic=True),
            symmetry="auto",
            regularization=1.0,
            cv=2,
            random_state=seed,
        )
        yield model.fit(samples)


@pytest.mark.parametrize(
    ("energies", "rung"),
    [
        (lambda s, rng: ring_energies(s, 0.4, -0.4), (2, 1, "translation")),
        (lambda s, rng: ring_energies(s, 0.0, mixed(rng)), (2, 1, "sign flip")),
        (lambda s, rng: ring_energies(s, mixed(rng), mixed(rng)), (2, 1, None)),
    ],
)  # fmt: skip
def test_the_right_rung_is_chosen_in_at_least_19_of_20_seeds(energies, rung):
    models = list(chosen_rungs(energies))
    hits = sum((m.order_, m.radius_, m.symmetry_) == rung for m in models)
    assert hits >= 19, [(m.order_, m.radius_, m.symmetry_) for m in models]
    assert all(m.verdict_.startswith(("cheap", "somewhat cheap", "not cheap")) for m in models)


@pytest.mark.parametrize("method", ["likelihood", "pseudolikelihood", "screening"])
def test_tied_couplings_are_as_far_off_as_their_standard_errors_say(method):
    grid, states = cl.Grid(3, 3, periodic=True), all_states(9)
    monomials = local_terms("spin", Alphabet.of_kinds("abcdefghi", ["spin"] * 9), 2, 1, grid).site_sets[1]
    near = np.array([grid.coordinates(i) for i in range(9)]) if hasattr(grid, "coordinates") else None
    place = np.indices((3, 3)).reshape(2, -1).T if near is None else near
    offset = (place[monomials[:, 1]] - place[monomials[:, 0]]) % 3
    straight = np.any(offset == 0, axis=1)  # neighbours along an axis; the others are diagonal
    truth = {"field": 0.1, "straight": -0.15, "diagonal": 0.08}
    pairs = states[:, monomials[:, 0]] * states[:, monomials[:, 1]]
    energies = 0.1 * states.sum(axis=1) + pairs @ np.where(straight, truth["straight"], truth["diagonal"])
    z = []
    for seed in range(12):
        model = cl.HamiltonianDensity(
            kind="spin", order=2, radius=1, geometry=grid, symmetry="translation+rotation", method=method
        ).fit(drawn(states, energies, 1000, seed))
        table = model.hamiltonian_.couplings
        assert table["terms"].tolist() == [9, 18, 18]
        want = [truth["field"], *([truth["straight"], truth["diagonal"]] if straight[0] else [0.08, -0.15])]
        z.append((table["value"] - want) / table["standard_error"])
    z = np.array(z)
    assert np.abs(z).max() < 3.5  # of 36 numbers
    assert 0.5 < np.mean(z**2) < 1.75  # 36 squares: 1 +- 0.24


@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
@pytest.mark.parametrize("method", ["likelihood", "pseudolikelihood"])
def test_a_tied_fit_is_the_free_fit_to_samples_made_symmetric(kind, method):
    rng = np.random.default_rng(hash((kind, method)) % 1000)
    n, q = 5, 3 if kind == "category" else 2
    ring = cl.Chain(n, periodic=True)
    group = groups.translations(ring) * groups.reflections(ring)
    alphabet = Alphabet(tuple("abcde"), (np.arange(q),) * n)
    codes = rng.integers(0, q, (400, n))
    codes[:, 1:3] = np.where(rng.random((400, 2)) < 0.5, codes[:, :1], codes[:, 1:3])
    images = np.concatenate([np.roll(turned, k, axis=1) for k in range(n) for turned in (codes, codes[:, ::-1])])
    terms = local_terms(kind, alphabet, 3, 2, ring)

    def samples_of(codes):
        weight = np.full(len(codes), 400 / len(codes))
        return DiscreteSamples(codes.astype(np.uint8), weight, alphabet, None, np.arange(len(codes)), len(codes))

    one = fit_terms(tied(terms, group), samples_of(codes), method, 2.0)
    other = fit_terms(terms, samples_of(images), method, 2.0)
    assert one.converged
    assert other.converged
    np.testing.assert_allclose(one.theta, other.theta, atol=2e-6)


@pytest.mark.parametrize("seed", range(6))
def test_free_parameters_are_the_rank_of_gauge_times_symmetry(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 6))
    sizes = rng.choice([[2, 3], [1, 2], [3, 3]][seed % 3], size=n)
    order = np.argsort(sizes, kind="stable")
    alphabet = Alphabet(tuple(f"x{i}" for i in range(n)), tuple(np.arange(q) for q in sizes))
    blocks = [np.flatnonzero(sizes == q) for q in np.unique(sizes)]
    group = groups.permutations(n, [b for b in blocks if len(b) > 1] or [order[:1]])
    if seed % 2 and len(set(sizes.tolist())) == 1:
        group = groups.translations(cl.Chain(n, periodic=True))
    terms = tied(local_terms("category", alphabet, min(3, n), np.inf, None), group)
    dense = terms.tie.toarray()
    assert np.allclose(dense.T @ dense, np.eye(dense.shape[1]))
    assert terms.n_parameters == np.linalg.matrix_rank(terms.projected(dense))


def test_couplings_of_a_potts_chain_are_recovered_from_one_table_for_all_neighbours():
    n, q, rng = 6, 3, np.random.default_rng(5)
    field, table = rng.normal(0, 0.4, q), rng.normal(0, 0.5, (q, q))
    field -= field.mean()
    table -= table.mean(axis=0)
    table -= table.mean(axis=1, keepdims=True)
    states = all_states(n, range(q))
    energies = field[states].sum(axis=1) + table[states[:, :-1], states[:, 1:]].sum(axis=1)
    chain = cl.Chain(n)
    model = cl.HamiltonianDensity(kind="category", order=2, radius=1, geometry=chain, symmetry="translation")
    found = model.fit(drawn(states, energies, 3000, 7)).couplings
    assert model.ladder_["parameters"].tolist() == [(q - 1) + (q - 1) ** 2]
    assert len(found) == q + q * q
    z = (found["value"] - np.concatenate([field, table.ravel()])) / found["standard_error"]
    assert np.abs(z).max() < 3.5
    assert (
        abs(model.hamiltonian_.coefficients[-9:, 0] - found["value"][-9:]).max() == 0
    )  # the last pair, the same table


def test_variance_of_tied_couplings_attains_the_cramer_rao_bound():
    n, size, draws, theta = 6, 500, 200, np.array([0.2, -0.35])
    states, ring = all_states(n), cl.Chain(n, periodic=True)
    features = np.column_stack([states.sum(axis=1), (states * np.roll(states, -1, axis=1)).sum(axis=1)])
    energies = features @ theta
    p = np.exp(-energies)
    p /= p.sum()
    mean = p @ features
    bound = np.linalg.inv((features - mean).T @ ((features - mean) * p[:, None])) / size
    alphabet = Alphabet.of_kinds("abcdef", ["spin"] * n)
    terms = tied(local_terms("spin", alphabet, 2, 1, ring), groups.translations(ring))
    rng = np.random.default_rng(11)
    found = []
    for counts in rng.multinomial(size, p, draws):
        some = counts > 0
        codes = ((states[some] + 1) // 2).astype(np.uint8)
        samples = DiscreteSamples(codes, counts[some].astype(float), alphabet, None, np.arange(some.sum()), some.sum())
        found.append(fit_terms(terms, samples, "likelihood", 0.0).theta[[0, n]])
    ratio = np.var(found, axis=0) / np.diag(bound)
    assert np.all(np.abs(ratio - 1) < 4 * np.sqrt(2 / draws)), ratio  # 4 standard errors of a variance
    bias = np.abs(np.mean(found, axis=0) - theta) / np.sqrt(np.diag(bound) / draws)
    assert bias.max() < 4


def test_the_likelihood_of_a_long_ring_is_exact_with_two_numbers():
    n, field, coupling, size = 60, 0.2, -0.5, 800
    s = np.array([-1.0, 1.0])
    transfer = np.exp(-field * (s[:, None] + s) / 2 - coupling * s[:, None] * s)
    powers = [np.linalg.matrix_power(transfer, k) for k in range(n + 1)]
    rng = np.random.default_rng(3)
    codes = np.empty((size, n), int)
    closed = np.diag(powers[n]) / np.trace(powers[n])
    codes[:, 0] = rng.random(size) < closed[1]
    for k in range(1, n):  # p(s_k | s_(k-1), s_0) on a ring
        weight = transfer[codes[:, k - 1]] * powers[n - k][:, codes[:, 0]].T
        codes[:, k] = rng.random(size) < weight[:, 1] / weight.sum(axis=1)
    ring = cl.Chain(n, periodic=True)
    model = cl.HamiltonianDensity(
        kind="spin", order=2, radius=1, geometry=ring, symmetry="translation", method="likelihood"
    )
    table = model.fit(2 * codes - 1).couplings
    assert table["terms"].tolist() == [n, n]
    assert np.abs((table["value"] - [field, coupling]) / table["standard_error"]).max() < 3.5
    assert model.log_partition_ == pytest.approx(
        n * np.log(np.abs(np.linalg.eigvalsh(np.exp(
            -table["value"][0] * (s[:, None] + s) / 2 - table["value"][1] * s[:, None] * s
        )))).max(), abs=1e-6
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["spin", "category"])
def test_l1_takes_or_leaves_whole_orbits(kind):
    states, ring = all_states(6), cl.Chain(6, periodic=True)
    samples = drawn(states, ring_energies(states, 0.1, -0.3), 2000, 4)
    model = cl.HamiltonianDensity(kind=kind, order=2, geometry=ring, symmetry="translation", l1=1.0).fit(samples)
    table = model.couplings
    assert set(table["terms"]) == {6}
    pairs = {term.split("=")[0] + term.split("*x")[1][0] for term in table["term"] if "*" in term and kind != "spin"}
    assert pairs == {"x01"} if kind != "spin" else table["term"].tolist() == ["x0", "x0*x1"]


def test_an_odd_symmetry_leaves_even_terms_and_no_parameter_for_the_others():
    states = all_states(4)
    model = cl.HamiltonianDensity(kind="spin", order=2, symmetry="sign flip")
    model.fit(drawn(states, ring_energies(states, 0.0, 0.4), 500, 1))
    assert model.symmetry_ == "sign flip"
    assert [len(block) for block in model.hamiltonian_.monomials.sites] == [0, 6]
    assert model.hamiltonian_.orbits is not None
    assert model.ladder_["parameters"].tolist() == [6]


def test_ladder_losses_with_shared_work_are_those_of_separate_fits():
    states, ring = all_states(6), cl.Chain(6, periodic=True)
    samples = drawn(states, ring_energies(states, 0.3, -0.4), 600, 2)
    options = {"kind": "spin", "geometry": ring, "regularization": 3.0, "cv": 3, "random_state": 0}
    for method in ("likelihood", "pseudolikelihood"):
        whole = cl.HamiltonianDensity(
            order=[1, 2, 3], radius="auto", symmetry=[None, "translation"], method=method, **options
        ).fit(samples)
        for row in whole.ladder_.itertuples():
            radius = row.radius if row.order > 1 else 0
            alone = cl.HamiltonianDensity(
                order=row.order,
                radius=radius,
                symmetry=row.symmetry,
                method=method,
                **options | {"regularization": 3.0},
            )
            from sklearn.model_selection import KFold

            losses = []
            for training, held_out in KFold(3, shuffle=True, random_state=0).split(samples):
                fit = alone.fit(samples[training])
                exact = whole.ladder_score_ == "log-likelihood"
                score = fit.score_samples if exact else fit.pseudo_log_likelihood
                losses.append(-score(samples[held_out]))
            assert row.loss == pytest.approx(np.mean(np.concatenate(losses)), abs=2e-5)


def test_an_interrupted_ladder_goes_on_where_it_stopped(tmp_path, monkeypatch):
    states, ring = all_states(5), cl.Chain(5, periodic=True)
    samples = drawn(states, ring_energies(states, 0.3, -0.4), 400, 2)

    def model(folder):
        return cl.HamiltonianDensity(
            kind="spin", order=[1, 2], radius="auto", geometry=ring, symmetry="auto", random_state=0, checkpoint=folder
        )

    fits, fit = [], Problem.fit

    def counted(self, *args):
        fits.append(self)
        if len(fits) == 40:
            raise KeyboardInterrupt
        return fit(self, *args)

    whole = model(None).fit(samples)
    monkeypatch.setattr(Problem, "fit", counted)
    with pytest.raises(KeyboardInterrupt):
        model(tmp_path).fit(samples)
    done = len(list(tmp_path.iterdir()))
    assert 0 < done < len(whole.ladder_)
    resumed = model(tmp_path).fit(samples)
    assert len(list(tmp_path.iterdir())) == len(whole.ladder_)
    np.testing.assert_allclose(resumed.ladder_["loss"], whole.ladder_["loss"], atol=1e-6)
    count = len(fits)
    again = model(tmp_path).fit(samples)
    assert len(fits) == count + 1  # the final fit only
    assert again.ladder_.equals(resumed.ladder_)
    assert again.verdict_ == resumed.verdict_
    model(tmp_path).fit(samples[:-1])
    assert len(fits) > count + 20  # other samples are scored anew


def test_symmetries_that_do_not_fit_the_columns_are_refused():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 2, 50), rng.integers(0, 3, 50)])
    with pytest.raises(ValueError, match="must be one of columns with the same states"):
        cl.HamiltonianDensity(kind="category", order=1, symmetry="permutation").fit(X)
    with pytest.raises(ValueError, match="without signs"):
        cl.HamiltonianDensity(kind="bit", order=1, symmetry="sign flip").fit(X % 2)
    with pytest.raises(ValueError, match="geometry"):
        cl.HamiltonianDensity(kind="bit", order=1, symmetry="translation").fit(X % 2)


def test_constant_columns_are_no_flaw_where_a_symmetry_ties_them_to_others():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, (60, 4))
    X[:, 0] = 1
    model = cl.HamiltonianDensity(kind="bit", order=1, symmetry="permutation").fit(X)
    assert model.notes_ == []
    assert model.couplings["value"][0] == pytest.approx(np.log((X == 0).sum() / X.sum()), abs=1e-4)
