"""`cheaplearn sample`: new rows drawn from a density that fit has written."""

from __future__ import annotations

import json
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .density_rows import bounds_of, column_names, refuse_without_density
from .exits import BadInput, bad_input, guarded, say

if TYPE_CHECKING:
    import numpy as np

    from ..hamiltonian import Hamiltonian

__all__ = ["sample"]

HELP = """Draws rows from a density that fit has written.

Writes CSV with the columns of the training table, to stdout or to --output; an output ending in .npz gets an array X,
one in .fasta (for alignments) sequences. The same seed draws the same rows. Ends with exit code 1 if the density of the
model does not exist.
"""
ENDINGS = (".csv", ".npz", ".fasta")


@guarded
def sample(
    model: Annotated[Path, typer.Argument(help="Folder that fit --density has written.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many rows.")] = 1000,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write. [default: stdout]")] = None,
    method: Annotated[
        str,
        typer.Option(help="auto, exact, gibbs, tempering or cluster; real numbers: auto, exact, hmc or tempering."),
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the rows.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Samples; `HELP` is its text.

    Args:
        model: Folder of the model.
        number: Rows to draw.
        output: File to write.
        method: How to draw.
        seed: Seed of the rows.
        overwrite: Whether to replace the file.
        as_json: Whether to print JSON.

    Raises:
        BadInput: If the folder holds a model of a target.
    """
    from .model_folder import load_model
    from .staging import check_target_file, new_file

    hamiltonian, target, facts = load_model(model)
    if target is not None:
        what = "regression" if facts.get("task") == "regress" else "classifier"
        message = f"{str(model)!r} holds a {what}, which has no rows to draw. Pass a folder of fit --density."
        raise BadInput(message)
    if output is not None:
        _check_ending(output, facts["sequences"])
        check_target_file(output, overwrite)
    draw = _draw if hamiltonian.alphabet is not None else _draw_real
    drawn, values = draw(hamiltonian, number, method, seed, facts)
    names = list(column_names(hamiltonian))
    say(f"{drawn!r}")
    if output is not None:
        with new_file(output) as partial:
            _write(partial, values, names)
    if as_json:
        record = {
            "columns": names,
            "rows": values.tolist(),
            "method": drawn.method,
            "effective_sample_size": drawn.effective_sample_size,
            "seed": seed,
        }
        typer.echo(json.dumps(record))
    elif output is None:
        typer.echo(_csv(values, names), nl=False)


def _check_ending(output: Path, sequences: bool) -> None:
    if output.suffix not in ENDINGS:
        message = f"`--output` must end in {', '.join(ENDINGS)}, got {str(output)!r}. Correct the ending."
        raise BadInput(message)
    if output.suffix == ".fasta" and not sequences:
        message = (
            f"`--output` must end in .csv or .npz for a model that was not fitted to an alignment, got {str(output)!r}."
        )
        raise BadInput(message)


def _draw(hamiltonian: Hamiltonian, number: int, method: str, seed: int, _: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """Draws states; returns what was drawn with its quality, and raw values."""
    from ..hamiltonian import FactorGraph
    from ..hamiltonian.partition import exact_sampler
    from ..hamiltonian.sampling import sample as draw

    graph = FactorGraph.from_hamiltonian(hamiltonian)
    exact = exact_sampler(graph) if method in {"auto", "exact"} else None
    if method == "exact" and exact is None:
        message = "`--method` must be auto, gibbs, tempering or cluster for this model: exact sums are out of reach."
        raise BadInput(message)
    with _notes_said() as notes:
        drawn = draw(graph, number, method, seed, exact=exact)
        notes += drawn.notes
    alphabet = hamiltonian.alphabet
    assert alphabet is not None
    return drawn, alphabet.decode(drawn.codes)


def _draw_real(
    hamiltonian: Hamiltonian, number: int, method: str, seed: int, facts: dict[str, Any]
) -> tuple[Any, np.ndarray]:
    """Draws real values; returns what was drawn with its quality, and the values."""
    from ..hamiltonian.sampling import sample_real

    refuse_without_density(facts, "it has no samples")
    with _notes_said() as notes:
        drawn = sample_real(hamiltonian, number, seed, method=method, bounds=bounds_of(hamiltonian, facts))
        notes += drawn.notes
    return drawn, drawn.values


@contextmanager
def _notes_said() -> Generator[list[str]]:
    """Says what the block notes or warns of, each once; what the library refuses is bad input."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught, bad_input():
        warnings.simplefilter("always")
        yield notes
    for text in dict.fromkeys([*notes, *(str(warning.message) for warning in caught)]):
        say(f"Note: {text}")


def _write(path: Path, values: np.ndarray, names: list[str]) -> None:
    import numpy as np

    if path.suffix == ".npz":
        with path.open("wb") as file:
            np.savez_compressed(file, X=values if values.dtype.kind != "O" else values.astype(str))
    elif path.suffix == ".fasta":
        path.write_text("".join(f">sample{k}\n{''.join(row)}\n" for k, row in enumerate(values, start=1)))
    else:
        path.write_text(_csv(values, names), encoding="utf-8")


def _csv(values: np.ndarray, names: list[str]) -> str:
    import pandas as pd

    return pd.DataFrame(values, columns=names).to_csv(index=False, lineterminator="\n")
