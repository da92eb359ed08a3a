"""Self-contained HTML pages from result objects."""

from __future__ import annotations

from .density_result import DensityResult as DensityResult
from .density_result import HeldOut as HeldOut
from .density_result import RealFindings as RealFindings
from .flattening_page import FlatteningPage as FlatteningPage
from .flattening_page import LinearPage as LinearPage
from .page import write_report as write_report
from .regression_result import PredictedRows as PredictedRows
from .regression_result import RegressionResult as RegressionResult
from .result import Alternative as Alternative
from .result import FitResult as FitResult
from .result import GenericSizes as GenericSizes
from .result import TestScore as TestScore

__all__ = [
    "Alternative",
    "DensityResult",
    "FitResult",
    "FlatteningPage",
    "GenericSizes",
    "HeldOut",
    "LinearPage",
    "PredictedRows",
    "RealFindings",
    "RegressionResult",
    "TestScore",
    "write_report",
]
