"""Where samples are summed: on this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..._messages import must_be
from ..namespaces import is_tensor
from .array_partition import ArrayPartition
from .partition import Partition
from .samples import Place

__all__ = ["place_of"]


@contextmanager
def place_of(engine: str, n_jobs: int | None = None, X: Any = None) -> Generator[Place]:
    """Reads the arguments `engine` and `n_jobs`, and where the samples are.

    Args:
        engine: "numpy" for this machine, "dask" for the current Dask client, or the address of a scheduler.
        n_jobs: Threads on this machine; None or -1 for one per core.
        X: The samples: those in a PyTorch tensor are summed on its device.

    Yields:
        What makes sums of samples; on a cluster they last until the context is left.

    Raises:
        ValueError: If it is no engine (or another than "numpy" for a tensor), Dask is missing, has no client, or no
            scheduler answers at the address.
    """
    if is_tensor(X):
        if engine != "numpy":
            advice = "Pass X.cpu().numpy()."
            raise ValueError(must_be("engine", "HamiltonianDensity", '"numpy" for a tensor', repr(engine), advice))
        yield partial(ArrayPartition, example=X)
        return
    if engine == "numpy":
        yield partial(Partition, threads=max(n_jobs or 0, 0))
        return
    from .distributed import cluster

    with cluster(engine) as place:
        yield place
