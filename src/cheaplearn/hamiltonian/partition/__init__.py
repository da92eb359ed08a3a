"""Exact partition functions, marginals and samples of factor graphs."""

from __future__ import annotations

from .enumeration import Enumeration
from .junction_tree import JunctionTree, try_junction_tree

__all__ = ["Enumeration", "JunctionTree", "try_junction_tree"]
