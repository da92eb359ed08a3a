"""cheaplearn itself. Job: data, and the options of the density."""

import warnings

from measured import job, measure

import cheaplearn as cl


def fit(S, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = cl.HamiltonianDensity(kind="spin", **options).fit(S)
    H, J = model.hamiltonian_, 0.0 * (S[:1].T * S[:1])
    fields, pairs = H.monomials.sites[0], H.monomials.sites[1]
    J[pairs[:, 0], pairs[:, 1]] = -H.coefficients[len(fields) :, 0]
    return J + J.T


if __name__ == "__main__":
    task = job()
    measure(lambda S: fit(S, task["options"]), task)
