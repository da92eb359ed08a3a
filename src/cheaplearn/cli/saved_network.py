"""A network file as `cheaplearn verify` needs it: how to evaluate it, and what was certified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .exits import BadInput, bad_input

if TYPE_CHECKING:
    import numpy as np

    from ..network import Network

__all__ = ["SavedNetwork", "read_network"]


class SavedNetwork(NamedTuple):
    """What a file says about a network, and a function that runs it."""

    net: Network  # of an ONNX file: a stand-in with its inputs, outputs, dtype and certificate, but no weights
    evaluate: Callable[[np.ndarray], np.ndarray]
    runtime: str
    named: bool  # whether the labels of the outputs are in the file


def read_network(path: Path) -> SavedNetwork:
    """Reads a network file with a certificate.

    Args:
        path: .npz or .json of `Network.save`, or .onnx of `Network.to_onnx`.

    Returns:
        The network.

    Raises:
        BadInput: If the file is no such network, or has no certificate.
    """
    if path.suffix not in {".npz", ".json", ".onnx"}:
        message = f"`NETWORK` must be a .npz, .json or .onnx file, got {str(path)!r}."
        raise BadInput(message)
    if not path.is_file():
        message = f"`NETWORK` must be an existing file, got {str(path)!r}. Check the path."
        raise BadInput(message)
    saved = _from_onnx(path) if path.suffix == ".onnx" else _from_save(path)
    if saved.net.certificate is None:
        message = f"`NETWORK` must carry a certificate, but {str(path)!r} has none. Compile it again."
        raise BadInput(message)
    return saved


def _from_save(path: Path) -> SavedNetwork:
    from ..network import load

    with bad_input():
        net = load(path)
    return SavedNetwork(net, net, "cheaplearn", named=True)


def _from_onnx(path: Path) -> SavedNetwork:
    try:
        import onnxruntime
    except ImportError as err:
        message = "`NETWORK` must be .npz or .json unless ONNX Runtime is installed. Install cheaplearn[onnxruntime]."
        raise BadInput(message) from err
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its log says what the message below says
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as err:  # the errors of its C++ part have no common class
        message = f"`NETWORK` must be an ONNX model that ONNX Runtime can run, but of {str(path)!r} it says: {err}"
        raise BadInput(message) from err
    metadata = session.get_modelmeta().custom_metadata_map
    facts = {key.removeprefix("cheaplearn."): text for key, text in metadata.items() if key.startswith("cheaplearn.")}
    missing = [name for name in ("formula_sha256", "dtype", "box", "certified_error") if name not in facts]
    if missing:
        message = f"`NETWORK` must be a certified export of cheaplearn, but {str(path)!r} has no {missing[0]!r} in it."
        raise BadInput(message)
    width = session.get_outputs()[0].shape[1]
    try:
        net = _stand_in(facts, width)
    except (ValueError, TypeError, AttributeError) as err:
        message = f"`NETWORK` must have readable metadata, but that of {str(path)!r} is damaged: {err}"
        raise BadInput(message) from err
    return SavedNetwork(
        net,
        lambda X: session.run(None, {"x": X.astype(net.dtype)})[0],
        f"ONNX Runtime {onnxruntime.__version__}",
        named=False,
    )


def _stand_in(facts: dict[str, str], width: int) -> Network:
    import numpy as np
    from scipy import sparse

    from ..network import Certificate, Layer, Network

    box: dict[str, Any] = {name: tuple(pair) for name, pair in json.loads(facts["box"]).items()}
    labels = tuple(f"y{k}" for k in range(width)) if width > 1 else ("y",)
    nothing = Layer(sparse.csr_array((width, len(box)), dtype=facts["dtype"]), np.zeros(width, facts["dtype"]), None)
    unknown = (float("nan"),) * width  # an export holds the bounds only, not their shares
    errors = json.loads(facts["certified_errors"]) if "certified_errors" in facts else {}
    labels = tuple(errors) or labels
    certificate = Certificate(
        errors=tuple(errors.values()) or (float(facts["certified_error"]),) * width,
        truncations=unknown,
        roundings=unknown,
        box=box,
        dtype=facts["dtype"],
        assumptions=tuple(json.loads(facts.get("assumptions", "[]"))),
        labels=labels,
        kinds=json.loads(facts.get("kinds", "{}")),
    )
    return Network((nothing,), tuple(box), labels, certificate=certificate, formula=facts["formula_sha256"])
