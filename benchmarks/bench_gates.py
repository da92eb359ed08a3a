"""Best maximum error of u*v on [-1, 1]^2 for every activation, kind, number of scales and dtype.

Each gate is simulated in NumPy as a network computes it, on random points, corners and edges; the amplitude (all
four-bit scales) and the gain are chosen for the smallest error. Run: python benchmarks/bench_gates.py [dtype ...]
"""

import sys

import numpy as np
from scipy import special

from cheaplearn.compiler.square_gates import GAINS, gate_kinds, square_gate

SIGMA = {
    "silu": lambda z: z * special.expit(z),
    "gelu": lambda z: z * special.ndtr(z),
    "softplus": lambda z: np.logaddexp(z.dtype.type(0), z),
    "gaussian": lambda z: np.exp(-z * z),
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "square": lambda z: z * z,
}


def evaluate(activation, z):
    """The activation, correctly rounded as far as the next larger dtype allows (float16 has no kernels)."""
    wider = z.astype(np.float32) if z.dtype == np.float16 else z
    return SIGMA[activation](wider).astype(z.dtype)


def product(gate, u, v):
    """The network's product: sums and differences are formed in one step with the scale."""
    real = u.dtype.type
    total = np.zeros_like(u)
    for scale, weight in zip(gate.scales, gate.weights, strict=True):
        half = real(scale / 2)
        plus, minus = half * u + half * v, half * u - half * v
        if gate.kind == "pair":
            bias = real(gate.bias)
            ends = [evaluate(gate.activation, bias + z) for z in (plus, minus, -plus, -minus)]
            t = (ends[0] - ends[1]) + (ends[2] - ends[3])
        else:
            t = evaluate(gate.activation, plus) - evaluate(gate.activation, minus)
            t -= real(float(gate.odd.p) / float(gate.odd.q)) * real(scale) * v
        total += real(weight) * t
    return total


def points(dtype, count, seed=0):
    """Random points, corners and edges of the square."""
    rng = np.random.default_rng(seed)
    u, v = rng.uniform(-1, 1, (2, count))
    u[: count // 8] = np.sign(u[: count // 8])
    v[count // 16 : 3 * count // 16] = np.sign(v[count // 16 : 3 * count // 16])
    return u.astype(dtype), v.astype(dtype)


def largest_error(gate, u, v):
    """Largest error over the points; infinite if the arithmetic overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(product(gate, u, v).astype(np.longdouble) - u.astype(np.longdouble) * v.astype(np.longdouble))
    return float(error.max()) if np.isfinite(error).all() else np.inf


def floor(activation, dtype, kind, scales):
    """The best error with its gate: all four-bit amplitudes on few points, the best ten on many."""
    few, many = points(dtype, 2000), points(dtype, 60000, seed=1)
    found = []
    for gain in GAINS:
        for exponent in range(-16 if dtype == "float64" else -9, 1):
            for mantissa in range(8, 16):
                try:
                    gate = square_gate(activation, mantissa / 8 * 2.0**exponent, dtype, kind, scales, gain)
                except ValueError:
                    continue
                found.append((largest_error(gate, *few), gain, gate))
    best = sorted(found, key=lambda entry: entry[0])[:10]
    return min(((largest_error(gate, *many), gain, gate) for _, gain, gate in best), key=lambda entry: entry[0])


def main():
    print(f"{'activation':<10} {'kind':<6} neurons a product | error, amplitude, gain for each dtype")
    for activation in SIGMA:
        for kind, scales in gate_kinds(activation):
            cells = []
            for dtype in sys.argv[1:] or ("float16", "float32", "float64"):
                error, gain, gate = floor(activation, dtype, kind, scales)
                cells.append(f"{error:.1e} {gate.scales[0]:<9.3g} {gain:<7}")
            print(f"{activation:<10} {kind:<6} {2 * gate.neurons:>2} | {' | '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
