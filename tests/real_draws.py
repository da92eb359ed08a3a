"""Independent samplers of densities whose couplings are known: fine grids, exact Gaussians, rejection."""

import numpy as np


class GridSampler:
    """exp(-energy) on a box of equal sides by its table on a grid of cells, uniform within a cell."""

    def __init__(self, energy, low, high, n_variables=1, points=4001):
        edges = np.linspace(low, high, points)
        self.step = edges[1] - edges[0]
        self.middle = edges[:-1] + self.step / 2
        self.shape = (points - 1,) * n_variables
        H = energy(np.stack(np.meshgrid(*[self.middle] * n_variables, indexing="ij"), axis=-1).reshape(-1, n_variables))
        self.cumulative = np.cumsum(np.exp(H.min() - H))

    def draw(self, rng, size):
        cell = np.searchsorted(self.cumulative, rng.uniform(0, self.cumulative[-1], size=size))
        x = self.middle[np.stack(np.unravel_index(cell, self.shape), axis=1)]
        return x + rng.uniform(-self.step / 2, self.step / 2, size=x.shape)


def from_chain(rng, site_energy, pair_energy, half_width, n_sites, size, points=801):
    """Draws from exp(-sum of site and neighbour energies) of an open chain: messages from the right, draws from the
    left, uniform within a cell."""
    edges = np.linspace(-half_width, half_width, points)
    step = edges[1] - edges[0]
    x = edges[:-1] + step / 2
    site = np.exp(-site_energy(x))
    pair = np.exp(-pair_energy(x[:, None], x[None, :]))
    messages = [np.ones(len(x))]
    for _ in range(n_sites - 1):
        message = pair @ (site * messages[0])
        messages.insert(0, message / message.max())
    cells = np.empty((size, n_sites), int)
    for i, message in enumerate(messages):
        here = site * message if i == 0 else pair * (site * message)
        cumulative = np.cumsum(np.atleast_2d(here), axis=1)
        cumulative /= cumulative[:, -1:]
        u = rng.uniform(size=size)
        before = cells[:, i - 1] if i else np.zeros(size, int)
        flat = (cumulative + np.arange(len(cumulative))[:, None]).ravel()  # one ascending row after another
        cells[:, i] = np.minimum(np.searchsorted(flat, before + u) - before * len(x), len(x) - 1)
    return x[cells] + rng.uniform(-step / 2, step / 2, size=cells.shape)


def gaussian_draws(rng, precision, field, size):
    """Exact draws from exp(-field t - t precision t / 2)."""
    mean = -np.linalg.solve(precision, field)
    root = np.linalg.cholesky(np.linalg.inv(precision))
    return mean + rng.normal(size=(size, len(field))) @ root.T
