"""Sums, losses and scores of samples against exact polynomials, and the laws that a ladder relies on."""

import numpy as np
import pytest
from product_families import derivatives_of, functions_of, monomials_of, random_products, random_tying

from cheaplearn.hamiltonian import Variables, local_monomials
from cheaplearn.learning.real import site_terms
from cheaplearn.learning.real import sums as sums_module
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.bounds import Bounds
from cheaplearn.learning.real.errors import coupling_covariance, covariance_of, score_moments
from cheaplearn.learning.real.functions import Functions
from cheaplearn.learning.real.scores import hyvarinen_losses
from cheaplearn.learning.real.site_terms import Problem
from cheaplearn.learning.real.solve import solve
from cheaplearn.learning.real.sums import score_sums, split_sums, sums_of

N, SAMPLES = 3, 40


class Case:
    """A random family with weighted samples, and the same sums by exact polynomials one sample at a time."""

    def __init__(self, seed, hermite=True, walls=False, tied=False):
        rng = self.rng = np.random.default_rng(seed)
        self.basis = ProductBasis(monomials_of(random_products(rng, N, 4, 5)), hermite)
        n = self.n = self.basis.n_variables
        self.t = rng.uniform(0.0, 2.0, size=(SAMPLES, n))
        self.weight = rng.uniform(0.0, 2.0, size=SAMPLES)
        low, high = np.where(np.arange(n) < n - 1, 0.0, -np.inf), np.where(np.arange(n) == 0, 2.0, np.inf)
        self.bounds = Bounds(low, high, 0.7) if walls else None
        self.tying = random_tying(rng, len(self.basis), (len(self.basis) + 1) // 2) if tied else None
        self.arguments = {"tying": self.tying, "bounds": self.bounds}

    def slow(self):
        """Returns first and second derivatives, weights and slopes: (n, K, samples) and (n, samples)."""
        first, second = derivatives_of(functions_of(self.basis, self.n), self.t)
        if self.tying is not None:
            P = self.tying.toarray()
            first, second = np.einsum("tk,its->iks", P, first), np.einsum("tk,its->iks", P, second)
        g, slope = np.ones((self.n, SAMPLES)), np.zeros((self.n, SAMPLES))
        if self.bounds is not None:
            for i in range(self.n - 1):  # the last variable is open
                for s, x in enumerate(self.t[:, i]):
                    distance, sign = (2 - x, -1) if i == 0 and x > 1 else (x, 1)
                    g[i, s], slope[i, s] = (distance / 0.7, sign / 0.7) if distance < 0.7 else (1, 0)
        return first, second, g, slope

    def slow_sums(self):
        first, second, g, slope = self.slow()
        A = np.einsum("s,is,iks,ils->kl", self.weight, g, first, first)
        return A, np.einsum("s,iks->k", self.weight, g[:, None] * second + slope[:, None] * first)


KINDS = [{}, {"hermite": False}, {"walls": True}, {"tied": True}, {"tied": True, "walls": True}]


def close(got, expected, tolerance=1e-10):
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * max(np.abs(expected).max(), 1e-300))


@pytest.fixture(params=["together", "by site"])
def way(request, monkeypatch):
    monkeypatch.setattr(sums_module, "GATHER", 10**9 if request.param == "together" else 0)
    monkeypatch.setattr(sums_module, "MAX_GRAM", 10**9 if request.param == "together" else 0)
    monkeypatch.setattr(site_terms, "LEAST_ROWS", 7)
    monkeypatch.setattr(site_terms, "BLOCK_ENTRIES", 7)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_sums_agree_with_exact_polynomials(seed, kind):
    case = Case(seed, **kind)
    sums = score_sums(case.t, case.weight, case.basis, **case.arguments)
    A, b = case.slow_sums()
    close(sums.A, A)
    close(sums.b, b)
    assert sums.count == SAMPLES
    assert sums.weight == pytest.approx(case.weight.sum(), rel=1e-14)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", KINDS)
