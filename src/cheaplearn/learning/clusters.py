"""The connection to a Dask cluster: tasks that outlive the workers they run on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from threadpoolctl import ThreadpoolController

from .._messages import must_be

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Workers", "connected", "number_of_partitions", "one_thread"]

OWNER = "HamiltonianDensity"
MERGED_AT_ONCE = 8
LEAST_SAMPLES = 4096  # of a partition: fewer cost less than the message about them
SECONDS = 10  # waited for a scheduler, and for its first worker
START = "Start one, for example `from dask.distributed import Client; client = Client()`, then call `fit` again."


@contextmanager
def connected(engine: str, owner: str = OWNER) -> Generator[Workers]:
    """Finds the cluster.

    Args:
        engine: "dask" for the current Dask client, or the address of a scheduler.
        owner: Who is called, for messages.

    Yields:
        Its workers. A connection to an address is closed in the end, the current client is left as it is.

    Raises:
        ValueError: If Dask is missing, has no client, or no scheduler or worker answers within 10 s.
    """
    if not isinstance(engine, str) or not (engine == "dask" or ":" in engine):
        requirement = '"numpy", "dask" or the address of a Dask scheduler'
        raise ValueError(must_be("engine", owner, requirement, repr(engine), 'Pass for example "tcp://10.0.0.1:8786".'))
    try:
        import distributed
    except ImportError as err:
        advice = "Install it: pip install 'cheaplearn[distributed]'."
        raise ValueError(must_be("engine", owner, '"numpy" where Dask is missing', repr(engine), advice)) from err
    if engine == "dask":
        try:
            client = distributed.get_client()
        except ValueError as err:
            requirement = '"numpy" where no Dask client is open'
            raise ValueError(must_be("engine", owner, requirement, repr(engine), START)) from err
        yield Workers(_with_workers(client, engine, owner))
        return
    try:
        client = distributed.Client(engine, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as err:
        requirement = f"an address at which a Dask scheduler answers within {SECONDS} s"
        advice = f"Start one there (`dask scheduler`), or correct the address; {err}."
        raise ValueError(must_be("engine", owner, requirement, repr(engine), advice)) from err
    with client:
        yield Workers(_with_workers(client, engine, owner))


def _with_workers(client: Client, engine: str, owner: str) -> Client:
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except TimeoutError as err:
        requirement = f"a cluster that has a worker within {SECONDS} s"
        advice = "Start workers (`dask worker ADDRESS`), then call `fit` again."
        raise ValueError(must_be("engine", owner, requirement, f"{engine!r} without workers", advice)) from err
    return client


@dataclass(frozen=True, eq=False)
class Workers:
    """The workers of a cluster.

    The scheduler keeps every task with its arguments, and runs it again if its result is lost.

    Args:
        client: The connection.
    """

    client: Client

    @cached_property
    def threads(self) -> dict[str, int]:
        """Threads of each worker that was there at first, by address."""
        return dict(sorted(self.client.nthreads().items()))

    @property
    def n_threads(self) -> int:
        """Threads of all workers."""
        return sum(self.threads.values())

    def owners(self, count: int) -> list[str]:
        """Returns which worker is to hold each of `count` parts: neighbours together, in proportion to threads."""
        slots = [address for address, threads in self.threads.items() for _ in range(threads)]
        return [slots[k * len(slots) // count] for k in range(count)]

    def submit(self, function: Callable[..., Any], *arguments: Any, owner: str | None = None) -> Future:
        """Runs a function of this package on a worker.

        Args:
            function: What to call.
            arguments: Values, or futures of them.
            owner: The worker that is to hold the result, as long as it lives; None for where the arguments are.

        Returns:
            A future of the result.
        """
        place = {} if owner is None else {"workers": [owner], "allow_other_workers": True}
        with _large_graphs():
            return self.client.submit(function, *arguments, pure=False, **place)

    def map(self, function: Callable[..., Any], *columns: Sequence[Any]) -> list[Future]:
        """Runs a function on each row of the columns of arguments (values, futures or lists of futures)."""
        with _large_graphs():
            return self.client.map(function, *columns, pure=False)

    def compute(self, delayed: list[Any]) -> list[Future]:
        """Computes the chunks of a Dask collection; their results stay on the workers."""
        with _large_graphs():
            return self.client.compute(delayed)

    def put(self, value: Any) -> Future:
        """Sends a value once to the scheduler, from where workers pass it on to each other."""
        return self.submit(_same, value)

    def merge(self, plus: Callable[..., Any], parts: list[Future]) -> Future:
        """Merges results on the workers, always in the same order.

        Args:
            plus: Merges a list of neighbouring results.
            parts: Futures of results, at least one.

        Returns:
            A future of the whole.
        """
        while len(parts) > 1:
            parts = self.map(plus, [parts[k : k + MERGED_AT_ONCE] for k in range(0, len(parts), MERGED_AT_ONCE)])
        return parts[0]


def _large_graphs() -> Any:
    """Arguments belong into the graph, however large: that is what makes lost results recoverable."""
    import dask

    return dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"})


def _same(value: Any) -> Any:
    return value


def number_of_partitions(count: int, n_threads: int) -> int:
    """Returns how many partitions keep all threads busy.

    One for each thread: a second one would wait, and a scheduler moves what waits to idle workers, away from its
    curvatures.
    """
    return max(1, min(n_threads, count // LEAST_SAMPLES))


def one_thread() -> Any:
    """Returns a context in which BLAS uses one thread: a worker's threads hold one partition each."""
    return _controller().limit(limits=1)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, which takes longer than a small sum
