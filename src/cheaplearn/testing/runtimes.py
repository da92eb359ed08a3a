"""The same network in other runtimes, as functions from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from .._messages import must_be
from ..network import Network

__all__ = ["RUNTIMES", "runtime_named"]

RUNTIMES = ("numpy", "onnxruntime", "onnxruntime-sparse", "torch")


def runtime_named(net: Network, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Prepares a network for a runtime.

    Args:
        net: The network.
        name: "numpy" (its own evaluation), "onnxruntime" (dense), "onnxruntime-sparse" or "torch".

    Returns:
        Array of inputs to array of outputs.

    Raises:
        ValueError: If the name is none of these, or the runtime is not installed.
    """
    if name not in RUNTIMES:
        raise ValueError(must_be("runtimes", "assert_certified", f"some of {', '.join(RUNTIMES)}", repr(name)))
    if name == "numpy":
        return net
    package = name.partition("-")[0]
    if not find_spec(package):
        message = must_be("runtimes", "assert_certified", "installed", repr(name), f"Install the extra [{package}].")
        raise ValueError(message)
    if package == "torch":
        import torch

        module = net.to_torch()
        return lambda X: module(torch.from_numpy(X.astype(net.dtype))).detach().numpy()
    import onnxruntime

    model = net.to_onnx(form="sparse" if name.endswith("sparse") else "dense")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda X: session.run(None, {"x": X.astype(net.dtype)})[0]
