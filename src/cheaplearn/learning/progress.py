"""A progress bar on stderr for fits that take long enough to ask for one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(total: int, text: str, shown: bool) -> Generator[Callable[[], None]]:
    """Shows how many of `total` steps are done and how long the rest may take.

    Args:
        total: Number of steps.
        text: What is being done.
        shown: Whether to draw anything.

    Yields:
        A function to call after each step.
    """
    if not shown:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(text, total=total)
        yield lambda: bar.advance(task)
