"""How exactly NumPy/SciPy, ONNX Runtime and PyTorch evaluate each activation, next to what certificates assume.

    .venv/bin/python benchmarks/bench_activations.py [--step 3]

Prints a Markdown table: the largest error in units of u, the same relative to |z|, and the largest share of the
assumption that is used; a share above 1 breaks it. Float32: every `step`-th number of both signs, against float64.
Float64: random numbers, against 200 bits. ONNX Runtime and PyTorch run a network of one unit as it is exported.
"""

import argparse

import numpy as np
import onnxruntime
import torch
from flint import arb, ctx
from scipy import sparse

from cheaplearn.network import ACTIVATIONS, Layer, Network

RANGES = ((2.0**-11, 0.125), (0.125, 1.0), (1.0, 4.0), (4.0, 16.0), (16.0, 128.0), (128.0, 65536.0))
CHUNK = 2**20
DRAWS = 8000
EXACT = {
    "silu": lambda z: z / (1 + (-z).exp()),
    "gelu": lambda z: z * (-z / arb(2).sqrt()).erfc() / 2,
    "softplus": lambda z: z.exp().log1p(),
    "tanh": lambda z: z.tanh(),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "gaussian": lambda z: (-z * z).exp(),
    "exp": lambda z: z.exp(),
}


def runtimes(name, dtype):
    one = sparse.csr_array(np.ones((1, 1), dtype))
    last = sparse.csr_array(np.array([[0, 1]], dtype))
    zero = np.zeros(1, dtype)
    net = Network((Layer(one, zero, name), Layer(last, zero, None)), ("x",), ("y",))
    found = {"NumPy/SciPy": ACTIVATIONS[name]}
    module = net.to_torch().requires_grad_(requires_grad=False)
    found["PyTorch"] = lambda z: module(torch.from_numpy(z)[:, None]).numpy().ravel()
    if (name, dtype) != ("gelu", "float64"):
        session = onnxruntime.InferenceSession(net.to_onnx().SerializeToString(), providers=["CPUExecutionProvider"])
        found["ONNX Runtime"] = lambda z: session.run(None, {"x": z[:, None]})[0].ravel()
    return found


def all_float32(low, high, step):
    first, last = (int(np.float32(end).view(np.uint32)) for end in (low, high))
    for start in range(first, last, CHUNK * step):
        numbers = np.arange(start, min(last, start + CHUNK * step), step, dtype=np.uint32).view(np.float32)
        yield from (numbers, -numbers)


def random_float64(low, high):
    rng = np.random.default_rng(0)
    yield np.exp2(rng.uniform(np.log2(low), np.log2(high), DRAWS)) * rng.choice([-1, 1], DRAWS)


def errors(name, z, computed):
    if z.dtype == np.float32:
        return np.abs(computed - ACTIVATIONS[name](z.astype(np.float64)))
    exact = EXACT[name]
    pairs = zip(z.tolist(), computed.tolist(), strict=True)
    return np.array([float(abs(arb(value) - exact(arb(x))).mid()) for x, value in pairs])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", type=int, default=3, help="float32 numbers from one to the next")
    step = parser.parse_args().step
    torch.set_num_threads(1)
    ctx.prec = 200
    print("| activation | dtype | range of abs z | runtime | error / u | error / u abs z | of the assumption |")
    print("|---|---|---|---|---|---|---|")
    for name in EXACT:
        for dtype in ("float32", "float64"):
            u = float(np.finfo(dtype).eps) / 2
            for low, high in [ends for ends in RANGES if ACTIVATIONS[name].error(ends[1]) < np.inf]:
                for runtime, run in runtimes(name, dtype).items():
                    largest = relative = used = 0.0
                    for z in all_float32(low, high, step) if dtype == "float32" else random_float64(low, high):
                        error = errors(name, z, run(z)) / u
                        largest, relative = max(largest, error.max()), max(relative, (error / np.abs(z)).max())
                        used = max(used, (error / assumed(name, np.abs(z), high)).max())
                    row = f"{largest:.3f} | {relative:.3f} | {used:.2f}"
                    print(f"| {name} | {dtype} | {low:g} .. {high:g} | {runtime} | {row} |", flush=True)


def assumed(name, size, limit):
    activation = ACTIVATIONS[name]
    return np.minimum(activation.error_constant + activation.error_slope(limit) * size, activation.error_cap)


if __name__ == "__main__":
    with np.errstate(over="ignore", under="ignore"):
        main()
