"""Draw samples of discrete sites: p(x) is proportional to exp(-H(x)), H a sum of tables."""

from __future__ import annotations

from .autocorrelation import effective_sample_size, integrated_autocorrelation_time, split_rhat
from .cluster import cluster_sweeps
from .gibbs import GibbsKernel, gibbs_sweeps
from .samples import Samples, sample
from .tempering import Tempered, tempered

__all__ = [
    "GibbsKernel",
    "Samples",
    "Tempered",
    "cluster_sweeps",
    "effective_sample_size",
    "gibbs_sweeps",
    "integrated_autocorrelation_time",
    "sample",
    "split_rhat",
    "tempered",
]
