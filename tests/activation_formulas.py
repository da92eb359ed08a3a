"""The activations in mpmath, by name."""

import mpmath

FORMULAS = {
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "gaussian": lambda z: mpmath.exp(-z * z),
    "exp": mpmath.exp,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "square": lambda z: z * z,
}
