"""scikit-learn's own checks of the regressor, counted so that a green run cannot hide skipped ones."""

import pytest
from scikit_learn_checks import passes
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from cheaplearn import HamiltonianRegressor

ESTIMATORS = [
    HamiltonianRegressor(order=2, radius=0, regularization=1.0, cv=None),
    HamiltonianRegressor(cv=2, random_state=0),
    HamiltonianRegressor(order=[1, 2], cv=2, sparse=True, random_state=0),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_accepts_the_regressor(estimator, check):
    passes(check, estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_check_of_scikit_learn_is_run(estimator):
    assert len(list(estimator_checks_generator(estimator))) >= 50
