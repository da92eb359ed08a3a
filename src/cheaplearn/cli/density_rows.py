"""New rows for a density that fit has written: read, checked against its states, scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .density_data import ALL_ENDINGS, is_alignment, read_columns, read_letters
from .exits import BadInput, say
from .files import existing_file, require_columns
from .states import read_states, refuse_unknown_states

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Alphabet, Hamiltonian

__all__ = ["log_probabilities", "read_new_rows"]


def read_new_rows(source: str, hamiltonian: Hamiltonian, facts: dict[str, Any]) -> tuple[np.ndarray, list[str] | None]:
    """Reads rows to score.

    Args:
        source: Path of a table, an array or an alignment.
        hamiltonian: The model.
        facts: What `fit` has written about it.

    Returns:
        Raw values, shape (rows, n), and for alignments the names of the sequences.

    Raises:
        BadInput: If the file, a column or a cell cannot be used.
    """
    path = existing_file(source, ALL_ENDINGS, other="")
    alphabet = hamiltonian.alphabet
    assert alphabet is not None
    if is_alignment(source):
        return _sequences(path, alphabet, facts)
    table, place, unused = read_columns(path)
    if path.suffix in {".npz", ".npy"}:
        if table.shape[1] != len(alphabet):
            message = f"The array of {path} must have {len(alphabet)} columns as in training, got {table.shape[1]}."
            raise BadInput(message)
        table.columns = list(alphabet.names)
    require_columns(alphabet.names, table, path)
    extra = [*(str(name) for name in table.columns if name not in alphabet.names), *unused]
    if extra:
        say(f"Note: columns that are no variable of the model were not used: {', '.join(extra)}.")
    states = read_states(table[list(alphabet.names)], facts["kind"], place)
    if facts["kind"] == "category":
        refuse_unknown_states(states, list(alphabet.labels), place)
    return _like_labels(states, alphabet), None


def _sequences(path: Path, alphabet: Alphabet, facts: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    if not facts["sequences"]:
        message = f"{path} must be a table, because the model was not fitted to an alignment."
        raise BadInput(message)
    alignment = read_letters(path, "".join(alphabet.labels[0].tolist()), "refuse")
    for note in alignment.notes:
        say(f"Note: {note}")
    columns = alignment.sequences.shape[1]
    if columns != len(alphabet):
        message = (
            f"{path} must have {len(alphabet)} columns as in training, got {columns}. Align it to the same family."
        )
        raise BadInput(message)
    return alignment.sequences, list(alignment.names)


def _like_labels(states: pd.DataFrame, alphabet: Alphabet) -> np.ndarray:
    """Values of the type of each column's labels: a file of whole numbers may have been one of text before."""
    columns = [
        states[name].to_numpy().astype(labels.dtype)
        for name, labels in zip(alphabet.names, alphabet.labels, strict=True)
    ]
    if len({column.dtype.kind for column in columns}) == 1:
        return np.column_stack(columns)
    return np.column_stack([column.astype(object) for column in columns])


def log_probabilities(hamiltonian: Hamiltonian, values: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
    """Scores rows.

    Args:
        hamiltonian: The model.
        values: Raw values, shape (rows, n).
        facts: What `fit` has written about it.

    Returns:
        ln p = -H - ln Z of each row, nats.
    """
    from ..hamiltonian import FactorGraph

    partition = facts["log_partition"]
    if not partition["verified"]:
        say(f"Note: ln Z is an estimate that could not be verified ({partition['method']}); it shifts every row alike.")
    alphabet = hamiltonian.alphabet
    assert alphabet is not None
    energies = FactorGraph.from_hamiltonian(hamiltonian).energies(alphabet.encode(values))
    return -energies - partition["value"]
