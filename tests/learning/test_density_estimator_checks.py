"""scikit-learn's own checks of densities of categories and of reals; spins and bits would all bring other values."""

import pytest
from scikit_learn_checks import passes
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from cheaplearn import HamiltonianDensity

ESTIMATORS = [HamiltonianDensity("category", order=1), HamiltonianDensity("real", order=2)]
OF_CATEGORIES = {"check_estimators_nan_inf": "any value names a category, infinity too; missing values are refused"}


def expected_failures(estimator):
    return OF_CATEGORIES if estimator.kind == "category" else {}


@pytest.mark.filterwarnings("ignore:HamiltonianDensity.*:UserWarning")  # samples of scikit-learn identify little
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_accepts_the_density(estimator, check):
    passes(check, estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_check_of_scikit_learn_is_run(estimator):
    checks = list(estimator_checks_generator(estimator, expected_failed_checks=expected_failures(estimator)))
    assert len(OF_CATEGORIES) == 1
    assert len(checks) >= 45
