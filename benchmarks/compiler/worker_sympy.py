"""sympy.lambdify with NumPy, plain and with common subexpressions shared, in float32.

Job: function, points, values (prefix of files for the outputs).
"""

import sys
import threading
import time

import numpy as np
import sympy
from timing import median_seconds
from worker import attempt, job


def evaluate(task, expression, symbols, built, cse):
    start = time.perf_counter()
    call = sympy.lambdify(symbols, expression, modules="numpy", cse=cse)
    seconds = built + time.perf_counter() - start
    columns = list(np.load(task["points"]).astype(np.float32).T.copy())
    np.save(f"{task['values']}.{cse}.npy", np.asarray(call(*columns), dtype=np.float64))
    return {"build_seconds": seconds, "seconds": median_seconds(lambda: call(*columns))}


def main():
    task = job()
    start = time.perf_counter()
    symbols = sympy.symbols(f"x:{task['function']['n']}")
    terms = [
        sympy.Mul(sympy.Float(coefficient), *(symbols[i] ** power for i, power in monomial))
        for coefficient, monomial in task["function"]["terms"]
    ]
    expression = sympy.Add(*terms)
    built = time.perf_counter() - start
    for part, cse in (("plain", False), ("cse", True)):
        attempt(part, evaluate, task, expression, symbols, built, cse)


if __name__ == "__main__":
    sys.setrecursionlimit(1_000_000)  # Python parses a sum of 10,000 terms by recursion: give it room, in a deep stack
    threading.stack_size(1 << 29)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
