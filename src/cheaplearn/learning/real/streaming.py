"""Densities of real variables from chunks of samples that are seen once: only sums are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Variables
from ..density_arguments import is_collection
from .estimation import describe_ladder, existence_notes, fit_family, is_gaussian, one_family, real_model
from .fitting import RealTerms
from .functions import Functions
from .gaussian_model import MomentSums
from .model import RealModel
from .samples import RealSamples, read_real_samples
from .setting import RealSetting, real_terms
from .sums import ScoreSums, SplitSums
from .units import ColumnMoments, unit_classes
from .walls import check_inside

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["RealStream", "continue_stream"]

STREAM = "HamiltonianDensity.partial_fit"
OF_FAMILY = ("order", "radius", "geometry", "terms", "symmetry", "bounds", "method")  # may not change on the way
FAR = 10.0  # units by which later samples may be off the first ones before it is said
UNLIKE = 100.0  # factor by which their spread may differ


@dataclass(frozen=True, eq=False)
class RealStream:
    """All that is kept of samples that are gone.

    Args:
        terms: What is fitted, in units of the first chunk.
        setting: What the arguments said.
        given: The arguments that define the family.
        classes: Number of the class of each variable: those of one class share a scale.
        columns: Mean and spread.
        scores: Sums of score matching for each class, None if they are not needed.
        moments: Second moments, None if they are not needed.
        count: Samples of positive weight so far.
        chunks: How many there were.
    """

    terms: RealTerms
    setting: RealSetting
    given: Mapping[str, Any]
    classes: np.ndarray
    columns: ColumnMoments
    scores: SplitSums | None
    moments: MomentSums | None
    count: int
    chunks: int = 1

    @classmethod
    def of(cls, model: HamiltonianDensity, samples: RealSamples) -> RealStream:
        """Starts with the first chunk, which fixes the units.

        Args:
            model: The estimator.
            samples: The chunk.

        Returns:
            Its sums.

        Raises:
            ValueError: If there is more than one family, or nothing varies.
        """
        setting = RealSetting.of(model)
        check_inside(samples.outside(setting.walls), setting.names)
        columns = samples.moments()
        if not columns.varying.any():
            got = f"{samples.count} equal sample{'s' if samples.count > 1 else ''}"
            advice = "It fixes the units; pass more samples at first."
            raise ValueError(must_be("X", STREAM, "a first chunk in which some column varies", got, advice))
        if len(setting.choices) > 1:
            raise ValueError(_several(f"{len(setting.choices)} symmetries"))
        variables, choices, _ = setting.units(columns)
        families, _ = setting.families(model, choices)
        if len(families) > 1 or model.regularization == "search":
            got = f"{len(families)} families" if len(families) > 1 else "regularization='search'"
            raise ValueError(_several(got))
        terms = real_terms(model, families[0], variables, setting.walls)
        classes = unit_classes(len(variables), families[0].symmetry, setting.common)
        given = {name: getattr(model, name) for name in OF_FAMILY}
        gaussian = is_gaussian(terms) and model.method != "score matching"
        empty = cls(terms, setting, given, classes, columns, None, None, 0, 0)
        scores = None if gaussian and model.method == "likelihood" else empty._scores(samples)
        moments = empty._moments(samples) if gaussian else None
        return replace(empty, scores=scores, moments=moments, count=samples.count, chunks=1)

    def _scores(self, samples: RealSamples) -> SplitSums:
        return samples.split_sums(self.terms.functions, self.classes)

    def _moments(self, samples: RealSamples) -> MomentSums:
        return samples.gaussian_sums(self.terms.variables)

    def with_chunk(self, samples: RealSamples) -> RealStream:
        """Returns the sums of all samples so far and of one more chunk.

        Args:
            samples: The chunk.

        Returns:
            Their sums; these stay as they are.

        Raises:
            ValueError: If a sample is beyond a wall, or too large for its powers to be summed.
        """
        check_inside(samples.outside(self.setting.walls), self.setting.names)
        with np.errstate(over="ignore", invalid="ignore"):
            columns = self.columns + samples.moments()
            scores = None if self.scores is None else self.scores + self._scores(samples)
            moments = None if self.moments is None else self.moments + self._moments(samples)
        kept = [] if scores is None else [*scores.squares, scores.vectors]
        kept += [] if moments is None else [moments.products]
        if not all(np.isfinite(array).all() for array in [columns.squares, *kept]):
            largest = f"{np.abs(samples.X).max():g}"
            advice = "The units are those of the first chunk: start anew with samples that are typical."
            raise ValueError(must_be("X", STREAM, "small enough for sums of powers", largest, advice))
        count, chunks = self.count + samples.count, self.chunks + 1
        return replace(self, columns=columns, scores=scores, moments=moments, count=count, chunks=chunks)

    def sums(self, functions: Functions) -> ScoreSums:
        """Returns the sums of score matching, every variable weighed as `fit` does: by its spread in all samples."""
        if self.scores is None:
            message = "these sums were not kept"
            raise RuntimeError(message)
        if len(self.scores.squares) == 1:
            return self.scores.total()
        rates = (self._spread.scale / functions.variables.scale) ** 2
        return self.scores.total(np.array([rates[self.classes == k][0] for k in range(len(self.scores.squares))]))

    def gaussian_sums(self, variables: Variables) -> MomentSums:
        """Returns second moments of scaled variables."""
        if self.moments is None:
            message = "these sums were not kept"
            raise RuntimeError(message)
        return self.moments

    @property
    def _spread(self) -> Variables:
        """The units that `fit` would choose."""
        return self.setting.units(self.columns)[0]

    def notes(self) -> list[str]:
        """Says where the units do not suit the samples."""
        ours, best = self.terms.variables, self._spread
        off = np.abs(best.center - ours.center) / best.scale
        ratio = np.maximum(best.scale / ours.scale, ours.scale / best.scale)
        i = int(np.argmax(np.maximum(off / FAR, ratio / UNLIKE)))
        if off[i] <= FAR and ratio[i] <= UNLIKE:
            return []
        return [
            f"Samples of {self.setting.names[i]} have mean {self.columns.mean[i]:.4g} and standard deviation "
            f"{self.columns.standard_deviation[i]:.4g}, but the first chunk set the units to {ours.center[i]:.4g} and "
            f"{ours.scale[i]:.4g}: rounding takes more than usual. Start anew with a chunk that is typical."
        ]

    def told(self, method: str) -> str:
        """Says how many samples were seen, and what they cannot tell any more."""
        number = f"{self.count:,} sample{'' if self.count == 1 else 's'}"
        chunks = f"{self.chunks:,} chunk{'' if self.chunks == 1 else 's'}"
        seen = f"Fitted to {number} (total weight {self.columns.weight:.6g}) in {chunks}."
        if method == "likelihood":
            return seen
        return f"{seen} Standard errors of score matching need the samples again: `fit` them all, or a part."


def continue_stream(model: HamiltonianDensity, stream: RealStream | None, X: Any, sample_weight: Any) -> RealModel:
    """Adds a chunk and fits its family to all samples so far.

    Args:
        model: The estimator; gets its fitted attributes.
        stream: What is kept of the samples before, None for none.
        X: The chunk.
        sample_weight: Its weights or None.

    Returns:
        What answers the questions about the density.

    Raises:
        ValueError: If an argument or a sample is invalid; the estimator is then as it was.
    """
    if is_collection(X):
        raise ValueError(must_be("X", STREAM, "an array", "a Dask collection", "`fit` reads these."))
    before = dict(model.__dict__)
    try:
        if stream is not None:
            _check_unchanged(model, stream.given)
        samples = read_real_samples(model, X, sample_weight, reset=stream is None)
        stream = RealStream.of(model, samples) if stream is None else stream.with_chunk(samples)
        return _fitted(model, stream)
    except Exception:
        model.__dict__.clear()
        model.__dict__.update(before)
        raise


def _fitted(model: HamiltonianDensity, stream: RealStream) -> RealModel:
    family, walls = stream.terms.family, stream.setting.walls
    describe_ladder(model, one_family(model, [family]))
    fit = fit_family(model, stream.terms, stream, None)
    model.ladder_notes_ = []
    model.notes_ = [*fit.notes, *existence_notes(fit), *stream.notes(), stream.told(model.method_)]
    model.n_samples_seen_ = stream.count
    model._stream = stream
    return real_model(model, fit, walls)


def _several(got: str) -> str:
    requirement = "one order, one radius, one symmetry and a given regularization"
    advice = "Choose with `fit` on a part of the samples, then pass its order_, radius_, symmetry_ and regularization_."
    return must_be("order", STREAM, requirement, got, advice)


def _check_unchanged(model: HamiltonianDensity, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        now = getattr(model, name)
        if not (now is value or repr(now) == repr(value)):
            advice = "Call `fit`, or clone the estimator, to start anew."
            requirement = f"{value!r} as for the chunks before"
            raise ValueError(must_be(name, STREAM, requirement, repr(now), advice))
