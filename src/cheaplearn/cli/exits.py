"""Exit codes, and how every way a command can end is turned into one of them."""

from __future__ import annotations

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

__all__ = ["BAD_INPUT", "DONE", "FAILED", "INTERRUPTED", "NO", "BadInput", "bad_input", "guarded", "say"]

DONE, NO, BAD_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
TRACEBACK = "CHEAPLEARN_TRACEBACK"  # set to 1 to see where an internal failure came from


class BadInput(Exception):
    """What the user passed cannot be used; the message says what, why and what to do next."""


def say(text: str) -> None:
    """Tells the person at the terminal something on stderr, where progress goes too.

    Args:
        text: One or more lines.
    """
    typer.echo(text, err=True)


@contextmanager
def bad_input() -> Generator[None]:
    """Reports what the library refuses, in the sentence of `must_be`, as bad input.

    Yields:
        Nothing.

    Raises:
        BadInput: If the block raises `ValueError` or `TypeError` with such a sentence.
        ValueError: Another one, or a `ToleranceError`: these keep their own exit codes.
        TypeError: Another one.
    """
    from ..compiler import ToleranceError

    try:
        yield
    except (ValueError, TypeError) as err:
        if isinstance(err, ToleranceError) or not str(err).startswith("`"):
            raise
        raise BadInput(str(err)) from err


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wraps a command so that it ends with an exit code and a message instead of a traceback.

    Args:
        command: The command.

    Returns:
        The same command, which ends by `typer.Exit` unless all went well.
    """

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            with _termination_interrupts():
                command(*args, **options)
        except Exception as err:  # everything ends here: this is the top of the program
            _leave(err)
        except KeyboardInterrupt:
            say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _leave(err: Exception) -> NoReturn:
    from ..compiler import ToleranceError

    if isinstance(err, typer.Exit):
        raise err
    if isinstance(err, BrokenPipeError):  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(DONE) from err
    if os.environ.get(TRACEBACK) == "1":
        say("".join(traceback.format_exception(err)).rstrip())
    if isinstance(err, ToleranceError):
        say(str(err))
        raise typer.Exit(NO) from err
    if isinstance(err, BadInput):
        say(f"Error: {err}")
        raise typer.Exit(BAD_INPUT) from err
    if isinstance(err, OSError) and err.filename is not None:
        say(f"Error: {err.filename}: {err.strerror}. Check the path and its permissions.")
        raise typer.Exit(BAD_INPUT) from err
    say(f"Internal failure: {type(err).__name__}: {err}\nSet {TRACEBACK}=1 to see where it came from.")
    raise typer.Exit(FAILED) from err


@contextmanager
def _termination_interrupts() -> Generator[None]:
    """While a command runs, SIGTERM ends it the way Ctrl-C does: cleaning up."""

    def interrupt(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: signals are somebody else's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
