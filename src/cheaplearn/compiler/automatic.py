"""`activation="auto"`: tries the activations and says why it took one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..network import Network, rounded_up
from .refusal import ToleranceError

__all__ = ["automatic"]

_ONE_NEURON_A_SQUARE = ("silu", "gelu", "softplus", "gaussian")
_WHY_NOT_OTHERS = "tanh and sigmoid take twice the neurons a square, relu about ten times; square multiplies"


def automatic(compile_with: Callable[[str], Network], dtype: str, *, counts_only: bool, is_strict: bool) -> Network:
    """Takes the activation with the fewest neurons, then the smallest certified error.

    Args:
        compile_with: Compiles with the activation of that name; raises `ToleranceError` where it cannot.
        dtype: Name of the dtype: GELU in float64 is not tried, as ONNX Runtime cannot run it.
        counts_only: Whether all inputs are bits or spins, where ReLU is exact.
        is_strict: Whether layers are strict: the Gaussian has no identity neuron.

    Returns:
        The network; `metadata["choice"]` says what was tried and why this one was taken.

    Raises:
        ToleranceError: If none reaches the tolerance, not even "square".
        ValueError: If an argument is not usable with any of them.
    """
    names = [name for name in _ONE_NEURON_A_SQUARE if not (name == "gelu" and dtype == "float64")]
    if is_strict:
        names = ["silu", "softplus", "tanh", "sigmoid"] if dtype == "float64" else ["silu", "gelu", "softplus", "tanh"]
    tried, found = [], {}
    for name in ["relu", *names] if counts_only else names:
        try:
            net = found[name] = compile_with(name)
            tried.append(f"{name} {net.neurons} neurons, {_error(net)}")
        except ToleranceError as error:
            tried.append(f"{name} only {rounded_up(error.best):.2g}")
        except ValueError:
            if not (name == "relu" and is_strict):
                raise
            tried.append("relu has no strict layers where bits and spins are multiplied with each other")
    if found:
        best = min(found, key=lambda name: (found[name].neurons, _certified(found[name])))
        why = f"{best}: fewest neurons, then smallest certified error ({'; '.join(tried)}; {_WHY_NOT_OTHERS}). "
        why += "Where the runtime can multiply, activation='square' is exact up to rounding."
    else:
        best = "square"
        found[best] = compile_with(best)
        why = f"square: no other activation reaches the tolerance in {dtype} ({'; '.join(tried)})."
    net = found[best]
    return replace(net, metadata={**net.metadata, "choice": why})


def _certified(net: Network) -> float:
    assert net.certificate is not None
    return net.certificate.error


def _error(net: Network) -> str:
    return f"{rounded_up(_certified(net), 2):.2g}"
