"""`cheaplearn predict`: labels and probabilities for new rows, from a fitted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import guarded, say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..hamiltonian import Hamiltonian
    from ..learning.regression.intervals import Spread

__all__ = ["predict"]

LEVEL = 0.95  # of the intervals of a regression

HELP = """Predicts for every row of a table, with a model that fit has written.

A classifier: label and class probabilities; writes CSV: label, then one probability per class.
A regression: writes CSV: prediction, and the ends lower and upper of the interval that contains a new value with
probability 0.95.
A density: the log-probability of the row in nats; writes CSV: log_probability (for alignments: name, log_probability).
Rows beyond the bounds of real variables have probability 0 (-inf; null in JSON). Exit code 1 if the density does not
exist.

FILE is a .csv or .parquet table that has the columns of the training table (the target and further columns are not
used), or an .npz file with an array X; for densities also .npy, and an alignment of the same columns.
"""


@guarded
def predict(
    model: Annotated[Path, typer.Argument(help="Folder that fit has written.")],
    file: Annotated[str, typer.Argument(help="Rows to predict: a table, an array or an alignment.")],
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
    from ..learning.regression.intervals import Spread
    from .model_folder import load_arrays, load_model
    from .staging import check_target_file, new_file

    if output is not None:
        check_target_file(output, overwrite)
    hamiltonian, target, facts = load_model(model)
    if facts.get("task") == "regress":
        table, record = _values(hamiltonian, file, str(target), Spread.from_arrays(load_arrays(model)))
    elif target is None:
        table, record = _log_probabilities(hamiltonian, file, facts)
    else:
        table, record = _classes(hamiltonian, file, target)
    text = table.to_csv(index=False, lineterminator="\n")
    if output is not None:
        with new_file(output) as partial:
            partial.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(record, allow_nan=False))
    elif output is None:
        typer.echo(text, nl=False)


def _classes(hamiltonian: Hamiltonian, file: str, target: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pandas as pd

    X = _features(file, hamiltonian, target)
    probabilities = hamiltonian.probabilities(X)
    classes = hamiltonian.classes
    labels = classes[probabilities.argmax(axis=1)]
    table = pd.DataFrame(probabilities, columns=[f"probability_{label}" for label in classes])
    table.insert(0, "label", labels)
    record = {"classes": classes, "label": labels, "probabilities": probabilities}
    return table, {name: values.tolist() for name, values in record.items()}


def _values(hamiltonian: Hamiltonian, file: str, target: str, spread: Spread) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pandas as pd

    from .summary import number_or_none

    X = _features(file, hamiltonian, target)
    prediction = (hamiltonian(X) + hamiltonian.offsets)[:, 0]
    reach = spread.reach(hamiltonian, X, LEVEL)[:, 0]
    columns = {"prediction": prediction, "lower": prediction - reach, "upper": prediction + reach}
    record = {name: [number_or_none(value) for value in values] for name, values in columns.items()}
    return pd.DataFrame(columns), {"target": target, "level": LEVEL} | record


def _features(file: str, hamiltonian: Hamiltonian, target: str) -> np.ndarray:
    from .tables import read_features

    X, extra = read_features(file, hamiltonian.variables.names, target)
    if extra:
        say(f"Note: columns that are no variable of the model were not used: {', '.join(extra)}.")
    return X


def _log_probabilities(
    hamiltonian: Hamiltonian, file: str, facts: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pandas as pd

    from .density_rows import log_probabilities, read_new_rows
    from .summary import number_or_none

    values, names = read_new_rows(file, hamiltonian, facts)
    columns: dict[str, Any] = {} if names is None else {"name": names}
    scores = log_probabilities(hamiltonian, values, facts).tolist()
    record = columns | {"log_probability": [number_or_none(score) for score in scores]}
    return pd.DataFrame(columns | {"log_probability": scores}), record | {"log_partition": facts["log_partition"]}
