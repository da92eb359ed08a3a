"""Which options of `cheaplearn fit` belong to which task."""

from __future__ import annotations

from collections.abc import Iterable

from .density_data import is_alignment
from .exits import BadInput
from .task import TASKS

__all__ = ["refuse_foreign_options", "wants_density"]

OF_CLASSIFIERS = ("target", "symmetry", "box", "tolerance", "dtype", "activation")
OF_DENSITIES = (
    "kind", "counts", "weights", "identity", "unknown", "method", "l1", "regularization", "blocked",
)  # fmt: skip


def wants_density(source: str, target: str | None, task: str, density: bool) -> bool:
    """Decides whether a density is asked for.

    Args:
        source: What to learn from.
        target: Label column, or None.
        task: Value of `--task`.
        density: Whether `--density` was given.

    Returns:
        True if so.

    Raises:
        BadInput: If the options contradict each other.
    """
    if task not in TASKS:
        message = f"`--task` must be one of {', '.join(TASKS)}, got {task!r}."
        raise BadInput(message)
    if density and task not in {"auto", "density"}:
        message = f"`--task` must be density with --density, got {task!r}. Leave out one of the two."
        raise BadInput(message)
    wanted = density or task == "density" or (task == "auto" and is_alignment(source))
    if wanted and target is not None:
        message = (
            f"`--target` must be left out for a density, which describes all columns alike, got {target!r}. "
            "To tell the classes of the target apart, pass --task classify."
        )
        raise BadInput(message)
    return wanted


def refuse_foreign_options(density: bool, given: Iterable[str]) -> None:
    """Refuses options that would do nothing.

    Args:
        density: Whether the task is a density.
        given: Names of the options on the command line.

    Raises:
        BadInput: If one of them belongs to the other task only.
    """
    foreign = OF_CLASSIFIERS if density else OF_DENSITIES
    for name in given:
        if name in foreign:
            task, advice = ("a classifier", "") if density else ("a density", " or pass --density")
            message = f"`--{name}` must go with {task}; here it would do nothing. Leave it out{advice}."
            raise BadInput(message)
