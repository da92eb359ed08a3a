"""Median seconds of a repeated call, within a budget."""

import statistics
import time


def median_seconds(call, budget=2.0, most=15):
    """At least one repetition after one unmeasured call; more while the budget lasts."""
    call()
    seconds = []
    while len(seconds) < most and sum(seconds) < budget:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
