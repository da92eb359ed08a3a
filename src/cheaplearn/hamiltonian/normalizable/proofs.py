"""The proofs that an energy grows in every direction, cheapest first."""

from __future__ import annotations

from .components import Component
from .degrees import leading_form
from .dominance import dominance_margin
from .gaussian import is_positive_definite
from .sums_of_squares import is_sum_of_squares

__all__ = ["METHODS", "proof_of_growth"]

METHODS = {  # from the weakest to the strongest
    "gaussian": "the quadratic form is positive definite (verified Cholesky factorisation)",
    "dominance": "the pure powers outweigh all mixed leading terms (inequality of means, checked exactly)",
    "sum of squares": "the leading form is a sum of squares with positive definite Gram matrices (verified)",
}


def proof_of_growth(component: Component) -> str:
    """Looks for a proof that H >= c sum |z_i|^d_i - C with c > 0, for all coefficients in their intervals.

    Args:
        component: Terms in free variables.

    Returns:
        The method, one of `METHODS`, or otherwise the reason why there is none, in words.

    Cost: that of the methods: see `dominance_margin`, `is_positive_definite` and `is_sum_of_squares`.
    """
    form = leading_form(component)
    if isinstance(form, str):
        return form
    if form.heavier:
        return f"{len(form.heavier)} mixed terms outgrow the pure powers and are not known to be nonnegative"
    if set(form.degrees) == {2}:
        proved = is_positive_definite(form.terms, len(component))
        return "gaussian" if proved else "the quadratic form was not proved to be positive definite"
    if dominance_margin(form) is not None:
        return "dominance"
    return "sum of squares" if is_sum_of_squares(form) else "the leading form was not proved to be positive definite"
