"""What is summed over samples: the conditional log-loss of pseudo-likelihood, the weights of interaction screening.

Fields F (atoms, samples) are energies: spin s of site i has energy s F_i given the rest, bit x has x F_i, state a
of a category F_ia. Each loss returns weighted sums over samples and derivatives by F.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .terms import Terms

__all__ = ["ConditionalLoss", "Loss", "ScreeningWeights", "loss_of"]


@dataclass(frozen=True)
class Loss(ABC):
    """A loss of the fields of all sites.

    Args:
        kind: "spin", "bit" or "category".
        atoms_per_site: Shape (n,).
    """

    kind: str
    atoms_per_site: tuple[int, ...]

    @abstractmethod
    def first(self, F: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sums and first derivatives.

        Args:
            F: Fields, shape (atoms, samples).
            x: Atoms, same shape.
            w: Sample weights, shape (samples,).

        Returns:
            Weighted sum of each site, shape (n,); weighted derivative by F, shape (atoms, samples); and what
            `second` needs of this point (for spins, bits and screening with the sample weight).
        """

    @abstractmethod
    def second(self, kept: np.ndarray, A: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Second derivative times a change of the fields.

        Args:
            kept: What `first` returned last.
            A: Change of F, shape (atoms, samples); overwritten.
            x: Atoms.
            w: Sample weights, shape (samples,).

        Returns:
            Weighted, shape (atoms, samples).
        """

    @abstractmethod
    def curvature(self, kept: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Returns the diagonal of the second derivative, summed over samples, shape (atoms,)."""

    @abstractmethod
    def squares(
        self, kept: np.ndarray, x: np.ndarray, atoms: slice, site: int
    ) -> Iterator[tuple[float, slice, np.ndarray]]:
        """The second derivative by the fields of one site as a sum of signed squares.

        Args:
            kept: What `first` returned, for some samples.
            x: Atoms.
            atoms: Those of the site.
            site: The site.

        Yields:
            Sign, atoms, and vectors y, shape (atoms, samples): the second derivative is the sum of sign y y^T.
        """

    @cached_property
    def sizes(self) -> np.ndarray:
        """Atoms of each site, shape (n,)."""
        return np.asarray(self.atoms_per_site)

    @cached_property
    def first_atom(self) -> np.ndarray:
        """First atom of each site, shape (n,)."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def bounds(self) -> np.ndarray:
        """First atom of each site, and the number of atoms at the end, shape (n + 1,)."""
        return np.append(self.first_atom, self.sizes.sum())

    def site_sums(self, A: np.ndarray) -> np.ndarray:
        """Returns sums over the atoms of each site, shape (n, samples)."""
        return np.add.reduceat(A, self.first_atom, axis=0)

    def spread(self, S: np.ndarray) -> np.ndarray:
        """Returns each site's number for all its atoms, shape (atoms, samples)."""
        return np.repeat(S, self.sizes, axis=0)


class ConditionalLoss(Loss):
    """Pseudo-likelihood: -ln p(x_i | rest), in nats (Besag 1975)."""

    def first(self, F: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-loss of each site, its derivative x - p, and the variances (probabilities of categories)."""
        if self.kind == "category":
            return self._categories(F, x, w)
        unit = 2 if self.kind == "spin" else 1  # difference of the two values of an atom
        sign = x if self.kind == "spin" else 2 * x - 1
        z = sign * F  # energy of the observed state minus that of the other one
        z *= unit
        with np.errstate(over="ignore"):
            right = np.exp(-z)  # a power less than with `expit`, and a fifth of its time
        right += 1
        wrong = np.reciprocal(right, out=right)  # probability of the other state
        slope = wrong * (unit * w)
        kept = 1 - wrong
        losses = np.log(kept) if z.max(initial=0) < 15 else -np.logaddexp(0, z)
        kept *= slope
        kept *= unit
        slope *= sign
        return -(losses @ w), slope, kept

    def _categories(self, F: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        from .softmax_kernels import softmax_losses

        sums = np.zeros(len(self.sizes))
        slope, p = np.empty_like(F), np.empty_like(F)
        softmax_losses(F, x, w, self.bounds, sums, slope, p)
        return sums, slope, p

    def by_sample(self, F: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Returns the log-loss of each sample, summed over sites, shape (samples,), from fields and atoms."""
        if self.kind == "spin":
            return np.logaddexp(0, 2 * x * F).sum(axis=0)
        if self.kind == "bit":
            return np.logaddexp(0, (2 * x - 1) * F).sum(axis=0)
        lowest = np.minimum.reduceat(F, self.first_atom, axis=0)
        weights = self.site_sums(np.exp(self.spread(lowest) - F))
        return (F * x).sum(axis=0) + (np.log(weights) - lowest).sum(axis=0)

    def second(self, kept: np.ndarray, A: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Variance of the state given the rest, times A."""
        if self.kind == "category":
            from .softmax_kernels import softmax_second

            softmax_second(kept, A, w, self.bounds)
            return A
        A *= kept
        return A

    def curvature(self, kept: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Variances."""
        return kept.sum(axis=1) if self.kind != "category" else (kept * (1 - kept)) @ w

    def squares(
        self, kept: np.ndarray, x: np.ndarray, atoms: slice, site: int
    ) -> Iterator[tuple[float, slice, np.ndarray]]:
        """Variance of a spin or bit; of categories diag(p) - p p^T."""
        if self.kind != "category":
            yield 1.0, atoms, np.sqrt(kept[atoms])
            return
        for atom in range(atoms.start, atoms.stop):
            yield 1.0, slice(atom, atom + 1), np.sqrt(kept[atom : atom + 1])
        yield -1.0, atoms, kept[atoms]


class ScreeningWeights(Loss):
    """Interaction screening: exp(E_i(x)), E_i the energy of site i given the rest, less its mean over x_i.

    Its mean over samples is stationary at the true couplings; the logarithm of the mean is the better form
    (Vuffray, Misra, Lokhov & Chertkov 2016; Lokhov et al. 2018; any alphabet: Vuffray, Misra & Lokhov 2020).
    """

    def first(self, F: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sums of the screening weights, their derivatives, and the weights (without sample weight)."""
        centred = self._centred(x)
        with np.errstate(over="ignore"):  # a step that is too long: the line search takes a shorter one
            kept = np.exp(self._of_sites(centred * F))
        kept *= w
        return kept.sum(axis=1), self._of_atoms(kept) * centred, kept

    def second(self, kept: np.ndarray, A: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Screening weight times the change of the energy."""
        centred = self._centred(x)
        A *= centred
        return self._of_atoms(self._of_sites(A) * kept) * centred

    def curvature(self, kept: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Screening weights times the mean square of the centred atom."""
        spread = {"spin": np.ones(1), "bit": np.full(1, 0.25)}.get(self.kind)
        if spread is None:
            q = self._of_atoms(self.sizes)
            spread = (q - 1) / q**2
        return self._of_atoms(kept.sum(axis=1)) * spread

    def squares(
        self, kept: np.ndarray, x: np.ndarray, atoms: slice, site: int
    ) -> Iterator[tuple[float, slice, np.ndarray]]:
        """Screening weight times the square of the centred atoms."""
        yield 1.0, atoms, np.sqrt(kept[site]) * self._centred(x)[atoms]

    def _centred(self, x: np.ndarray) -> np.ndarray:
        if self.kind == "spin":
            return x
        half = x.dtype.type(0.5)
        return x - half if self.kind == "bit" else x - (1 / self._of_atoms(self.sizes)).astype(x.dtype)[:, None]

    def _of_sites(self, A: np.ndarray) -> np.ndarray:
        return self.site_sums(A) if self.kind == "category" else A

    def _of_atoms(self, S: np.ndarray) -> np.ndarray:
        return self.spread(S) if self.kind == "category" else S


def loss_of(method: str, terms: Terms) -> Loss:
    """Returns the loss of "pseudolikelihood" or "screening" for a family."""
    kind = ConditionalLoss if method == "pseudolikelihood" else ScreeningWeights
    return kind(terms.kind, tuple(terms.atoms_per_site.tolist()))
