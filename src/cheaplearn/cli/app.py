"""The command line program."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from . import (
    compile_command,
    fit_command,
    flatten_command,
    predict_command,
    sample_command,
    symmetries_command,
    verify_command,
)
from .exits import DONE, FAILED, INTERRUPTED, say
from .intervals import join_pairs
from .options import set_off_signs

__all__ = ["app", "main"]

HELP = """Find out how cheap your problem is, and get the smallest network that provably solves it.

Exit codes: 0 done, 1 the answer is no (tolerance out of reach), 2 bad input, 3 internal or numerical failure,
130 interrupted. Results go to stdout, progress and messages to stderr.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("fit", help=fit_command.HELP)(fit_command.fit)
app.command("predict", help=predict_command.HELP)(predict_command.predict)
app.command("sample", help=sample_command.HELP)(sample_command.sample)
app.command("compile", help=compile_command.HELP)(compile_command.compile_formulas)
app.command("flatten", help=flatten_command.HELP)(flatten_command.flatten_formula)
app.command("symmetries", help=symmetries_command.HELP)(symmetries_command.symmetries)
app.command("verify", help=verify_command.HELP)(verify_command.verify)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: The command line without the program's name; None for that of the process.

    Returns:
        The exit code.
    """
    words = set_off_signs(join_pairs(sys.argv[1:] if arguments is None else arguments))
    try:
        app(args=words, prog_name="cheaplearn")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (FAILED if end.code else DONE)
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    return DONE
