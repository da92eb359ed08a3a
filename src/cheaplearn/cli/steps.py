"""The steps of a long job: announced, timed, and what they warn about kept as notes."""

from __future__ import annotations

import platform
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .exits import say

__all__ = ["Steps", "versions"]


@dataclass
class Steps:
    """What a job has done so far.

    Args:
        seconds: Duration of each step.
        notes: Sentences the reader of the result should know.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Keeps a sentence and says it."""
        self.notes.append(text)
        say(f"Note: {text}")

    @contextmanager
    def step(self, name: str, text: str) -> Generator[None]:
        """Says what is being done, how long it took, and what was warned about.

        Args:
            name: One word, for the table of times.
            text: What is being done.

        Yields:
            Nothing.
        """
        say(f"{text} ...")
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        concerned = [w for w in caught if not issubclass(w.category, DeprecationWarning | FutureWarning)]
        for sentence in dict.fromkeys(str(warning.message) for warning in concerned):
            self.note(sentence)
        self.seconds[name] = time.perf_counter() - start

    @contextmanager
    def quietly(self) -> Generator[None]:
        """Keeps warnings of what is done beside the job from the reader."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield


def versions(*packages: str) -> dict[str, str]:
    """Looks up what a result was made with.

    Args:
        *packages: Names of installed packages.

    Returns:
        Python's version, then that of each package.
    """
    from importlib.metadata import version

    return {"Python": platform.python_version(), **{name: version(name) for name in packages}}
