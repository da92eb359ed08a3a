"""What the workers share: time a fit in this fresh process, compare its couplings with the true ones."""

import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "shared"))

from worker import answer, job

__all__ = ["answer", "job", "measure", "peak_megabytes"]

MOST, BUDGET = 3, 20.0  # repetitions, and seconds after which there are no more
SMALL = slice(0, 500), slice(0, 10)  # samples and spins of the first fit, which loads libraries and compiles


def measure(fit, task, jobs=1):
    """Answers with seconds, memory and errors of `fit`.

    Args:
        fit: From samples, shape (samples, n), int8, to couplings J, shape (n, n); p is proportional to exp(s J s / 2).
        task: The job, with the path of the data and the time when the process was started.
        jobs: Processes that `fit` starts.
    """
    data = np.load(task["data"])
    S, J = np.ascontiguousarray(data["S"][: task.get("rows")]), data["J"]
    fit(np.ascontiguousarray(S[SMALL]))
    startup = time.time() - task["started"]
    seconds, work = [], []
    while not seconds or (len(seconds) < MOST and sum(seconds) + min(seconds) < BUDGET):
        start, before = time.perf_counter(), time.process_time()
        found = fit(S)
        seconds.append(time.perf_counter() - start)
        work.append(time.process_time() - before)
    pairs = np.triu_indices(len(J), 1)
    error, strength = (found - J)[pairs], np.abs(found[pairs])
    edges = int(np.count_nonzero(J[pairs]))
    answer(
        "all",
        seconds=statistics.median(seconds),
        runs=len(seconds),
        **({"work": statistics.median(work)} if jobs == 1 else {}),  # other processes' work is not seen from here
        startup=startup,
        peak=peak_megabytes(jobs),
        rmse=float(np.sqrt(np.mean(error**2))),
        worst=float(np.abs(error).max()),
        missed=edges - int(np.count_nonzero(J[pairs][np.argsort(-strength)[:edges]])),
    )


def peak_megabytes(jobs=1):
    """Peak resident memory of this process, and `jobs` times that of the largest process it started."""
    if jobs > 1:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # only processes that have ended are counted
    own, started = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + (jobs * started if jobs > 1 else 0)) / 1024
