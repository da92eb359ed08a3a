"""Models of real and discrete variables, sampled by code that shares nothing with the library."""

import itertools

import numpy as np

from cheaplearn.learning.mixed.columns import Columns
from cheaplearn.learning.mixed.samples import MixedSamples

STATES = {"real": None, "spin": np.array([-1, 1]), "bit": np.array([0, 1])}


def columns_of(kinds):
    """Columns named x0, x1, ...; ("category", q) is one of q states a, b, ..."""
    names = [f"x{i}" for i in range(len(kinds))]
    states = [np.array(list("abcdefgh"[: kind[1]])) if isinstance(kind, tuple) else STATES[kind] for kind in kinds]
    return Columns(tuple(names), tuple(kind if isinstance(kind, str) else kind[0] for kind in kinds), tuple(states))


def random_values(columns, samples, rng):
    """Standard normal reals and uniform states, raw columns."""
    values = rng.normal(size=(samples, len(columns)))
    for site in columns.discrete_sites:
        levels = columns.levels(site)
        values[:, columns.of_site[site]] = levels[rng.integers(len(levels), size=samples)]
    return values


def samples_of(values, weight=None):
    n = len(values)
    return MixedSamples(values, np.ones(n) if weight is None else weight, None, np.arange(n), n)


class ConditionalGaussian:
    """H = x K x / 2 + x (b + B s) + h s + s J s / 2 of reals x and spins s (J without diagonal): exact draws."""

    def __init__(self, K, B, h, J):
        self.K, self.B, self.h, self.J = K, B, h, J
        self.states = np.array(list(itertools.product((-1.0, 1.0), repeat=len(h))))
        fields = self.states @ B.T
        energies = self.states @ h + np.einsum("si,ij,sj->s", self.states, J, self.states) / 2
        energies = energies - np.einsum("si,ij,sj->s", fields, np.linalg.inv(K), fields) / 2
        self.log_Z = float(np.log(np.sum(np.exp(-energies)))) + len(K) / 2 * np.log(2 * np.pi)
        self.log_Z -= float(np.linalg.slogdet(K)[1]) / 2
        self.probabilities = np.exp(-energies) / np.sum(np.exp(-energies))

    def draw(self, n, rng):
        """Reals first, then spins, shape (n, reals + spins)."""
        s = self.states[rng.choice(len(self.states), n, p=self.probabilities)]
        covariance = np.linalg.inv(self.K)
        x = rng.multivariate_normal(np.zeros(len(self.K)), covariance, n) - s @ self.B.T @ covariance
        return np.hstack([x, s])

    def couplings(self):
        """By the sites of each term."""
        m, found = len(self.K), {}
        for i, j in itertools.combinations_with_replacement(range(m), 2):
            found[i, j] = self.K[i, j] / (2 if i == j else 1)
        for i, k in itertools.product(range(m), range(len(self.h))):
            found[i, m + k] = self.B[i, k]
        found |= {(m + k,): value for k, value in enumerate(self.h.tolist())}
        found |= {(m + i, m + k): self.J[i, k] for i, k in itertools.combinations(range(len(self.h)), 2)}
        return found


def random_gaussian(reals, spins, rng):
    """A random such model with couplings of a few tenths."""
    A = rng.normal(size=(reals, reals)) * 0.3
    J = np.triu(rng.uniform(-0.5, 0.5, size=(spins, spins)), 1)
    return ConditionalGaussian(
        A @ A.T + np.eye(reals), rng.uniform(-0.6, 0.6, (reals, spins)), rng.uniform(-0.3, 0.3, spins), J + J.T
    )


def chain_gaussian(sites, field=0.6, bond=0.4):
    """Reals and spins in turn on a chain (real, spin, real, ...), each coupled to its neighbours only."""
    m = (sites + 1) // 2
    B = np.zeros((m, sites - m))
    for i in range(sites - 1):
        B[(i + 1) // 2, i // 2] = field
    return ConditionalGaussian(np.eye(m) * (1 + bond), B, np.zeros(sites - m), np.zeros((sites - m,) * 2))


def in_turn(values, sites):
    """Puts the reals of `chain_gaussian` at even places and the spins at odd ones."""
    m, out = (sites + 1) // 2, np.empty((len(values), sites))
    out[:, ::2], out[:, 1::2] = values[:, :m], values[:, m:]
    return out


QUARTIC = {"x**4": 1.0, "x**2": -1.0, "x*y": 0.5, "y**2": 1.0, "y**4": 0.4, "x*s": 0.4, "x**2*s*b": 0.3, "s*b": -0.5}
QUARTIC |= {"y**2*b": 0.2}


def quartic_energy(x, y, s, b):
    q = QUARTIC
    pure = q["x**4"] * x**4 + q["x**2"] * x**2 + q["x*y"] * x * y + q["y**2"] * y**2 + q["y**4"] * y**4
    return pure + q["x*s"] * x * s + q["x**2*s*b"] * x**2 * s * b + q["s*b"] * s * b + q["y**2*b"] * y**2 * b


def quartic_draws(n, rng, sweeps=120):
    """Metropolis, one sample from each of n chains: columns x, y (real), s (spin), b (bit)."""
    v = [rng.normal(size=n), rng.normal(size=n), rng.choice([-1.0, 1.0], n), rng.choice([0.0, 1.0], n)]
    for _ in range(sweeps):
        for i in range(4):
            w = list(v)
            w[i] = v[i] + rng.normal(size=n) if i < 2 else (-v[i] if i == 2 else 1 - v[i])
            accepted = np.log(rng.random(n)) < quartic_energy(*v) - quartic_energy(*w)
            v[i] = np.where(accepted, w[i], v[i])
    return np.column_stack(v)
