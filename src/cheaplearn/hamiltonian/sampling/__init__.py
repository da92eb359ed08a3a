"""Draw samples of discrete sites: p(x) is proportional to exp(-H(x)), H a sum of tables."""

from __future__ import annotations

from .gibbs import GibbsKernel, gibbs_sweeps

__all__ = ["GibbsKernel", "gibbs_sweeps"]
