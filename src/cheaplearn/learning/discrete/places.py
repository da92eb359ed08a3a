"""Where samples are summed: on this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from .partition import Partition
from .samples import Place

__all__ = ["place_of"]


@contextmanager
def place_of(engine: str) -> Generator[Place]:
    """Reads the argument `engine`.

    Args:
        engine: "numpy" for this machine, "dask" for the current Dask client, or the address of a scheduler.

    Yields:
        What makes sums of samples; on a cluster they last until the context is left.

    Raises:
        ValueError: If it is no engine, Dask is missing, has no client, or no scheduler answers at the address.
    """
    if engine == "numpy":
        yield Partition
        return
    from .distributed import cluster

    with cluster(engine) as place:
        yield place
