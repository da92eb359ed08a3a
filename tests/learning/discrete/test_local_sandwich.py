import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.learning.discrete import fitting


@pytest.mark.parametrize("method", ["pseudolikelihood", "screening"])
@pytest.mark.parametrize("kind", ["spin", "bit"])
def test_sparse_errors_are_the_dense_ones(method, kind, monkeypatch):
    rng = np.random.default_rng(1)
    S = rng.integers(0, 2, size=(2000, 36))
    S[:, 1:] = np.where(rng.random((2000, 35)) < 0.3, S[:, :-1], S[:, 1:])
    S = 2 * S - 1 if kind == "spin" else S
    model = cl.HamiltonianDensity(kind=kind, geometry=cl.Grid(6, 6), radius=1, method=method, standard_errors=False)
    fit = model.fit(S)._fit
    dense = fitting.coupling_errors(fit)
    monkeypatch.setattr(fitting, "MAX_DENSE", 0)
    sparse = fitting.coupling_errors(fit)
    # 1,000 of 2,000 scores: a relative error of 1 / sqrt(2000) each, with heavier tails for rare bits
    ratio = sparse.sandwich / dense.sandwich
    assert abs(ratio.mean() - 1) < 0.03
    assert ratio.std() < 0.06
    np.testing.assert_array_less(sparse.curvature, 1.01 * dense.curvature)


def test_many_couplings_that_are_not_local_are_refused(monkeypatch):
    S = np.random.default_rng(0).choice([-1, 1], size=(300, 8))
    fit = cl.HamiltonianDensity(kind="spin", method="pseudolikelihood").fit(S)._fit
    monkeypatch.setattr(fitting, "MAX_DENSE", 10)
    monkeypatch.setattr(fitting, "MAX_SPARSE", 10)
    with pytest.raises(ValueError, match="`standard_errors` of `HamiltonianDensity` must be False beyond 10 couplings"):
        fitting.coupling_errors(fit)
