"""Where real samples are summed: on this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ..._messages import must_be
from .samples import RealSamples, Samples

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["Place", "place_of"]

OWNER = "HamiltonianDensity"


class Place(Protocol):
    """What brings samples to where they are summed."""

    def sent(self, samples: RealSamples) -> Samples:
        """Returns samples of this machine where they are summed."""

    def collected(self, model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> Samples:
        """Returns the samples of a Dask collection where they are."""


class Here:
    """This machine."""

    def sent(self, samples: RealSamples) -> Samples:
        """Returns the samples."""
        return samples

    def collected(self, model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> Samples:
        """Refuses a collection."""
        advice = 'Pass engine="dask", or X.compute().'
        raise ValueError(must_be("engine", OWNER, '"dask" or an address for a Dask collection', '"numpy"', advice))


@contextmanager
def place_of(engine: str) -> Generator[Place]:
    """Reads the argument `engine`.

    Args:
        engine: "numpy" for this machine, "dask" for the current Dask client, or the address of a scheduler.

    Yields:
        The place; samples stay there until the context is left.

    Raises:
        ValueError: If it is no engine, Dask is missing, has no client, or no scheduler answers at the address.
    """
    if isinstance(engine, str) and engine == "numpy":
        yield Here()
        return
    from ..clusters import connected
    from .cluster_samples import ClusterPlace

    with connected(engine) as workers:
        yield ClusterPlace(workers)
