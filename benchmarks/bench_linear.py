"""Linear networks as chains of sparse factors: counts, errors, time, and `factorize` beside pyfaust; prints Markdown.

    .venv/bin/python benchmarks/bench_linear.py [--quick] [--limit 300] [--cache FOLDER]

pyfaust is installed in a virtual environment of its own under the cache folder (build/bench-envs) and runs in its own
process on the same matrices, with one thread, as `factorize` does; if it cannot be installed or fails, the reason is in
the table. All figures are computed in this run. The script is also the worker of that process.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SHARED = Path(__file__).parent / "shared"
sys.path.insert(0, str(SHARED))
PEER = {"pyfaust": [["pyfaust==3.41.0", "numpy==2.4.6", "scipy==1.17.1"]]}


def main():
    import environments
    from tables import show
    from threadpoolctl import threadpool_limits

    from cheaplearn.flattening import linear  # loads the libraries whose threads are limited below

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="sizes up to 256")
    parser.add_argument("--limit", type=float, default=300, help="time limit of the peer's process, seconds")
    parser.add_argument("--cache", default="build/bench-envs", help="folder of the peer's environment")
    options = parser.parse_args()
    environments.RECIPES.update(PEER)
    largest = 256 if options.quick else 1024
    show(f"{linear.__name__}, NumPy {np.__version__}; one thread; peer: {environments.pins(PEER)}.\n")
    with threadpool_limits(1):
        transforms([n for n in (64, 256, 1024) if n <= largest])
        multiplication()
        sparse_products()
        factorizations(options, [n for n in (64, 256, 1024) if n <= largest])


def transforms(sizes):
    from tables import header, line, show

    from cheaplearn.flattening import linear

    show("Chains against the dense matrix (time: 64 vectors at once; > 1 where the chain is faster)\n")
    header("transform", "n", "synapses", "with skips", "dense", "cost", "largest error", "dense time / chain time")
    builders = {
        "fft": linear.fft,
        "fft, real": lambda n: linear.fft(n, real=True),
        "hadamard": linear.hadamard,
        "haar": linear.haar,
        "haar with skips": lambda n: linear.haar(n, skips=True),
        "dct": linear.dct,
        "daubechies 2": linear.daubechies,
        "daubechies 4": lambda n: linear.daubechies(n, 4),
        "convolution, full kernel": lambda n: linear.convolution(np.cos(np.arange(n) ** 2)),
    }
    for name, build in builders.items():
        for n in sizes:
            chain = build(n)
            skips = getattr(chain, "skip_synapses", chain.synapses)
            counts = chain.synapses, skips, chain.dense_synapses, f"{chain.flattening_cost:.3g}"
            line(name, n, *counts, f"{chain.error():.1e}", f"{chain.measure().ratio:.2g}")
    show("")


def multiplication():
    from tables import header, line, show

    from cheaplearn.flattening import linear

    show("Strassen, B -> A B with A fixed\n")
    header("n", "leaf", "synapses", "dense n^3", "cost", "built and measured: largest error")
    for n, leaf in ((8, 1), (64, 1), (64, 32), (256, 32), (1024, 32), (65536, 1), (131072, 1)):
        count = linear.strassen_synapses(n, leaf)
        error = ""
        if n <= 64:
            rng = np.random.default_rng(0)
            A, B = rng.standard_normal((2, n, n))
            chain = linear.strassen(A, (n // leaf).bit_length() - 1)
            assert chain.synapses == count
            error = f"{np.abs(chain(B.reshape(1, -1))[0] - (A @ B).ravel()).max():.1e}"
        line(n, leaf, count, n**3, f"{n**3 / count:.4g}", error)
    full, leaves = linear.strassen_crossover(), linear.strassen_crossover(32)
    show(f"\nFewer synapses from n = {full} on; with dense leaves of 32 from n = {leaves}.\n")


def sparse_products():
    from tables import header, line, show

    from cheaplearn.flattening import linear

    show("Products of two random 0/1 matrices, n = 500, 5 draws\n")
    header("density", "cost, mean", "standard error", "[1 - (1 - p^2)^n] / 2p")
    for p in (0.01, 0.02, 0.05, 0.1, 0.3):
        draws = [[linear.random_sparse(500, p, 2 * seed + i) for i in (0, 1)] for seed in range(5)]
        costs = [linear.sparse_product(*pair).flattening_cost for pair in draws]
        mean, deviation = f"{np.mean(costs):.3f}", f"{np.std(costs, ddof=1) / 5**0.5:.3f}"
        line(p, mean, deviation, f"{linear.sparse_product_cost(500, p):.3f}")
    show("")


def matrices(sizes):
    """Name, matrix, error allowed, what was planted, how `factorize` is called, what the peer is asked for."""
    from cheaplearn.flattening import linear

    rng = np.random.default_rng(0)
    for n in sizes:
        planted = linear.hadamard(n).synapses
        yield f"Hadamard {n}", linear.hadamard(n).dense(), 1e-10, planted, "butterfly", "identity"
        yield f"DFT {n}", linear.fft(n).dense(), 1e-10, planted, "butterfly", "bitrev"
    shuffled = linear.fft(64).dense()[rng.permutation(64)][:, rng.permutation(64)]
    yield "DFT 64, rows and columns shuffled", shuffled, 1e-10, 768, "butterfly", "default_8"
    spikes = np.where(rng.random((128, 128)) < 0.05, 3 * rng.standard_normal((128, 128)), 0)
    low = rng.standard_normal((128, 5)) @ rng.standard_normal((5, 128))
    planted = 5 * 256 - 20 + np.count_nonzero(spikes)
    yield "rank 5 + 5 % entries, 128", low + spikes, 1e-10, planted, "auto", "palm4msa"
    B, C = (linear.random_sparse(128, 0.05, seed, "normal") for seed in (1, 2))
    yield "sparse x sparse (5 %), 128", (B @ C).toarray(), 1e-10, B.nnz + C.nnz, "auto", "palm4msa"
    yield "random dense 128", rng.standard_normal((128, 128)), 1e-10, 128**2, "auto", "palm4msa"


def trained():
    """The first layer of a network that was trained on the digits, and how good the network is with another one."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    X, y = load_digits(return_X_y=True)
    parts = train_test_split(X / 16, y, test_size=0.3, random_state=0)
    net = MLPClassifier((96,), max_iter=1000, random_state=0).fit(parts[0], parts[2])
    weights = net.coefs_[0].T.copy()

    def accuracy(matrix):
        net.coefs_[0] = matrix.T
        return net.score(parts[1], parts[3])

    return weights, accuracy


