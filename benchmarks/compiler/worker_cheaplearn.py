"""cheaplearn itself: compiles a function, searches for its worst error, evaluates it with NumPy and ONNX Runtime.

Runs with the interpreter of the project. Job: function, dtype, and optionally `search` (points of each kind), `layers`
(file to write the network to as plain arrays), `points` (inputs to evaluate), `values` (prefix of files for the
outputs), `onnx` (whether to export and time it too), `timed`.
"""

import time

import numpy as np
from timing import median_seconds
from worker import answer, attempt, job

import cheaplearn as cl
from cheaplearn.testing import worst_error


def polynomial(function):
    terms = {tuple((i, power) for i, power in monomial): coefficient for coefficient, monomial in function["terms"]}
    return cl.Polynomial(terms, [f"x{i}" for i in range(function["n"])])


def compiled(p, task):
    compile_it = cl.compile  # loads the compiler before the clock starts
    start = time.perf_counter()
    net = compile_it(p, box=(-1, 1), dtype=task["dtype"])
    seconds = time.perf_counter() - start
    answer(
        "compile",
        seconds=seconds,
        neurons=net.neurons,
        synapses=net.synapses,
        depth=net.depth,
        certified=net.certificate.error,
    )
    return net


def write_layers(net, path):
    arrays = {}
    for k, layer in enumerate(net.layers):
        arrays |= {f"weights{k}": layer.weights.toarray().astype(np.float64), f"bias{k}": layer.bias.astype(np.float64)}
    np.savez(path, activations=np.array([layer.activation or "" for layer in net.layers]), **arrays)


def search(net, p, effort):
    return {"found": worst_error(net, p, effort=effort)[0]}


def evaluate(call, X, path, timed):
    np.save(path, np.asarray(call(X)).reshape(len(X)).astype(np.float64))
    return {"seconds": median_seconds(lambda: call(X))} if timed else {}


def onnx(net, X, path):
    import onnxruntime

    start = time.perf_counter()
    model = net.to_onnx().SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    seconds = time.perf_counter() - start
    name = session.get_inputs()[0].name
    return {"export_seconds": seconds} | evaluate(lambda A: session.run(None, {name: A})[0], X, path, True)


def main():
    task = job()
    p = polynomial(task["function"])
    net = compiled(p, task)
    if "layers" in task:
        write_layers(net, task["layers"])
    if "points" in task:
        X = np.load(task["points"]).astype(net.dtype)
        attempt("evaluate", evaluate, net, X, task["values"] + ".numpy.npy", task.get("timed", False))
        if task.get("onnx"):
            attempt("onnx", onnx, net, X, task["values"] + ".onnx.npy")
    if "search" in task:
        attempt("search", search, net, p, task["search"])


if __name__ == "__main__":
    main()
