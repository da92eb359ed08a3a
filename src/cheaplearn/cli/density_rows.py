"""New rows for a density that fit has written: read, checked against its states, scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from .density_data import ALL_ENDINGS, is_alignment, read_columns, read_letters
from .exits import NO, BadInput, say
from .files import existing_file, require_columns
from .states import read_states, refuse_unknown_states

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Alphabet, Hamiltonian

__all__ = ["bounds_of", "column_names", "log_probabilities", "read_new_rows", "refuse_without_density"]


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
    if is_alignment(source):
        return _sequences(path, alphabet, facts)
    names = column_names(hamiltonian)
    table, place, unused = read_columns(path)
    if path.suffix in {".npz", ".npy"}:
        if table.shape[1] != len(names):
            message = f"The array of {path} must have {len(names)} columns as in training, got {table.shape[1]}."
            raise BadInput(message)
        table.columns = list(names)
    require_columns(names, table, path)
    extra = [*(str(name) for name in table.columns if name not in names), *unused]
    if extra:
        say(f"Note: columns that are no variable of the model were not used: {', '.join(extra)}.")
    states = read_states(table[list(names)], facts["kind"], place)
    if alphabet is None:
        return states.to_numpy(), None
    if facts["kind"] == "category":
        refuse_unknown_states(states, list(alphabet.labels), place)
    return _like_labels(states, alphabet), None


def column_names(hamiltonian: Hamiltonian) -> tuple[str, ...]:
    """Returns the name of each column of a density: of sites if they have states, else of real variables."""
    alphabet = hamiltonian.alphabet
    return hamiltonian.variables.names if alphabet is None else alphabet.names


def _sequences(path: Path, alphabet: Alphabet | None, facts: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    if alphabet is None or not facts["sequences"]:
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
        ln p = -H - ln Z of each row, nats; -inf beyond a bound.

    Raises:
        Exit: With code 1 if the density does not exist, or its ln Z was not found.
    """
    partition = facts["log_partition"]
    if partition is None:
        refuse_without_density(facts, "rows have no log-probability")
        say("The answer is no: ln Z was not found when the model was fitted, so log-probabilities are not known.")
        raise typer.Exit(NO)
    if not partition["verified"]:
        say(f"Note: ln Z is an estimate that could not be verified ({partition['method']}); it shifts every row alike.")
    return -_energies(hamiltonian, values, facts) - partition["value"]


def refuse_without_density(facts: dict[str, Any], consequence: str) -> None:
    """Ends the command if the density of a model does not exist.

    Args:
        facts: What `fit` has written about it.
        consequence: What follows from it.

    Raises:
        Exit: With code 1 if it does not.
    """
    existence = facts.get("existence")
    if existence is not None and existence["verdict"] == "no":
        advice = "Fit with --normalizable guarantee, or another --order."
        say(f"The answer is no: this density does not exist, so {consequence}. {existence['proof']} {advice}")
        raise typer.Exit(NO)


def bounds_of(hamiltonian: Hamiltonian, facts: dict[str, Any]) -> list[tuple[float, float]] | None:
    """Reads where the variables of a saved model end.

    Args:
        hamiltonian: The model.
        facts: What `fit` has written about it.

    Returns:
        (low, high) of each variable, infinite where it does not end; None if none does.
    """
    if facts.get("bounds") is None:
        return None
    pairs = [facts["bounds"][name] for name in hamiltonian.variables.names]
    return [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in pairs]


def _energies(hamiltonian: Hamiltonian, values: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
    """H of each row, nats; infinite beyond a bound."""
    from ..hamiltonian import FactorGraph

    alphabet = hamiltonian.alphabet
    if alphabet is not None:
        return FactorGraph.from_hamiltonian(hamiltonian).energies(alphabet.encode(values))
    energies = hamiltonian(values)[:, 0]
    bounds = bounds_of(hamiltonian, facts)
    if bounds is None:
        return energies
    low, high = np.array(bounds).T
    beyond = np.any((values < low) | (values > high), axis=1)
    if beyond.any():
        say(f"Note: rows beyond the bounds of the model have probability 0: {int(beyond.sum()):,} of {len(values):,}.")
    return np.where(beyond, np.inf, energies)
