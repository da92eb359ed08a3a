"""Pseudo-likelihood of held-out samples, by the products that fits use."""

from __future__ import annotations

import numpy as np

from .fields import products_of
from .losses import ConditionalLoss
from .pattern import slots_of
from .terms import Terms, atom_values

__all__ = ["conditional_losses"]

BLOCK_ENTRIES = 1 << 21


def conditional_losses(terms: Terms, theta: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sum over sites of -ln p(x_i | rest).

    Args:
        terms: The family.
        theta: Its couplings, shape (couplings,).
        codes: Codes of the states, shape (samples, n).

    Returns:
        Nats, shape (samples,); the negative of `cheaplearn.hamiltonian.conditional.pseudo_log_likelihood`, which needs
        no family but takes much longer.

    Cost: one product of samples x couplings.
    """
    pattern = slots_of(terms)
    products = products_of(pattern, np.float64)
    W, loss = products.couplings(theta), ConditionalLoss(terms.kind, tuple(terms.atoms_per_site.tolist()))
    losses = np.empty(len(codes))
    rows = max(64, BLOCK_ENTRIES // (pattern.n_rows + pattern.n_columns))
    for first in range(0, len(codes), rows):
        part = slice(first, first + rows)
        atoms = np.ascontiguousarray(atom_values(terms.kind, terms.alphabet.sizes, codes[part]).T)
        block = products.read(atoms)
        losses[part] = loss.by_sample(products.fields(W, block), block.x)
    return losses
