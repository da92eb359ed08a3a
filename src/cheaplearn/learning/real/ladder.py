"""The ladder of real densities: sums of the largest families serve all that are nested in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np
from scipy.sparse import csr_array

from ...geometry import Geometry
from ...hamiltonian import Variables
from ..checkpoint import Checkpoint
from ..families import MAX_SIDE, Family
from ..ladder import Ladder, build_ladder
from ..scoring import FamilyScore
from .basis import ProductBasis
from .bounds import Bounds
from .functions import Functions
from .samples import RealSamples, Samples
from .scores import hyvarinen_losses
from .solve import solve, solve_path
from .sums import ScoreSums

__all__ = ["INDEPENDENT", "climb_real"]

Fold = tuple[np.ndarray, np.ndarray]
RIDGES = np.array([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0])
FEW_RIDGES = np.array([0.0, 1e-4, 1e-2])
MANY = 1500  # couplings from which eigenvalues cost more than one Cholesky factor for each of few ridges
UNIT = "units of the Hyvarinen score"
INDEPENDENT = "independent Gaussians"


def climb_real(
    families: list[Family],
    samples: RealSamples,
    summed: Samples,
    folds: list[Fold],
    variables: Variables,
    bounds: Bounds | None,
    geometry: Geometry | None,
    ridge: float | None,
    checkpoint: Checkpoint,
    report: Callable[[], None],
) -> tuple[Ladder, np.ndarray]:
    """Scores all families and chooses.

    Args:
        families: Families to score.
        samples: The samples.
        summed: The same samples where sums are computed.
        folds: Pairs of rows (training, held out).
        variables: Their units.
        bounds: Walls in these units, or None.
        geometry: Where the variables live, or None.
        ridge: Dimensionless ridge, or None to search for each family.
        checkpoint: Keeps what is done.
        report: Called after each family.

    Returns:
        The ladder, and the losses of independent Gaussians, shape (samples,): what the verdict counts from.

    Cost: one pass over the samples per envelope (a family no other contains) and fold for the sums, one for the
        losses; solving takes K^3 operations per family and fold.
    """
    data = _Data(samples, summed, folds, variables, bounds, geometry)
    independent = Family(2, 0.0, 2 * len(variables))
    scores: dict[Family, FamilyScore] = {}
    for envelope, members in _envelopes([independent, *families]):
        todo = [family for family in members if checkpoint.load(family) is None]
        found = _score_members(data, envelope, todo, ridge) if todo else {}
        for family in members:
            score = checkpoint.load(family)
            scores[family] = found[family] if score is None else score
            if score is None:
                checkpoint.save(family, scores[family])
            if family is not independent:
                report()
    baseline = scores[independent].losses
    rungs = [(family, scores[family]) for family in families]
    return build_ladder(rungs, samples.weight, lambda family: family.n_couplings, baseline, UNIT), baseline


@dataclass(frozen=True, eq=False)
class _Data:
    """What all families are scored on."""

    samples: RealSamples
    summed: Samples
    folds: list[Fold]
    variables: Variables
    bounds: Bounds | None
    geometry: Geometry | None

    @cached_property
    def complementary(self) -> bool:
        """Whether each fold trains on what all others hold out."""
        rows = np.concatenate([held for _, held in self.folds])
        whole = np.array_equal(np.sort(rows), np.arange(len(self.samples.weight)))
        return whole and all(len(a) + len(b) == len(rows) for a, b in self.folds)

    def sums(self, basis: ProductBasis, tying: csr_array | None) -> tuple[list[ScoreSums], list[ScoreSums]]:
        """Returns the sums of the training and of the held-out rows of every fold."""
        functions = Functions(basis, tying, self.variables, self.bounds)
        held = [self.summed.part(rows).sums(functions) for _, rows in self.folds]
        if self.complementary:
            return [reduce(add, held[:k] + held[k + 1 :]) for k in range(len(held))], held
        return [self.summed.part(rows).sums(functions) for rows, _ in self.folds], held

    def losses(self, basis: ProductBasis, thetas: list[np.ndarray], tying: csr_array | None) -> np.ndarray:
        """Returns held-out losses under couplings of each fold (terms, columns), shape (samples, columns)."""
        columns = thetas[0].shape[1]
        total, count = np.zeros((len(self.samples.weight), columns)), np.zeros(len(self.samples.weight))
        for (_, held), theta in zip(self.folds, thetas, strict=True):
            t, _ = self.samples.part(held).scaled(self.variables)
            np.add.at(total, held, hyvarinen_losses(t, basis, theta, tying, self.bounds))
            np.add.at(count, held, 1)
        with np.errstate(invalid="ignore"):
            return total / count[:, None]


def _envelopes(families: list[Family]) -> list[tuple[Family, list[Family]]]:
    """Groups families under those that contain them, as far as the sums of an envelope fit into memory."""
    shapes = sorted({(f.order, f.radius, f.n_terms) for f in families if f.n_terms <= MAX_SIDE}, reverse=True)
    tops = [s for s in shapes if not any(s != o and s[0] <= o[0] and s[1] <= o[1] for o in shapes)]
    members: dict[tuple[int, float, int], list[Family]] = {top: [] for top in tops}
    alone = []
    for family in families:
        home = next((top for top in tops if family.order <= top[0] and family.radius <= top[1]), None)
        if home is None:
            alone.append((family, [family]))
        else:
            members[home].append(family)
    return [(Family(*top), group) for top, group in members.items() if group] + alone


def _score_members(
    data: _Data, envelope: Family, members: Sequence[Family], ridge: float | None
) -> dict[Family, FamilyScore]:
    """Scores families that an envelope contains (or the one tied family that is too large for one)."""
    n, geometry = len(data.variables), data.geometry
    basis = ProductBasis(envelope.monomials(n, geometry))
    tying = _tying(basis, envelope)
    training, held_out = data.sums(basis, tying)
    thetas = [np.empty((len(training[0]), len(members))) for _ in data.folds]
    chosen = []
    for column, family in enumerate(members):
        embedding = _embedding(basis, family, n, geometry) if tying is None else None
        picked, path, parts = _pick_ridge(training, held_out, embedding, ridge)
        chosen.append((picked, path))
        for theta, part in zip(thetas, parts, strict=True):
            theta[:, column] = part
    losses = data.losses(basis, thetas, tying)
    return {
        family: FamilyScore(picked, losses[:, column], path, converged=True)
        for column, (family, (picked, path)) in enumerate(zip(members, chosen, strict=True))
    }


def _embedding(basis: ProductBasis, family: Family, n: int, geometry: Geometry | None) -> csr_array:
    """Returns the couplings of an envelope from those of a family, shape (terms of the envelope, couplings)."""
    monomials = family.monomials(n, geometry)
    places = basis.places(monomials)
    ones = np.ones(len(places))
    inside = csr_array((ones, (places, np.arange(len(places)))), shape=(len(basis), len(places)))
    tying = _tying(ProductBasis(monomials), family)
    return inside if tying is None else csr_array(inside @ tying)


def _tying(basis: ProductBasis, family: Family) -> csr_array | None:
    """Returns the couplings of the functions from those of the orbits, None if all are free."""
    orbits = family.orbits(basis.monomials)
    return None if orbits is None else basis.tied(orbits.matrix)[0]


def _pick_ridge(
    training: list[ScoreSums], held_out: list[ScoreSums], embedding: csr_array | None, ridge: float | None
) -> tuple[float, dict[float, float], list[np.ndarray]]:
    """Returns the ridge, the mean loss at each that was tried, and the couplings of every fold at the one picked.

    The smallest is picked whose loss exceeds the lowest by no more than one standard error over the folds: a ridge
    biases couplings, so none is used that is not needed.
    """
    if embedding is not None:
        training = [sums.tied(embedding) for sums in training]
        held_out = [sums.tied(embedding) for sums in held_out]
    tried = np.array([ridge]) if ridge is not None else (RIDGES if len(training[0]) <= MANY else FEW_RIDGES)
    paths = [_solutions(sums, tried) for sums in training]
    losses = np.array([held.loss(path) for held, path in zip(held_out, paths, strict=True)])  # (folds, ridges)
    share = np.array([held.weight for held in held_out])
    means = share @ losses / share.sum()
    excess = losses - losses[:, [int(np.argmin(means))]]
    error = excess.std(axis=0) / math.sqrt(max(len(losses) - 1, 1))
    column = int(np.flatnonzero(share @ excess / share.sum() <= error)[0])
    parts = [path[:, column] for path in paths]
    if embedding is not None:
        parts = [embedding @ part for part in parts]
    return float(tried[column]), dict(zip(tried.tolist(), means.tolist(), strict=True)), parts


def _solutions(sums: ScoreSums, ridges: np.ndarray) -> np.ndarray:
    """Returns the couplings for every ridge, shape (couplings, ridges)."""
    if len(ridges) > 3:
        return solve_path(sums, ridges).theta
    return np.column_stack([solve(sums, float(ridge)).theta for ridge in ridges])
