"""Products of one-variable polynomials at blocks of samples, each by one multiplication from a shorter one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

import array_api_compat
import numpy as np

__all__ = ["ProductTable"]

CHUNK_ENTRIES = 1 << 16  # products formed at once: two factors and their product stay in the cache

Powers = tuple[int, ...]  # variables in ascending order, repeated as often as their power


class ProductTable:
    """Rows 1, f_1(t_0), f_1(t_1), ..., f_P(t_n-1), then products of several variables; f_p is He_p or t^p.

    Args:
        wanted: The products that must have a row, each as its variables with repetition.
        n_variables: Number of variables n.
        hermite: Whether f_p is the probabilists' Hermite polynomial He_p instead of t^p.

    Cost: one multiplication per row and sample; He_(p+1) = t He_p - p He_(p-1) for the rows of one variable.
    """

    def __init__(self, wanted: Iterable[Powers], n_variables: int, hermite: bool) -> None:
        self.n, self.hermite = n_variables, hermite
        wanted = sorted(set(wanted), key=lambda product: (len(set(product)), product))
        self.degree = max((max(map(product.count, product), default=0) for product in wanted), default=0)
        self.place: dict[Powers, int] = {(): 0}
        for p in range(1, self.degree + 1):
            self.place.update({(v,) * p: 1 + (p - 1) * n_variables + v for v in range(n_variables)})
        levels: dict[int, dict[Powers, None]] = {}
        for product in wanted:
            _collect(product, levels)
        self._levels = [self._placed(list(levels[size])) for size in sorted(levels)]

    def __len__(self) -> int:
        return len(self.place)

    def _placed(self, products: list[Powers]) -> tuple[int, np.ndarray, np.ndarray]:
        """Gives products of equally many variables their rows; returns the first row and those of both factors."""
        first = len(self.place)
        split = [_split(product) for product in products]
        self.place.update(zip(products, range(first, first + len(products)), strict=True))
        rows = [[self.place[factor] for factor in factors] for factors in zip(*split, strict=True)]
        return first, np.array(rows[0]), np.array(rows[1])

    def values(self, t: Any) -> Any:
        """Evaluates all rows.

        Args:
            t: Scaled variables, shape (samples, n or more), of any array namespace.

        Returns:
            Shape (rows, samples), same namespace and dtype.
        """
        xp, device = array_api_compat.array_namespace(t), array_api_compat.device(t)
        out = xp.empty((len(self), t.shape[0]), dtype=t.dtype, device=device)
        out[0, :] = 1.0
        n, step = self.n, max(1, CHUNK_ENTRIES // max(1, t.shape[0]))
        if self.degree:
            x = out[1 : 1 + n, :]
            x[...] = xp.permute_dims(t[:, :n], (1, 0))
        for p in range(1, self.degree):
            here = 1 + (p - 1) * n
            power = x * out[here : here + n, :]
            if self.hermite:
                power -= p * (out[here - n : here, :] if p > 1 else 1.0)
            out[here + n : here + 2 * n, :] = power
        for first, parents, powers in self._levels:
            for start in range(0, len(parents), step):
                some = (xp.asarray(rows[start : start + step], device=device) for rows in (parents, powers))
                a, b = (xp.take(out, rows, axis=0) for rows in some)
                a *= b
                out[first + start : first + start + a.shape[0], :] = a
        return out


def _split(product: Powers) -> tuple[Powers, Powers]:
    """Returns the product without its last variable, and the power of that variable."""
    last = len(list(takewhile(lambda v: v == product[-1], reversed(product))))
    return product[:-last], product[-last:]


def _collect(product: Powers, levels: dict[int, dict[Powers, None]]) -> None:
    """Adds a product of several variables and all that it is built from, by number of variables."""
    while (size := len(set(product))) > 1 and product not in levels.setdefault(size, {}):
        levels[size][product] = None
        product = _split(product)[0]
