"""Partition functions of factor graphs and of real variables: exact where possible, otherwise from both sides."""

from __future__ import annotations

from .enumeration import Enumeration
from .junction_tree import JunctionTree, try_junction_tree
from .log_partition import LogPartition, exact_log_partition, exact_method, exact_sampler
from .real_partition import real_log_partition

__all__ = [
    "Enumeration",
    "JunctionTree",
    "LogPartition",
    "exact_log_partition",
    "exact_method",
    "exact_sampler",
    "real_log_partition",
    "try_junction_tree",
]
