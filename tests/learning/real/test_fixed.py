"""Variables that only multiply: sums by some variables and by the others add up to those by all."""

import math

import numpy as np
import pytest

from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.scores import hyvarinen_losses
from cheaplearn.learning.real.sums import score_sums


@pytest.mark.parametrize("seed", range(3))
def test_sums_by_some_variables_and_by_the_others_make_those_by_all(seed):
    rng, n = np.random.default_rng(seed), 4
    monomials, t = local_monomials(n, 3, math.inf), rng.normal(size=(50, n))
    some = frozenset(rng.choice(n, size=2, replace=False).tolist())
    bases = [ProductBasis(monomials, fixed=fixed) for fixed in (frozenset(), some, frozenset(range(n)) - some)]
    whole, first, second = (score_sums(t, None, basis) for basis in bases)
    assert np.allclose(whole.A, first.A + second.A)
    assert np.allclose(whole.b, first.b + second.b)
    assert not np.allclose(whole.A, first.A)
    theta = rng.normal(size=(len(monomials), 2))
    losses = [hyvarinen_losses(t, basis, theta) for basis in bases]
    assert np.allclose(losses[0], losses[1] + losses[2])
    assert len(bases[1].table) <= len(bases[0].table)
