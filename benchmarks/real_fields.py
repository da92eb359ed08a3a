"""Fields of real variables with known couplings, and samplers of them that share no code with the library."""

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


def phi4_lattice(side, samples, seed, mass=-0.5, coupling=0.25, quartic=0.5, sweeps=200):
    """Samples of H = sum_i mass x_i^2 + quartic x_i^4 + coupling sum over bonds (x_i - x_j)^2 on a torus."""
    place = np.arange(side * side).reshape(side, side)
    near = [np.roll(place, shift, axis).ravel() for axis in (0, 1) for shift in (1, -1)]

    def energy(x, i, v):
        bonds = sum((v - x[:, others[i]]) ** 2 for others in near)
        return mass * v**2 + quartic * v**4 + coupling * bonds

    return metropolis(energy, side * side, samples, seed, sweeps)


def gaussian_lattice(side, samples, seed, bond=-0.4):
    """Exact samples of H = sum_i x_i^2 + bond sum over bonds x_i x_j on a torus, |bond| < 1/2."""
    n = side * side
    place = np.arange(n).reshape(side, side)
    precision = 2 * np.eye(n)
    for axis in (0, 1):
        for a, b in zip(place.ravel(), np.roll(place, -1, axis).ravel(), strict=True):
            precision[a, b] += bond
            precision[b, a] += bond
    factor = np.linalg.cholesky(precision)
    return np.linalg.solve(factor.T, np.random.default_rng(seed).normal(size=(n, samples))).T


def henon_heiles(samples, seed, confining=1.0, sweeps=400):
    """Samples (px, py, x, y) of H = (px^2 + py^2 + x^2 + y^2)/2 + x^2 y - y^3/3 + confining (x^2 + y^2)^2."""

    def energy(q, i, v):
        x, y = (v, q[:, 1]) if i == 0 else (q[:, 0], v)
        return (x**2 + y**2) / 2 + x**2 * y - y**3 / 3 + confining * (x**2 + y**2) ** 2

    momenta = np.random.default_rng([seed, 1]).normal(size=(samples, 2))
    return np.hstack([momenta, metropolis(energy, 2, samples, seed, sweeps, spread=0.7)])


def double_wells(n, samples, seed, depth=2.0):
    """Exact samples of H = depth sum_i (x_i^2 - 1)^2, by inverting the distribution function on a fine grid."""
    x = np.linspace(-3, 3, 200_001)
    cumulative = np.cumsum(np.exp(-depth * (x**2 - 1) ** 2))
    return np.interp(np.random.default_rng(seed).random((samples, n)), cumulative / cumulative[-1], x)
