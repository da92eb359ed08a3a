"""The files of a network: which endings there are, all written or none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exits import BadInput, bad_input
from .staging import check_target_file, new_file

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["check_outputs", "write_outputs"]

_WRITERS = {".onnx": "to_onnx", ".npz": "save", ".json": "save", ".c": "to_c"}  # ending -> method of `Network`


def check_outputs(paths: Sequence[Path], overwrite: bool, form: str | None) -> None:
    """Refuses, before any work, files that cannot be written.

    Args:
        paths: Files to write.
        overwrite: Whether existing files may be replaced.
        form: Form of the ONNX file, or None.

    Raises:
        BadInput: If an ending is not known, a file is named twice or may not be written, or `form` is for no file.
    """
    for path in paths:
        if path.suffix not in _WRITERS:
            message = f"`--output` must end in {', '.join(_WRITERS)}, got {str(path)!r}. Correct the ending."
            raise BadInput(message)
        if [other.resolve() for other in paths].count(path.resolve()) > 1:
            message = f"`--output` must name every file once, got {str(path)!r} twice."
            raise BadInput(message)
        check_target_file(path, overwrite)
    if form is not None and all(path.suffix != ".onnx" for path in paths):
        message = f"`--form` must go with an .onnx file, got {form!r} without one. Pass -o net.onnx, or leave it out."
        raise BadInput(message)


def write_outputs(network: Network, paths: Sequence[Path], form: str | None) -> list[dict[str, Any]]:
    """Writes a network to files, which appear together once all of them are complete.

    Args:
        network: The network.
        paths: Files to write, checked.
        form: Form of the ONNX file; None for the default of `Network.to_onnx`.

    Returns:
        Facts about each file, plain JSON values.
    """
    written = []
    with ExitStack() as stack:
        for path in paths:
            partial = stack.enter_context(new_file(path))
            options = {"form": form} if form is not None and path.suffix == ".onnx" else {}
            with bad_input():
                result = getattr(network, _WRITERS[path.suffix])(partial, **options)
            facts: dict[str, Any] = {"path": str(path), "format": path.suffix[1:]}
            written.append(facts | (_measured(result) if path.suffix == ".onnx" else {}))
    return written


def _measured(model: Any) -> dict[str, Any]:
    """The largest difference from the network, by runtime, as the export has measured it."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    text = metadata.get("cheaplearn.measured_difference")
    return {"measured_difference": json.loads(text)} if text else {}
