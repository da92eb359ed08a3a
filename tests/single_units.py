"""Networks of one unit, and exact values of the activations."""

import numpy as np
from flint import arb, ctx
from scipy import sparse

from cheaplearn.network import Layer, Network, activation_named

ctx.prec = 200
EXACT = {
    "silu": lambda z: z / (1 + (-z).exp()),
    "gelu": lambda z: z * (-z / arb(2).sqrt()).erfc() / 2,
    "softplus": lambda z: z.exp().log1p(),
    "square": lambda z: z * z,
    "tanh": lambda z: z.tanh(),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "gaussian": lambda z: (-z * z).exp(),
    "exp": lambda z: z.exp(),
    "relu": lambda z: z if z > 0 else arb(0),
}


def limits(activation, *wanted):
    """Those sizes of z up to which an accuracy is assumed."""
    return [limit for limit in wanted if activation_named(activation).error(limit) < np.inf]


def single_unit(activation, dtype):
    """x -> activation(x), with exact weights: the network adds no rounding to that of the activation."""
    one = sparse.csr_array(np.ones((1, 1), np.float32 if dtype == "float16" else dtype))
    read = sparse.csr_array(np.array([[0, 1]], np.float32 if dtype == "float16" else dtype))
    zero = np.zeros(1, dtype)
    return Network((Layer(one, zero, activation), Layer(read, zero, None)), ("x",), ("y",))


def errors(activation, z, computed):
    """|computed - exact|, each correct to many digits."""
    return np.array([
        float(abs(arb(float(found)) - EXACT[activation](arb(float(x)))).mid())
        for x, found in zip(z, computed, strict=True)
    ])


def samples(dtype, limit, seed, count=1500):
    """Numbers of both signs, uniform in their logarithm from 2^-11 up, in the dtype."""
    rng = np.random.default_rng(seed)
    z = np.exp2(rng.uniform(-11, np.log2(limit), count)) * rng.choice([-1, 1], count)
    return z.astype(dtype)