def test_sums_of_chunks_add_up(kind):
    case = Case(7, **kind)
    chunks = np.array_split(np.arange(SAMPLES), 3)
    parts = [score_sums(case.t[c], case.weight[c], case.basis, **case.arguments) for c in chunks]
    added = parts[0] + parts[1] + parts[2]
    whole = score_sums(case.t, case.weight, case.basis, **case.arguments)
    close(added.A, whole.A, 1e-13)
    close(added.b, whole.b, 1e-13)
    assert added.count == SAMPLES
    twice = score_sums(case.t, 2 * np.ones(SAMPLES), case.basis, **case.arguments)
    once = score_sums(case.t, None, case.basis, **case.arguments)
    close(twice.A, (once + once).A, 1e-13)
    assert twice.weight == (once + once).weight == 2 * SAMPLES


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("walls", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_tied_sums_are_untied_sums_contracted(seed, walls):
    case = Case(seed, walls=walls, tied=True)
    tied = score_sums(case.t, case.weight, case.basis, **case.arguments)
    contracted = score_sums(case.t, case.weight, case.basis, bounds=case.bounds).tied(case.tying)
    close(tied.A, contracted.A, 1e-12)
    close(tied.b, contracted.b, 1e-12)


def test_sums_of_a_smaller_family_are_a_part_of_those_of_a_larger_one():
    t = np.random.default_rng(0).normal(size=(50, 3))
    large, small = (ProductBasis(local_monomials(3, order, np.inf)) for order in (4, 2))
    part = score_sums(t, None, large).part(large.places(small.monomials))
    whole = score_sums(t, None, small)
    close(part.A, whole.A, 1e-13)
    close(part.b, whole.b, 1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_losses_agree_with_exact_polynomials_and_their_mean_with_the_sums(seed, kind):
    case = Case(seed, **kind)
    theta = case.rng.normal(size=(case.tying.shape[1] if case.tying is not None else len(case.basis), 4))
    losses = hyvarinen_losses(case.t, case.basis, theta, **case.arguments)
    first, second, g, slope = case.slow()
    force, curvature = (np.einsum("iks,kc->isc", d, theta) for d in (first, second))
    expected = np.sum(g[:, :, None] * (force**2 / 2 - curvature) - slope[:, :, None] * force, axis=0)
    close(losses, expected)
    sums = score_sums(case.t, case.weight, case.basis, **case.arguments)
    close(sums.loss(theta), case.weight @ losses / case.weight.sum(), 1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_covariance_is_the_sandwich_of_exact_polynomials(kind, monkeypatch):
    monkeypatch.setattr(site_terms, "LEAST_ROWS", 7)
    monkeypatch.setattr(site_terms, "BLOCK_ENTRIES", 7)
    case = Case(3, **kind)
    sums = score_sums(case.t, case.weight, case.basis, **case.arguments)
    ridge = 0.1
    theta = solve(sums, ridge).theta
    found = coupling_covariance(case.t, case.weight, case.basis, theta, sums, ridge, **case.arguments)
    first, second, g, slope = case.slow()
    u = np.einsum("is,iks,k->is", g, first, theta) - slope
    scores = np.einsum("is,iks->ks", u, first) - np.einsum("is,iks->ks", g, second)
    V = np.cov(scores, aweights=case.weight, ddof=0)
    A = case.slow_sums()[0] / case.weight.sum()
    inverse = np.linalg.inv(A + ridge * np.diag(np.diag(A)))
    close(found.matrix, inverse @ V @ inverse / case.weight.sum(), 1e-8)
    close(found.standard_errors, np.sqrt(np.diag(found.matrix)))
    L = case.rng.normal(size=(5, len(theta)))
    close(found.errors_of(L), np.sqrt(np.diag(L @ found.matrix @ L.T)))
    close(found.mapped(L), L @ found.matrix @ L.T)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_tensors_give_the_same_answer(kind, dtype, tolerance):
    torch = pytest.importorskip("torch")
    case = Case(5, **kind)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    t, weight = (torch.tensor(x, dtype=getattr(torch, dtype), device=device) for x in (case.t, case.weight))
    near = t.cpu().numpy().astype(float), weight.cpu().numpy().astype(float)  # the same samples, also in float32
    got, expected = (score_sums(*some, case.basis, **case.arguments) for some in ((t, weight), near))
    unit = np.sqrt(np.diag(expected.A))
    close(got.A / unit / unit[:, None], expected.A / unit / unit[:, None], tolerance)
    close(got.b, expected.b, tolerance)
    assert got.eps == torch.finfo(t.dtype).eps
    theta = case.rng.normal(size=(len(expected), 3))
    losses = [hyvarinen_losses(some, case.basis, theta, **case.arguments) for some in (t, near[0])]
    close(losses[0], losses[1], tolerance)
    errors = [
        coupling_covariance(*some, case.basis, theta[:, 0], expected, 0.1, **case.arguments).matrix
        for some in ((t, weight), near)
    ]
    close(errors[0], errors[1], 10 * tolerance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": np.ones((4, 1))}, r"shape \(samples, at least 3\), got shape \(4, 1\)"),
        ({"t": np.ones((4, 3), int)}, "of a floating point dtype"),
        ({"t": np.array([[1.0, 2.0, np.nan]] * 4)}, "`t` of `score matching` must be finite"),
        ({"weight": np.ones(3)}, r"of shape \(4,\) of float64"),
        ({"weight": -np.ones(4)}, "finite and not negative"),
        ({"tying": np.ones((2, 1))}, r"of shape \(9, orbits\)"),
        ({"bounds": Bounds(np.zeros(2), np.ones(2))}, "of 3 variables, got 2"),
        ({"bounds": Bounds(np.full(3, 1.5), np.full(3, np.inf))}, "got 1 in row 0, column 0. Move the wall"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"t": np.ones((4, 3)), "weight": None, "basis": ProductBasis(local_monomials(3, 2, np.inf))}
    with pytest.raises(ValueError, match=message):
        score_sums(**arguments | change)


def test_sums_of_other_families_do_not_mix():
    bases = [ProductBasis(local_monomials(2, order, 0)) for order in (1, 2)]
    small, large = (score_sums(np.ones((3, 2)), None, basis) for basis in bases)
    with pytest.raises(ValueError, match="of 2 functions, got 4"):
        small + large
    with pytest.raises(ValueError, match=r"of shape \(4, orbits\)"):
        large.tied(np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"`theta` of `hyvarinen_losses` must be of shape \(2, columns\)"):
        hyvarinen_losses(np.ones((3, 2)), bases[0], np.ones((4, 1)))
    with pytest.raises(ValueError, match="as `sums` are"):
        coupling_covariance(np.ones((3, 2)), None, bases[0], np.ones(2), large)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_classes_of_variables_can_be_weighed_afterwards(seed, kind):
    case = Case(seed, **kind)
    classes = case.rng.permutation(np.arange(case.n) % 2)
    rates = case.rng.uniform(0.1, 10.0, size=2)
    parts = [
        split_sums(Problem(case.t[rows], case.weight[rows], case.basis, **case.arguments), classes)
        for rows in np.array_split(np.arange(SAMPLES), 2)
    ]
    sums = (parts[0] + parts[1]).total(rates)
    first, second, g, slope = case.slow()
    r = rates[classes]
    close(sums.A, np.einsum("i,s,is,iks,ils->kl", r, case.weight, g, first, first))
    close(sums.b, np.einsum("i,s,iks->k", r, case.weight, g[:, None] * second + slope[:, None] * first))
    assert (sums.count, sums.weight) == (SAMPLES, pytest.approx(case.weight.sum()))


@pytest.mark.parametrize("kind", KINDS)
def test_score_moments_of_chunks_add_up_to_the_covariance(kind):
    case = Case(3, **kind)
    sums = score_sums(case.t, case.weight, case.basis, **case.arguments)
    theta = case.rng.normal(size=len(sums))
    whole = coupling_covariance(case.t, case.weight, case.basis, theta, sums, 0.1, **case.arguments)
    parts = [
        score_moments(Problem(case.t[rows], case.weight[rows], case.basis, **case.arguments), theta)
        for rows in np.array_split(np.arange(SAMPLES), 3)
    ]
    close(covariance_of(parts[0] + parts[1] + parts[2], sums, 0.1).matrix, whole.matrix, 1e-9)
    with pytest.raises(ValueError, match=r"`moments` of `covariance_of` must be of \d+ functions"):
        covariance_of(parts[0], score_sums(np.ones((3, 1)), None, ProductBasis(local_monomials(1, 9, 0))))


@pytest.mark.parametrize("kind", KINDS)
def test_raw_rows_give_the_sums_of_scaled_ones(kind):
    case = Case(5, **kind)
    center, scale = case.rng.normal(size=case.n), case.rng.uniform(0.5, 2.0, size=case.n)
    names = tuple(f"x{i}" for i in range(case.n))
    variables = Variables(names, ("real",) * case.n, center, scale)
    functions = Functions(case.basis, case.tying, variables, case.bounds)
    lazy = sums_of(functions.problem(case.t * scale + center, case.weight, np.empty(0)))
    whole = score_sums(case.t, case.weight, case.basis, **case.arguments)
    close(lazy.A, whole.A, 1e-12)
    close(lazy.b, whole.b, 1e-12)
