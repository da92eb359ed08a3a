"""Linear maps as networks of the house: real layers, one after the other or with skips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

from ...network import Layer, Network
from .base import clean
from .checks import checked_choice

__all__ = ["linear_network", "real_block"]


def real_block(matrix: sparse.csr_array) -> sparse.csr_array:
    """The real matrix that acts on stacked (real parts, imaginary parts) as a complex one acts on its vectors.

    Args:
        matrix: Shape (m, n).

    Returns:
        Shape (2 m, 2 n); parts that are exactly 0 are no synapses.
    """
    return clean(sparse.block_array([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]]))


def linear_network(layers: Iterable[sparse.csr_array], names: Sequence[str], inputs: int, dtype: str) -> Network:
    """Builds the network; each layer is given over the units it may read last (the layer before, or all sources).

    Args:
        layers: In order of application; a layer narrower than all sources reads the last of them.
        names: Of inputs and of outputs: two letters.
        inputs: Number of inputs.
        dtype: "float16", "float32" or "float64".

    Returns:
        The network.
    """
    checked_choice(dtype, "to_network", "dtype", ("float16", "float32", "float64"))
    sources, found = inputs, []
    for weights in layers:
        units = weights.shape[0]
        ahead = sparse.csr_array((units, sources - weights.shape[1]))
        placed = sparse.csr_array(sparse.hstack([ahead, weights], format="csr"))
        found.append(Layer(_stored(placed, dtype), np.zeros(units, dtype), None))
        sources += units
    return Network(tuple(found), _numbered(names[0], inputs), _numbered(names[1], units))


def _stored(weights: sparse.csr_array, dtype: str) -> sparse.csr_array:
    rounded = weights.astype(np.float32 if dtype == "float16" else dtype)
    if dtype == "float16":  # SciPy has no float16: held as the float32 numbers that float16 represents
        rounded.data = rounded.data.astype(np.float16).astype(np.float32)
    return rounded


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}{i}" for i in range(count))
