"""Sums that grow chunk by chunk, and the fit that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...geometry import Geometry
from ..families import Family
from .chunks import Chunk, moments_of, summary_of
from .design import Design
from .expansion import expansion
from .final import Estimate, refined
from .ladder import units_of
from .moments import Moments
from .ridge import Ridge, deviations
from .units import Summary, Units

__all__ = ["Stream"]


@dataclass(eq=False)
class Stream:
    """Sums of all rows so far for one family.

    They are formed in the units of the first chunk and then expressed, exactly up to rounding, in those of all rows.

    Args:
        family: The family.
        geometry: Where the variables live, or None.
        units: Units of the first chunk.
        summary: Extremes and sums of all rows.
        sums: Their sums.
    """

    family: Family
    geometry: Geometry | None
    units: Units
    summary: Summary
    sums: Moments

    @classmethod
    def of(cls, chunk: Chunk, family: Family, geometry: Geometry | None) -> Stream:
        """Returns the sums of a first chunk."""
        found = summary_of(chunk)
        units = Units(*found.center_and_scale(geometry is not None), *found.output_units)
        columns = Design(family.monomials(len(units.center), geometry))
        return cls(family, geometry, units, found, _sums(chunk, columns, units))

    def add(self, chunk: Chunk) -> None:
        """Adds the rows of another chunk."""
        columns = Design(self.family.monomials(len(self.units.center), self.geometry))
        self.summary = self.summary.plus(summary_of(chunk))
        self.sums = self.sums.plus(_sums(chunk, columns, self.units))

    def estimate(self, rho: float) -> Estimate:
        """Fits the family to all rows so far.

        Args:
            rho: The penalty.

        Returns:
            The estimate. Squared residuals follow from the sums, so noise below about 1e-7 of the deviation of an
            output cannot be told from rounding.
        """
        own = Units(*self.summary.center_and_scale(self.geometry is not None), *self.summary.output_units)
        units = units_of(self.family, own, from_zero=False)
        monomials = self.family.monomials(len(units.center), self.geometry)
        slope, shift = self.units.scale / units.scale, (self.units.center - units.center) / units.scale
        sums = self.sums.mapped(expansion(monomials, slope, shift)).of_shifted_outputs(
            (units.y_center - self.units.y_center) / self.units.y_scale, units.y_scale / self.units.y_scale
        )
        design = Design(monomials, self.family.orbits(monomials))
        sums = sums if design.orbits is None else sums.tied(design.orbits)
        ridge = Ridge(sums, deviations(sums))
        theta = ridge.solve(rho)
        explained = 2 * np.sum(theta * sums.cross, axis=0) - np.sum(theta * (sums.gram @ theta), axis=0)
        residuals = np.maximum(sums.squares - explained, 0.0)
        return refined(design, units, ridge, rho, theta, residuals)


def _sums(chunk: Chunk, columns: Design, units: Units) -> Moments:
    return moments_of(chunk, columns, units, np.ones((chunk.X.shape[0], 1), np.uint8))[0]
