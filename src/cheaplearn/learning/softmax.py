"""Convex softmax regression with a ridge penalty by a truncated Newton method, many problems at once.

All folds share one matrix Z and differ in their weights (0 for held-out rows), so they are solved in step:
one product Z W serves them all, which BLAS does several times faster than one product per fold. Arrays are NumPy's
or PyTorch's; what is one number for each problem stays in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .namespaces import like, namespace_of, to_host
from .products import Products, as_products

__all__ = ["Optima", "SoftmaxProblems", "fit_softmax"]

MAX_STEPS = 200  # Newton steps; tens are usual
MAX_PRODUCTS = 500  # Hessian products within one Newton step
HALVINGS = 40  # of a Newton step that is too long
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

    weights: Any
    logits: Any
    gradient_norms: np.ndarray
    converged: np.ndarray
    steps: int


def fit_softmax(
    Z: Any,
    Y: Any,
    weight: Any,
    regularization: float,
    start: Any = None,
    tolerance: float = 1e-8,
) -> Optima:
    r"""Minimises the penalised negative log-likelihood of softmax(Z W + b) for each column of weights.

    .. math:: f(W, b) = -\sum_i w_i \ln p(y_i | z_i) + \frac{\rho}{2} \|W\|^2, \qquad \rho > 0,

    with b free. f is convex, and strictly so up to a constant added to b.

    Args:
        Z: Features, shape (samples, features): an array of NumPy or PyTorch, in double or single precision, or
            `Products`. Fastest if the columns are centred and orthogonal: the preconditioner is the diagonal of the
            Hessian's upper bound.
        Y: One-hot classes, shape (samples, classes).
        weight: Non-negative sample weights, shape (samples, problems).
        regularization: rho, nats per squared coupling: the precision of a Gaussian prior.
        start: Weights to start from, shape (features + 1, problems, classes).
        tolerance: Largest norm of the gradient, relative to rho |W| (or to `FLOOR` times the gradient at
            W = 0, b = 0, if that is more).

    Returns:
        The optima with their convergence, in double precision, where Z lives; never raises for lack of it.

    Cost: 4 samples x features x classes operations per Hessian product (in float32; values and
        gradients are float64), 20 to 100 products in all.
    Source: truncated Newton method of Dembo & Steihaug (1983); curvature bound of Boehning (1992).
    """
    return SoftmaxProblems(Z, Y, weight).solve(regularization, start, tolerance)


class SoftmaxProblems:
    """Problems of one matrix that differ in their weights; what does not depend on the regularisation is kept.

    Args:
        Z: Features, as in `fit_softmax`.
        Y: One-hot classes, shape (samples, classes).
        weight: Non-negative sample weights, shape (samples, problems).
    """

    def __init__(self, Z: Any, Y: Any, weight: Any) -> None:
        self.products: Products = as_products(Z)
        self.xp = namespace_of(self.products.example)
        self.Y = like(Y, self.products.example, self.xp.float64)
        self.weight = like(weight, self.products.example, self.xp.float64)
        self.curvature = self.xp.concat([
            self.products.squares(self.weight),
            self.xp.sum(self.weight, axis=0, keepdims=True),
        ])[:, :, None]
        shape = (self.products.shape[0], self.weight.shape[1], self.Y.shape[1])
        at_zero = self._objective(0.0)
        nothing = like(np.zeros(shape), self.products.example)
        self.floor = FLOOR * _norms(at_zero.pulled_back(at_zero.residual(nothing)))
        self.floor[self.floor == 0] = 1.0  # no gradient at W = 0: this is the optimum

    def _objective(self, regularization: float) -> _Objective:
        return _Objective(
            self.xp, self.products, self.Y[:, None, :], self.weight[:, :, None], self.curvature, regularization
        )

    def solve(self, regularization: float, start: Any = None, tolerance: float = 1e-8) -> Optima:
        """Finds the optima.

        Args:
            regularization: rho, nats per squared coupling.
            start: Weights to start from, shape (features + 1, problems, classes).
            tolerance: Largest relative norm of the gradient.

        Returns:
            The optima with their convergence.
        """
        objective = self._objective(regularization)
        shape = (self.products.shape[1] + 1, self.weight.shape[1], self.Y.shape[1])
        example, xp = self.products.example, self.xp
        W = like(np.zeros(shape), example) if start is None else like(start, example, xp.float64) + 0.0
        logits = objective.logits(W)
        sizes = _Progress(np.full(shape[1], np.inf), np.ones(shape[1], bool))
        for step in range(MAX_STEPS + 1):
            gradient = objective.gradient(W, logits)
            sizes.update(_norms(gradient) / np.maximum(_norms(objective.penalty * W), self.floor), tolerance)
            active = np.flatnonzero(sizes.active)
            if not len(active) or step == MAX_STEPS:
                break
            chosen = like(active, example)
            part = objective.of_problems(chosen)
            direction = part.newton_direction(gradient[:, chosen], logits[:, chosen], sizes.norms[active])
            change = part.logits(direction)
            lengths = part.line_search(W[:, chosen], direction, logits[:, chosen], change, gradient[:, chosen])
            along = like(lengths[:, None], example)
            W[:, chosen] += along * direction
            logits[:, chosen] += along * change
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

    def __init__(self, xp: Any, products: Products, Y: Any, weight: Any, curvature: Any, regularization: float) -> None:
        self.xp, self.products, self.Y, self.weight, self.curvature = xp, products, Y, weight, curvature
        penalty = np.full((products.shape[1] + 1, 1, 1), regularization)
        penalty[-1] = 0.0
        self.penalty = like(penalty, products.example)

    def of_problems(self, chosen: Any) -> _Objective:
        part = object.__new__(_Objective)
        part.__dict__.update(self.__dict__)
        part.weight, part.curvature = self.weight[:, chosen], self.curvature[:, chosen]
        return part

    def logits(self, W: Any) -> Any:
        return _stacked(self.products.times, W[:-1, ...]) + W[-1, ...]

    def values(self, W: Any, logits: Any) -> np.ndarray:
        L = logits - self.xp.max(logits, axis=2, keepdims=True)
        loss = self.xp.log(self.xp.sum(self.xp.exp(L), axis=2)) - self.xp.sum(L * self.Y, axis=2)
        return to_host(self.xp.sum(self.weight[:, :, 0] * loss, axis=0)) + 0.5 * _dot(W, self.penalty * W)

    def residual(self, logits: Any) -> Any:
        return (self._softmax(logits) - self.Y) * self.weight

    def pulled_back(self, residual: Any) -> Any:
        ends = self.xp.sum(residual, axis=0, keepdims=True)
        return self.xp.concat([_stacked(self.products.transposed_times, residual), ends])

    def gradient(self, W: Any, logits: Any) -> Any:
        return self.pulled_back(self.residual(logits)) + self.penalty * W

    def newton_direction(self, gradient: Any, logits: Any, sizes: np.ndarray) -> Any:
        """Returns d with H d = -g by conjugate gradients, the more exact the nearer the optimum."""
        xp, example = self.xp, self.products.example
        P = self._softmax(logits)
        seen = to_host(xp.mean(self.weight, axis=(0, 2))) * P.shape[2]
        spread = to_host(xp.sum(P * (1 - P) * self.weight, axis=(0, 2))) / (P.shape[0] * seen)
        bound = like(np.maximum(spread, 1e-12)[:, None], example)
        inverse = 1 / (self.curvature * bound + self.penalty)
        # energies relative to the likeliest class: then A - sum P A cancels nothing where P is nearly certain,
        # and single precision is enough
        top = xp.astype(P == xp.max(P, axis=2, keepdims=True), xp.float32)
        top /= xp.sum(top, axis=2, keepdims=True)
        P = xp.astype(P, xp.float32)
        weighted = P * xp.astype(self.weight, xp.float32)
        goal = np.minimum(0.3, np.sqrt(sizes)) * _norms(gradient)
        d, residual = xp.zeros_like(gradient), -gradient
        z = inverse * residual
        search, power = z, _dot(residual, z)
        for _ in range(MAX_PRODUCTS):
            image = self._hessian_product(search, P, top, weighted)
            bend = _dot(search, image)
            # done, or lost to rounding in the one flat direction (a constant added to b)
            going = (bend > 0) & (_norms(residual) > goal)
            if not going.any():
                break
            step = like(np.where(going, power / np.where(bend > 0, bend, 1.0), 0.0)[:, None], example)
            d += step * search
            residual = residual - step * image
            z = inverse * residual
            power, before = _dot(residual, z), np.where(power > 0, power, 1.0)
            search = z + like((power / before)[:, None], example) * search
        return d

    def _hessian_product(self, V: Any, P: Any, top: Any, weighted: Any) -> Any:
        single = self.xp.astype(V, self.xp.float32)
        A = _stacked(self.products.times, single[:-1, ...]) + single[-1, ...]
        A -= self.xp.einsum("ijk,ijk->ij", top, A)[:, :, None]
        A -= self.xp.einsum("ijk,ijk->ij", P, A)[:, :, None]
        A *= weighted
        back = [_stacked(self.products.transposed_times, A), self.xp.sum(A, axis=0, keepdims=True)]
        return self.xp.astype(self.xp.concat(back), self.xp.float64) + self.penalty * V

    def line_search(self, W: Any, direction: Any, logits: Any, change: Any, gradient: Any) -> np.ndarray:
        """Returns each step length, halved until its value falls as it should (Armijo); 0 where it cannot."""
        slope, value = _dot(gradient, direction), self.values(W, logits)
        total = to_host(self.xp.sum(self.weight, axis=(0, 2)))
        # near the optimum the decrease drowns in the rounding of logits of this size
        rounding = 1e-15 * (np.abs(value) + total * (1 + float(self.xp.max(self.xp.abs(logits)))))
        lengths = np.where(slope < 0, 1.0, 0.0)
        for _ in range(HALVINGS):
            step = like(lengths[:, None], self.products.example)
            too_long = self.values(W + step * direction, logits + step * change) > (
                value + 1e-4 * lengths * slope + rounding
            )
            if not too_long.any():
                return lengths
            lengths[too_long] /= 2
        return np.where(too_long, 0.0, lengths)

    def _softmax(self, logits: Any) -> Any:
        P = self.xp.exp(logits - self.xp.max(logits, axis=2, keepdims=True))
        P /= self.xp.sum(P, axis=2, keepdims=True)
        return P


def _stacked(product: Any, stack: Any) -> Any:
    """Applies a product to every problem's columns in one BLAS call."""
    rows, *shape = stack.shape
    result = product(stack.reshape(rows, -1))
    return result.reshape(result.shape[0], *shape)


def _dot(a: Any, b: Any) -> np.ndarray:
    """Returns the product of each problem, summed, shape (problems,)."""
    return to_host(namespace_of(a).einsum("ijk,ijk->j", a, b))


def _norms(stack: Any) -> np.ndarray:
    return np.sqrt(_dot(stack, stack))
