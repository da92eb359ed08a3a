"""The certificate record: what was proven about a network, and under which assumptions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

__all__ = ["Certificate", "rounded_up"]


def rounded_up(bound: float, digits: int = 3) -> float:
    """Rounds an upper bound to a few digits so that it stays one.

    Args:
        bound: The bound, not negative.
        digits: Significant digits.

    Returns:
        The smallest such number that is not below.

    Example:
        >>> rounded_up(0.00901, 2), rounded_up(0.00237, 3)
        (0.0091, 0.00237)
    """
    if not math.isfinite(bound):
        return bound
    exact = Decimal(repr(float(bound)))  # the shortest decimal that is this float: 0.00237 is not raised to 0.00238
    unit = Decimal(1).scaleb(exact.adjusted() + 1 - digits)
    return float(exact.quantize(unit, rounding=ROUND_CEILING))


@dataclass(frozen=True)
class Certificate:
    r"""A proven bound on the distance between a network and the function it was compiled from.

    Guarantee: for every output k and every input x in `box`, evaluated in `dtype` under `assumptions`,
    ``|net_k(x) - p_k(x)| <= errors[k]``. It includes the rounding of x itself to `dtype`.

    Args:
        errors: Bound per output, in the units of that output (nats for logits).
        truncations: Share of the activation not being exactly a square, per output.
        roundings: Share of finite precision: evaluation, stored weights, input, per output.
        box: Name and (low, high) of each input, in raw units.
        dtype: Floating-point type of weights and evaluation.
        assumptions: What the proof takes for granted, in words.
        labels: Names of the outputs.
        kinds: "bit" or "spin" for inputs that are exactly 0 or 1, or -1 or 1; the others are real. The certificate
            holds for such values only.
        dominating: Where the largest bound comes from: shares of layers and gates, in words.
        remedies: What would lower it, in words.
    """

    errors: tuple[float, ...]
    truncations: tuple[float, ...]
    roundings: tuple[float, ...]
    box: dict[str, tuple[float, float]]
    dtype: str
    assumptions: tuple[str, ...]
    labels: tuple[str, ...]
    kinds: dict[str, str] = field(default_factory=dict)
    dominating: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """The largest bound over the outputs."""
        return max(self.errors)

    @property
    def truncation(self) -> float:
        """Truncation share of the output with the largest bound."""
        return self.truncations[self._worst]

    @property
    def rounding(self) -> float:
        """Rounding share of the output with the largest bound."""
        return self.roundings[self._worst]

    @property
    def _worst(self) -> int:
        return max(range(len(self.errors)), key=self.errors.__getitem__)

    def explain(self) -> str:
        """Says in plain words what is guaranteed, where the error comes from and what was assumed.

        Returns:
            Several lines of text.
        """
        ranges = sorted(set(self.box.values()))
        if not ranges:
            where = "every input (there is none)"
        elif len(ranges) == 1:
            where = f"every input in [{ranges[0][0]:g}, {ranges[0][1]:g}]"
        else:
            where = ", ".join(f"{name} in [{low:g}, {high:g}]" for name, (low, high) in self.box.items())
        discrete = [f"{name} {'0 or 1' if kind == 'bit' else '-1 or 1'}" for name, kind in self.kinds.items()]
        if discrete:
            where += "; exactly " + ", ".join(discrete[:8]) + (", ..." if len(discrete) > 8 else "")
        total = self.truncation + self.rounding
        share = self.truncation / total if total else 0.0
        error, truncation, rounding = (f"{rounded_up(e):.3g}" for e in (self.error, self.truncation, self.rounding))
        lines = [
            f"Evaluated in {self.dtype}, the network differs from the exact function by at most {error}",
            f"for {where}.",
            f"  truncation  {truncation}  ({share:.0%}: the activation is not exactly a square)",
            f"  rounding    {rounding}  ({1 - share:.0%}: finite precision of inputs, weights, sums)",
        ]
        if len(self.errors) > 1:
            each = ", ".join(
                f"{label} {rounded_up(e, 2):.2g}" for label, e in zip(self.labels, self.errors, strict=True)
            )
            lines.append(f"  per output  {each}")
        if self.dominating:
            lines.append("What dominates:")
            lines += [f"  - {part}" for part in self.dominating]
        if self.remedies:
            lines.append("What would lower it:")
            lines += [f"  - {remedy}" for remedy in self.remedies]
        lines.append("Assumptions:")
        lines += [f"  - {assumption}" for assumption in self.assumptions]
        return "\n".join(lines)
