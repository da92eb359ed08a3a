"""A PyTorch MLP trained on the function: Adam on fresh points with a falling rate, then L-BFGS, one thread.

Job: function, activation, width, layers, seconds (training), points (inputs to answer for), values (file for the
outputs), seed. Half of the seconds go to Adam. float32 throughout (L-BFGS in float64 was tried: no better in the same
time). The weights kept are those with the smallest worst error on 10,000 held-out points.
"""

import itertools
import math
import time

import numpy as np
import torch
from functions import points, values
from worker import attempt, job

ACTIVATIONS = {"tanh": torch.nn.Tanh, "silu": torch.nn.SiLU}
BATCH, LBFGS_POINTS, RATE = 1024, 8192, 5e-3


def network(n, width, layers, activation):
    sizes = [n] + [width] * layers
    parts = [m for a, b in itertools.pairwise(sizes) for m in (torch.nn.Linear(a, b), ACTIVATIONS[activation]())]
    return torch.nn.Sequential(*parts, torch.nn.Linear(width, 1))


class Training:
    """The data, the clock and the best weights so far."""

    def __init__(self, net, function, seconds, seed):
        self.net, self.function, self.seed = net, function, seed
        held_out = points(function["n"], 10_000, [seed, 1])
        target = values(function, held_out)
        self.scale = float(target.std())  # the network learns the function in units of its spread
        self.held_out, self.target = tensor(held_out), tensor(target / self.scale)[:, None]
        self.begin, self.seconds, self.batches = time.perf_counter(), seconds, 1
        self.best, self.weights = math.inf, None
        self.keep()

    def share(self):
        """Of the time, gone."""
        return (time.perf_counter() - self.begin) / self.seconds

    def sample(self, count):
        self.batches += 1
        X = points(self.function["n"], count, [self.seed, self.batches])
        return tensor(X), tensor(values(self.function, X) / self.scale)[:, None]

    def loss(self, X, y):
        return torch.nn.functional.mse_loss(self.net(X), y)

    def keep(self):
        with torch.no_grad():
            worst = (self.net(self.held_out) - self.target).abs().max().item()
        if worst < self.best:
            self.best = worst
            self.weights = {name: value.clone() for name, value in self.net.state_dict().items()}

    def adam(self, until):
        optimiser = torch.optim.Adam(self.net.parameters(), lr=RATE)
        steps = 0
        while (share := self.share()) < until:
            optimiser.param_groups[0]["lr"] = RATE * (0.001 + 0.999 * (1 + math.cos(math.pi * share / until)) / 2)
            optimiser.zero_grad()
            self.loss(*self.sample(BATCH)).backward()
            optimiser.step()
            steps += 1
            if steps % 100 == 0:
                self.keep()
        self.keep()
        return steps

    def lbfgs(self):
        steps = 0
        X, y = self.sample(LBFGS_POINTS)
        optimiser = torch.optim.LBFGS(
            self.net.parameters(), max_iter=10, history_size=50, line_search_fn="strong_wolfe"
        )

        def closure():
            optimiser.zero_grad()
            loss = self.loss(X, y)
            loss.backward()
            return loss

        while self.share() < 1:
            optimiser.step(closure)
            steps += 1
            self.keep()
        return 10 * steps


def tensor(array):
    return torch.tensor(array, dtype=torch.float32)


def train(task):
    function = task["function"]
    net = network(function["n"], task["width"], task["layers"], task["activation"])
    training = Training(net, function, task["seconds"], task["seed"])
    adam, lbfgs = training.adam(until=1 / 2), training.lbfgs()
    seconds = time.perf_counter() - training.begin
    net.load_state_dict(training.weights)
    with torch.no_grad():
        outputs = net(tensor(np.load(task["points"])))[:, 0].double().numpy() * training.scale
    np.save(task["values"], outputs)
    return {"seconds": seconds, "neurons": task["width"] * task["layers"], "adam": adam, "lbfgs": lbfgs}


def main():
    task = job()
    torch.set_num_threads(1)
    torch.manual_seed(task["seed"])
    attempt("all", train, task)


if __name__ == "__main__":
    main()
