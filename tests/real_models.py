"""Models of real variables for tests: Gaussian chains, phi^4 lattices, double wells, Henon-Heiles; exact answers."""

import itertools
import math

import numpy as np

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import Hamiltonian, Monomials, Variables


def hamiltonian_of(terms, n, geometry=None, radius=math.inf, center=None, scale=None):
    """H with `{(site, site, ...): coefficient}` over t; sites ascending, repeated as often as their power."""
    order = max(map(len, terms))
    by_degree = [sorted(term for term in terms if len(term) == degree) for degree in range(1, order + 1)]
    sites = [np.array(rows, int).reshape(len(rows), degree) for degree, rows in enumerate(by_degree, 1)]
    coefficients = np.array([[terms[term]] for term in itertools.chain(*by_degree)], float)
    center, scale = np.zeros(n) if center is None else center, np.ones(n) if scale is None else scale
    variables = Variables([f"x{i}" for i in range(n)], ["real"] * n, center, scale)
    label = np.array(["H"])
    return Hamiltonian(Monomials(tuple(sites)), coefficients, np.zeros(1), label, variables, geometry, order, radius)


def added(*parts):
    total = {}
    for part in parts:
        for term, coefficient in part.items():
            total[term] = total.get(term, 0.0) + coefficient
    return total


def squared_differences(pairs, stiffness):
    """stiffness / 2 x sum of (x_i - x_j)^2."""
    half = stiffness / 2
    return added(*({(i, i): half, (j, j): half, (min(i, j), max(i, j)): -stiffness} for i, j in pairs))


def chain_pairs(n, periodic=False):
    return [(i, (i + 1) % n) for i in range(n if periodic else n - 1)]


def gaussian_chain(n, mass=1.0, stiffness=1.0, field=0.0, periodic=False):
    """sum of mass / 2 x^2 + stiffness / 2 (x_i - x_{i+1})^2 - field x."""
    here = {(i, i): mass / 2 for i in range(n)} | ({(i,): -field for i in range(n)} if field else {})
    terms = added(here, squared_differences(chain_pairs(n, periodic), stiffness))
    return hamiltonian_of(terms, n, Chain(n, periodic=periodic), 1)


def phi4_lattice(shape, mass=1.0, coupling=0.25, stiffness=1.0, periodic=True):
    """sum of mass / 2 phi^2 + coupling phi^4 + stiffness / 2 (phi_i - phi_j)^2 over neighbours; mass may be < 0."""
    geometry = Grid(*shape, periodic=periodic)
    n = math.prod(shape)
    label = np.arange(n).reshape(shape)
    pairs = []
    for axis in range(len(shape)):
        if periodic:
            ends = label, np.roll(label, -1, axis)
        else:
            ends = np.delete(label, -1, axis), np.delete(label, 0, axis)
        pairs += zip(ends[0].ravel().tolist(), ends[1].ravel().tolist(), strict=True)
    here = {(i, i): mass / 2 for i in range(n)} | {(i,) * 4: coupling for i in range(n)}
    return hamiltonian_of(added(here, squared_differences(pairs, stiffness)), n, geometry, 1)


def double_wells(n, height=3.0, stiffness=0.5, tilt=0.0, periodic=False):
    """sum of height (x^2 - 1)^2 - tilt x + stiffness / 2 (x_i - x_{i+1})^2, less the constant n x height."""
    here = {(i, i): -2 * height for i in range(n)} | {(i,) * 4: height for i in range(n)}
    tilted = {(i,): -tilt for i in range(n)} if tilt else {}
    terms = added(here, tilted, squared_differences(chain_pairs(n, periodic), stiffness))
    return hamiltonian_of(terms, n, Chain(n, periodic=periodic), 1)


def henon_heiles(confining=0.0, temperature=1.0):
    """(x^2 + y^2) / 2 + x^2 y - y^3 / 3 + confining (x^2 + y^2)^2, over the temperature; no density without it."""
    terms = {(0, 0): 0.5, (1, 1): 0.5, (0, 0, 1): 1.0, (1, 1, 1): -1 / 3}
    if confining:
        terms |= {(0,) * 4: confining, (0, 0, 1, 1): 2 * confining, (1,) * 4: confining}
    return hamiltonian_of({term: c / temperature for term, c in terms.items()}, 2)


def one_site(hamiltonian, x):
    """exp(-H) of one variable on a grid."""
    return np.exp(-hamiltonian(x[:, None])[:, 0])


class TransferMatrix:
    """Exact sums along an open chain whose H couples neighbours only: Gauss-Legendre on one interval per site.

    The integrand is smooth and vanishes at the ends, so the error falls exponentially with the number of nodes.
    """

    def __init__(self, hamiltonian, reach=6.0, nodes=240, interval=None):
        n = len(hamiltonian.variables)
        x, w = np.polynomial.legendre.leggauss(nodes)
        low, high = interval or (-reach, reach)
        half = (high - low) / 2
        self.x, self.n = low + half * (1 + x), n
        site, bond = [np.zeros(nodes) for _ in range(n)], [np.zeros((nodes, nodes)) for _ in range(n - 1)]
        for term, c in zip(hamiltonian.monomials, hamiltonian.coefficients[:, 0], strict=True):
            places = sorted(set(term))
            power = [term.count(s) for s in places]
            if len(places) == 1:
                site[places[0]] += c * self.x ** power[0]
            else:
                assert len(places) == 2, term
                assert places[1] == places[0] + 1, term
                bond[places[0]] += c * np.outer(self.x ** power[0], self.x ** power[1])
        weight = [np.exp(-h) * half * w for h in site]
        matrix = [np.exp(-h) for h in bond]
        self.left, self.right = [weight[0]], [np.ones(nodes)]
        for i in range(n - 1):
            self.left.append((self.left[-1] @ matrix[i]) * weight[i + 1])
            self.right.append(matrix[n - 2 - i] @ (weight[n - 1 - i] * self.right[-1]))
        self.right = self.right[::-1]
        self.weight, self.matrix = weight, matrix
        self.Z = self.left[-1].sum()

    @property
    def log_partition(self):
        return math.log(self.Z)

    def mean(self, **powers):
        """The mean of a product: mean(**{"0": 2, "3": 1}) is <x0^2 x3>."""
        total = None
        for i in range(self.n):
            inside = self.weight[i] if total is None else (total @ self.matrix[i - 1]) * self.weight[i]
            total = inside * self.x ** powers.get(str(i), 0)
        return total.sum() / self.Z
