"""Ising models on random regular graphs and lattices, and streams of their samples."""

import numpy as np

from cheaplearn.hamiltonian.factor_graph import FactorGraph
from cheaplearn.hamiltonian.partition import exact_sampler
from cheaplearn.hamiltonian.sampling import sample

CHUNK = 512  # least samples drawn at once


def lattice(n, periodic):
    side = round(n**0.5)
    site = np.arange(n).reshape(side, side)
    pairs = []
    for axis in (0, 1):
        neighbour = np.roll(site, -1, axis)
        rows = slice(None) if periodic else slice(0, -1)
        cut = (rows, slice(None)) if axis == 0 else (slice(None), rows)
        pairs += zip(site[cut].ravel().tolist(), neighbour[cut].ravel().tolist(), strict=True)
    return sorted({(min(p), max(p)) for p in pairs})


def random_regular(n, degree, rng):
    """Pairs the stubs anew until no edge is double and none a loop: uniform over simple regular graphs."""
    while True:
        stubs = rng.permutation(np.repeat(np.arange(n), degree)).reshape(-1, 2)
        edges = {(int(a), int(b)) for a, b in np.sort(stubs, axis=1) if a != b}
        if 2 * len(edges) == n * degree:
            return sorted(edges)


TOPOLOGIES = {
    "random 3-regular": lambda n, rng: random_regular(n, 3, rng),
    "random 4-regular": lambda n, rng: random_regular(n, 4, rng),
    "periodic lattice": lambda n, rng: lattice(n, True),
    "open lattice": lambda n, rng: lattice(n, False),
}


def draw_couplings(edges, beta, weak, share, signs, rng):
    """Couplings K of p proportional to exp(sum of K s s'), one for each edge: beta, but weak for a share of them."""
    strength = np.full(len(edges), float(beta))
    strength[rng.permutation(len(edges))[: round(share * len(edges))]] = weak
    return strength * (1 if signs == "ferromagnet" else rng.choice([-1, 1], len(edges)))


class Source:
    """Streams of samples of one model, one stream for each trial; exact where that is cheap."""

    def __init__(self, n, edges, couplings, signs, seed, trials):
        tables = {e: np.array([[-k, k], [k, -k]]) for e, k in zip(edges, couplings, strict=True)}
        self.graph = FactorGraph.from_tables(np.full(n, 2), tables)
        self.exact = exact_sampler(self.graph)
        self.chain = "cluster" if signs == "ferromagnet" else "tempering"
        self.rngs = [np.random.default_rng([seed, trial]) for trial in range(trials)]
        self.codes = [np.empty((0, n), np.uint8) for _ in range(trials)]
        self.worth = 1.0  # effective sample size over samples, the least

    def first(self, trial, count):
        """The first samples of a trial as spins, different rows once, and how often each occurs."""
        have = len(self.codes[trial])
        if have < count:
            new = self._draw(max(count - have, have, CHUNK), self.rngs[trial])
            self.codes[trial] = np.concatenate([self.codes[trial], new.astype(np.uint8)])
        codes = self.codes[trial][:count]
        packed = np.packbits(codes, axis=1)
        keys = np.pad(packed, ((0, 0), (0, 8 - packed.shape[1]))).view(np.uint64).ravel()
        _, where, counts = np.unique(keys, return_index=True, return_counts=True)
        return 2.0 * codes[where] - 1, counts

    def _draw(self, count, rng):
        if self.exact:
            return self.exact(count, rng)
        drawn = sample(self.graph, count, self.chain, rng)
        self.worth = min(self.worth, drawn.effective_sample_size / count)
        return drawn.codes
