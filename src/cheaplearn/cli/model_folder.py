"""The fitted model as files: a JSON header and plain arrays, with a format version."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .exits import BadInput

if TYPE_CHECKING:
    from ..hamiltonian import Hamiltonian

__all__ = ["FORMAT_VERSION", "load_arrays", "load_model", "save_model"]

FORMAT = "cheaplearn.model"
FORMAT_VERSION = 1


def save_model(
    folder: Path,
    hamiltonian: Hamiltonian,
    target: str | None,
    metadata: dict[str, Any],
    more: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Writes model.json and model.npz.

    Args:
        folder: An existing folder.
        hamiltonian: The fitted Hamiltonian.
        target: Name of the label column; None for a density.
        metadata: Scores, seed, versions: plain JSON values.
        more: Further arrays, which `load_arrays` reads.
    """
    header, arrays = hamiltonian.to_arrays()
    arrays = {**arrays, **(more or {})}
    record = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "target": target,
        "classes": [str(label) for label in hamiltonian.classes],
        "variables": list(hamiltonian.variables.names),
        "hamiltonian": header,
        "metadata": metadata,
    }
    (folder / "model.json").write_text(json.dumps(record, indent=2, allow_nan=False) + "\n")
    with (folder / "model.npz").open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its stub takes no **arrays


def load_model(folder: Path) -> tuple[Hamiltonian, str | None, dict[str, Any]]:
    """Reads what `save_model` wrote.

    Args:
        folder: The folder that `cheaplearn fit` wrote.

    Returns:
        The Hamiltonian, the name of the label column (None for a density), and the metadata.

    Raises:
        BadInput: If there is no model of this format.
    """
    from ..hamiltonian import Hamiltonian

    try:
        record = json.loads((folder / "model.json").read_text())
        if not isinstance(record, dict) or (record.get("format"), record.get("version")) != (
            FORMAT,
            FORMAT_VERSION,
        ):
            message = f"{folder} must hold a model of format {FORMAT}, version {FORMAT_VERSION}. Fit it again."
            raise BadInput(message)
        arrays = load_arrays(folder)
        return Hamiltonian.from_arrays(record["hamiltonian"], arrays), record["target"], record["metadata"]
    except FileNotFoundError as err:
        missing = Path(err.filename).name
        message = f"{str(folder)!r} holds no model ({missing} is missing). Pass a folder of `cheaplearn fit`."
        raise BadInput(message) from err
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as err:
        message = f"The model in {str(folder)!r} cannot be read: {err}. Fit it again."
        raise BadInput(message) from err


def load_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Reads all arrays of a model.

    Args:
        folder: The folder that `cheaplearn fit` wrote.

    Returns:
        Arrays by name.

    Raises:
        FileNotFoundError: If there is no model.npz.
        ValueError: If it cannot be read.
    """
    with np.load(folder / "model.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
