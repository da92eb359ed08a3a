"""scikit-learn's own checks, counted so that a green run cannot hide skipped ones."""

import pytest
from scikit_learn_checks import passes
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from cheaplearn.learning import HamiltonianClassifier

# One family without folds, and the whole ladder. Two folds, because some checks bring classes of
# two or three samples, which the default cv=5 must refuse (a class with fewer samples than folds).
ESTIMATORS = [
    HamiltonianClassifier(order=2, radius=0, regularization=1.0, cv=None),
    HamiltonianClassifier(cv=2, random_state=0),
]
EXPECTED_FAILURES: dict[str, str] = {}  # check -> reason; none at present


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda _: EXPECTED_FAILURES)
def test_scikit_learn_accepts_the_estimator(estimator, check):
    passes(check, estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_check_of_scikit_learn_is_run(estimator):
    checks = list(estimator_checks_generator(estimator, expected_failed_checks=EXPECTED_FAILURES))
    assert not EXPECTED_FAILURES, "write the reason beside each expected failure and count it here"
    assert len(checks) >= 55
