"""What generators say together: rotations of whole sets of variables, Lorentz transformations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .forms import form_text, invariant_forms
from .naming import Planes, planes_of, tuple_text
from .null_vectors import Solver
from .results import Generator

__all__ = ["continuous_words", "moved_variables"]

_Slots = tuple[int, ...]  # one variable of each of the planes that turn together


def continuous_words(generators: Sequence[Generator], algebra: str, names: Sequence[str], solver: Solver) -> list[str]:
    """Puts one-parameter groups into sentences.

    Args:
        generators: A basis of the algebra.
        algebra: Its name.
        names: Of the variables.
        solver: Which found them.

    Returns:
        Sentences; the last names the algebra.
    """
    if not generators:
        return []
    words, rest = _grouped(generators, names)
    listed = rest if len(rest) <= 6 or words else []
    words += [f"invariant under the {generator.name}" for generator in listed]
    form = _kept_form(generators, names, solver)
    hidden = any("oblique" in g.name or "elliptic" in g.name or "scaled" in g.name for g in rest)
    if form and algebra.startswith("so(") and (hidden or len(generators) > 1):
        words.append(f"its linear symmetries keep the quadratic form {form}")
    words.append(f"one-parameter groups: {len(generators)}, Lie algebra {algebra}")
    return words


def moved_variables(generators: Sequence[Generator]) -> list[int]:
    """Returns the variables that some generator moves or uses, ascending."""
    used = np.zeros(len(generators[0].matrix), bool)
    for generator in generators:
        used |= generator.matrix.any(axis=0) | generator.matrix.any(axis=1)
    return np.flatnonzero(used).tolist()


def _kept_form(generators: Sequence[Generator], names: Sequence[str], solver: Solver) -> str:
    matrices = [generator.matrix for generator in generators if generator.matrix.any()]
    if not matrices or any(g.shift is not None and g.shift.any() for g in generators):
        return ""
    forms = invariant_forms(matrices, moved_variables(generators), solver.method == "exact", solver.resolution)
    return form_text(forms[0], names) if len(forms) == 1 else ""


def _grouped(generators: Sequence[Generator], names: Sequence[str]) -> tuple[list[str], list[Generator]]:
    """Finds rotations that together turn a whole set of variables, and boosts between such sets."""
    plain: dict[int, Planes] = {}
    for index, generator in enumerate(generators):
        planes = planes_of(generator.matrix) if generator.shift is None or not generator.shift.any() else None
        if planes is not None and planes.round and all(abs(abs(rate) - 1) < 1e-6 for rate in planes.rates):
            plain[index] = planes
    turned: dict[frozenset[_Slots], int] = {}
    for index, planes in plain.items():
        if planes.kind == "rotation":
            turned[frozenset(_slots(planes))] = index
    sets = _complete_sets(turned)
    boosts = {frozenset(_slots(p)): i for i, p in plain.items() if p.kind == "boost" and len(p.pairs) == 1}
    return _sentences(sets, turned, boosts, generators, names)


def _slots(planes: Planes) -> tuple[_Slots, _Slots]:
    oriented = [
        pair if rate > 0 or planes.kind == "boost" else pair[::-1]
        for pair, rate in zip(planes.pairs, planes.rates, strict=True)
    ]
    return tuple(i for i, _ in oriented), tuple(j for _, j in oriented)


def _complete_sets(turned: dict[frozenset[_Slots], int]) -> list[list[_Slots]]:
    """Splits slots into sets within which every pair is turned."""
    sets: list[list[_Slots]] = []
    for slot in sorted({slot for pair in turned for slot in pair}):
        home = next((s for s in sets if all(frozenset((slot, other)) in turned for other in s)), None)
        if home is None:
            sets.append([slot])
        else:
            home.append(slot)
    return sets


def _sentences(
    sets: list[list[_Slots]],
    turned: dict[frozenset[_Slots], int],
    boosts: dict[frozenset[_Slots], int],
    generators: Sequence[Generator],
    names: Sequence[str],
) -> tuple[list[str], list[Generator]]:
    sets = [
        *sets,
        *([slot] for slot in sorted({s for pair in boosts for s in pair} - {s for group in sets for s in group})),
    ]
    covered, words = set(), []
    for group in sets:
        covered |= {turned[frozenset((a, b))] for i, a in enumerate(group) for b in group[i + 1 :]}
        if len(group) > 1:
            blocks = [tuple_text(variables, names) for variables in zip(*group, strict=True)]
            words.append(f"invariant under rotations of {' together with '.join(blocks)}")
    for i, first in enumerate(sets):
        for second in sets[i + 1 :]:
            pairs = [frozenset((a, b)) for a in first for b in second]
            if all(pair in boosts for pair in pairs):
                covered |= {boosts[pair] for pair in pairs}
                one, two = (", ".join(names[slot[0]] for slot in group) for group in (first, second))
                words.append(f"invariant under boosts (Lorentz transformations) that mix ({one}) with ({two})")
    return words, [generator for k, generator in enumerate(generators) if k not in covered]
