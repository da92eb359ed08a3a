"""The exact function that is handed to the compiler."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from ..polynomial import Polynomial

__all__ = ["KINDS", "Circuit"]

KINDS = ("real", "bit", "spin")
_MAX_TERM = 60  # characters of a term in a message


@dataclass(frozen=True)
class Circuit:
    r"""Several polynomials in the scaled inputs :math:`t_i = (x_i - c_i) / s_i`, all numbers exact.

    Args:
        outputs: Polynomials in t, each over exactly `variables`.
        variables: Names of the inputs.
        kinds: "real", "bit" (0 or 1) or "spin" (-1 or 1), one per variable.
        center: c, one per variable, in the user's raw units.
        scale: s, non-zero, one per variable, in the user's raw units.
        labels: One name per output.
        classes: Class labels if the outputs are the logits of a classifier, else None.
    """

    outputs: tuple[Polynomial, ...]
    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    center: tuple[Fraction | float, ...]
    scale: tuple[Fraction | float, ...]
    labels: tuple[str, ...]
    classes: np.ndarray | None = None

    @classmethod
    def from_polynomials(
        cls,
        polynomials: Sequence[Any],
        kinds: Mapping[str, str] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Circuit:
        """Makes a circuit of plain polynomials in raw units.

        Args:
            polynomials: One or more objects that `Polynomial.coerce` accepts.
            kinds: Kind of some variables by name; the others are real.
            labels: One name per polynomial; None for "y", or "y0", "y1", ... if there are several.

        Returns:
            The circuit over the union of the variables, in order of appearance. Powers of bits and spins are
            reduced by x^2 = x and s^2 = 1, which changes no value they can take.

        Raises:
            ValueError: If there is no polynomial, a kind is not known, a name in `kinds` is no variable, or `labels`
                are not one distinct, non-empty text per polynomial.
        """
        members = [Polynomial.coerce(polynomial) for polynomial in polynomials]
        if not members:
            raise ValueError(must_be("p", "compile", "one polynomial or more", "an empty list"))
        variables = tuple(dict.fromkeys(name for member in members for name in member.variables))
        kinds = dict(kinds or {})
        for name, kind in kinds.items():
            if name not in variables:
                known = f"one of {', '.join(variables) or 'no variables'}"
                raise ValueError(must_be("variables", "compile", known, repr(name), "Correct the name."))
            if kind not in KINDS:
                raise ValueError(must_be("variables", "compile", f"one of {', '.join(KINDS)}", repr(kind)))
        kind_of = tuple(kinds.get(name, "real") for name in variables)
        return cls(
            outputs=tuple(_reduced(member.with_variables(variables), kind_of) for member in members),
            variables=variables,
            kinds=kind_of,
            center=(Fraction(0),) * len(variables),
            scale=(Fraction(1),) * len(variables),
            labels=_default_labels(len(members)) if labels is None else _checked_labels(labels, len(members)),
        )

    @classmethod
    def coerce(cls, source: Any, kinds: Mapping[str, str] | None = None) -> Circuit:
        """Makes a circuit of anything the compiler accepts.

        Args:
            source: A circuit, an object with `to_circuit()` (Hamiltonian, fitted estimator), a polynomial in any
                form `Polynomial.coerce` accepts, a list of polynomials (several outputs), or a mapping from the name
                of each output to its polynomial.
            kinds: Kinds of variables by name, for polynomials only.

        Returns:
            The circuit.

        Raises:
            ValueError: If `kinds` is given for a source that fixes the kinds itself.

        Example:
            >>> Circuit.coerce({"area": "x*y", "edge": "2*x + 2*y"}).labels
            ('area', 'edge')
        """
        if isinstance(source, cls) or hasattr(source, "to_circuit"):
            if kinds:
                advice = "Leave `variables` out: this object fixes the kinds itself."
                raise ValueError(must_be("variables", "compile", "None here", repr(dict(kinds)), advice))
            return source if isinstance(source, cls) else source.to_circuit()
        if _names_outputs(source):
            return cls.from_polynomials(list(source.values()), kinds, list(source))
        several = isinstance(source, list | tuple)
        return cls.from_polynomials(source if several else [source], kinds)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.variables)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the exact function: it names the formula in exported files."""
        parts = [f"{self.variables}|{self.kinds}|{[_ratio(c) for c in self.center]}|"]
        parts += [f"{[_ratio(s) for s in self.scale]}|"]
        parts += [output.fingerprint for output in self.outputs]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def largest_term(self, box: Mapping[str, tuple[Any, Any]] | tuple[Any, Any] | None) -> tuple[str, str, float]:
        """Finds the term that reaches the largest size on a box, the usual culprit when numbers overflow.

        Args:
            box: (low, high) of every input, or of some by name; bits and spins that have none count with (-1, 1).

        Returns:
            Label of its output; its text in the scaled inputs t, long coefficients shortened; log10 of the largest size
            it takes. The text is "0" and the size -inf if no term differs from zero.
        """
        given = box if isinstance(box, Mapping) else {}
        pairs = [given.get(name, (-1, 1)) if box is None or given else box for name in self.variables]
        reach = [
            max(abs((Fraction(bound) - Fraction(c)) / Fraction(s)) for bound in pair)
            for pair, c, s in zip(pairs, self.center, self.scale, strict=True)
        ]
        logs = [_log10(size) for size in reach]
        best = (self.labels[0], "0", -math.inf)
        for label, output in zip(self.labels, self.outputs, strict=True):
            for monomial, coefficient in output.terms.items():
                size = _log10(abs(coefficient)) + sum(power * logs[site] for site, power in monomial)
                if size > best[2]:
                    best = (label, _term_text(monomial, coefficient, self.variables), size)
        return best

    def exact(self, point: Sequence[Any]) -> tuple[Fraction, ...]:
        """Evaluates without any rounding.

        Args:
            point: Raw inputs, length n_inputs; floats count by their exact binary value.

        Returns:
            One exact value per output.
        """
        scaled = [
            (Fraction(x) - Fraction(c)) / Fraction(s) for x, c, s in zip(point, self.center, self.scale, strict=True)
        ]
        return tuple(output.exact(scaled) for output in self.outputs)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Evaluates in float64.

        Args:
            X: Raw inputs, shape (samples, n_inputs).

        Returns:
            Shape (samples, outputs), float64; relative error a few float64 roundings of the largest term.
        """
        scaled = (np.asarray(X, dtype=np.float64) - np.array(self.center, dtype=np.float64)) / np.array(
            self.scale, dtype=np.float64
        )
        return np.column_stack([output(scaled) for output in self.outputs])


def _names_outputs(source: Any) -> bool:
    """Whether this is {label: polynomial}; a polynomial as a mapping has exponents or sets of variables as keys."""
    return isinstance(source, Mapping) and bool(source) and all(isinstance(key, str) for key in source)


def _default_labels(number: int) -> tuple[str, ...]:
    return tuple(f"y{k}" for k in range(number)) if number > 1 else ("y",)


def _checked_labels(labels: Sequence[str], number: int) -> tuple[str, ...]:
    texts = all(isinstance(label, str) and label.strip() for label in labels)
    if not texts or len(labels) != number or len(set(labels)) < number:
        requirement = f"one distinct, non-empty text per output ({number})"
        raise ValueError(must_be("labels", "Circuit.from_polynomials", requirement, repr(list(labels))))
    return tuple(labels)


def _term_text(monomial: tuple[tuple[int, int], ...], coefficient: Fraction, variables: tuple[str, ...]) -> str:
    text = str(Polynomial({monomial: coefficient}, variables))
    if len(text) <= _MAX_TERM:
        return text
    size = f"(about 10^{_log10(abs(coefficient)):.0f})"  # the number in full would fill the message
    return f"{size}*{Polynomial({monomial: 1}, variables)}"[:_MAX_TERM]


def _log10(number: Fraction) -> float:
    """log10 of a fraction whose size no float may hold."""
    return math.log10(number.numerator) - math.log10(number.denominator) if number else -math.inf


def _ratio(number: Fraction | float) -> str:
    return str(Fraction(number))


def _reduced(polynomial: Polynomial, kinds: tuple[str, ...]) -> Polynomial:
    if all(kind == "real" for kind in kinds):
        return polynomial
    terms: dict[tuple[tuple[int, int], ...], Fraction] = {}
    for monomial, coefficient in polynomial.terms.items():
        reduced = tuple(
            (site, power if kinds[site] == "real" else 1)
            for site, power in monomial
            if not (kinds[site] == "spin" and power % 2 == 0)
        )
        terms[reduced] = terms.get(reduced, Fraction(0)) + coefficient
    return Polynomial(terms, polynomial.variables)
