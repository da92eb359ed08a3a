"""`cheaplearn predict`: labels and probabilities for new rows, from a fitted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exits import guarded, say

if TYPE_CHECKING:
    import numpy as np

__all__ = ["predict"]

HELP = """Predicts label and class probabilities for every row of a table, with a model that fit has written.

FILE is a .csv or .parquet table that has the columns of the training table (the target and further columns are not
used), or an .npz file with an array X. Writes CSV: label, then one probability per class.
"""


@guarded
def predict(
    model: Annotated[Path, typer.Argument(help="Folder that fit has written.")],
    file: Annotated[str, typer.Argument(help="Rows to predict: .csv, .parquet or .npz.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV file. [default: stdout]")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Predicts; `HELP` is its text.

    Args:
        model: Folder of the model.
        file: Rows to predict.
        output: CSV file to write.
        overwrite: Whether to replace it.
        as_json: Whether to print JSON.
    """
    from .model_folder import load_model
    from .staging import check_target_file, new_file
    from .tables import read_features

    if output is not None:
        check_target_file(output, overwrite)
    hamiltonian, target, _ = load_model(model)
    X, extra = read_features(file, hamiltonian.variables.names, target)
    if extra:
        say(f"Note: columns that are no variable of the model were not used: {', '.join(extra)}.")
    probabilities = hamiltonian.probabilities(X)
    labels = hamiltonian.classes[probabilities.argmax(axis=1)]
    if output is not None:
        with new_file(output) as partial:
            partial.write_text(_csv(labels, probabilities, hamiltonian.classes), encoding="utf-8")
    if as_json:
        record = {"classes": hamiltonian.classes, "label": labels, "probabilities": probabilities}
        typer.echo(json.dumps({name: values.tolist() for name, values in record.items()}))
    elif output is None:
        typer.echo(_csv(labels, probabilities, hamiltonian.classes), nl=False)


def _csv(labels: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> str:
    import pandas as pd

    columns = [f"probability_{label}" for label in classes]
    table = pd.DataFrame(probabilities, columns=columns)
    table.insert(0, "label", labels)
    return table.to_csv(index=False, lineterminator="\n")
