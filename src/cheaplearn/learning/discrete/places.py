"""Where samples are summed: on this machine or on a Dask cluster."""

from __future__ import annotations

from .fitting import Place
from .partition import Partition

__all__ = ["place_of"]


def place_of(engine: str) -> Place:
    """Reads the argument `engine`.

    Args:
        engine: "numpy" for this machine, "dask" for the current Dask client, or the address of a scheduler.

    Returns:
        What makes sums of samples.

    Raises:
        ValueError: If Dask is missing, or has no client.
    """
    if engine == "numpy":
        return Partition
    from .distributed import cluster

    return cluster(engine)
