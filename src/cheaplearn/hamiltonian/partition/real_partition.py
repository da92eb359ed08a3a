"""ln Z of real variables by the method that H allows: exact, or between two annealings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..._messages import must_be
from ..gaussian_model import GaussianModel
from ..hamiltonian import Hamiltonian
from ..normalizable import Normalizability
from ..real_target import RealTarget
from .estimate import bracketed
from .log_partition import LogPartition
from .quadrature import quadrature_log_partition

__all__ = ["real_log_partition"]

OWNER = "real_log_partition"


def real_log_partition(
    hamiltonian: Hamiltonian,
    random_state: int | np.random.Generator | None = None,
    steps: int = 1000,
    chains: int = 200,
    bounds: Any = None,
    samples: np.ndarray | None = None,
    existence: Normalizability | None = None,
) -> LogPartition:
    """Computes ln Z, Z the integral over raw x of exp(-H): exactly if possible, else by annealing forward and back.

    Args:
        hamiltonian: H, of one class and real variables.
        random_state: Seed of the annealing; the same int gives the same result.
        steps: Of annealing; both errors fall about as 1 / steps once they are small.
        chains: Each way.
        bounds: (low, high) for each variable, None or infinity for no wall.
        samples: Independent raw samples of exp(-H), shape (m, n), for the way back and the Gaussian that annealing
            starts from. Default: drawn by `sample_real`, which warns if they have not mixed.
        existence: What `normalizability` says of H, if it was asked before; None to ask it.

    Returns:
        ln Z in nats, volume in raw units. Order 2 without walls: by the "Gaussian integral"; one variable: by
        "quadrature"; else by "annealing", with the upper end of the bracket as value (so that likelihoods are not
        flattered), and verified if the ends differ by at most 0.1 nats.

    Raises:
        ValueError: If an argument has no meaning, or no density exp(-H) exists and that was seen.
        FloatingPointError: If chains run away.

    Warns:
        UserWarning: If the bracket is wider, or samples have not mixed.

    Guarantee:
        That of `annealed_real_partition`; a well that no sample has found is missing from the bracket.
    Cost: 2.1 x chains x steps paths of some 2 to 10 leapfrog steps, and the samples.

    Example:
        >>> from cheaplearn.hamiltonian import Variables, local_monomials
        >>> terms = local_monomials(2, 2, 0)  # H = x^2 / 2 + y^2 / 2
        >>> c = np.array([[0], [0], [0.5], [0.5]])
        >>> H = Hamiltonian(terms, c, np.zeros(1), np.array(["H"]), Variables.default(2), None, 2, 0)
        >>> real_log_partition(H)
        LogPartition(1.837877066 nats, exact by Gaussian integral)
    """
    for name, number in (("steps", steps), ("chains", chains)):
        if number != int(number) or number < 2:
            raise ValueError(must_be(name, OWNER, "an integer of at least 2", number))
    target, rng = RealTarget(hamiltonian, bounds, OWNER, existence), np.random.default_rng(random_state)
    if target.is_gaussian:
        value = GaussianModel.of_hamiltonian(hamiltonian, OWNER).log_partition
        return LogPartition(value, value, value, "Gaussian integral", verified=True)
    if len(target.variables) == 1:
        return _quadrature(target)
    from .real_annealing import annealed_real_partition  # Numba loads here

    return bracketed(annealed_real_partition(target, rng, steps, chains, samples))


def _quadrature(target: RealTarget) -> LogPartition:
    """Integrates over t and adds ln scale: the volume is that of raw x."""
    hamiltonian, variables = target.hamiltonian, target.variables
    coefficients = np.zeros(target.degree + 1)
    used = hamiltonian.monomials.degrees <= target.degree
    np.add.at(coefficients, hamiltonian.monomials.degrees[used], hamiltonian.coefficients[used, 0])
    walls = target.walls.seen_from(variables.center, variables.scale)
    value, error = quadrature_log_partition(coefficients, float(walls.low[0]), float(walls.high[0]), OWNER)
    value += math.log(variables.scale[0])
    return LogPartition(value, value - error, value + error, "quadrature", verified=True)
