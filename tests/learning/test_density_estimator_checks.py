"""scikit-learn's own checks of the density of categories; those of spins and bits would all bring other values."""

import unittest

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from cheaplearn import HamiltonianDensity

ESTIMATOR = HamiltonianDensity("category", order=1)
EXPECTED_FAILURES = {"check_estimators_nan_inf": "any value names a category, infinity too; missing values are refused"}
MAY_SKIP = {"SCIPY_ARRAY_API is not set": "array API input needs this variable before SciPy is imported"}


@pytest.mark.filterwarnings("ignore:HamiltonianDensity.*:UserWarning")  # samples of scikit-learn identify little
@parametrize_with_checks([ESTIMATOR], expected_failed_checks=lambda _: EXPECTED_FAILURES)
def test_scikit_learn_accepts_the_density(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        if not any(reason in str(skipped) for reason in MAY_SKIP):
            pytest.fail(f"skipped without a written reason: {skipped}")


def test_every_check_of_scikit_learn_is_run():
    checks = list(estimator_checks_generator(ESTIMATOR, expected_failed_checks=EXPECTED_FAILURES))
    assert len(EXPECTED_FAILURES) == 1
    assert len(checks) >= 45
