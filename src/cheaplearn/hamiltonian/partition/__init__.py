"""Partition functions of factor graphs: exact where the graph allows, otherwise estimated from both sides."""

from __future__ import annotations

from .enumeration import Enumeration
from .junction_tree import JunctionTree, try_junction_tree
from .log_partition import LogPartition, exact_log_partition, exact_method, exact_sampler

__all__ = [
    "Enumeration",
    "JunctionTree",
    "LogPartition",
    "exact_log_partition",
    "exact_method",
    "exact_sampler",
    "try_junction_tree",
]
