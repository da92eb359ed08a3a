"""ConIII's pseudo-likelihood. Job: data."""

import numpy as np
from coniii.solvers import Pseudo
from measured import job, measure
from scipy.spatial.distance import squareform


def fit(S):
    n = S.shape[1]
    return squareform(Pseudo(S.astype(np.int64), iprint=False).solve()[n:])


if __name__ == "__main__":
    measure(fit, job())
