"""The command line: `cheaplearn fit | predict | compile | verify`."""

from __future__ import annotations

from .app import main

__all__ = ["main"]
