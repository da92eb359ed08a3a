"""Small data and a way to run the command line in process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cheaplearn.cli import main

SMALL = ["--order", "2", "--radius", "0", "--cv", "3"]


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys) -> Callable[..., Outcome]:
    def run_main(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(code, captured.out, captured.err)

    return run_main


def small_table(seed: int = 0, rows: int = 90) -> pd.DataFrame:
    """Two classes told apart by a quadratic form of two of three variables."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (rows, 3))
    energy = 4 * (X[:, 0] ** 2 - X[:, 1]) + rng.logistic(size=rows) * 0.3
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    return table.assign(label=np.where(energy > 0, "high", "low"))


@pytest.fixture
def table_file(tmp_path) -> Path:
    path = tmp_path / "small.csv"
    small_table().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def fitted(tmp_path_factory) -> Path:
    """A folder with small.csv, small-model/ and its JSON summary, made once."""
    import contextlib
    import io

    folder = tmp_path_factory.mktemp("fitted")
    small_table().to_csv(folder / "small.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main([
            "fit",
            str(folder / "small.csv"),
            "--target",
            "label",
            "-o",
            str(folder / "small-model"),
            "--json",
            *SMALL,
        ])
    assert code == 0
    (folder / "facts.json").write_text(out.getvalue())
    return folder
