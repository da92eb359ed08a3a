"""Checks that users and the tests of this package share: certificates against a determined search."""

from .certified import assert_certified as assert_certified
from .certified import worst_error as worst_error
from .certified import worst_errors as worst_errors
from .invariant import assert_invariant as assert_invariant
from .reference import reference_values as reference_values

__all__ = ["assert_certified", "assert_invariant", "reference_values", "worst_error", "worst_errors"]
