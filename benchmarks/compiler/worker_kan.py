"""pykan on the function, with its documented recipe: L-BFGS, grid 3 refined to 5 and 10, one thread.

Job: function, multiplication (whether the hidden layer has multiplication nodes), seconds, points, values (file), seed.
"""

import time
from pathlib import Path

import numpy as np
import torch
from functions import points, values
from kan import KAN
from worker import attempt, job

GRIDS = (3, 5, 10)
STEPS = 5  # L-BFGS steps between looks at the clock


def tensor(array):
    return torch.tensor(array, dtype=torch.float32)


def dataset(function, seed):
    X, X_test = points(function["n"], 4000, [seed, 1]), points(function["n"], 10_000, [seed, 2])
    y, y_test = values(function, X), values(function, X_test)
    scale = float(y.std())
    names = ("train_input", "train_label", "test_input", "test_label")
    arrays = (X, y[:, None] / scale, X_test, y_test[:, None] / scale)
    return dict(zip(names, map(tensor, arrays), strict=True)), scale


def worst(model, data):
    with torch.no_grad():
        return (model(data["test_input"]) - data["test_label"]).abs().max().nan_to_num(np.inf, np.inf).item()


def train(task):
    function = task["function"]
    n = function["n"]
    hidden = [2, 2] if task["multiplication"] else 5
    data, scale = dataset(function, task["seed"])
    begin = time.perf_counter()
    layers = [hidden] * (2 if n > 2 else 1)
    model = KAN(width=[n, *layers, 1], grid=GRIDS[0], k=3, seed=task["seed"], auto_save=False, symbolic_enabled=False)
    best, outputs, steps = np.inf, None, 0
    for k, grid in enumerate(GRIDS):
        if k:
            model = model.refine(grid)
        while time.perf_counter() - begin < task["seconds"] * (k + 1) / len(GRIDS):
            model.fit(data, opt="LBFGS", steps=STEPS, log=STEPS, update_grid=k == 0 and steps < 50)
            steps += STEPS
            error = worst(model, data)
            if error < best:
                best, outputs = error, answers(model, task["points"]) * scale
    if outputs is None:
        message = "never finite"
        raise ValueError(message)
    np.save(task["values"], outputs)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "neurons": int(np.sum(layers)), "steps": steps}


def answers(model, path):
    parts = tensor(np.load(path)).split(10_000)
    with torch.no_grad():
        return torch.cat([model(part) for part in parts])[:, 0].double().numpy()


def main():
    task = job()
    torch.set_num_threads(1)
    Path("model").mkdir(exist_ok=True)  # pykan logs there, in the working folder, whatever it is told
    attempt("all", train, task)


if __name__ == "__main__":
    main()
