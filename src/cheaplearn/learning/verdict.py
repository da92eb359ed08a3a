"""What a ladder says, in words: how few numbers do how much of what many do."""

from __future__ import annotations

import math

import numpy as np

from .families import Family
from .scoring import mean_and_error

__all__ = ["verdict"]

Rung = tuple[Family, int, np.ndarray]  # family, parameters, held-out loss of each sample
ADJECTIVES = {
    "translation": "translation-invariant",
    "reflection": "mirror-symmetric",
    "rotation": "rotation-invariant",
}
EXACT = 5e-4  # error of the share that is not worth words
FEW = 0.5  # share of the parameters of the most general family up to which the chosen one counts as cheap


def verdict(rungs: list[Rung], chosen: int, weight: np.ndarray, baseline: np.ndarray | None, unit: str) -> str:
    """Words the choice.

    Args:
        rungs: All families with their parameters and held-out losses, shape (samples,) each; no losses if
            nothing was compared.
        chosen: Which was chosen.
        weight: Sample weights, shape (samples,).
        baseline: Held-out loss of each sample without any coupling, or None.
        unit: Of the losses.

    Returns:
        One sentence. The share explained is how much of the drop in loss from the baseline to the most general family
        the chosen one reaches; its error is that of the ratio, paired over samples.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> noise = rng.normal(size=10_000)
        >>> rungs = [(Family(1, 0.0, 8), 8, 0.5 + noise), (Family(2, math.inf, 44), 44, 0.5 + noise)]
        >>> print(verdict(rungs, 0, np.ones(10_000), 1.5 + noise, "nats").partition(" (")[0])
        cheap: order 1, radius 0: 8 numbers explain 100.0 % of what 44 do
    """
    family, parameters, losses = rungs[chosen]
    if not len(losses):
        return f"{_described(family)}: {_numbers(parameters)}; nothing was compared."
    mean, error = mean_and_error(losses, weight)
    loss = f"held-out loss {_rounded(mean, error)} ± {error:.1g} {unit} per sample"
    _, most, general = max(rungs, key=lambda rung: rung[1])
    if most == parameters:
        return f"not cheap: {_described(family)}: {_numbers(parameters)}, the most general family compared ({loss})."
    word = "cheap" if parameters <= FEW * most else "somewhat cheap"
    start = f"{word}: {_described(family)}: {_numbers(parameters)}"
    gain, gain_error = mean_and_error(general - losses, weight)
    if baseline is None or gain > 2 * gain_error or mean_and_error(baseline - general, weight)[0] <= 0:
        if gain == 0:
            return f"{start} {'is' if parameters == 1 else 'are'} as good as {most:,} ({loss})."
        difference = "better" if gain > 0 else "worse"
        amount = f"{abs(gain):.2g} ± {gain_error:.1g} {unit}"
        return f"{start} {'is' if parameters == 1 else 'are'} {difference} than {most:,} by {amount} ({loss})."
    verb = "explains" if parameters == 1 else "explain"
    return f"{start} {verb} {_share(baseline, losses, general, weight)} of what {most:,} do ({loss})."


def _share(baseline: np.ndarray, losses: np.ndarray, general: np.ndarray, weight: np.ndarray) -> str:
    reached, whole = mean_and_error(baseline - losses, weight)[0], mean_and_error(baseline - general, weight)[0]
    share = reached / whole
    error = mean_and_error((baseline - losses) - share * (baseline - general), weight)[1] / whole
    digits = 1 if error < EXACT else min(max(0, 1 - math.floor(math.log10(100 * error))), 2)
    return f"{100 * share:.{digits}f} %" + ("" if error < EXACT else f" ± {100 * error:.1g} %")


def _described(family: Family) -> str:
    reach = "all" if math.isinf(family.radius) else f"{family.radius:g}"
    words = [ADJECTIVES.get(name, name) for name in (family.symmetry_name or "").split("+") if name]
    return ", ".join([f"order {family.order}", f"radius {reach}", *words])


def _numbers(count: int) -> str:
    return f"{count:,} number{'' if count == 1 else 's'}"


def _rounded(value: float, error: float) -> str:
    """Returns a value with as many digits as its error has."""
    if not error > 0:
        return f"{value:.4g}"
    return f"{value:.{min(max(0, -math.floor(math.log10(float(f'{error:.1g}')))), 6)}f}"