def factorizations(options, sizes):
    from tables import header, line, number, ratio, show

    from cheaplearn.flattening import linear

    weights, accuracy = trained()
    jobs = [(*case, None) for case in matrices(sizes)]
    for error in (0.1, 0.3, 0.5):
        name = f"first layer of an MLP (digits), error {error}"
        jobs.append((name, weights, error, "", "auto", "palm4msa", accuracy))
    ours = []
    for _, A, error, _, method, _, _ in jobs:
        start = time.perf_counter()
        ours.append((linear.factorize(A, error, method), time.perf_counter() - start))
    theirs = peer(options, jobs, [found.synapses for found, _ in ours])

    show("`factorize` beside pyfaust (palm4msa gets two factors and as many non-zeros as `factorize` used)\n")
    header(
        "matrix", "non-zeros", "planted", "ours: method", "synapses", "with skips", "error", "s", "pyfaust: call",
        "non-zeros", "error", "s", "its s / ours", "test accuracy: dense, ours, pyfaust",
    )  # fmt: skip
    for (name, A, _, planted, _, call, score), (found, seconds), result in zip(jobs, ours, theirs, strict=True):
        told = result.get("failed", call)
        accuracies = ""
        if score:
            other = np.array(result["dense"]) if "dense" in result else None
            scores = [score(A), score(found.chain.dense()), *([] if other is None else [score(other)])]
            accuracies = ", ".join(f"{value:.3f}" for value in scores)
        line(
            name, np.count_nonzero(A), planted, found.method, found.synapses, found.chain.skip_synapses,
            f"{found.error:.1e}", f"{seconds:.2g}", told, number(result, "synapses", "d"),
            number(result, "error", ".1e"), number(result, "seconds"), ratio(result.get("seconds"), seconds),
            accuracies,
        )  # fmt: skip
    show("")


def peer(options, jobs, budgets):
    """Runs pyfaust on the same matrices."""
    import environments
    import processes

    python = environments.prepare("pyfaust", Path(options.cache).absolute())
    parts = [str(i) for i in range(len(jobs))]
    with tempfile.TemporaryDirectory() as folder:
        tasks = []
        for i, (job, budget) in enumerate(zip(jobs, budgets, strict=True)):
            path = str(Path(folder, f"{i}.npy"))
            np.save(path, job[1])
            tasks.append({"part": str(i), "path": path, "call": job[5], "budget": budget, "give": job[6] is not None})
        answers = processes.run(python, Path(__file__).absolute(), tasks, options.limit, parts)
    return [answers[part] for part in parts]


def serve():
    """The worker: runs where pyfaust is installed."""
    import worker

    for task in worker.job():
        worker.attempt(task["part"], by_pyfaust, np.load(task["path"]), task["call"], task["budget"], task["give"])


def by_pyfaust(A, call, budget, give):
    from pyfaust.fact import butterfly, palm4msa

    start = time.perf_counter()
    if call == "palm4msa":
        found = palm4msa(A, palm_parameters(A.shape, budget))
    else:
        found = butterfly(A, type="bbtree", perm=None if call == "identity" else call)
    seconds = time.perf_counter() - start
    dense = found.toarray()
    error = float(np.linalg.norm(dense - A) / np.linalg.norm(A))
    return {"synapses": int(found.nnz_sum()), "error": error, "seconds": seconds} | (
        {"dense": dense.real.tolist()} if give else {}
    )


def palm_parameters(shape, budget):
    """Two factors that share the budget of non-zeros; 200 iterations."""
    from pyfaust.factparams import ConstraintList, ParamsPalm4MSA, StoppingCriterion

    m, n = shape
    inner = min(m, n)
    left = min(budget * m // (m + n), m * inner)
    right = min(budget - left, inner * n)
    return ParamsPalm4MSA(ConstraintList("sp", left, m, inner, "sp", right, inner, n), StoppingCriterion(num_its=200))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1].endswith("job.json"):
        serve()
    else:
        main()
