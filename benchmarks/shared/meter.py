"""Seconds of a call, and its peak memory over what the process held before."""

import ctypes
import time
import tracemalloc
from pathlib import Path

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def metered(call, traced=False):
    """Calls once.

    Args:
        call: Without arguments; what it returns is held until memory has been read.
        traced: Count what Python and NumPy allocate (tracemalloc, slower), not the resident memory of the process.

    Returns:
        What the call returned, and {"seconds", "peak"}; the peak in MB (1e6 bytes) over what was there before, None
        where the system does not tell (resident memory is Linux only).
    """
    if traced:
        return _traced(call)
    _give_back()
    before = _resident("VmRSS") if _forget_peak() else None
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    peak = None if before is None else (_resident("VmHWM") - before) / 1e6
    return result, {"seconds": seconds, "peak": peak}


def _traced(call):
    tracemalloc.start()
    start = time.perf_counter()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = call()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    return result, {"seconds": time.perf_counter() - start, "peak": peak / 1e6}


def _resident(name):
    """Bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def _forget_peak():
    """Sets the peak of the process to what it holds now; says whether the system can."""
    try:
        RESET.write_text("5")
    except OSError:
        return False
    return True


def _give_back():
    """Returns memory that is free to the system, so that it is counted if it is taken again."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):  # not glibc
        return
