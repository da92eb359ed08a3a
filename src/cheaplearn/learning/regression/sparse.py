"""Sparse fits: the terms of raw variables that the data need, fitted without a penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...hamiltonian import Monomials, Orbits
from ..families import Family
from .design import Design
from .final import Estimate
from .ladder import Problem, units_of
from .rows import triangle
from .selection import Selection, select
from .units import Units

__all__ = ["SparseFit", "fit_sparse"]


@dataclass(frozen=True, eq=False)
class SparseFit:
    """The fit with the lowest criterion.

    Args:
        family: What its terms were taken from.
        estimate: Coefficients and errors; its design has the terms that some output keeps.
        path: Columns order, output, terms (the constant included), deviation, criterion, chosen.
    """

    family: Family
    estimate: Estimate
    path: pd.DataFrame


def fit_sparse(problem: Problem, families: list[Family], outputs: np.ndarray) -> SparseFit:
    """Selects terms of each family and takes the family with the lowest criterion, summed over outputs.

    Args:
        problem: The data.
        families: The families to take terms from.
        outputs: Names of the outputs.

    Returns:
        The fit.

    Cost: N T^2 + T^3 for each family of T terms and N rows.
    """
    trials = [_Trial.of(problem, family) for family in families]
    best = min(range(len(trials)), key=lambda k: (trials[k].criterion, trials[k].family.n_couplings))
    steps = [
        (trial.family.order, name, *step, number == best and place == len(s.path) - 1)
        for number, trial in enumerate(trials)
        for name, s in zip(outputs, trial.selections, strict=True)
        for place, step in enumerate(s.path)
    ]
    columns = ["order", "output", "terms", "deviation", "criterion", "chosen"]
    path = pd.DataFrame(steps, columns=columns)
    return SparseFit(trials[best].family, trials[best].estimate(), path)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Selections for the outputs from one family."""

    family: Family
    design: Design
    units: Units
    R: np.ndarray
    weight: float
    selections: list[Selection]

    @classmethod
    def of(cls, problem: Problem, family: Family) -> _Trial:
        units = units_of(family, problem.units, from_zero=True)
        units = Units(units.center, units.scale, np.zeros_like(units.y_center), units.y_scale)
        design = problem.design(family)
        R, weight = triangle(problem.rows, design, units), float(problem.total_weight.sum())
        T = design.n_columns
        selections = [select(R[:, :T], z, weight) for z in R[:, T:].T]
        return cls(family, design, units, R, weight, selections)

    @property
    def criterion(self) -> float:
        return sum(selection.criterion for selection in self.selections)

    def estimate(self) -> Estimate:
        """Solves for the columns kept, by QR."""
        T = self.design.n_columns
        union = np.unique(np.concatenate([[0], *(s.kept for s in self.selections)])).astype(int)
        coefficients, noise, factors, freedom = np.zeros((len(union), len(self.selections))), [], [], []
        for k, selection in enumerate(self.selections):
            place = np.searchsorted(union, selection.kept)
            A, z = self.R[:, selection.kept], self.R[:, T + k]
            norms = np.linalg.norm(A, axis=0)
            Q, triangular = np.linalg.qr(A / norms)
            S = np.linalg.solve(triangular, np.eye(len(norms))) / norms[:, None]
            theta = S @ (Q.T @ z)
            theta += S @ (Q.T @ (z - A @ theta))
            r = z - A @ theta
            free = self.weight - len(norms)
            coefficients[place, k] = theta
            F = np.zeros((len(union), len(norms)))
            F[place] = S
            noise.append(np.sqrt(r @ r / free) if free > 0 else np.nan)
            factors.append(F)
            freedom.append(free)
        design = _part(self.design, union[1:] - 1)
        unknown = np.zeros(len(union), bool)
        return Estimate(design, self.units, coefficients, np.array(noise), tuple(factors), np.array(freedom), unknown)


def _part(design: Design, columns: np.ndarray) -> Design:
    """Returns the design of some columns but the constant."""
    if design.orbits is None:
        return Design(_chosen(design.monomials, columns))
    index, sign = design.orbits.index, design.orbits.sign
    kept = np.isin(index, columns)
    number = np.full(len(design.orbits) + 1, -1)
    number[columns] = np.arange(len(columns))
    orbits = Orbits(number[index[kept]], sign[kept], design.orbits.name)
    return Design(_chosen(design.monomials, np.flatnonzero(kept)), orbits)


def _chosen(monomials: Monomials, terms: np.ndarray) -> Monomials:
    """Returns some terms, in order."""
    blocks, start = [], 0
    for sites in monomials.sites:
        inside = terms[(terms >= start) & (terms < start + len(sites))] - start
        blocks.append(sites[inside])
        start += len(sites)
    while blocks and not len(blocks[-1]):
        blocks.pop()
    return Monomials(tuple(blocks))
