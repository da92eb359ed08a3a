"""What is asked of a fitted density besides its couplings: ln Z, and the scores of rows not used for any choice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..report import HeldOut, RealFindings
from .density_data import DensityData
from .density_split import Part
from .exits import bad_input
from .steps import Steps

if TYPE_CHECKING:
    from ..hamiltonian import Hamiltonian
    from ..hamiltonian.partition import LogPartition
    from ..learning import HamiltonianDensity

__all__ = ["Findings", "discrete_findings", "real_findings"]

INDEPENDENT = "independent Gaussians"


class Findings(NamedTuple):
    """What the report tells of a fitted density."""

    partition: LogPartition | None
    test: HeldOut | None  # ln p
    test_baselines: tuple[HeldOut, ...]
    strengths: np.ndarray
    real: RealFindings | None = None


def discrete_findings(model: HamiltonianDensity, training: Part, test: Part, steps: Steps) -> Findings:
    """Sums over the states and scores the test rows by ln p.

    Args:
        model: Fitted to the training rows.
        training: Rows that baselines are fitted to.
        test: Rows that took no part in any choice.
        steps: Where progress and notes go.

    Returns:
        What was found; baselines are the independent model and the Chow-Liu tree.
    """
    from ..learning.discrete.chow_liu import chow_liu_tree, independent_model

    with steps.step("partition", "Summing over all states for ln Z"), bad_input():
        partition = model.partition_
    with steps.step("test", _scoring(test)):
        alphabet = model.alphabet_
        codes = [alphabet.encode(part.table.to_numpy(), "HamiltonianDensity") for part in (training, test)]
        weight = np.ones(len(codes[0])) if training.weight is None else training.weight
        baselines = {"independent": independent_model, "Chow-Liu tree": chow_liu_tree}
        others = [
            _held_out(name, -build(codes[0], weight, alphabet.sizes).energies(codes[1]), test)
            for name, build in baselines.items()
        ]
        chosen = _held_out("chosen", model.score_samples(test.table), test)
    return Findings(partition, chosen, tuple(others), np.asarray(model.coupling_strengths_))


def real_findings(model: HamiltonianDensity, data: DensityData, training: Part, test: Part, steps: Steps) -> Findings:
    """Finds ln Z if there is one, and scores the test rows by the Hyvarinen score and, with ln Z, by ln p.

    Args:
        model: Fitted to the training rows.
        data: Where the rows came from.
        training: Rows that independent Gaussians are fitted to.
        test: Rows that took no part in any choice.
        steps: Where progress and notes go.

    Returns:
        What was found.
    """
    independent = type(model)(
        kind="real", order=2, radius=0, bounds=data.bounds, random_state=model.random_state, standard_errors=False
    )
    with steps.quietly():  # what it lacks is no news about the chosen model
        independent.fit(training.table, sample_weight=training.weight)
    partition = _partition(model, steps)
    models = {"chosen": model, INDEPENDENT: independent}
    with steps.step("test", _scoring(test)):
        units = model.hamiltonian_.variables.scale
        scores = [_held_out(name, one.hyvarinen_score(test.table, units), test) for name, one in models.items()]
        likely = []
        if partition is not None:
            likely.append(_held_out("chosen", model.score_samples(test.table), test))
            if _has_partition(independent):
                likely.append(_held_out(INDEPENDENT, independent.score_samples(test.table), test))
    bounds = None if data.bounds is None else tuple(data.bounds)
    real = RealFindings(model.normalizability_, bounds, tuple(scores))
    strengths = _pair_strengths(model.hamiltonian_)
    return Findings(partition, likely[0] if likely else None, tuple(likely[1:]), strengths, real)


def _partition(model: HamiltonianDensity, steps: Steps) -> LogPartition | None:
    """Finds ln Z; None, and a note, if there is none or it cannot be found."""
    if model.normalizability_.verdict == "no":
        return None
    with steps.step("partition", "Integrating over all values for ln Z"):
        try:
            return model.partition_
        except (ValueError, FloatingPointError) as err:
            reason = str(err)
    undecided = "" if model.normalizability_.verdict == "yes" else "it was not decided whether the density exists; "
    steps.note(f"ln Z was not found: {undecided}{reason}")
    return None


def _has_partition(model: HamiltonianDensity) -> bool:
    """Whether ln Z of a model beside the chosen one is found."""
    try:
        return model.partition_ is not None
    except (ValueError, FloatingPointError):
        return False


def _pair_strengths(hamiltonian: Hamiltonian) -> np.ndarray:
    """Norm of the couplings of all terms of exactly two variables, in their scaled units, shape (n, n), nats."""
    squares = np.zeros((len(hamiltonian.variables),) * 2)
    first = 0
    for sites in hamiltonian.monomials.sites:
        theta = hamiltonian.coefficients[first : first + len(sites), 0]
        first += len(sites)
        low, high = sites.min(axis=1), sites.max(axis=1)
        two = (low < high) & np.all((sites == low[:, None]) | (sites == high[:, None]), axis=1)
        np.add.at(squares, (low[two], high[two]), theta[two] ** 2)
    return np.sqrt(squares + squares.T)


def _scoring(test: Part) -> str:
    return f"Scoring {test.rows:,} rows that took no part in any choice"


def _held_out(name: str, scores: np.ndarray, test: Part) -> HeldOut:
    weight = np.ones(len(scores)) if test.weight is None else test.weight
    mean = float(weight @ scores / weight.sum())
    spread = (
        weight if test.fold is not None else weight**2
    )  # a count is so many samples, a weight is one that counts so
    return HeldOut(name, mean, math.sqrt(spread @ (scores - mean) ** 2) / weight.sum(), test.rows)
