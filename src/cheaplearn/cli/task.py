"""Which task a target asks for."""

from __future__ import annotations

import numpy as np

from .exits import BadInput

__all__ = ["TASKS", "check_classes", "check_rows", "check_split", "resolve_task"]

TASKS = ("auto", "classify", "regress", "density")


def resolve_task(task: str, y: np.ndarray) -> tuple[str, str]:
    """Decides what to do.

    Args:
        task: "auto" or what the user wants.
        y: The target.

    Returns:
        "classify" or "regress", and why in words.

    Raises:
        BadInput: If the task is unknown, or the target does not suit it.

    Example:
        >>> resolve_task("auto", np.array([3, 1, 1]))
        ('classify', 'the target has 2 different whole numbers')
    """
    if task not in TASKS:
        message = f"`--task` must be one of {', '.join(TASKS)}, got {task!r}."
        raise BadInput(message)
    found, why = _task_of(y)
    if task != "auto":
        found, why = task, "as asked for"
    if found == "classify" and y.dtype.kind == "f":
        advice = "Name the classes, or pass --task regress."
        message = f"The target of the task classify must be whole numbers or text, got fractions. {advice}"
        raise BadInput(message)
    return found, why


def _task_of(y: np.ndarray) -> tuple[str, str]:
    if y.dtype.kind == "f":
        return "regress", "the target has fractions"
    distinct = len(np.unique(y))
    if y.dtype.kind == "i" and distinct > max(20, len(y) / 20):
        return "regress", f"the target has {distinct} different whole numbers in {len(y)} rows"
    return (
        "classify",
        f"the target has {distinct} different {'whole numbers' if y.dtype.kind == 'i' else 'labels'}",
    )


def check_split(folds: int, test: float) -> None:
    """Refuses numbers of folds and test shares that mean nothing.

    Args:
        folds: Number of folds of the ladder.
        test: Share of rows held out from everything.

    Raises:
        BadInput: If there are fewer than two folds, or the share is none.
    """
    if folds < 2:
        message = f"`--cv` must be at least 2 folds, got {folds}."
        raise BadInput(message)
    if not 0 < test < 1:
        message = f"`--test` must be a share between 0 and 1, got {test:g}. Write for example --test 0.2."
        raise BadInput(message)


def check_rows(rows: int, folds: int, test: float) -> None:
    """Refuses splits that leave too few rows of a regression.

    Args:
        rows: Number of rows.
        folds: Number of folds of the ladder.
        test: Share of rows held out from everything.

    Raises:
        BadInput: If fewer than two rows are left to score, or fewer than two for each fold.
    """
    check_split(folds, test)
    held_out = round(test * rows)
    if held_out < 2 or rows - held_out < 2 * folds:
        message = (
            f"`--test` and `--cv` must leave two rows to score and two for each of {folds} folds, got a share of "
            f"{test:g} of {rows} rows. Lower --cv, or gather more rows."
        )
        raise BadInput(message)


def check_classes(y: np.ndarray, folds: int, test: float, target: str) -> None:
    """Refuses targets that cannot be split.

    Args:
        y: Labels.
        folds: Number of folds of the ladder.
        test: Share of rows held out from everything.
        target: Name of the column.

    Raises:
        BadInput: If there is one class only, or a class is too small for its share of the folds.
    """
    check_split(folds, test)
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        message = f"The target {target!r} must have at least two classes, got only {classes[0]!s}. Check the column."
        raise BadInput(message)
    fewest = int(counts.argmin())
    needed = int(np.ceil((folds + 1) / (1 - test)))  # what the test share leaves must still fill the folds
    if counts[fewest] < needed:
        message = (
            f"Every class of the target {target!r} must have at least {needed} rows for {folds} folds and a test share "
            f"of {test:g}, got {counts[fewest]} of class {classes[fewest]!s}. Lower --cv, or gather more rows of it."
        )
        raise BadInput(message)
    if min(test, 1 - test) * len(y) < len(classes):
        message = f"`--test` must leave {len(classes)} rows (one per class) on both sides, got {test:g} of {len(y)}."
        raise BadInput(message)
