"""What is known of the density exp(-H)/Z, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Normalizability"]

SHOWN = 6  # entries of a direction in the short text


@dataclass(frozen=True)
class Normalizability:
    """Whether the integral of exp(-H) is finite, with the reason.

    Args:
        verdict: "yes" (proved), "no" (proved) or "undecided" (no proof of either was found).
        proof: The reason, one or two sentences.
        method: What decided: "bounded", "gaussian", "dominance" or "sum of squares" for yes; "direction",
            "constant direction" or "spreading" for no; "none" if undecided.
        direction: For "no": the raw variables that go to infinity, with their rate u (others are left out).
        powers: For "no": variable i moves as u_i s^powers[i] while s goes to infinity.

    Example:
        >>> Normalizability("no", "H falls like -s^3.", "direction", {"y": -1.0}, {"y": 1.0})
        Normalizability(no, direction: y = -1 s; H falls like -s^3.)
    """

    verdict: Literal["yes", "no", "undecided"]
    proof: str
    method: str
    direction: dict[str, float] | None = None
    powers: dict[str, float] | None = None

    def __repr__(self) -> str:
        return f"Normalizability({self.verdict}, {self.method}{self._curve()}; {self.proof})"

    def _curve(self) -> str:
        if not self.direction:
            return ""
        powers = self.powers or {}
        moves = [_move(name, rate, powers.get(name, 1.0)) for name, rate in self.direction.items()]
        shown = moves[:SHOWN] + [f"{len(moves) - SHOWN} more"] * (len(moves) > SHOWN)
        return ": " + ", ".join(shown)


def _move(name: str, rate: float, power: float) -> str:
    return f"{name} = {rate:.3g} s" + (f"^{power:g}" if power != 1 else "")
