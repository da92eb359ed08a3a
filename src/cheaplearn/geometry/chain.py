"""Sites in a row: time series, spin chains, sequences."""

from __future__ import annotations

from typing import Any

from .grid import Grid

__all__ = ["Chain"]


class Chain(Grid):
    """Sites in a row, open or closed into a ring; the distance counts steps.

    Args:
        n: Number of sites.
        periodic: Whether the last site is next to the first.

    Raises:
        ValueError: If `n` is not a positive integer or `periodic` not a bool.

    Example:
        >>> Chain(6, periodic=True).neighbours(0, 2).tolist()
        [1, 2, 4, 5]
    """

    def __init__(self, n: int, periodic: bool = False) -> None:
        super().__init__(n, periodic=periodic)

    def to_dict(self) -> dict[str, Any]:
        """Plain description of the chain.

        Returns:
            `kind`, `n` and `periodic`.
        """
        return {"kind": "chain", "n": self.n_sites, "periodic": self.periodic[0]}

    def __repr__(self) -> str:
        return f"Chain({self.n_sites}{', periodic=True' if self.periodic[0] else ''})"
