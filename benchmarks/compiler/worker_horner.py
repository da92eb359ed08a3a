"""multivar_horner: Horner factorisation, in C (its default where a compiler exists), float64, one row a call.

Job: function, points, values (file for the outputs).
"""

import shutil
import time

import numpy as np
from multivar_horner import HornerMultivarPolynomial
from multivar_horner.global_settings import PATH2CACHE
from timing import median_seconds
from worker import attempt, job


def evaluate(task):
    function = task["function"]
    exponents = np.zeros((len(function["terms"]), function["n"]), dtype=int)
    for row, (_, monomial) in enumerate(function["terms"]):
        for i, power in monomial:
            exponents[row, i] = power
    coefficients = np.array([coefficient for coefficient, _ in function["terms"]])
    shutil.rmtree(PATH2CACHE, ignore_errors=True)  # it keeps what it compiled in earlier runs: build afresh
    PATH2CACHE.mkdir()
    start = time.perf_counter()
    polynomial = HornerMultivarPolynomial(coefficients, exponents, rectify_input=True)
    seconds = time.perf_counter() - start
    X = np.load(task["points"])
    np.save(task["values"], np.array([polynomial(x) for x in X]))
    kind = "C" if polynomial.use_c_eval else "NumPy"
    return {"build_seconds": seconds, "seconds": median_seconds(lambda: [polynomial(x) for x in X]), "kind": kind}


if __name__ == "__main__":
    attempt("all", evaluate, job())
