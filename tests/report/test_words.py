"""Numbers and findings in words."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cheaplearn.report.words import at_most, family_words, headline


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_a_bound_in_words_is_never_below_the_bound(digits):
    rng = np.random.default_rng(0)
    for bound in rng.uniform(0.1, 1, 300) * 10.0 ** rng.integers(-3, 4, 300):
        written = float(at_most(float(bound), digits))
        assert bound <= written <= bound * (1 + 10.0 ** (1 - digits)) * (1 + 1e-12)
    assert at_most(0.0) == "0"
    assert at_most(math.inf) == "infinite"
    assert at_most(2.01e-7) == "2.1\u202f\u00d7\u202f10⁻⁷"


@pytest.mark.parametrize(
    ("order", "radius", "grid", "start"),
    [
        (1, 0.0, True, "Single values are enough"),
        (2, 0.0, True, "Single values and their powers are enough"),
        (2, 1.0, True, "Pairs of neighbours are enough"),
        (2, 3.0, True, "Pairs within 3 steps are enough"),
        (3, math.inf, False, "Triples are enough"),
        (4, math.inf, False, "Products are enough"),
    ],
)
def test_headline_follows_the_choice(order, radius, grid, start):
    result = SimpleNamespace(
        chosen=pd.Series({"order": order, "radius": radius, "parameters": 1234}, dtype=object),
        hamiltonian=SimpleNamespace(geometry=object() if grid else None, classes=np.arange(4)),
    )
    assert headline(result) == f"{start}: 1,234 numbers tell the 4 classes apart."


def test_families_in_words():
    assert family_words(1, 0.0, grid=True) == "single values, each with its own weight"
    assert "no products of different ones" in family_words(2, 0.0, grid=True)
    assert family_words(3, math.inf, grid=False).endswith("products of up to three values")
    assert family_words(3, 2.0, grid=True).endswith("products of up to three values at most 2 steps apart")
