"""Hamiltonians as a JSON-able header and plain arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._messages import must_be
from ..geometry import geometry_from_dict
from .alphabet import Alphabet
from .monomials import Monomials
from .orbits import Orbits
from .variables import Variables

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["FORMAT_VERSION", "from_arrays", "to_arrays"]

FORMAT_VERSION = 1
ERRORS = ("standard_errors", "raw_standard_errors")


def to_arrays(hamiltonian: Hamiltonian) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Takes a Hamiltonian apart.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        A header of JSON types (with a format version) and arrays of numbers or text, none of objects.

    Raises:
        ValueError: If the class labels are objects other than text.
    """
    variables, classes = hamiltonian.variables, hamiltonian.classes
    if classes.dtype.kind == "O":
        if not all(isinstance(label, str) for label in classes.tolist()):
            labels = classes.tolist()
            raise ValueError(must_be("classes", "Hamiltonian.to_arrays", "numbers or text", labels))
        classes = classes.astype(str)
    header = {
        "format": "cheaplearn.Hamiltonian",
        "version": FORMAT_VERSION,
        "order": int(hamiltonian.order),
        "radius": "all" if math.isinf(hamiltonian.radius) else int(hamiltonian.radius),
        "geometry": None if hamiltonian.geometry is None else hamiltonian.geometry.to_dict(),
        "names": list(variables.names),
        "kinds": list(variables.kinds),
    }
    arrays = {
        "coefficients": hamiltonian.coefficients,
        "offsets": hamiltonian.offsets,
        "classes": classes,
        "center": variables.center,
        "scale": variables.scale,
    }
    for name in ERRORS:
        if getattr(hamiltonian, name) is not None:
            arrays[name] = getattr(hamiltonian, name)
    if hamiltonian.orbits is not None:
        header["symmetry"] = hamiltonian.orbits.name
        arrays |= {"orbit_index": hamiltonian.orbits.index, "orbit_sign": hamiltonian.orbits.sign}
    if hamiltonian.categories is not None:
        header["sites"] = list(hamiltonian.categories.names)
        arrays |= {f"labels_{i}": labels for i, labels in enumerate(hamiltonian.categories.labels)}
    arrays |= {f"sites_{d}": block for d, block in enumerate(hamiltonian.monomials.sites, start=1)}
    return header, arrays


def from_arrays(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Hamiltonian:
    """Puts a Hamiltonian together again.

    Args:
        header: The header that `to_arrays` returned.
        arrays: Its arrays (a loaded `.npz` will do).

    Returns:
        A Hamiltonian with the same numbers, bit for bit.

    Raises:
        ValueError: If the header is of another format or version.
    """
    from .hamiltonian import Hamiltonian

    if (header.get("format"), header.get("version")) != ("cheaplearn.Hamiltonian", FORMAT_VERSION):
        requirement = f"of format cheaplearn.Hamiltonian, version {FORMAT_VERSION}"
        got = f"{header.get('format')!r}, version {header.get('version')!r}"
        raise ValueError(must_be("header", "Hamiltonian.from_arrays", requirement, got))
    variables = Variables(tuple(header["names"]), tuple(header["kinds"]), arrays["center"], arrays["scale"])
    categories = None
    if "sites" in header:
        labels = tuple(np.asarray(arrays[f"labels_{i}"]) for i in range(len(header["sites"])))
        categories = Alphabet(tuple(header["sites"]), labels)
    orbits = None
    if "symmetry" in header:
        orbits = Orbits(np.asarray(arrays["orbit_index"]), np.asarray(arrays["orbit_sign"]), header["symmetry"])
    degrees = sum(key.startswith("sites_") for key in arrays)
    return Hamiltonian(
        monomials=Monomials(tuple(np.asarray(arrays[f"sites_{d}"]) for d in range(1, degrees + 1))),
        coefficients=arrays["coefficients"],
        offsets=arrays["offsets"],
        classes=np.asarray(arrays["classes"]),
        variables=variables,
        geometry=geometry_from_dict(header["geometry"]),
        order=header["order"],
        radius=math.inf if header["radius"] == "all" else header["radius"],
        categories=categories,
        orbits=orbits,
        **{name: arrays[name] for name in ERRORS if name in arrays},
    )
