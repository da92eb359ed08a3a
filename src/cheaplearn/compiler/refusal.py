"""The refusal: what is thrown where no network can be certified to the tolerance."""

from __future__ import annotations

import numpy as np

from ..network import Network, rounded_up
from .job import Job
from .search import Candidate

__all__ = ["ToleranceError", "uncertifiable", "unreachable"]


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


def unreachable(job: Job, best: Candidate) -> tuple[str, float]:
    """Words what is reachable, and tries what would help.

    Args:
        job: What was asked for.
        best: The best network found.

    Returns:
        The message, and the best error of the output that is furthest from its tolerance.
    """
    assert job.tolerances is not None
    errors, labels, dtype = best.assembly.bounds.errors, job.circuit.labels, job.dtype.name
    k = int(np.argmax(errors / job.tolerances))
    reached = float(errors[k])
    where = f" of output {labels[k]!r}" if len(labels) > 1 else ""
    advice, deeper = [], "depth=None, " if job.depth is not None else ""
    for other_dtype, other in dict.fromkeys((
        (dtype, job.activation),
        ("float64", job.activation),
        (dtype, "square"),
        ("float64", "square"),
    )):
        if (other_dtype, other) == (dtype, job.activation) and not deeper:
            continue
        candidate = job.quick(other, other_dtype)
        if candidate.ratio <= 1.0:
            bound = rounded_up(candidate.assembly.bounds.errors[k], 2)
            advice.append(f"{deeper}dtype={other_dtype!r}, activation={other!r} reaches {bound:.2g}")
    message = (
        f"`tolerance`{where} is {job.tolerances[k]:.3g}, but the best error that can be certified with activation "
        f"{job.activation!r} in {dtype} is {rounded_up(reached):.3g}. "
    )
    if advice:
        return message + "What would help: " + "; ".join(advice) + ".", reached
    return message + f"Pass tolerance={rounded_up(reached):.3g} or more.", reached


def uncertifiable(job: Job, best: Candidate) -> str:
    """Words why nothing can be certified at all, and names the usual culprit: the largest term.

    Args:
        job: What was asked for.
        best: The best attempt.

    Returns:
        The message.
    """
    box = dict(zip(job.circuit.variables, job.intervals, strict=True))
    label, term, exponent = job.circuit.largest_term(box)
    where = f" of output {label!r}" if len(job.circuit.labels) > 1 or label != "y" else ""
    advice = "Scale the box" + ("." if job.dtype == np.float64 else " or use float64.")
    return (
        f"No network can be certified in {job.dtype.name}: {best.assembly.bounds.message}. {advice} "
        f"The largest term on this box is {term}{where}, up to about 10^{exponent:.0f}."
    )
