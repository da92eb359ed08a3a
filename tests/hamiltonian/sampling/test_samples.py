import itertools

import numpy as np
import pytest
from scipy.special import softmax

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.sampling import sample
from cheaplearn.hamiltonian.sampling.moves import leading_observable


def spins(n, couplings, fields=()):
    """H = -sum J s s - sum h s."""
    sign = np.array([-1.0, 1.0])
    tables = {(i,): -h * sign for i, h in enumerate(fields)}
    return FactorGraph.from_tables(np.full(n, 2), tables | {p: -J * np.outer(sign, sign) for p, J in couplings.items()})


def ferromagnet(n, J):
    return spins(n, dict.fromkeys(itertools.combinations(range(n), 2), J))


def mixed_graph(seed=0):
    rng = np.random.default_rng(seed)
    sizes = np.array([3, 2, 4])
    scopes = [(0,), (1, 2), (0, 1, 2)]
    return FactorGraph.from_tables(sizes, {s: rng.normal(size=tuple(sizes[list(s)])) for s in scopes})


def test_gibbs_samples_have_the_mean_energy_of_the_model():
    graph = mixed_graph()
    drawn = sample(graph, 20_000, random_state=1)
    states = np.array(list(itertools.product(range(3), range(2), range(4))))
    energies = graph.energies(states)
    p = softmax(-energies)
    mean = p @ energies
    error = np.sqrt((p @ energies**2 - mean**2) / drawn.effective_sample_size)
    assert abs(graph.energies(drawn.codes).mean() - mean) < 4 * error
    assert drawn.method == "gibbs"
    assert drawn.effective_sample_size > 15_000
    assert drawn.codes.dtype == np.uint8
    assert drawn.sweeps == drawn.burn_in + 200 * drawn.thinning
    assert "Burn-in" in drawn.notes[0]


def test_a_seed_gives_the_same_samples_twice_and_another_does_not():
    graph = ferromagnet(6, 0.1)
    first, second, third = (sample(graph, 150, random_state=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.codes, second.codes)
    assert first.rhat == second.rhat
    assert not np.array_equal(first.codes, third.codes)


def test_chains_stuck_in_two_wells_are_reported(monkeypatch):
    monkeypatch.setattr("cheaplearn.hamiltonian.sampling.samples.BUDGET", 3_000_000)
    graph = ferromagnet(30, 0.3)  # by symmetry both wells have the same energy
    with pytest.warns(UserWarning, match="The chains have not mixed: split R-hat"):
        drawn = sample(graph, 500, "gibbs", random_state=5)
    assert drawn.rhat > 2
    assert 90 < drawn.effective_sample_size < 120  # one per chain
    assert any("Burn-in ended" in note for note in drawn.notes)


def test_too_short_a_given_burn_in_is_reported():
    with pytest.warns(UserWarning, match="not mixed"):
        sample(ferromagnet(5, 0.05), 8, random_state=6, burn_in=0, thinning=1, chains=8)


def test_given_lengths_are_kept():
    drawn = sample(ferromagnet(5, 0.05), 1000, random_state=6, burn_in=300, thinning=3, chains=10)
    assert (drawn.burn_in, drawn.thinning, drawn.chains, drawn.sweeps) == (300, 3, 10, 600)


def test_exact_samples_come_from_the_given_function():
    def exact(n, rng):
        return rng.integers(0, 2, size=(n, 5))

    drawn = sample(ferromagnet(5, 1.0), 7, random_state=8, exact=exact)
    np.testing.assert_array_equal(drawn.codes, exact(7, np.random.default_rng(8)))
    assert (drawn.method, drawn.effective_sample_size, drawn.rhat) == ("exact", 7, 1)
    assert repr(drawn) == "Samples(7 of 5 sites, exact)"


def test_the_leading_observable_of_two_wells_is_the_magnetisation():
    rng = np.random.default_rng(9)
    codes = (rng.random((60, 40)) < rng.choice([0.1, 0.9], size=(60, 1))).astype(int)
    tables = leading_observable(ferromagnet(40, 0.1), codes).reshape(40, 2)
    slope = tables[:, 1] - tables[:, 0]
    assert np.all(slope * slope[0] > 0)
    np.testing.assert_allclose(np.linalg.norm(tables), 1)


def test_one_line_says_what_was_drawn():
    drawn = sample(ferromagnet(5, 0.05), 1000, random_state=10)
    assert "\n" not in repr(drawn)
    assert "1,000 of 5 sites by gibbs, worth " in repr(drawn)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "`n` of `sample` must be an integer of at least 1, got 0"),
        ({"n": 5, "method": "magic"}, "`method` of `sample` must be one of auto, exact"),
        ({"n": 5, "method": "exact"}, '`exact` of `sample` must be given with method "exact"'),
        ({"n": 5, "thinning": 0.5}, "`thinning` of `sample` must be an integer"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sample(ferromagnet(3, 0.1), **arguments)
