"""scikit-learn's own checks of an estimator, none of them skipped without a written reason."""

import unittest

import pytest

MAY_SKIP = {"SCIPY_ARRAY_API is not set": "array API input needs this variable before SciPy is imported"}


def passes(check, estimator):
    """Runs a check; a skip that has no reason here is a failure."""
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        if not any(reason in str(skipped) for reason in MAY_SKIP):
            pytest.fail(f"skipped without a written reason: {skipped}")
