"""Standard errors rest on the inverse of the information."""

import numpy as np
import pytest
from scipy.linalg import LinAlgError

from cheaplearn.learning.discrete.objective import Point
from cheaplearn.learning.discrete.sandwich import sandwich_errors
from cheaplearn.learning.discrete.score_moments import ScoreMoments


def still(n):
    return Point(np.zeros(n), 0.0, np.zeros(n), np.ones(n))


def moments_of(scores, weight, information):
    return ScoreMoments(information, (scores * weight) @ scores.T, scores @ weight, float(weight.sum()))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sandwich_is_the_inverse_information_around_the_covariance_of_scores(seed):
    rng = np.random.default_rng(seed)
    root, scores, weight = rng.normal(size=(7, 9)), rng.normal(size=(7, 50)), rng.uniform(0.5, 2, 50)
    A = root @ root.T
    prior, total = rng.uniform(0.1, 1, 7), 30.0
    found = sandwich_errors(moments_of(scores, weight, A), prior, total, still(7))
    inverse = np.linalg.inv(A + np.diag(prior / total + 1e-9 * np.mean(np.diag(A))))
    B = np.cov(scores, aweights=weight, ddof=0)
    np.testing.assert_allclose(found.sandwich, np.sqrt(np.diag(inverse @ B @ inverse) / total), rtol=1e-10)
    np.testing.assert_allclose(found.curvature, np.sqrt(np.diag(inverse) / total), rtol=1e-10)


def test_an_information_that_is_not_positive_is_refused():
    scores = np.ones((2, 3))
    with pytest.raises(LinAlgError, match="2-th leading minor"):
        sandwich_errors(moments_of(scores, np.ones(3), np.diag([1.0, -1.0])), np.zeros(2), 1.0, still(2))
