"""The prediction as an exact function for the compiler."""

from __future__ import annotations

from dataclasses import replace

from ...circuit import Circuit
from ...hamiltonian import Hamiltonian

__all__ = ["prediction_circuit"]


def prediction_circuit(hamiltonian: Hamiltonian) -> Circuit:
    """Returns H + offsets as exact polynomials of the scaled variables, one output per column.

    Args:
        hamiltonian: Energies and offsets of a regression.

    Returns:
        The circuit; its outputs are no logits.
    """
    logits = hamiltonian.to_circuit()  # -H - offsets
    return replace(logits, outputs=tuple(-output for output in logits.outputs), classes=None)
