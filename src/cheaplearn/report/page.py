"""One self-contained page: everything inlined, nothing fetched."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._messages import must_be
from ..geometry import Grid
from .density_page import density_facts
from .density_result import DensityResult
from .flattening_page import FlatteningPage, LinearPage
from .pictures import Pictures
from .regression_page import regression_facts
from .regression_result import RegressionResult
from .words import at_most, family_words, headline, percent, radius_text, significant, symmetry_text, table_size

if TYPE_CHECKING:
    from ..network import Certificate
    from .result import CompiledResult, FitResult

__all__ = ["write_report"]

_HERE = Path(__file__).parent


def write_report(
    result: FitResult | RegressionResult | DensityResult | FlatteningPage | LinearPage, path: str | Path
) -> None:
    """Writes the report of a fit or a flattening.

    Args:
        result: What was found.
        path: The HTML file.

    Raises:
        ValueError: If a network carries no certificate.
    """
    if isinstance(result, FlatteningPage | LinearPage):
        page = _rendered(result.template, result.facts)
    elif isinstance(result, DensityResult):
        template = "density.html" if result.real is None else "real_density.html"
        page = _rendered(template, density_facts(result))
    elif isinstance(result, RegressionResult):
        page = _rendered("regression.html", regression_facts(result) | _compiled_facts(result))
    else:
        page = _rendered("page.html", _classifier_facts(result))
    Path(path).write_text(page, encoding="utf-8")


def _rendered(template: str, facts: dict[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    css = Markup((_HERE / "page.css").read_text(encoding="utf-8"))
    return environment.get_template(template).render(css=css, **facts)


def _classifier_facts(result: FitResult) -> dict[str, Any]:
    return {"picture": Pictures(result), "unit": "nats", **_facts(result), **_compiled_facts(result)}


def _compiled_facts(result: CompiledResult) -> dict[str, Any]:
    """What pages say about a network, and the functions they say it with."""
    certificate = result.network.certificate
    if certificate is None:
        advice = "Make it with `cheaplearn.compile`."
        raise ValueError(must_be("result", "write_report", "with a certified network", "none", advice))
    words = {"percent": percent, "radius": radius_text, "significant": significant, "at_most": at_most}
    return _certificate_facts(certificate) | words | {"symmetry": symmetry_text}


def _facts(result: FitResult) -> dict[str, Any]:
    geometry, chosen = result.hamiltonian.geometry, result.chosen
    grid = geometry if isinstance(geometry, Grid) else None
    return {
        "result": result,
        "headline": headline(result),
        "terms": family_words(int(chosen["order"]), float(chosen["radius"]), grid is not None),
        "chosen": chosen,
        "tied": isinstance(chosen["symmetry"], str),
        "symmetries": any(isinstance(name, str) for name in result.ladder["symmetry"]),
        "ladder": list(result.ladder.itertuples()),
        "network": result.network,
        "test": result.test,
        "mistakes": _mistakes(result),
        "totals": [max(int(row.sum()), 1) for row in result.test.confusion],
        "classes": [str(label) for label in result.hamiltonian.classes],
        "grid": grid is not None,
        "grid2": grid is not None and len(grid.shape) == 2,
        "grid_text": " \u00d7 ".join(map(str, grid.shape)) if grid else "",
        "table_size": table_size(result.generic),
    }


def _mistakes(result: FitResult, most: int = 8) -> list[tuple[int, str, str]]:
    """The most frequent confusions: count, true class, class named."""
    labels = [str(label) for label in result.hamiltonian.classes]
    pairs = [
        (int(count), labels[i], labels[j])
        for i, row in enumerate(result.test.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: -pair[0])[:most]


def _certificate_facts(certificate: Certificate) -> dict[str, Any]:
    total = certificate.truncation + certificate.rounding
    intervals = set(certificate.box.values())
    same = len(intervals) == 1
    low, high = next(iter(intervals), (0.0, 0.0))
    return {
        "certificate": certificate,
        "truncation_share": certificate.truncation / total if total else 0.0,
        # the logit of the class moves one way, those of all others the other way; rounded outward
        "factor_low": math.floor(1e3 * math.exp(-2 * certificate.error)) / 1e3,
        "factor_high": math.ceil(1e3 * math.exp(2 * certificate.error)) / 1e3,
        "box_text": f"the range {low:g} to {high:g} of each variable" if same else "the range of the data",
        "ranges": [] if same else list(certificate.box.items()),
    }
