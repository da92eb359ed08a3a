"""The refusal: what is thrown where no network can be certified to the tolerance."""

from __future__ import annotations

from ..network import Network

__all__ = ["ToleranceError"]


class ToleranceError(ValueError):
    """The tolerance cannot be certified in this dtype; says the best reachable error and what would reach it.

    Args:
        message: The explanation.
        best: Best certified error found, in the units of the output that limits it.
        network: The network that has it, None if none could be certified.
    """

    def __init__(self, message: str, best: float, network: Network | None = None) -> None:
        super().__init__(message)
        self.best = best
        self.network = network
