"""auto_LiRPA on the same network: bounds network(x) - p(x), both written in PyTorch, float64, on a grid of boxes.

PyPI's newest auto_LiRPA is 0.3 (2022); `adapt` gives it four private names that PyTorch has moved or dropped since.
Nothing of its mathematics is touched.
"""

import importlib
import time

import numpy as np
import torch
from functions import boxes, points, values
from worker import attempt, job

METHODS = {"IBP": "IBP", "CROWN": "CROWN", "alpha-CROWN": "CROWN-Optimized"}
CHUNK = 4096


def adapt():
    inner = "torch.onnx._internal.torchscript_exporter."
    exporter, settings = importlib.import_module(inner + "utils"), importlib.import_module(inner + "_globals").GLOBALS
    importlib.import_module("torch.onnx.utils")._optimize_graph = exporter._optimize_graph
    helper = importlib.import_module("torch.onnx.symbolic_helper")
    helper._set_opset_version = lambda version: setattr(settings, "export_onnx_opset_version", version)
    torch._C.Node.__getitem__ = lambda node, name: getattr(node, node.kindOf(name))(name)
    from auto_LiRPA import BoundedModule

    named_members = BoundedModule._named_members
    BoundedModule._named_members = lambda self, *given, remove_duplicate=True, **named: named_members(
        self, *given, **named
    )


class Difference(torch.nn.Module):
    """network(x) - p(x): affine layers over all earlier sources, SiLU as z sigmoid(z), p by multiplications."""

    def __init__(self, net, function):
        super().__init__()
        self.activations, self.terms = [str(name) for name in net["activations"]], function["terms"]
        self.maps = torch.nn.ModuleList()
        for k in range(len(self.activations)):
            weights, bias = torch.tensor(net[f"weights{k}"]), torch.tensor(net[f"bias{k}"])
            affine = torch.nn.Linear(weights.shape[1], weights.shape[0])
            affine.weight.data, affine.bias.data = weights, bias
            self.maps.append(affine)

    def forward(self, x):
        sources = x
        for affine, activation in zip(self.maps, self.activations, strict=True):
            z = affine(sources)
            if activation not in ("", "silu"):
                message = f"no rule for {activation}"
                raise ValueError(message)
            values = z * torch.sigmoid(z) if activation else z
            sources = torch.cat([sources, values], dim=1)
        return values - self.polynomial(x)

    def polynomial(self, x):
        total = 0.0
        for coefficient, monomial in self.terms:
            factors = [x[:, i : i + 1] for i, power in monomial for _ in range(power)]
            while len(factors) > 1:  # balanced, as the network multiplies
                pairs = [a * b for a, b in zip(factors[::2], factors[1::2], strict=False)]
                factors = pairs + factors[2 * len(pairs) :]
            total = total + coefficient * factors[0]
        return total


def bound(difference, n, method, pieces):
    from auto_LiRPA import BoundedModule, BoundedTensor
    from auto_LiRPA.perturbations import PerturbationLpNorm

    start = time.perf_counter()
    worst = 0.0
    lows, highs = (torch.tensor(corner).split(CHUNK) for corner in boxes(n, pieces))
    module = BoundedModule(difference, (lows[0] + highs[0]) / 2)
    for low, high in zip(lows, highs, strict=True):
        middle = (low + high) / 2
        x = BoundedTensor(middle, PerturbationLpNorm(norm=np.inf, x_L=low, x_U=high))
        lower, upper = module.compute_bounds(x=(x,), method=METHODS[method])
        worst = max(worst, -lower.min().item(), upper.max().item())
    return {"bound": worst, "seconds": time.perf_counter() - start}


def check(difference, function):
    """The rebuilt network must be the function up to a small error: guards the hand-over."""
    X = points(function["n"], 1000, 1)
    worst = difference(torch.tensor(X)).abs().max().item()
    if not worst < 0.1 * np.abs(values(function, X)).max():
        message = f"the rebuilt network is {worst:g} off"
        raise ValueError(message)


def main():
    task = job()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    adapt()
    with np.load(task["layers"]) as net:
        difference = Difference(net, task["function"])
    check(difference, task["function"])
    for case in task["cases"]:
        attempt(case["part"], bound, difference, task["function"]["n"], case["method"], case["pieces"])


if __name__ == "__main__":
    main()
