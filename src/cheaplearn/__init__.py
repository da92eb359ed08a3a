"""cheaplearn: find out how cheap your problem is, and get the smallest network that provably solves it.

The public names are listed here and loaded on first use, so that `import cheaplearn` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .circuit import Circuit as Circuit
    from .compiler import ToleranceError as ToleranceError
    from .compiler import compile as compile
    from .compiler import gates as gates
    from .flattening import flatten as flatten
    from .flattening import linear as linear
    from .geometry import Chain as Chain
    from .geometry import Graph as Graph
    from .geometry import Grid as Grid
    from .geometry import Group as Group
    from .geometry import groups as groups
    from .hamiltonian import Hamiltonian as Hamiltonian
    from .learning import HamiltonianClassifier as HamiltonianClassifier
    from .learning import HamiltonianDensity as HamiltonianDensity
    from .learning import HamiltonianRegressor as HamiltonianRegressor
    from .learning import contact_scores as contact_scores
    from .learning import read_alignment as read_alignment
    from .learning import sequence_weights as sequence_weights
    from .network import Certificate as Certificate
    from .network import Network as Network
    from .network import load as load
    from .polynomial import Polynomial as Polynomial
    from .symmetry import describe as describe
    from .symmetry import symmetries as symmetries
    from .testing import assert_certified as assert_certified
    from .testing import assert_invariant as assert_invariant

__version__ = "0.1.0"

_HOME = {  # public name -> the room it lives in
    "Polynomial": "polynomial",
    "Grid": "geometry",
    "Chain": "geometry",
    "Graph": "geometry",
    "Group": "geometry",
    "Circuit": "circuit",
    "Network": "network",
    "Certificate": "network",
    "load": "network",
    "Hamiltonian": "hamiltonian",
    "HamiltonianClassifier": "learning",
    "HamiltonianDensity": "learning",
    "HamiltonianRegressor": "learning",
    "read_alignment": "learning",
    "sequence_weights": "learning",
    "contact_scores": "learning",
    "symmetries": "symmetry",
    "describe": "symmetry",
    "flatten": "flattening",
    "assert_certified": "testing",
    "assert_invariant": "testing",
    "compile": "compiler",
    "ToleranceError": "compiler",
}

_NAMESPACES = {
    "gates": "compiler.gates",
    "groups": "geometry.groups",
    "linear": "flattening.linear",
    "testing": "testing",
}  # modules whose functions are public under their name: cl.gates.table()

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Loads a public name from its room on first use."""
    if name in _NAMESPACES:
        return import_module(f".{_NAMESPACES[name]}", __name__)
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_NAMESPACES])
