r"""Losses :math:`-\ln p(s_i | \text{rest})` of the discrete sites, their gradients and second derivatives.

A site i has columns c (one, or those of a category). H depends on them as :math:`\sum_c x_c F_c + \ldots`, with the
fields :math:`F_c = \sum_k \theta_k\, \partial \phi_k / \partial x_c`; the states a of the site have the levels
:math:`x_c(a)`, so their energies are :math:`\sum_c x_c(a) F_c`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..real.site_terms import Problem, SiteTerms
from .terms import MixedTerms

__all__ = ["ConditionalLosses", "Site"]

KEPT_ENTRIES = 1 << 22  # derivatives kept from one pass to the next: 32 MiB


@dataclass(frozen=True, eq=False)
class Site:
    """A discrete site.

    Args:
        columns: Its columns.
        levels: Their values in each state, shape (q, columns).
        terms: The functions that contain each column.
    """

    columns: np.ndarray
    levels: np.ndarray
    terms: tuple[SiteTerms, ...]

    def expectations(self, fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Conditional distribution of the site.

        Args:
            fields: F, shape (columns, ...), nats per level.

        Returns:
            ln sum_a exp(-E_a), shape (...), nats; and the probabilities of the states, shape (q, ...).
        """
        p = -(self.levels @ fields.reshape(len(fields), -1)).reshape(-1, *fields.shape[1:])
        least = p.max(axis=0)
        np.exp(p - least, out=p)
        total = p.sum(axis=0)
        return np.log(total) + least, p / total


Pass = tuple[slice, np.ndarray, np.ndarray, list[list[np.ndarray]]]  # rows, weight, values, derivatives


class ConditionalLosses:
    """The discrete half of the objective over some samples.

    Args:
        terms: The family.
        t: Scaled variables, shape (samples, columns).
        weight: Sample weights, shape (samples,).
    """

    def __init__(self, terms: MixedTerms, t: np.ndarray, weight: np.ndarray) -> None:
        self.problem = Problem(t, weight, terms.cofactors, terms.tying)
        self.t, self.weight = t, weight
        columns, sites = terms.columns, self.problem.sites
        nothing = SiteTerms(np.empty(0, int), np.empty(0, int), None, np.empty(0))
        self.sites = [
            Site(
                columns.of_site[site],
                columns.levels(site),
                tuple(sites[c] if c < len(sites) else nothing for c in columns.of_site[site].tolist()),
            )
            for site in columns.discrete_sites
        ]
        self._kept: list[Pass] | None = None
        if len(t) * self._height <= KEPT_ENTRIES:
            self._kept = list(self._pass())

    @property
    def _height(self) -> int:
        """Derivatives of one sample."""
        return sum(len(part.functions) for site in self.sites for part in site.terms)

    def _pass(self) -> Iterator[Pass]:
        if not self.sites:
            return
        for block in self.problem.blocks(self._height):
            yield block.rows, block.weight, self.t[block.rows].T, self.derivatives(block.table)

    def _blocks(self) -> Iterator[Pass]:
        return self._pass() if self._kept is None else iter(self._kept)

    def derivatives(self, table: np.ndarray) -> list[list[np.ndarray]]:
        """Returns d phi / d x_c for every site and column, each of shape (K_c, samples)."""
        return [[part.derivatives(table) for part in site.terms] for site in self.sites]

    def losses(self, theta: np.ndarray) -> np.ndarray:
        """Sum over the discrete sites of -ln p(s_i | rest).

        Args:
            theta: Shape (K, models).

        Returns:
            Nats, shape (samples, models).
        """
        total = np.zeros((len(self.t), theta.shape[1]))
        for rows, _, values, derivatives in self._blocks():
            for site, own in zip(self.sites, derivatives, strict=True):
                fields = np.array([U.T @ theta[p.functions] for U, p in zip(own, site.terms, strict=True)])
                log_sum, _ = site.expectations(fields)
                total[rows] += log_sum + np.einsum("cs,csm->sm", values[site.columns], fields)
        return total

    def first(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Weighted sums over samples.

        Args:
            theta: Shape (K,).

        Returns:
            The loss, its gradient and the diagonal of its second derivative, the latter of shape (K,).
        """
        value, gradient, diagonal = 0.0, np.zeros(len(theta)), np.zeros(len(theta))
        for _, weight, values, derivatives in self._blocks():
            for site, own in zip(self.sites, derivatives, strict=True):
                fields = fields_of(site, own, theta)
                log_sum, p = site.expectations(fields)
                x, mean = values[site.columns], site.levels.T @ p
                variance = (site.levels**2).T @ p - mean**2
                value += float(weight @ (log_sum + np.sum(x * fields, axis=0)))
                for part, U, pull, bend in zip(site.terms, own, weight * (x - mean), weight * variance, strict=True):
                    gradient[part.functions] += U @ pull
                    diagonal[part.functions] += np.einsum("ks,ks,s->k", U, U, bend)
        return value, gradient, diagonal

    def second(self, theta: np.ndarray) -> np.ndarray:
        """Returns the second derivative of the weighted sum, shape (K, K)."""
        total = np.zeros((len(theta),) * 2)
        for _, weight, _, derivatives in self._blocks():
            for site, own in zip(self.sites, derivatives, strict=True):
                _, p = site.expectations(fields_of(site, own, theta))
                mean = site.levels.T @ p
                for a, (first, U) in enumerate(zip(site.terms, own, strict=True)):
                    for b in range(a, len(own)):
                        product = site.levels[:, a] * site.levels[:, b]
                        square = (U * (weight * (product @ p - mean[a] * mean[b]))) @ own[b].T
                        place = first.functions[:, None], site.terms[b].functions
                        total[place] += square
                        if b > a:
                            total.T[place] += square
        return total

    def scores(self, theta: np.ndarray, rows: slice) -> np.ndarray:
        """Returns the gradients of single samples, shape (K, samples)."""
        table = self.problem.basis.table.values(self.t[rows])
        scores, values = np.zeros((len(theta), table.shape[1])), self.t[rows].T
        for site, own in zip(self.sites, self.derivatives(table), strict=True):
            _, p = site.expectations(fields_of(site, own, theta))
            for part, U, pull in zip(site.terms, own, values[site.columns] - site.levels.T @ p, strict=True):
                scores[part.functions] += U * pull
        return scores


def fields_of(site: Site, derivatives: list[np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Returns F of the columns of a site, shape (columns, samples)."""
    return np.array([theta[p.functions] @ U for p, U in zip(site.terms, derivatives, strict=True)])
