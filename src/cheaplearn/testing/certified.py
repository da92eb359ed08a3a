"""Two-sided checks of certificates: never below the worst error that a search finds, and not far above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..circuit import Circuit
from ..compiler.inputs import read_box, scales
from ..network import Network
from .runtimes import runtime_named
from .search import Search

__all__ = ["assert_certified", "worst_error", "worst_errors"]

_ROUNDING_ONLY = (
    8.0  # times u times scale: what certificates without truncation may lie above ten times the found error
)


def worst_error(
    net: Network,
    source: Any,
    seed: int = 0,
    effort: int = 20_000,
    evaluate: Callable[[np.ndarray], np.ndarray] | None = None,
    output: int | None = None,
) -> tuple[float, np.ndarray]:
    """Searches the box of a certificate for the largest error.

    Random points, corners, gradient ascent on the error in float64, inputs shrunk towards the centre, one coordinate
    at a time, fine noise; see `search.Search`.

    Args:
        net: A network with a certificate.
        source: The function it was compiled from (anything `compile` accepts).
        seed: Seed of the search.
        effort: Number of random points of each kind.
        evaluate: Another runtime for the same network (ONNX Runtime, say), array to array; None for the network itself.
        output: Index of the only output to look at; None for the largest error over all.

    Returns:
        The largest |network - function| found over all outputs, judged in exact arithmetic, and the input where it was
        found.

    Raises:
        ValueError: If the network has no certificate.
    """
    return Search(_certified(net), _circuit(net, source), seed, evaluate or net, output).run(effort)


def worst_errors(net: Network, source: Any, seed: int = 0, effort: int = 20_000) -> np.ndarray:
    """Searches for the largest error of each output on its own.

    Args:
        net: A network with a certificate.
        source: The function it was compiled from.
        seed: Seed of the search.
        effort: Number of random points of each kind, per output.

    Returns:
        The largest error found of each output, shape (outputs,).

    Raises:
        ValueError: If the network has no certificate.
    """
    circuit = _circuit(_certified(net), source)
    return np.array([Search(net, circuit, seed, net, k).run(effort)[0] for k in range(len(net.labels))])


def assert_certified(
    net: Network,
    source: Any,
    slack: float = 10.0,
    seed: int = 0,
    effort: int = 20_000,
    runtimes: Sequence[str] = ("numpy",),
) -> float:
    """Asserts that a certificate is valid and tight: found <= certified <= slack * found.

    A certificate without truncation (affine maps, bits, "square") may lie 8 u scale further above, scale being the sum
    over terms of |c| max |monomial|: roundings that all go one way are never met.

    Args:
        net: A network with a certificate.
        source: The function it was compiled from.
        slack: How far above the worst error found the certificate may lie.
        seed: Seed of the search.
        effort: Number of random points of each kind.
        runtimes: Where the network is run: "numpy", "onnxruntime", "onnxruntime-sparse", "torch"; the certificate must
            hold in each, and be tight in one.

    Returns:
        certified / found.

    Raises:
        AssertionError: If the certificate is broken or too loose.
        ValueError: If the network has no certificate, or a runtime is not there.
    """
    circuit = _circuit(_certified(net), source)
    assert net.certificate is not None
    certified, largest = net.certificate.error, 0.0
    for name in runtimes:
        found, where = Search(net, circuit, seed, runtime_named(net, name)).run(effort)
        largest = max(largest, found)
        if found > certified:
            message = f"certificate broken in {name}: {found:.6g} found at {where.tolist()}, {certified:.6g} certified"
            raise AssertionError(message)
    allowed = slack * largest
    if not any(net.certificate.truncations):
        u = float(np.finfo(net.dtype).eps) / 2
        allowed += _ROUNDING_ONLY * u * float(scales(circuit, read_box(circuit, net.certificate.box)).max())
    if certified > allowed:
        ratio = certified / largest if largest else np.inf
        message = f"certificate loose: {certified:.3g} certified, only {largest:.3g} found ({ratio:.1f}x)"
        raise AssertionError(message)
    return certified / largest if largest else 1.0


def _circuit(net: Network, source: Any) -> Circuit:
    assert net.certificate is not None
    if isinstance(source, Circuit) or hasattr(source, "to_circuit"):
        return Circuit.coerce(source)
    return Circuit.coerce(source, net.certificate.kinds or None)


def _certified(net: Network) -> Network:
    if net.certificate is None:
        message = "`net` of `worst_error` must carry a certificate; compile it first."
        raise ValueError(message)
    return net
