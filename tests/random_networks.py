"""Random networks with skips, empty rows and linear layers between, in every dtype."""

import numpy as np
from scipy import sparse

from cheaplearn.network import Layer, Network


def random_network(rng, activation, dtype, *, inputs=4, sizes=(7, 5, 6, 3), density=0.5, coarse=False):
    """Hidden layers (the second is linear) and one output layer; coarse weights are multiples of 1/4 below 2."""
    layers, width = [], inputs
    spread = 0.25 if activation == "exp" else 1.0  # exponentials of exponentials overflow
    for k, units in enumerate(sizes):
        weights = sparse.random_array((units, width), density=density, rng=rng, format="csr")
        count = len(weights.data)
        weights.data = (
            rng.integers(-7, 8, count) / 4
            if coarse
            else rng.normal(size=count) * spread / np.sqrt(max(1, width * density))
        )
        bias = rng.integers(-4, 5, units) / 4 if coarse else rng.normal(size=units)
        last = k == len(sizes) - 1
        layers.append(layer(weights, bias, None if last or k == 1 else activation, dtype))
        width += units
    names = tuple(f"x{i}" for i in range(inputs))
    return Network(tuple(layers), names, tuple(f"y{i}" for i in range(sizes[-1])))


def layer(weights, bias, activation, dtype):
    """Rounds weights and bias to the dtype; float16 weights are held as float32."""
    weights = sparse.csr_array(weights)
    data = weights.data.astype(dtype).astype(np.float32 if dtype == "float16" else dtype)
    weights = sparse.csr_array((data, weights.indices, weights.indptr), shape=weights.shape)
    return Layer(weights, np.asarray(bias).astype(dtype), activation)
