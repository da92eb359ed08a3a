"""Flat networks without biases: one hidden layer, one shared expansion point, exact Taylor coefficients."""

from __future__ import annotations

from .constructions import flat_forms, scaled_terms
from .form import FlatForm
from .networks import shallow_network

__all__ = ["FlatForm", "flat_forms", "scaled_terms", "shallow_network"]
