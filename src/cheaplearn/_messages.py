"""The one sentence in which every public check of this package reports bad input."""

from __future__ import annotations

__all__ = ["must_be"]


def must_be(argument: str, owner: str, requirement: str, got: object, advice: str = "") -> str:
    """Words a message: which argument of what must be what, what it was, what to do next.

    Args:
        argument: Name of the argument (or file and column) at fault.
        owner: The public function or class that was called.
        requirement: What the argument must be, completing "must be ...".
        got: The offending value, or a string that describes it (shape, row and column).
        advice: One sentence that says what to do next.

    Returns:
        The message, to be raised by the caller.

    Example:
        >>> must_be("lam", "product_gate", "positive", -1, "Pass lam=0.1.")
        '`lam` of `product_gate` must be positive, got -1. Pass lam=0.1.'
    """
    return f"`{argument}` of `{owner}` must be {requirement}, got {got}. {advice}".rstrip()
