"""The command line: `cheaplearn fit | predict | compile`."""

from __future__ import annotations

from .app import main

__all__ = ["main"]
