"""A density for each class, and Bayes: the generative way to a classifier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import entr
from sklearn.utils import check_random_state

from .._messages import must_be
from ..geometry import Group
from ..hamiltonian import Hamiltonian
from .density import HamiltonianDensity
from .ladder import choose
from .symmetry_names import read_symmetries

if TYPE_CHECKING:
    from .arguments import TrainingData
    from .classifier import HamiltonianClassifier

__all__ = ["GenerativeFit", "draw_samples", "fit_generative", "kind_of"]

OWNER = "HamiltonianClassifier"
MOST_STATES = 64  # whole numbers with more states in one column are no categories


@dataclass(frozen=True, eq=False)
class GenerativeFit:
    """Densities of all classes over the same terms.

    Args:
        hamiltonian: Energies -ln p(x | y) - ln Z_y, offsets ln Z_y - ln p(y).
        densities: One per class.
        prior: p(y), shape (classes,).
        ladder: One row per family; the loss is held-out -ln p(x, y) (or with the pseudo-likelihood of x).
        notes: One sentence for each family that was not fitted.
    """

    hamiltonian: Hamiltonian
    densities: tuple[HamiltonianDensity, ...]
    prior: np.ndarray
    ladder: pd.DataFrame
    notes: list[str]


def kind_of(X: np.ndarray) -> str:
    """Tells which discrete kind samples are of.

    Args:
        X: Shape (samples, n), float64.

    Returns:
        "spin" (all -1 or 1), "bit" (all 0 or 1) or "category" (whole numbers, few of them).

    Raises:
        ValueError: If they are of none.
    """
    values = np.unique(X)
    for kind, allowed in (("bit", (0.0, 1.0)), ("spin", (-1.0, 1.0))):
        if np.all(np.isin(values, allowed)):
            return kind
    if np.any(values != np.round(values)) or max(len(np.unique(column)) for column in X.T) > MOST_STATES:
        requirement = f"spins, bits or whole numbers (at most {MOST_STATES} in a column) if generative=True"
        advice = "Densities of real variables are not built yet; bin the columns or pass generative=False."
        raise ValueError(must_be("X", OWNER, requirement, f"values such as {values[len(values) // 2]:g}", advice))
    return "category"


def fit_generative(model: HamiltonianClassifier, data: TrainingData, names: tuple[str, ...]) -> GenerativeFit:
    """Fits p(x | y) for each class over the terms of one family, chosen for all classes together.

    Args:
        model: The estimator; its order, radius, geometry, symmetry, regularization, cv, random_state, engine and
            max_terms.
        data: The samples.
        names: Names of the variables.

    Returns:
        The fit.

    Raises:
        ValueError: If the samples are not discrete.
    """
    kind = kind_of(data.X)
    labels = [np.unique(column) for column in data.X.T] if kind == "category" else None
    options = {
        "kind": kind,
        "geometry": model.geometry,
        "regularization": model.regularization,
        "cv": model.cv,
        "labels": labels,
        "engine": model.engine,
        "random_state": model.random_state,
        "max_terms": model.max_terms,
    }
    frame = pd.DataFrame(data.X, columns=list(names))
    counts = np.bincount(data.y, data.weight, len(data.classes))
    prior = counts / counts.sum()

    def fitted(order: Any, radius: Any, symmetry: Any) -> tuple[HamiltonianDensity, ...]:
        densities = []
        tied = {} if symmetry is None else {"symmetry": symmetry}
        for y in range(len(data.classes)):
            own = data.y == y
            density = HamiltonianDensity(order=order, radius=radius, **options, **tied)
            groups = None if data.groups is None else data.groups[own]
            densities.append(density.fit(frame[own], sample_weight=data.weight[own], groups=groups))
        return tuple(densities)

    densities = fitted(model.order, model.radius, model.symmetry)
    ladder = _joint_ladder(densities, prior)
    notes = densities[0].ladder_notes_
    if len(ladder) > 1:
        chosen = ladder[ladder["chosen"]].iloc[0]
        reach = "all" if math.isinf(chosen["radius"]) else int(chosen["radius"])
        agreed = all(d.ladder_["chosen"].equals(ladder["chosen"]) for d in densities)
        symmetry = _group_of(model, chosen["symmetry"], data.X.shape[1], kind)
        densities = densities if agreed else fitted(int(chosen["order"]), reach, symmetry)
    return GenerativeFit(_joint_hamiltonian(densities, prior, data.classes), densities, prior, ladder, notes)


def _group_of(model: HamiltonianClassifier, name: Any, n_variables: int, kind: str) -> Group | None:
    """Returns the group that a row of the ladder names, None if its couplings are free."""
    if not isinstance(name, str):
        return None
    groups = read_symmetries(model.symmetry, model.geometry, n_variables, [kind] * n_variables, OWNER)
    return next(group for group in groups if group is not None and group.name == name)


def _joint_ladder(densities: tuple[HamiltonianDensity, ...], prior: np.ndarray) -> pd.DataFrame:
    """Adds up the ladders of the classes: families are the same, samples independent."""
    tables = [density.ladder_ for density in densities]
    joint = tables[0].copy()
    joint["parameters"] = sum(table["parameters"] for table in tables) + len(tables)
    joint["loss"] = sum(p * table["loss"] for p, table in zip(prior, tables, strict=True)) + entr(prior).sum()
    variances = [(p * table["standard_error"]) ** 2 for p, table in zip(prior, tables, strict=True)]
    joint["standard_error"] = np.sqrt(sum(variances))
    best = int(np.argmin(joint["loss"].fillna(0)))
    joint["difference"] = joint["loss"] - joint["loss"][best]
    # paired within a class only with that class's own best: an upper bound for the others
    apart = [(p * table["difference_standard_error"]) ** 2 for p, table in zip(prior, tables, strict=True)]
    joint["difference_standard_error"] = np.sqrt(sum(apart))
    if len(joint) > 1:
        row = choose(joint["parameters"].to_numpy(), joint["loss"].to_numpy(), joint["standard_error"][best])
        joint["chosen"] = np.arange(len(joint)) == row
    return joint


def _joint_hamiltonian(
    densities: tuple[HamiltonianDensity, ...], prior: np.ndarray, classes: np.ndarray
) -> Hamiltonian:
    first = densities[0].hamiltonian_
    parts = [density.hamiltonian_ for density in densities]
    errors = [part.standard_errors for part in parts if part.standard_errors is not None]
    return Hamiltonian(
        monomials=first.monomials,
        coefficients=np.hstack([part.coefficients for part in parts]),
        offsets=np.array([density.log_partition_ for density in densities]) - np.log(prior),
        classes=classes,
        variables=first.variables,
        geometry=first.geometry,
        order=first.order,
        radius=first.radius,
        categories=first.categories,
        orbits=first.orbits,
        standard_errors=np.hstack(errors) if len(errors) == len(parts) else None,
    )


def draw_samples(
    fit: GenerativeFit, classes: np.ndarray, n: int, y: Any, method: str, random_state: Any, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Draws from p(x | y), or from p(x, y).

    Args:
        fit: The densities.
        classes: Label of each class.
        n: How many.
        y: A label, or None for labels drawn from the prior.
        method: As `HamiltonianDensity.sample` takes it.
        random_state: Seed.
        options: For the chains.

    Returns:
        Samples, shape (n, variables), and their labels, shape (n,).

    Raises:
        ValueError: If `y` is no class.
    """
    rng = check_random_state(random_state)
    numbers = rng.choice(len(classes), size=n, p=fit.prior)
    if y is not None:
        hits = np.flatnonzero(classes == y)
        if not len(hits):
            raise ValueError(must_be("y", f"{OWNER}.sample", f"one of {classes.tolist()}", repr(y)))
        numbers = np.full(n, hits[0])
    X = np.empty((n, fit.densities[0].n_features_in_))
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        seed = int(rng.randint(2**31 - 1))
        X[rows] = fit.densities[number].sample(len(rows), method, seed, **options)
    return X, classes[numbers]
