"""Checks that users and the tests of this package share: certificates against a determined search."""

from .certified import assert_certified as assert_certified
from .certified import reference_values as reference_values
from .certified import worst_error as worst_error

__all__ = ["assert_certified", "reference_values", "worst_error"]
