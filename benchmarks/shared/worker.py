"""What the worker scripts share: read the job, write a line per finished part (a time limit loses only the rest)."""

import json
import sys
from pathlib import Path


def job():
    return json.loads(Path(sys.argv[1]).read_text())


def answer(part, **results):
    with Path(sys.argv[2]).open("a") as file:
        file.write(json.dumps([part, results]) + "\n")


def attempt(part, work, *arguments):
    """Answers with the results of `work`, or with the reason why there are none."""
    try:
        results = work(*arguments)
    except Exception as error:  # a competitor's failure of any kind is a row of the table
        reason = f"{type(error).__name__}: {error}"
        results = {"failed": " ".join(reason.split())[:160].replace("|", "/")}
    answer(part, **results)
    return results
