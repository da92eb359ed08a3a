"""Geometries from their plain descriptions."""

from __future__ import annotations

from typing import Any

from .._messages import must_be
from .base import Geometry
from .chain import Chain
from .graph import Graph
from .grid import Grid

__all__ = ["geometry_from_dict"]


def geometry_from_dict(description: dict[str, Any] | None) -> Geometry | None:
    """Rebuilds a geometry from what `Geometry.to_dict` returned.

    Args:
        description: The plain dict, or None for no geometry.

    Returns:
        An equal geometry, or None.

    Raises:
        ValueError: If the kind is unknown.

    Example:
        >>> geometry_from_dict(Grid(2, 3).to_dict())
        Grid(2, 3)
    """
    if description is None:
        return None
    kind = description.get("kind")
    if kind == "grid":
        return Grid(*description["shape"], periodic=description["periodic"])
    if kind == "chain":
        return Chain(description["n"], periodic=description["periodic"])
    if kind == "graph":
        return Graph(description["n_sites"], [(a, b) for a, b in description["edges"]])
    requirement = "of kind grid, chain or graph"
    raise ValueError(must_be("description", "geometry_from_dict", requirement, repr(kind)))
