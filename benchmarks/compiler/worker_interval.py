"""Plain interval propagation, written here, NumPy only: |network - function| bounded on a grid of boxes."""

import time

import numpy as np
from functions import boxes
from worker import attempt, job

SILU_MINIMUM = -1.2784645427610738  # where z / (1 + exp(-z)) turns


def silu(z):
    return z * np.exp(-np.logaddexp(0, -z))  # z / (1 + exp(-z)) without overflow


def silu_range(a, b):
    """Image of [a, b]; both falling and rising sides of the minimum."""
    low = np.where((a < SILU_MINIMUM) & (b > SILU_MINIMUM), SILU_MINIMUM, np.where(a >= SILU_MINIMUM, a, b))
    return silu(low), np.maximum(silu(a), silu(b))


def times(a, b):
    products = np.stack([x * y for x in a for y in b])
    return products.min(axis=0), products.max(axis=0)


def network_range(net, low, high):
    for k, activation in enumerate(net["activations"]):
        W, bias = net[f"weights{k}"].T, net[f"bias{k}"]
        positive, negative = np.maximum(W, 0), np.minimum(W, 0)
        a, b = low @ positive + high @ negative + bias, high @ positive + low @ negative + bias
        if activation == "silu":
            a, b = silu_range(a, b)
        elif activation:
            message = f"no interval rule for {activation}"
            raise ValueError(message)
        low, high = np.hstack([low, a]), np.hstack([high, b])
    return a[:, 0], b[:, 0]


def function_range(function, low, high):
    total = [np.zeros(len(low)), np.zeros(len(low))]
    for coefficient, monomial in function["terms"]:
        term = (np.full(len(low), coefficient),) * 2
        for i, power in monomial:
            for _ in range(power):
                term = times(term, (low[:, i], high[:, i]))
        total = [total[0] + term[0], total[1] + term[1]]
    return total


def bound(net, function, pieces):
    start = time.perf_counter()
    low, high = boxes(function["n"], pieces)
    (a, b), (c, d) = network_range(net, low, high), function_range(function, low, high)
    return {"bound": float(np.maximum(b - c, d - a).max()), "seconds": time.perf_counter() - start}


def main():
    task = job()
    with np.load(task["layers"]) as net:
        arrays = dict(net)
    for case in task["cases"]:
        attempt(case["part"], bound, arrays, task["function"], case["pieces"])


if __name__ == "__main__":
    main()
