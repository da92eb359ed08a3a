"""Exact partition functions, marginals and samples of factor graphs."""

from __future__ import annotations

from .enumeration import Enumeration

__all__ = ["Enumeration"]
