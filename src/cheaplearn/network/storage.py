"""Networks as files: NPZ with a JSON header and plain arrays, or JSON alone; never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

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
        path: File to write: JSON if it ends in .json, else NPZ; .npz is added if the name has no ending.

    Returns:
        The path written.
    """
    path = Path(path)
    if path.suffix == ".json":
        path.write_text(json.dumps(_header(net) | _body(net)), encoding="utf-8")
        return path
    if not path.suffix:
        path = path.with_suffix(".npz")
    arrays: dict[str, np.ndarray] = {"header": np.array(json.dumps(_header(net)))}
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
    """Reads a network that `Network.save` wrote, NPZ or JSON; the content tells which.

    Args:
        path: The file.

    Returns:
        The same network: equal outputs to the last bit, the same certificate.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no network of this format.
    """
    path = Path(path)
    if not path.exists():
        message = must_be("path", "load", "an existing file", repr(str(path)))
        raise FileNotFoundError(message)
    try:
        header, arrays = _read(path)
        version = header["version"] if header["format"] == "cheaplearn.network" else None
        if version == FORMAT_VERSION:
            return _network(header, arrays)
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as err:
        message = must_be("path", "load", "a network saved by `Network.save`", f"{str(path)!r} ({err})")
        raise ValueError(message) from err
    advice = "Install the version of cheaplearn that wrote it."
    raise ValueError(must_be("path", "load", f"of format version {FORMAT_VERSION}", version, advice))


def _header(net: Network) -> dict[str, Any]:
    return {
        "format": "cheaplearn.network",
        "version": FORMAT_VERSION,
        "variables": net.variables,
        "labels": net.labels,
        "formula": net.formula,
        "metadata": dict(net.metadata),
        "activations": [layer.activation for layer in net.layers],
        "certificate": asdict(net.certificate) if net.certificate else None,
    }


def _body(net: Network) -> dict[str, Any]:
    """Weights as JSON. Each number is the decimal form of a double, which holds every float16 and float32 exactly."""
    body: dict[str, Any] = {"dtype": net.dtype.name, "classes": None, "layers": []}
    if net.classes is not None:
        classes = _plain(net.classes)
        body["classes"] = {"dtype": classes.dtype.str, "values": classes.tolist()}
    for layer in net.layers:
        w = layer.weights
        arrays = {"data": w.data, "indices": w.indices, "indptr": w.indptr, "bias": layer.bias}
        body["layers"].append({"shape": list(w.shape)} | {name: array.tolist() for name, array in arrays.items()})
    return body


def _read(path: Path) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if is_zip:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return json.loads(arrays["header"].item()), arrays
    record = json.loads(path.read_text(encoding="utf-8"))
    return record, _arrays(record)


def _arrays(record: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a JSON record as they stand in NPZ."""
    arrays: dict[str, np.ndarray] = {}
    if record["classes"] is not None:
        arrays["classes"] = np.array(record["classes"]["values"], dtype=record["classes"]["dtype"])
    dtype = np.dtype(record["dtype"])
    held = np.dtype(np.float32) if dtype == np.float16 else dtype
    types = {"data": held, "indices": np.int32, "indptr": np.int32, "bias": dtype, "shape": np.int64}
    for k, layer in enumerate(record["layers"]):
        arrays |= {f"{name}{k}": np.array(layer[name], dtype=kind) for name, kind in types.items()}
    return arrays


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
