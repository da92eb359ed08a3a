"""pyplm (on PyPI: pseudolm). Job: data, jobs."""

import contextlib
import io

import numpy as np
from measured import job, measure
from pyplm.inference import multimodel_inf


def fit(S, jobs):
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its own times
        models, _ = multimodel_inf(S[None].astype(float), jobs, 0)
    J = models[0]
    np.fill_diagonal(J, 0)  # holds the fields
    return J


if __name__ == "__main__":
    task = job()
    measure(lambda S: fit(S, task["jobs"]), task, task["jobs"])
