"""Draw samples of p(x) proportional to exp(-H(x)): discrete sites in tables, or real variables in polynomials."""

from __future__ import annotations

from .autocorrelation import effective_sample_size, integrated_autocorrelation_time, split_rhat
from .cluster import cluster_sweeps
from .gibbs import GibbsKernel, gibbs_sweeps
from .hmc import sample_real
from .real_samples import RealSamples
from .samples import Samples, sample
from .tempering import Tempered, tempered

__all__ = [
    "GibbsKernel",
    "RealSamples",
    "Samples",
    "Tempered",
    "cluster_sweeps",
    "effective_sample_size",
    "gibbs_sweeps",
    "integrated_autocorrelation_time",
    "sample",
    "sample_real",
    "split_rhat",
    "tempered",
]
