import itertools

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.partition.annealing import annealed_log_partition
from cheaplearn.hamiltonian.sampling.works import acceptance_ratio, effective_chains, log_mean


def random_graph(sizes, order, seed, scale):
    rng = np.random.default_rng(seed)
    scopes = [s for d in range(order + 1) for s in itertools.combinations(range(len(sizes)), d)]
    sizes = np.array(sizes)
    return FactorGraph.from_tables(sizes, {s: scale * rng.normal(size=tuple(sizes[list(s)])) for s in scopes})


def enumerated(graph, n, seed):
    """ln Z and n exact samples."""
    states = np.array(list(itertools.product(*[range(q) for q in graph.sizes])))
    energies = graph.energies(states)
    rng = np.random.default_rng(seed)
    return logsumexp(-energies), states[rng.choice(len(states), size=n, p=softmax(-energies))]


@pytest.mark.parametrize(
    ("sizes", "order", "scale"),
    [([2] * 11, 2, 0.4), ([3, 2, 4, 2, 3, 1, 2], 2, 0.5), ([2, 3, 2, 4], 3, 0.8), ([2] * 6, 4, 0.5), ([5, 6], 2, 1)],
)
@pytest.mark.parametrize("steps", [5, 60])
@pytest.mark.parametrize("schedule", ["adaptive", "sigmoid"])
def test_all_estimates_agree_with_enumeration(sizes, order, scale, steps, schedule):
    graph = random_graph(sizes, order, seed=len(sizes), scale=scale)
    truth, codes = enumerated(graph, 4000, seed=1)
    found = annealed_log_partition(graph, 2, steps=steps, chains=4000, codes=codes, schedule=schedule)
    assert abs(found.forward - truth) < 4 * found.forward_standard_error
    assert abs(found.reverse - truth) < 4 * found.reverse_standard_error
    assert abs(found.log_partition - truth) < 4 * found.standard_error
    assert found.standard_error < min(found.forward_standard_error, found.reverse_standard_error)
    assert len(found.betas) == steps + 1


def test_standard_errors_are_those_of_repeated_runs():
    graph = random_graph([2] * 8, 2, seed=3, scale=0.5)
    truth, codes = enumerated(graph, 200 * 150, seed=4)
    runs = [annealed_log_partition(graph, s, 20, 200, codes[200 * s : 200 * (s + 1)]) for s in range(150)]
    for name, error in (
        ("forward", "forward_standard_error"),
        ("reverse", "reverse_standard_error"),
        ("log_partition", "standard_error"),
    ):
        z = np.array([(getattr(run, name) - truth) / getattr(run, error) for run in runs])
        assert abs(z.mean()) < 4 / np.sqrt(150) + 0.1  # forward and reverse are bounds: slightly apart from the truth
        assert abs(z.std() - 1) < 4 / np.sqrt(2 * 150)


def test_few_steps_bracket_the_truth_in_the_mean():
    graph = random_graph([2] * 10, 2, seed=5, scale=0.8)
    truth, codes = enumerated(graph, 10 * 200, seed=6)
    runs = [annealed_log_partition(graph, s, 4, 10, codes[10 * s : 10 * (s + 1)]) for s in range(200)]
    for gap in (truth - np.array([r.forward for r in runs]), np.array([r.reverse for r in runs]) - truth):
        assert gap.mean() > 4 * gap.std() / np.sqrt(200)


def test_a_ferromagnet_begun_in_the_wrong_well_is_bracketed():
    sign = np.array([-1.0, 1.0])
    tables = {pair: -0.4 * np.outer(sign, sign) for pair in itertools.combinations(range(12), 2)}
    graph = FactorGraph.from_tables(np.full(12, 2), tables | {(i,): -0.3 * sign for i in range(12)})
    truth, codes = enumerated(graph, 100, seed=7)
    found = annealed_log_partition(graph, 8, steps=10, chains=100, codes=codes, base_fields=[sign] * 12)
    assert found.forward < truth - 0.3
    assert found.reverse > truth + 0.3
    assert found.forward < found.log_partition < found.reverse


