"""Networks as files: one .npz with a JSON header and plain arrays, never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from .._messages import must_be
from .certificate import Certificate
from .network import Layer, Network

__all__ = ["FORMAT_VERSION", "load", "save"]

FORMAT_VERSION = 1


def save(net: Network, path: str | Path) -> Path:
    """Writes a network and its certificate.

    Args:
        net: The network.
        path: File to write; .npz is added if the name has no ending.

    Returns:
        The path written.
    """
    path = Path(path)
    if not path.suffix:
        path = path.with_suffix(".npz")
    header = {
        "format": "cheaplearn.network",
        "version": FORMAT_VERSION,
        "variables": net.variables,
        "labels": net.labels,
        "formula": net.formula,
        "metadata": dict(net.metadata),
        "activations": [layer.activation for layer in net.layers],
        "certificate": asdict(net.certificate) if net.certificate else None,
    }
    arrays: dict[str, np.ndarray] = {"header": np.array(json.dumps(header))}
    if net.classes is not None:
        arrays["classes"] = _plain(net.classes)
    for k, layer in enumerate(net.layers):
        w = layer.weights
        arrays |= {
            f"data{k}": w.data,
            f"indices{k}": w.indices,
            f"indptr{k}": w.indptr,
            f"bias{k}": layer.bias,
        }
        arrays[f"shape{k}"] = np.array(w.shape)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return path


def load(path: str | Path) -> Network:
    """Reads a network that `Network.save` wrote.

    Args:
        path: The .npz file.

    Returns:
        The same network: equal outputs to the last bit, the same certificate.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no network of this format.
    """
    if not Path(path).exists():
        message = must_be("path", "load", "an existing file", repr(str(path)))
        raise FileNotFoundError(message)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].item())
        version = header["version"] if header["format"] == "cheaplearn.network" else None
    except (KeyError, ValueError, OSError, EOFError) as err:
        message = must_be("path", "load", "a network saved by `Network.save`", f"{str(path)!r} ({err})")
        raise ValueError(message) from err
    if version != FORMAT_VERSION:
        advice = "Install the version of cheaplearn that wrote it."
        raise ValueError(must_be("path", "load", f"of format version {FORMAT_VERSION}", version, advice))
    return _network(header, arrays)


def _network(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Network:
    layers = []
    for k, activation in enumerate(header["activations"]):
        parts = (arrays[f"data{k}"], arrays[f"indices{k}"], arrays[f"indptr{k}"])
        weights = sparse.csr_array(parts, shape=tuple(int(n) for n in arrays[f"shape{k}"]))
        layers.append(Layer(weights, arrays[f"bias{k}"], activation))
    return Network(
        layers=tuple(layers),
        variables=tuple(header["variables"]),
        labels=tuple(header["labels"]),
        classes=arrays.get("classes"),
        certificate=_certificate(header["certificate"]),
        formula=header["formula"],
        metadata=header["metadata"],
    )


def _certificate(record: Mapping[str, Any] | None) -> Certificate | None:
    if record is None:
        return None
    fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in record.items()}
    fields["box"] = {name: (pair[0], pair[1]) for name, pair in record["box"].items()}
    return Certificate(**fields)


def _plain(classes: np.ndarray) -> np.ndarray:
    """Class labels as a dtype that NPZ holds without pickle."""
    return np.array([str(label) for label in classes]) if classes.dtype == object else classes
