"""Runs a worker script in its own process, with a time limit, and reads what it finished."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

SHARED = Path(__file__).parent  # workers import what they share from here
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")


def run(python, worker, job, limit, parts=None, threads=1):
    """Runs `worker` on `job`.

    Args:
        python: Interpreter of the worker's environment, or a reason why there is none.
        worker: Path of its script.
        job: Plain JSON values.
        limit: Seconds after which the process is ended.
        parts: Names of the results expected; each one that is missing is answered with the reason.
        threads: Threads of its BLAS and OpenMP.

    Returns:
        {part: its results}; of a part that is missing {"failed": reason}.
    """
    parts = parts or ["all"]
    if isinstance(python, Unavailable):
        return {part: {"failed": python.reason} for part in parts}
    with tempfile.TemporaryDirectory() as folder:
        task, answers = Path(folder, "job.json"), Path(folder, "answers.jsonl")
        task.write_text(json.dumps(job))
        answers.touch()
        reason = _wait([str(python), str(worker), str(task), str(answers)], folder, limit, threads)
        finished = dict(json.loads(line) for line in answers.read_text().splitlines())
    return {part: finished.get(part, {"failed": reason}) for part in parts}


class Unavailable:
    """Stands for an environment that could not be made."""

    def __init__(self, reason):
        self.reason = reason


def last_line(text):
    """The last line that says something, for a reason in a table."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return (lines[-1] if lines else "no message")[:160].replace("|", "/")


def _wait(command, folder, limit, threads):
    given = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    search = os.pathsep.join([str(SHARED), *given])  # the worker runs in another folder
    settings = dict.fromkeys(THREADS, str(threads)) | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": search}
    try:
        done = subprocess.run(
            command, env=os.environ | settings, cwd=folder, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not finished in {limit:g} s"
    return last_line(done.stderr) if done.returncode else "no result"
