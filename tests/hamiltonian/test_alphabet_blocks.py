"""Looking up many sites with the same labels at once gives what each site alone gives."""

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet, alphabet

SEEDS = [0, 1, 2]
LABELS = [np.array([-1, 1]), np.array([0, 1]), np.array([0.5, 2.5]), np.array(["b", "a"]), np.array([3, 1, 2])]


@pytest.mark.parametrize("labels", LABELS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_shared_labels_are_looked_up_as_each_site_alone(labels, seed, monkeypatch):
    monkeypatch.setattr(alphabet, "BLOCK_ENTRIES", 50)
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, len(labels), (23, 7))
    shared = Alphabet(tuple("abcdefg"), (labels,) * 7)
    alone = Alphabet(tuple("abcdefg"), tuple(labels.copy() for _ in range(7)))
    assert np.array_equal(shared.encode(labels[codes]), codes)
    assert np.array_equal(alone.encode(labels[codes]), codes)
    assert shared.encode(labels[codes]).dtype == np.uint8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_column_with_an_unknown_value_is_named(seed, monkeypatch):
    monkeypatch.setattr(alphabet, "BLOCK_ENTRIES", 8)
    rng = np.random.default_rng(seed)
    X = rng.choice([-1.0, 1.0], (20, 4))
    X[3, 2] = 0.0
    X[[17, 12], 1] = np.nan
    with pytest.raises(ValueError, match=r"one of -1, 1 in column 1 \(b\), got nan in row 12"):
        Alphabet.of_kinds("abcd", ["spin"] * 4).encode(X)


def test_text_among_numbers_is_refused_with_its_place():
    X = np.array([[-1, 1], [1, "up"]], object)
    with pytest.raises(ValueError, match=r"in column 1 \(b\), got 'up' in row 1"):
        Alphabet.of_kinds("ab", ["spin"] * 2).encode(X)
