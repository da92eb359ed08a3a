"""Convex softmax regression with a ridge penalty by a truncated Newton method, many problems at once.

All folds share one matrix Z and differ in their weights (0 for held-out rows), so they are solved in step:
one product Z W serves them all, which BLAS does several times faster than one product per fold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Optima", "fit_softmax"]

MAX_STEPS = 200  # Newton steps; tens are usual
MAX_PRODUCTS = 500  # Hessian products within one Newton step
HALVINGS = 40  # of a Newton step that is too long
SINGLE_SUFFICES = 1e-4  # mean p(1 - p) below which A - sum P A cancels too far for float32
FLOOR = 1e-5  # of the gradient at W = 0: the least scale that a gradient is measured by


@dataclass(frozen=True)
class Optima:
    """Where the solver stopped, for each of the problems.

    Args:
        weights: W, shape (features + 1, problems, classes); the last row is the intercept.
        logits: Z W + b for all rows, also those of weight 0, shape (samples, problems, classes).
        gradient_norms: Norm of the gradient there, relative to that of the penalty alone (at the optimum
            likelihood and penalty pull equally hard), shape (problems,).
        converged: Whether each norm is within the tolerance asked for, shape (problems,).
        steps: Newton steps taken by the slowest problem.
    """

    weights: np.ndarray
    logits: np.ndarray
    gradient_norms: np.ndarray
    converged: np.ndarray
    steps: int


def fit_softmax(
    Z: np.ndarray,
    Y: np.ndarray,
    weight: np.ndarray,
    regularization: float,
    start: np.ndarray | None = None,
    tolerance: float = 1e-8,
) -> Optima:
    r"""Minimises the penalised negative log-likelihood of softmax(Z W + b) for each column of weights.

    .. math:: f(W, b) = -\sum_i w_i \ln p(y_i | z_i) + \frac{\rho}{2} \|W\|^2, \qquad \rho > 0,

    with b free. f is convex, and strictly so up to a constant added to b.

    Args:
        Z: Features, shape (samples, features). Fastest if the columns are centred and orthogonal: the
            preconditioner is the diagonal of the Hessian's upper bound.
        Y: One-hot classes, shape (samples, classes).
        weight: Non-negative sample weights, shape (samples, problems).
        regularization: rho, nats per squared coupling: the precision of a Gaussian prior.
        start: Weights to start from, shape (features + 1, problems, classes).
        tolerance: Largest norm of the gradient, relative to rho |W| (or to `FLOOR` times the gradient at
            W = 0, b = 0, if that is more).

    Returns:
        The optima with their convergence; never raises for lack of it.

    Cost: 4 samples x features x classes operations per Hessian product (in float32; values and
        gradients are float64), 20 to 100 products in all.
    Source: truncated Newton method of Dembo & Steihaug (1983); curvature bound of Boehning (1992).
    """
    objective = _Objective(Z, Y, weight, regularization)
    shape = (Z.shape[1] + 1, weight.shape[1], Y.shape[1])
    W = np.zeros(shape) if start is None else start.copy()
    floor = FLOOR * _norms(objective.pulled_back(objective.residual(np.zeros((len(Z), *shape[1:])))))
    floor[floor == 0] = 1.0  # no gradient at W = 0: this is the optimum
    logits = objective.logits(W)
    sizes = _Progress(np.full(shape[1], np.inf), np.ones(shape[1], bool))
    for step in range(MAX_STEPS + 1):
        gradient = objective.gradient(W, logits)
        sizes.update(_norms(gradient) / np.maximum(_norms(objective.penalty * W), floor), tolerance)
        active = np.flatnonzero(sizes.active)
        if not len(active) or step == MAX_STEPS:
            break
        part = objective.of_problems(active)
        direction = part.newton_direction(gradient[:, active], logits[:, active], sizes.norms[active])
        change = part.logits(direction)
        lengths = part.line_search(W[:, active], direction, logits[:, active], change, gradient[:, active])
        W[:, active] += lengths[:, None] * direction
        logits[:, active] += lengths[:, None] * change
        sizes.active[active[lengths == 0]] = False  # no descent in float64: as near as rounding allows
    return Optima(W, logits, sizes.norms, sizes.norms <= tolerance, step)


@dataclass
class _Progress:
    """Relative gradient norm of each problem, and whether it is still worked on."""

    norms: np.ndarray
    active: np.ndarray

    def update(self, norms: np.ndarray, tolerance: float) -> None:
        self.norms = norms
        self.active &= norms > tolerance


class _Objective:
    """Values, gradients and Newton directions; arrays have shape (rows, problems, classes)."""

    def __init__(self, Z: np.ndarray, Y: np.ndarray, weight: np.ndarray, regularization: float) -> None:
        self.Z, self.Y, self.weight = Z, Y[:, None], weight[:, :, None]
        self.single = Z.astype(np.float32)
        self.penalty = np.full((Z.shape[1] + 1, 1, 1), regularization)
        self.penalty[-1] = 0.0
        self.curvature = np.vstack([(Z * Z).T @ weight, weight.sum(axis=0)])[:, :, None]

    def of_problems(self, chosen: np.ndarray) -> _Objective:
        part = object.__new__(_Objective)
        part.__dict__.update(self.__dict__)
        part.weight, part.curvature = self.weight[:, chosen], self.curvature[:, chosen]
        return part

    def logits(self, W: np.ndarray) -> np.ndarray:
        return _times(self.Z, W[:-1]) + W[-1]

    def values(self, W: np.ndarray, logits: np.ndarray) -> np.ndarray:
        L = logits - logits.max(axis=2, keepdims=True)
        loss = np.log(np.exp(L).sum(axis=2)) - (L * self.Y).sum(axis=2)
        return (self.weight[:, :, 0] * loss).sum(axis=0) + 0.5 * _dot(W, self.penalty * W)

    def residual(self, logits: np.ndarray) -> np.ndarray:
        return (_softmax(logits) - self.Y) * self.weight

    def pulled_back(self, residual: np.ndarray) -> np.ndarray:
        return np.concatenate([_times(self.Z.T, residual), residual.sum(axis=0, keepdims=True)])

    def gradient(self, W: np.ndarray, logits: np.ndarray) -> np.ndarray:
        return self.pulled_back(self.residual(logits)) + self.penalty * W

    def newton_direction(self, gradient: np.ndarray, logits: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Returns d with H d = -g by conjugate gradients, the more exact the nearer the optimum."""
        P = _softmax(logits)
        seen = self.weight.mean(axis=(0, 2)) * P.shape[2]
        spread = np.maximum(np.sum(P * (1 - P) * self.weight, axis=(0, 2)) / (len(P) * seen), 1e-12)
        inverse = 1 / (self.curvature * spread[:, None] + self.penalty)
        Z = self.single if spread.min() > SINGLE_SUFFICES else self.Z
        P = P.astype(Z.dtype)
        weighted = P * self.weight.astype(Z.dtype)
        goal = np.minimum(0.3, np.sqrt(sizes)) * _norms(gradient)
        d, residual = np.zeros_like(gradient), -gradient
        z = inverse * residual
        search, power = z, _dot(residual, z)
        for _ in range(MAX_PRODUCTS):
            image = self._hessian_product(Z, search, P, weighted)
            bend = _dot(search, image)
            # done, or lost to rounding in the one flat direction (a constant added to b)
            going = (bend > 0) & (_norms(residual) > goal)
            if not going.any():
                break
            step = np.where(going, power / np.where(bend > 0, bend, 1.0), 0.0)[:, None]
            d += step * search
            residual = residual - step * image
            z = inverse * residual
            power, before = _dot(residual, z), np.where(power > 0, power, 1.0)
            search = z + (power / before)[:, None] * search
        return d

    def _hessian_product(self, Z: np.ndarray, V: np.ndarray, P: np.ndarray, weighted: np.ndarray) -> np.ndarray:
        A = _times(Z, V[:-1].astype(Z.dtype)) + V[-1].astype(Z.dtype)
        A -= np.einsum("ijk,ijk->ij", P, A)[:, :, None]
        A *= weighted
        back = np.concatenate([_times(Z.T, A), A.sum(axis=0, keepdims=True)])
        return back.astype(np.float64) + self.penalty * V

    def line_search(
        self,
        W: np.ndarray,
        direction: np.ndarray,
        logits: np.ndarray,
        change: np.ndarray,
        gradient: np.ndarray,
    ) -> np.ndarray:
        """Returns each step length, halved until its value falls as it should (Armijo); 0 where it cannot."""
        slope, value = _dot(gradient, direction), self.values(W, logits)
        # near the optimum the decrease drowns in the rounding of logits of this size
        rounding = 1e-15 * (np.abs(value) + self.weight.sum(axis=(0, 2)) * (1 + np.abs(logits).max()))
        lengths = np.where(slope < 0, 1.0, 0.0)
        for _ in range(HALVINGS):
            step = lengths[:, None]
            too_long = self.values(W + step * direction, logits + step * change) > (
                value + 1e-4 * lengths * slope + rounding
            )
            if not too_long.any():
                return lengths
            lengths[too_long] /= 2
        return np.where(too_long, 0.0, lengths)


def _times(matrix: np.ndarray, stack: np.ndarray) -> np.ndarray:
    """Returns the matrix times every problem's columns in one BLAS call."""
    return (matrix @ stack.reshape(len(stack), -1)).reshape(-1, *stack.shape[1:])


def _softmax(logits: np.ndarray) -> np.ndarray:
    P = np.exp(logits - logits.max(axis=2, keepdims=True))
    P /= P.sum(axis=2, keepdims=True)
    return P


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("ijk,ijk->j", a, b)


def _norms(stack: np.ndarray) -> np.ndarray:
    return np.sqrt(_dot(stack, stack))
