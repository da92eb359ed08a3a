"""Independent samplers of real fields for tests of fits: Metropolis over many chains, written for nothing else."""

import numpy as np


def metropolis(energy_of_site, n, samples, seed, sweeps=300, step=1.2, spread=1.0):
    """Single-site Metropolis, one sample from each of `samples` chains.

    `energy_of_site(x, i, value)` is the part of H that depends on x_i, with x_i = value, shape (chains,).
    """
    rng = np.random.default_rng(seed)
    x = spread * rng.normal(size=(samples, n))
    for _ in range(sweeps):
        for i in range(n):
            proposed = x[:, i] + step * rng.normal(size=samples)
            rise = energy_of_site(x, i, proposed) - energy_of_site(x, i, x[:, i])
            accepted = np.log(rng.random(samples)) < -rise
            x[accepted, i] = proposed[accepted]
    return x


def phi4_ring(n, samples, seed, mass=-0.5, coupling=0.5, quartic=0.5, sweeps=200):
    """Samples of H = sum_i mass x_i^2 + quartic x_i^4 + coupling (x_i - x_i+1)^2 on a ring."""

    def energy(x, i, v):
        left, right = x[:, i - 1], x[:, (i + 1) % n]
        return mass * v**2 + quartic * v**4 + coupling * ((v - left) ** 2 + (v - right) ** 2)

    return metropolis(energy, n, samples, seed, sweeps)


def phi4_couplings(mass=-0.5, coupling=0.5, quartic=0.5):
    """The couplings of a site, its square and its fourth power, and of a bond."""
    return {"x0**2": mass + 2 * coupling, "x0*x1": -2 * coupling, "x0**4": quartic}


def gaussian_ring(n, samples, seed, bond=-0.6):
    """Exact samples of H = sum_i x_i^2 + bond x_i x_i+1 on a ring, |bond| < 1."""
    precision = 2 * np.eye(n)
    for i in range(n):
        precision[i, (i + 1) % n] += bond
        precision[(i + 1) % n, i] += bond
    return np.random.default_rng(seed).multivariate_normal(np.zeros(n), np.linalg.inv(precision), samples)
