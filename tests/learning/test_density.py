"""Laws of the density of spins, bits and categories, and what it recovers."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from discrete_models import KINDS, MIXED, alphabet_of, model, random_samples, random_terms
from sklearn.model_selection import KFold

import cheaplearn as cl
from cheaplearn import HamiltonianDensity
from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.learning.discrete.fitting import _objective, fit_terms, l1_norm
from cheaplearn.learning.discrete.partition import Partition
from cheaplearn.learning.discrete.proximal import minimise_sparse
from cheaplearn.learning.discrete.terms import local_terms

COLUMNS = ["term", "value", "standard_error"]
MANY = 1e6  # samples
METHODS = ("likelihood", "pseudolikelihood", "screening")


def drawn(states, p, size, seed=0):
    return states[np.random.default_rng(seed).choice(len(p), size, p=p)]


def values(fitted):
    return fitted.couplings["value"].to_numpy()


# limits: the exact probabilities of a model as weights


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_exact_probabilities_give_the_couplings_back(kind, order, method):
    _, theta, states, p = model(kind, order, seed=order)
    fitted = HamiltonianDensity(kind, order=order, method=method, regularization=0.0).fit(
        states, sample_weight=MANY * p
    )
    np.testing.assert_allclose(values(fitted), theta, atol=1e-6)
    assert fitted.method_ == method
    np.testing.assert_allclose(fitted.score_samples(states), np.log(p), atol=1e-6)
    assert np.exp(fitted.score_samples(states)).sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(fitted.hamiltonian_(states)[:, 0], fitted.energy(states), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("geometry", "radius", "order"),
    [
        (cl.Chain(6), 1, 2),
        (cl.Chain(6, periodic=True), 2, 3),
        (cl.Grid(2, 3), 1, 3),
        (cl.Graph(6, [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5)]), 1, 3),
    ],
    ids=["chain", "ring", "grid", "graph"],
)
@pytest.mark.parametrize("kind", ["spin", "bit"])
def test_local_families_give_their_couplings_back(kind, geometry, radius, order, method):
    alphabet = alphabet_of(kind, (2,) * 6)
    terms = local_terms(kind, alphabet, order, radius, geometry)
    theta = 0.4 * np.random.default_rng(3).normal(size=len(terms))
    states = alphabet.decode(np.array(list(itertools.product(range(2), repeat=6))))
    p = np.exp(-terms.hamiltonian(theta)(states)[:, 0])
    options = {"order": order, "radius": radius, "geometry": geometry, "method": method, "regularization": 0.0}
    fitted = HamiltonianDensity(kind, **options).fit(states, sample_weight=MANY * p / p.sum())
    np.testing.assert_allclose(values(fitted), theta, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_explicit_terms_give_their_couplings_back(kind, method):
    """A triple without its pairs, one pair, and only some of the fields."""
    terms, theta, states, _ = model(kind, 3, seed=8)
    wanted = {(0,), (2,), (0, 2), (0, 1, 2)}
    site = np.repeat(range(terms.n_sites), terms.atoms_per_site)
    kept = np.array([tuple(site[list(atoms)]) in wanted for atoms in terms.monomials])
    p = np.exp(-terms.hamiltonian(np.where(kept, theta, 0))(states)[:, 0])
    fitted = HamiltonianDensity(kind, terms=[(2, 0), 0, ("x2",), (1, 0, 2)], method=method, regularization=0.0)
    fitted.fit(states, sample_weight=MANY * p / p.sum())
    np.testing.assert_allclose(values(fitted), theta[kept], atol=1e-6)


# symmetries of the problem


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_order_and_repetition_of_rows_do_not_matter(kind, method):
    _, _, states, p = model(kind, 2, seed=4)
    X = drawn(states, p, 500)
    estimator = HamiltonianDensity(kind, method=method)
    once = estimator.fit(X).couplings
    unique, counts = np.unique(X, axis=0, return_counts=True)
    weights = np.random.default_rng(1).integers(1, 4, len(X))
    pairs = [
        ((X[::-1], None), (X, None)),
        ((unique, counts), (X, None)),
        ((np.repeat(X, weights, 0), None), (X, weights)),
    ]
    for (one, w), (other, v) in pairs:
        a, b = (estimator.fit(x, sample_weight=y).couplings for x, y in ((one, w), (other, v)))
        pd.testing.assert_frame_equal(a, b, rtol=1e-6, atol=1e-7)
    assert once["standard_error"].notna().all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_relabelled_sites_give_relabelled_couplings(kind, method):
    _, _, states, p = model(kind, 3, seed=5)
    frame = pd.DataFrame(drawn(states, p, 3000), columns=list("abcd")[: states.shape[1]])
    estimator = HamiltonianDensity(kind, order=3, method=method)

    def by_set(X):
        table = estimator.fit(X).couplings
        return {frozenset(t.split("*")): (v, e) for t, v, e in zip(*table[COLUMNS].to_numpy().T, strict=True)}

    one, other = by_set(frame), by_set(frame[frame.columns[::-1]])
    assert one.keys() == other.keys()
    for term, pair in one.items():
        assert pair == pytest.approx(other[term], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_relabelled_states_give_relabelled_couplings(method):
    _, _, states, p = model("category", 2, seed=5)
    X = drawn(states, p, 3000)
    names = np.array(["a", "b", "c"])
    swapped = np.array(["c", "a", "b"])
    tables = [HamiltonianDensity("category", method=method).fit(n[X]).couplings for n in (names, swapped)]
    rename = dict(zip(names, swapped, strict=True))

    def translated(term):
        return "*".join(f"{part[:3]}{rename[part[3:]]}" for part in term.split("*"))

    one = {translated(t): v for t, v in zip(tables[0].term, tables[0].value, strict=True)}
    other = dict(zip(tables[1].term, tables[1].value, strict=True))
    assert one == pytest.approx(other, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_spins_bits_and_categories_of_the_same_samples_are_the_same_density(method, order):
    _, _, states, p = model("spin", 3, seed=6)
    S = drawn(states, p, 2000)
    options = {"order": order, "method": method, "regularization": 0.0}
    spin = HamiltonianDensity("spin", **options).fit(S).score_samples(states)
    for kind in ("bit", "category"):
        other = HamiltonianDensity(kind, **options).fit((S + 1) // 2)
        np.testing.assert_allclose(other.score_samples((states + 1) // 2), spin, atol=1e-6)


def test_two_states_in_the_zero_sum_gauge_are_a_spin():
    _, _, states, p = model("spin", 2, seed=6)
    S = drawn(states, p, 2000)
    spin, category = HamiltonianDensity("spin", regularization=0.0), HamiltonianDensity("category", regularization=0.0)
    one, other = (m.fit(S).couplings.set_index("term") for m in (spin, category))
    assert other["value"]["x0=1"] == pytest.approx(one["value"]["x0"], abs=1e-6)
    assert other["value"]["x0=1*x1=-1"] == pytest.approx(-one["value"]["x0*x1"], abs=1e-6)
    assert other["standard_error"]["x0=1*x1=-1"] == pytest.approx(one["standard_error"]["x0*x1"], rel=1e-5)
    np.testing.assert_allclose(category.coupling_strengths_, spin.coupling_strengths_, atol=1e-6)
    assert spin.coupling_strengths_[0, 1] == pytest.approx(abs(one["value"]["x0*x1"]))


@pytest.mark.parametrize("method", METHODS)
def test_tables_of_categories_sum_to_zero(method):
    samples = random_samples("category", rows=2000)
    X = samples.alphabet.decode(samples.codes)
    fitted = HamiltonianDensity("category", order=3, method=method).fit(X)
    for factor in range(len(fitted.graph_)):
        table = fitted.graph_.table(factor)
        for axis in range(table.ndim):
            np.testing.assert_allclose(table.sum(axis=axis), 0, atol=1e-9)


# the likelihood


def test_likelihood_matches_every_moment_by_enumeration():
    for kind, order in itertools.product(KINDS, (1, 2, 3)):
        samples = random_samples(kind, rows=3000)
        terms = random_terms(kind, samples, order)
        fit = fit_terms(terms, samples, "likelihood", 0.0)
        sizes = MIXED if kind == "category" else (2,) * 5
        codes = np.array(list(itertools.product(*map(range, sizes))))
        p = np.exp(-fit.graph.energies(codes))
        _, patterns = terms.tabulation
        expected, seen = (_entry_means(fit.graph, c, w) for c, w in ((codes, p), (samples.codes, samples.weight)))
        np.testing.assert_allclose(patterns.T @ expected, patterns.T @ seen, atol=1e-8)


def _entry_means(graph, codes, weight):
    """Weighted frequency of every table entry."""
    means = np.zeros(len(graph.values))
    for factor in range(len(graph)):
        places = graph.lookups(codes, np.array([factor]))[:, 0]
        means += np.bincount(places, weight, len(means)) / weight.sum()
    return means


def test_likelihood_of_a_long_chain_matches_every_moment_by_elimination():
    """40 spins with next neighbours: expectations by an independent transfer matrix."""
    rng = np.random.default_rng(0)
    n = 40
    S = rng.choice([-1, 1], size=(2000, n))
    for i in range(1, n):
        S[:, i] = np.where(rng.random(len(S)) < 0.7, S[:, i - 1], S[:, i])
    fitted = HamiltonianDensity("spin", geometry=cl.Chain(n), radius=1, method="likelihood", regularization=0.0).fit(S)
    theta = fitted.couplings.set_index("term")["value"]
    s = np.array([-1.0, 1.0])
    h = [np.exp(-theta[f"x{i}"] * s) for i in range(n)]
    J = [np.exp(-theta[f"x{i}*x{i + 1}"] * np.outer(s, s)) for i in range(n - 1)]
    left, right = [h[0]], [np.ones(2)]
    for i in range(1, n):
        left.append((left[-1] / left[-1].sum() @ J[i - 1]) * h[i])
        right.append(J[n - 1 - i] @ (h[n - i] * right[-1] / right[-1].sum()))
    right = right[::-1]
    for i in range(n):
        p = left[i] * right[i]
        assert s @ p / p.sum() == pytest.approx(S[:, i].mean(), abs=1e-7)
    for i in range(n - 1):
        p = left[i][:, None] * J[i] * (h[i + 1] * right[i + 1])
        assert s @ p @ s / p.sum() == pytest.approx(np.mean(S[:, i] * S[:, i + 1]), abs=1e-7)
    assert fitted.partition_.method == "elimination"
    near = fitted.sample(20_000, random_state=0)
    z = (np.mean(near[:, 0] * near[:, 1]) - np.mean(S[:, 0] * S[:, 1])) * math.sqrt(20_000)
    assert abs(z) < 4


# L1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_penalised_optimum_satisfies_the_subgradient_conditions(kind, method):
    samples = random_samples(kind, rows=800, seed=2)
    terms = random_terms(kind, samples, 3)
    objective = _objective(terms, samples, method, 0.0, Partition)
    norm = l1_norm(terms, objective.total, 0.3)
    optimum, kept = minimise_sparse(objective, norm, np.zeros(len(terms)))
    assert optimum.converged
    gradient, theta = optimum.point.gradient, optimum.theta
    assert 0 < np.sum(~kept) < len(kept)
    for group, strength in enumerate(norm.strength):
        own = norm.group == group
        size = np.linalg.norm(theta[own])
        if size == 0:
            assert np.linalg.norm(gradient[own]) <= strength * (1 + 1e-5)
        else:
            np.testing.assert_allclose(gradient[own], -strength * theta[own] / size, atol=1e-5)
    degree = np.zeros(len(kept))
    degree[norm.group] = terms.degrees
    assert np.all(norm.strength[degree == 1] == 0)
    assert np.all(norm.strength[degree > 1] > 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_penalty_leaves_is_fitted_without_it(kind, method):
    samples = random_samples(kind, rows=800, seed=2)
    X = samples.alphabet.decode(samples.codes)
    strength = 0.2 if kind == "bit" else 0.5
    sparse = HamiltonianDensity(kind, order=2, method=method, l1=strength).fit(X, sample_weight=samples.weight)
    sets = sorted({tuple(s) for s in sparse.graph_.scopes()})
    assert (0, 1) in sets
    assert len(sets) < samples.codes.shape[1] * (samples.codes.shape[1] + 1) // 2
    again = HamiltonianDensity(kind, terms=sets, method=method).fit(X, sample_weight=samples.weight)
    pd.testing.assert_frame_equal(sparse.couplings, again.couplings, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["spin", "category"])
def test_the_graph_of_a_spin_glass_is_found(kind, method):
    """A 3 x 4 lattice of couplings +-0.5, by the rule of Lokhov et al.: penalise, fit what is left, cut at the half."""
    n, rng = 12, np.random.default_rng(4)
    edges = [(i, j) for i in range(n) for j in range(i + 1, n) if abs(i // 4 - j // 4) + abs(i % 4 - j % 4) == 1]
    tables = {edge: rng.choice([-0.5, 0.5]) * np.array([[1.0, -1.0], [-1.0, 1.0]]) for edge in edges}
    codes = np.array(list(itertools.product(range(2), repeat=n)))
    p = np.exp(-FactorGraph.from_tables(np.full(n, 2), tables).energies(codes))
    S = drawn(2 * codes - 1, p / p.sum(), 30_000)
    fitted = HamiltonianDensity(kind, method=method, l1="auto").fit(S)
    scopes = [scope for scope in fitted.graph_.scopes() if len(scope) == 2]
    assert set(edges) <= set(scopes)
    assert len(scopes) < 40  # of 66 pairs
    assert [scope for scope in scopes if fitted.coupling_strengths_[scope] > 0.25] == edges
    others = fitted.couplings.iloc[[k for k, v in enumerate(np.abs(values(fitted))) if v < 0.25]]
    assert np.all(np.abs(others["value"]) < 4.5 * others["standard_error"])


# orders beyond pairs


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [3, 4])
def test_interactions_of_many_spins_are_found_where_pairs_see_nothing(order, method):
    n = 6
    states = np.array(list(itertools.product([-1, 1], repeat=n)))
    sets = list(itertools.combinations(range(n), order))[::3]
    H = -0.5 * sum(states[:, list(s)].prod(axis=1) for s in sets)
    p = np.exp(-H)
    p /= p.sum()
    S = drawn(states, p, 20_000)
    pairs = HamiltonianDensity("spin", order=2, method=method).fit(S)
    full = HamiltonianDensity("spin", order=order, method=method).fit(S)
    assert np.corrcoef(full.energy(states), H)[0, 1] > 0.99
    assert np.corrcoef(pairs.energy(states), H)[0, 1] < 0.6
    assert p @ (np.log(p) - full.score_samples(states)) < 0.01
    assert p @ (np.log(p) - pairs.score_samples(states)) > 0.2
    table = full.couplings.set_index("term")
    for s in sets:
        row = table.loc["*".join(f"x{i}" for i in s)]
        assert abs(row["value"] + 0.5) < 4.5 * row["standard_error"]


@pytest.mark.parametrize("method", ["pseudolikelihood", "screening"])
def test_the_baxter_wu_model_is_recovered(method):
    """Products of three spins on all 18 triangles of a 3 x 3 triangular torus; no pair, no field."""
    L, K = 3, 0.3

    def at(r, c):
        return r % L * L + c % L

    up = [(at(r, c), at(r + 1, c), at(r, c + 1)) for r in range(L) for c in range(L)]
    down = [(at(r, c), at(r - 1, c), at(r, c - 1)) for r in range(L) for c in range(L)]
    triangles = {tuple(sorted(t)) for t in up + down}
    assert len(triangles) == 18
    states = np.array(list(itertools.product([-1, 1], repeat=L * L)))
    p = np.exp(K * sum(states[:, list(t)].prod(axis=1) for t in triangles))
    S = drawn(states, p / p.sum(), 50_000)
    fitted = HamiltonianDensity("spin", order=3, method=method, l1="auto").fit(S)
    table = fitted.couplings
    found = {tuple(sorted(int(x[1:]) for x in t.split("*"))): k for k, t in enumerate(table["term"])}
    assert {s for s, k in found.items() if abs(table["value"][k]) > K / 2} == triangles
    others = table[np.abs(table["value"]) < K / 2]
    assert np.all(np.abs(others["value"]) < 4.5 * others["standard_error"])
    rows = table.iloc[[found[t] for t in triangles]]
    assert np.all(np.abs(rows["value"] + K) < 4.5 * rows["standard_error"])


# the ladder


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_ladder_finds_the_order_of_the_model(order, method):
    states = model("spin", 1, sizes=(2,) * 5)[2]
    terms = local_terms("spin", alphabet_of("spin", (2,) * 5), order, math.inf, None)
    theta = np.where(terms.degrees == order, 0.3, 0.1) * np.random.default_rng(2).choice([-1, 1], len(terms))
    p = np.exp(-terms.hamiltonian(theta)(states)[:, 0])
    S = drawn(states, p / p.sum(), 3000, seed=order)
    fitted = HamiltonianDensity("spin", order="auto", method=method, random_state=0).fit(S)
    assert fitted.order_ == order
    ladder = fitted.ladder_
    assert ladder["order"].tolist() == [1, 2, 3]
    assert ladder["parameters"].tolist() == [5, 15, 25]
    assert ladder["chosen"].sum() == 1
    best = int(ladder["loss"].argmin())
    assert ladder["difference"][best] == 0
    eligible = ladder["loss"] <= ladder["loss"][best] + ladder["standard_error"][best]
    assert ladder["parameters"][ladder["chosen"]].item() == ladder["parameters"][eligible].min()
    assert fitted.ladder_score_ == "log-likelihood"


def test_the_ladder_lists_the_columns_of_the_classifier():
    S = drawn(*model("spin", 2)[2:], 200)
    ladder = HamiltonianDensity("spin", order="auto", random_state=0).fit(S).ladder_
    y = np.arange(200) % 2
    other = cl.HamiltonianClassifier(order="auto", radius="all", cv=2, random_state=0).fit(S, y).ladder_
    assert ladder.columns.tolist() == other.columns.tolist()


def test_losses_of_the_ladder_and_of_the_baselines_are_held_out_brute_force():
    """Every fold by hand: fit on its training rows, mean of -ln p of the rows it holds out."""
    _, _, states, p = model("category", 2, seed=1)
    X = drawn(states, p, 300)
    cv = KFold(3)  # blocks: what a time series needs
    fitted = HamiltonianDensity(
        "category", order="auto", cv=cv, regularization=2.0, labels=[[0, 1], [0, 1, 2], [0, 1, 2]]
    )
    fitted.fit(X)
    sizes = (2, 3, 3)
    for row, order in enumerate((1, 2, 3)):
        losses = np.empty(len(X))
        for training, held in cv.split(X):
            one = HamiltonianDensity("category", order=order, regularization=2.0, labels=fitted.labels)
            losses[held] = -one.fit(X[training]).score_samples(X[held])
        assert fitted.ladder_["loss"][row] == pytest.approx(losses.mean(), abs=2e-5)  # folds stop sooner
        assert fitted.ladder_["standard_error"][row] == pytest.approx(losses.std() / math.sqrt(len(X)), rel=1e-4)
    independent, trees = (
        np.zeros(len(X)),
        {edges: np.zeros(len(X)) for edges in itertools.combinations([(0, 1), (0, 2), (1, 2)], 2)},
    )
    tree = np.zeros(len(X))
    for training, held in cv.split(X):
        joint = {}
        for pair in ((0, 1), (0, 2), (1, 2)):
            table = np.zeros([sizes[i] for i in pair])
            np.add.at(table, tuple(X[training][:, list(pair)].T), 1)
            joint[pair] = (table + 1 / table.size) / (len(training) + 1)
        single = [joint[0, 1].sum(axis=1), joint[0, 1].sum(axis=0), joint[0, 2].sum(axis=0)]
        logs = np.array([np.log(single[i][X[:, i]]) for i in range(3)])
        gain = {
            pair: np.log(joint[pair][X[:, pair[0]], X[:, pair[1]]]) - logs[pair[0]] - logs[pair[1]] for pair in joint
        }
        information = {q: (joint[q] * np.log(joint[q] / np.outer(single[q[0]], single[q[1]]))).sum() for q in joint}
        best = max(trees, key=lambda edges: sum(information[e] for e in edges))
        independent[held] = -logs.sum(axis=0)[held]
        tree[held] = -(logs.sum(axis=0) + sum(gain[e] for e in best))[held]
    assert fitted.baselines_["model"].tolist() == ["independent", "Chow-Liu tree"]
    np.testing.assert_allclose(fitted.baselines_["loss"], [independent.mean(), tree.mean()], atol=1e-12)
    errors = [independent.std() / math.sqrt(len(X)), tree.std() / math.sqrt(len(X))]
    np.testing.assert_allclose(fitted.baselines_["standard_error"], errors, rtol=1e-9)


def test_groups_are_never_divided():
    """Ten copies of each row in one group: with groups nothing of a held-out row is trained on."""
    rng = np.random.default_rng(0)
    S = np.repeat(rng.choice([-1, 1], size=(40, 6)), 10, axis=0)
    groups = np.repeat(range(40), 10)
    chosen = [HamiltonianDensity("spin", order="auto", random_state=0).fit(S, groups=g).ladder_ for g in (groups, None)]
    assert chosen[0]["loss"][2] > chosen[1]["loss"][2] + 0.2  # copies in training and held out look like skill


def test_regularization_is_searched_when_asked():
    S = drawn(*model("spin", 3, seed=1, scale=0.2)[2:], 100)
    fitted = HamiltonianDensity("spin", order=3, regularization="search", random_state=0).fit(S)
    path = fitted.regularization_path_
    assert len(path) >= 3
    assert fitted.regularization_ == path["regularization"][path["picked"]].item()
    assert fitted.regularization_ > 0.01
    assert np.isfinite(fitted.ladder_["loss"]).all()


def test_one_family_is_fitted_without_folds():
    S = drawn(*model("spin", 2)[2:], 500)
    fitted = HamiltonianDensity("spin").fit(S)
    assert fitted.ladder_["loss"].isna().all()
    assert not hasattr(fitted, "baselines_")
    assert fitted.regularization_ == pytest.approx(500e-6)


def test_radius_zero_is_order_one_for_bits():
    S = drawn(*model("bit", 2)[2:], 100)
    fitted = HamiltonianDensity("bit", order="auto", radius="auto", geometry=cl.Chain(4), random_state=0).fit(S)
    families = list(zip(fitted.ladder_["order"], fitted.ladder_["radius"], fitted.ladder_["parameters"], strict=True))
    assert families == [(1, 0, 4), (2, 1, 7), (2, 2, 9), (2, 3, 10), (3, 2, 11), (3, 3, 14)]


def test_families_that_are_too_large_are_named():
    S = drawn(*model("spin", 2)[2:], 100)
    with pytest.warns(UserWarning, match="order 3, radius all was not fitted: it has more than max_terms=12 monomials"):
        fitted = HamiltonianDensity("spin", order="auto", max_terms=12, random_state=0).fit(S)
    assert fitted.ladder_["order"].tolist() == [1, 2]


def test_the_pseudo_likelihood_is_the_score_where_ln_z_is_not_exact():
    rng = np.random.default_rng(0)
    S = rng.choice([-1, 1], size=(150, 32))
    fitted = HamiltonianDensity("spin", order="auto", max_terms=600, cv=2, regularization=5.0, random_state=0)
    with pytest.warns(UserWarning, match="was not fitted"):
        fitted.fit(S)
    assert (fitted.method_, fitted.ladder_score_) == ("pseudolikelihood", "pseudo-log-likelihood")
    assert fitted.order_ == 1
    assert fitted.baselines_["loss"][0] == pytest.approx(fitted.ladder_["loss"][0], rel=0.02)
    one = HamiltonianDensity("spin", order=1).fit(S)  # independent sites: both scores are the same
    np.testing.assert_allclose(one.pseudo_log_likelihood(S), one.score_samples(S), atol=1e-10)
