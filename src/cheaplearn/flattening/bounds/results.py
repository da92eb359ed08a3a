"""What a lower bound states: a number, the model it holds in, and the ranks it is made of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLOSED_FORM", "EXACT", "MODULAR", "LowerBound", "RankTerm", "summary"]

EXACT = "exact over the rationals"
CLOSED_FORM = "closed form"
MODULAR = "modulo a prime (never above the true rank)"


@dataclass(frozen=True)
class RankTerm:
    """One rank that a bound adds or subtracts.

    Args:
        sign: +1 or -1.
        rank: The rank; of a subtracted matrix never below, of an added one never above the true rank.
        matrix: Which rows and columns.
        arithmetic: How the rank was found.
    """

    sign: int
    rank: int
    matrix: str
    arithmetic: str

    def __str__(self) -> str:
        return f"{'+' if self.sign > 0 else '-'}{self.rank} {self.matrix}"


@dataclass(frozen=True, repr=False)
class LowerBound:
    """A number of neurons below which no network of the stated model equals the polynomial.

    Args:
        neurons: The bound; infinite if no network of the model does, however large.
        name: "staircase", "catalecticant", "Waring" or "essential variables".
        model: The networks it holds for and the sense of equality, in words.
        proof: The theorem and where it is derived.
        arithmetic: How the ranks were computed, in words.
        ranks: The ranks that were added and subtracted.
        survives_limits: Whether it also holds for limits of networks of that size.
        holds_at_any_depth: Whether it counts all hidden neurons of a network of any depth.
    """

    neurons: int | float
    name: str
    model: str
    proof: str
    arithmetic: str
    ranks: tuple[RankTerm, ...] = ()
    survives_limits: bool = False
    holds_at_any_depth: bool = False

    def __repr__(self) -> str:
        least = "impossible" if self.neurons == float("inf") else f">= {self.neurons} neurons"
        limits = "; also for limits of networks" if self.survives_limits else "; not for limits of networks"
        return f"LowerBound({least} [{self.name}] for {self.model}{limits}; {self.arithmetic}; proof: {self.proof})"


def summary(ranks: tuple[RankTerm, ...]) -> str:
    """Words how the ranks of a bound were computed.

    Args:
        ranks: The ranks.

    Returns:
        One phrase.
    """
    kinds = {term.arithmetic for term in ranks if term.rank}
    if not any(MODULAR in kind for kind in kinds):
        return "; ".join(sorted(kinds - {EXACT})) or EXACT
    if all(term.sign > 0 or not term.rank for term in ranks):
        return "modulo a prime (a valid lower bound: no rank is subtracted)"
    return "added ranks modulo a prime (valid: never above the true rank), subtracted ranks exact"
