"""Proof that a leading form is positive definite because pure powers outweigh everything else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .degrees import LeadingForm, is_even

__all__ = ["dominance_margin"]

ROUNDS = 200  # of the fixed-point iteration
BITS = 12  # of the scalings, after which they are exact numbers


def dominance_margin(form: LeadingForm) -> Fraction | None:
    r"""Proves L >= margin * sum c_i \|z_i / w_i\|^d_i by the weighted inequality of means, in exact arithmetic.

    For scalings w, the inequality of means gives :math:`|z^a| \le w^a \sum_i (a_i/d_i) |z_i/w_i|^{d_i}`. Hence
    L is positive definite if :math:`g_i = \sum_a |c_a| (a_i/d_i) w^a / (c_i w_i^{d_i}) < 1` for all i. Mixed terms
    with even powers are left out where they are not negative. The best w, which makes all g_i equal, is the
    positive eigenvector of a nonnegative tensor; it comes from a fixed-point iteration in floats, is rounded to
    short binary numbers, and the inequality is then checked in rational arithmetic.

    If no mixed term is dropped and all mixed coefficients are negative, this test is exact up to rounding of w.

    Args:
        form: The leading form.

    Returns:
        1 - max g_i, a positive rational, or None if it is not positive.

    Cost: some milliseconds per 1,000 terms.
    """
    mixed = _harmful(form)
    pure = [form.pure(i)[0] for i in range(len(form.degrees))]
    if min(pure) <= 0:
        return None
    scalings = _scalings(form, mixed, pure) if mixed else [Fraction(1)] * len(pure)
    loads = [Fraction(0)] * len(pure)
    for monomial, size in mixed:
        product = size
        for i, power in monomial:
            product *= scalings[i] ** power
        for i, power in monomial:
            loads[i] += product * power
    powers = [w**d for w, d in zip(scalings, form.degrees, strict=True)]
    margin = min(1 - g / (d * c * w) for g, d, c, w in zip(loads, form.degrees, pure, powers, strict=True))
    return margin if margin > 0 else None


def _harmful(form: LeadingForm) -> list[tuple[tuple[tuple[int, int], ...], Fraction]]:
    found = []
    for monomial, (low, high) in form.terms.items():
        size = max(-low, Fraction(0)) if is_even(monomial) else max(abs(low), abs(high))
        if len(monomial) > 1 and size:
            found.append((monomial, size))
    return found


def _scalings(form: LeadingForm, mixed: list, pure: list[Fraction]) -> list[Fraction]:
    degrees = np.array(form.degrees, float)
    widest = max(len(monomial) for monomial, _ in mixed)
    sites = np.zeros((len(mixed), widest), int)
    powers = np.zeros((len(mixed), widest))
    for row, (monomial, _) in enumerate(mixed):
        for column, (i, power) in enumerate(monomial):
            sites[row, column], powers[row, column] = i, power
    log_size = np.array([_log(size) for _, size in mixed])
    log_pure = np.array([_log(c) for c in pure])
    log_w = -log_pure / degrees
    for _ in range(ROUNDS):
        value = np.exp(log_size + (powers * log_w[sites]).sum(axis=1))
        load = np.zeros(len(degrees))
        np.add.at(load, sites, powers / degrees[sites] * value[:, None])
        ratio = load / np.exp(log_pure + degrees * log_w)
        ratio = ratio / max(ratio.max(), np.finfo(float).tiny)
        if ratio.min() > 0.999:
            break
        log_w = log_w + np.log(ratio + 1e-3) / degrees / 2  # half a step: the full one may oscillate
        log_w -= (degrees * log_w).mean() / degrees  # weight-preserving: no ratio changes
    return [_short(w) for w in np.exp(np.clip(log_w, -300, 300)).tolist()]


def _log(value: Fraction) -> float:
    shift = value.numerator.bit_length() - value.denominator.bit_length()
    return float(np.log(float(value / Fraction(2) ** shift)) + shift * np.log(2))


def _short(value: float) -> Fraction:
    mantissa, exponent = np.frexp(value)
    return Fraction(round(mantissa * 2**BITS), 1) * Fraction(2) ** (int(exponent) - BITS)
