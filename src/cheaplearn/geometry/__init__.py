"""Where the variables live: sites, distances and neighbourhoods."""

from __future__ import annotations

from .base import Geometry
from .chain import Chain
from .graph import Graph
from .grid import Grid
from .groups import Group
from .saving import geometry_from_dict

__all__ = ["Chain", "Geometry", "Graph", "Grid", "Group", "geometry_from_dict"]