def test_base_fields_of_the_marginals_make_it_more_exact():
    graph = random_graph([2] * 10, 2, seed=9, scale=0.4)
    truth, codes = enumerated(graph, 5000, seed=10)
    marginals = [np.bincount(column, minlength=2) / 5000 for column in codes.T]
    plain = annealed_log_partition(graph, 11, 20, 1000, codes)
    matched = annealed_log_partition(graph, 11, 20, 1000, codes, base_fields=[-np.log(m) for m in marginals])
    assert matched.standard_error < 0.8 * plain.standard_error
    assert abs(matched.log_partition - truth) < 4 * matched.standard_error


def test_start_samples_are_drawn_if_none_are_given_and_a_seed_repeats():
    graph = random_graph([3, 2, 2, 3], 2, seed=12, scale=0.5)
    truth, _ = enumerated(graph, 1, seed=0)
    first, second = (annealed_log_partition(graph, 13, 50, 300) for _ in range(2))
    assert abs(first.log_partition - truth) < 4 * first.standard_error
    assert first.log_partition == second.log_partition
    assert "starts from Samples(300 of 4 sites by gibbs" in first.notes[0]
    assert repr(first).startswith("AnnealedPartition(ln Z = ")
    assert "\n" not in repr(first)


def test_schedules_of_many_blocks_are_summed_like_one(monkeypatch):
    graph = random_graph([2] * 5, 2, seed=14, scale=0.5)
    _, codes = enumerated(graph, 20, seed=15)
    whole = annealed_log_partition(graph, 16, 50, 20, codes)
    monkeypatch.setattr("cheaplearn.hamiltonian.partition.annealing.BLOCK", 7)
    parts = annealed_log_partition(graph, 16, 50, 20, codes)
    np.testing.assert_allclose(parts.forward_works, whole.forward_works, rtol=1e-12)
    np.testing.assert_allclose(parts.reverse_works, whole.reverse_works, rtol=1e-12)


def test_works_of_gaussians_give_the_known_free_energy():
    rng = np.random.default_rng(17)  # W forward ~ N(F + s^2/2, s^2), reverse ~ N(F - s^2/2, s^2) obey Crooks' theorem
    F, s = 3.0, 1.0
    forward, reverse = rng.normal(F + s**2 / 2, s, 40_000), rng.normal(F - s**2 / 2, s, 10_000)
    found, error = acceptance_ratio(forward, reverse)
    assert abs(found + F) < 4 * error
    plain, plain_error = log_mean(-forward)
    assert abs(plain + F) < 4 * plain_error
    np.testing.assert_allclose(effective_chains(-forward) / 40_000, np.exp(-(s**2)), rtol=0.15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 1}, "`steps` of `annealed_log_partition` must be an integer of at least 2"),
        ({"base_fields": [np.zeros(2)]}, "`base_fields` of `annealed_log_partition` must be one table per site"),
        ({"schedule": np.array([0, 0.5])}, "must be rising from 0 to 1"),
        ({"schedule": "magic"}, '`schedule` of `annealed_log_partition` must be "adaptive", '),
        ({"codes": np.zeros((1, 2), int)}, "must be at least 2 samples, got 1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        annealed_log_partition(random_graph([2, 2], 2, 0, 1), 0, **arguments)


def test_the_combination_is_exact_because_the_way_back_is_the_time_reversal():
    graph = random_graph([3, 3, 2], 2, seed=20, scale=4.0)  # without the reversal z = 9.6
    truth, codes = enumerated(graph, 200_000, seed=19)
    found = annealed_log_partition(graph, 20, 3, 200_000, codes, schedule=np.array([0, 0.3, 0.6, 1]))
    assert abs(found.log_partition - truth) < 4 * found.standard_error
