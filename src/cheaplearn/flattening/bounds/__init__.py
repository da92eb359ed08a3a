"""Proven lower bounds on the neurons of one hidden layer, in exact arithmetic, for every polynomial."""

from __future__ import annotations

from .catalecticants import biased_bounds
from .results import LowerBound, RankTerm
from .staircase import bias_free_bound

__all__ = ["LowerBound", "RankTerm", "biased_bounds", "bias_free_bound"]
