"""Text to polynomial: numbers, names, + - * / ** ^ and parentheses, and nothing else.

The grammar is the whitelist: no character of the text is ever handed to `eval` or `sympify`. Precedence is
that of Python, and ``^`` is another spelling of ``**``. Python's `ast` is not used because it cannot hold
long input: on a sum of 5,000 terms `ast.parse` itself raises a RecursionError (measured on Python 3.11). The
two stacks below (operands, pending operators) take any length and any nesting; the tests compare with Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, NoReturn

from .._messages import must_be
from .guards import MAX_EXPONENT, Guard, TooLargeError
from .monomials import Coefficient, Terms

__all__ = ["MAX_TEXT", "parse_terms"]

MAX_TEXT = 1_000_000
_MAX_DIGITS = 4_000  # of a number literal written out without exponent
_MAX_EXCERPT = 60

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<operator>\*\*|//|[-+*/^])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<foreign>.)""",
    re.VERBOSE,
)
# What was probably meant, by first character: description, what belongs to it, does the operand before too?
_FOREIGN = {
    ".": ("the attribute", r"\.\s*\w*", True),
    "[": ("the subscript", r"\[[^\]]*\]?", True),
    "<": ("the comparison", r"[<>=!]+\s*[\w.]*", True),
    ">": ("the comparison", r"[<>=!]+\s*[\w.]*", True),
    "!": ("the comparison", r"[<>=!]+\s*[\w.]*", True),
    "=": ("the comparison or assignment", r"[<>=!]+\s*[\w.]*", True),
    "'": ("the string", r"'[^']*'?", False),
    '"': ("the string", r'"[^"]*"?', False),
}
_CONSTANTS_OF_PYTHON = frozenset({"True", "False", "None"})

_PRECEDENCE = {"(": 0, "+": 1, "-": 1, "*": 2, "/": 2, "sign": 3, "^": 4}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _Operand(NamedTuple):
    terms: Terms  # owned by this operand: sums are accumulated in place
    start: int
    end: int


class _Operator(NamedTuple):
    symbol: str  # a key of `_PRECEDENCE`
    text: str
    start: int


def parse_terms(text: str, variables: Sequence[str] | None = None) -> tuple[dict, tuple[str, ...]]:
    """Parses a polynomial and expands it.

    Args:
        text: The polynomial.
        variables: Names that may occur, in the order wanted; None takes them in order of appearance.

    Returns:
        Fraction by monomial, and the names of the variables.

    Raises:
        TypeError: If `text` is no string.
        ValueError: If `text` is too long.

    Cost: time and memory linear in the length of the text and in the number of terms after expansion.

    Example:
        >>> parse_terms("x/2 - 0.1")
        ({((0, 1),): Fraction(1, 2), (): Fraction(-1, 10)}, ('x',))
    """
    if not isinstance(text, str):
        raise TypeError(must_be("text", "Polynomial.parse", "a string", type(text).__name__, "Try Polynomial.coerce."))
    if len(text) > MAX_TEXT:
        advice = "Pass arrays to Polynomial.from_arrays, or parse the terms one by one and add them."
        got = f"{len(text):,} characters"
        raise ValueError(must_be("text", "Polynomial.parse", f"at most {MAX_TEXT:,} characters long", got, advice))
    parser = _Parser(text, variables)
    terms = parser.run()
    exact = {monomial: Fraction(coefficient) for monomial, coefficient in terms.items() if coefficient}
    return exact, tuple(parser.names)


class _Parser:
    """Operator-precedence parser that evaluates while it reads."""

    def __init__(self, text: str, variables: Sequence[str] | None) -> None:
        self.text = text
        self.names = {} if variables is None else {name: index for index, name in enumerate(variables)}
        self._fixed = variables is not None
        self._guard = Guard()
        self._numbers: dict[str, Coefficient] = {}
        self._operands: list[_Operand] = []
        self._operators: list[_Operator] = []

    def run(self) -> Terms:
        previous: _Token | None = None
        wants_operand = True
        for token in self._tokens():
            if wants_operand:
                wants_operand = self._read_operand(token, previous)
            else:
                wants_operand = self._read_operator(token, previous)
            previous = token
        if previous is None:
            raise ValueError(must_be("text", "Polynomial.parse", "a polynomial", "empty text", "Write 0 for zero."))
        if wants_operand:
            self._refuse(previous.start, previous.end, "nothing after", "Complete or delete the last operator.")

        self._reduce_down_to(1)
        if self._operators:
            start = self._operators[-1].start
            self._refuse(start, len(self.text), "a parenthesis that is never closed,", "Add the missing `)`.")
        return self._operands[0].terms

    # Reading: operands and operators alternate; each method returns whether an operand must come next.

    def _tokens(self) -> Iterator[_Token]:
        previous = 0  # start of the token before
        for match in _TOKEN.finditer(self.text):
            kind = str(match.lastgroup)
            if kind == "space":
                continue
            if kind == "foreign":
                self._refuse_character(match.start(), previous)
            yield _Token(kind, match.group(), match.start(), match.end())
            previous = match.start()

    def _read_operand(self, token: _Token, previous: _Token | None) -> bool:
        if token.kind == "number":
            value = self._number(token)
            self._operands.append(_Operand({(): value} if value else {}, token.start, token.end))
            return False
        if token.kind == "name":
            self._operands.append(_Operand({((self._variable(token), 1),): 1}, token.start, token.end))
            return False
        if token.kind == "open":
            self._operators.append(_Operator("(", "(", token.start))
            return True
        if token.text in {"+", "-"}:
            self._operators.append(_Operator("sign", token.text, token.start))
            return True
        start = token.start if previous is None else previous.start
        self._refuse(start, token.end, "a missing number or variable in", "Write one before the last sign of it.")

    def _read_operator(self, token: _Token, previous: _Token | None) -> bool:
        if token.kind == "close":
            self._close(token)
            return False
        if token.kind != "operator":
            self._refuse_neighbours(previous or token, token)
        if token.text == "//":
            self._refuse(token.start, token.end, "the floor division", "Polynomials have / by a number only.")
        symbol = "^" if token.text == "**" else token.text
        # Powers group from the right, 2**3**2 = 2**9, everything else from the left.
        self._reduce_down_to(_PRECEDENCE[symbol] + (symbol == "^"))
        self._operators.append(_Operator(symbol, token.text, token.start))
        return True

    def _close(self, token: _Token) -> None:
        self._reduce_down_to(1)
        if not self._operators:
            self._refuse(token.start, token.end, "a parenthesis that was never opened,", "Delete it or add a `(`.")
        opening = self._operators.pop()
        inner = self._operands.pop()
        self._operands.append(_Operand(inner.terms, opening.start, token.end))

    def _number(self, token: _Token) -> Coefficient:
        value = self._numbers.get(token.text)
        if value is None:
            mantissa, _, exponent = token.text.lower().partition("e")
            shift = exponent.lstrip("+-").lstrip("0")
            if len(shift) > len(str(_MAX_DIGITS)) or len(mantissa) + int(shift or 0) > _MAX_DIGITS:
                advice = f"A number may have at most {_MAX_DIGITS:,} digits when written out."
                self._refuse(token.start, token.end, "the number", advice)
            exact = Fraction(Decimal(token.text))  # unlike int(text), not subject to Python's limit on digits
            value = exact.numerator if exact.denominator == 1 else exact
            self._numbers[token.text] = value
        return value

    def _variable(self, token: _Token) -> int:
        index = self.names.get(token.text)
        if index is None:
            self._check_name(token)
            index = self.names.setdefault(token.text, len(self.names))
        return index

    def _check_name(self, token: _Token) -> None:
        if re.compile(r"\s*\(").match(self.text, token.end):
            self._refuse_call(token)
        if not token.text.isidentifier():
            self._refuse(token.start, token.end, "the name", "Write powers as x**2 and indices as x_2.")
        if self._fixed:
            known = ", ".join(list(self.names)[:10]) + (", ..." if len(self.names) > 10 else "")
            self._refuse(token.start, token.end, "the unknown variable", f"The variables are {known or 'none'}.")
        if token.text in _CONSTANTS_OF_PYTHON:
            self._refuse(token.start, token.end, "the constant", "Write a number, or list the name in `variables`.")

    # Reducing: the topmost operator replaces its operands by their value.

    def _reduce_down_to(self, precedence: int) -> None:
        while self._operators and _PRECEDENCE[self._operators[-1].symbol] >= precedence:
            self._reduce()

    def _reduce(self) -> None:
        operator = self._operators.pop()
        right = self._operands.pop()
        if operator.symbol == "sign":
            terms = right.terms if operator.text == "+" else _negative(right.terms)
            self._operands.append(_Operand(terms, operator.start, right.end))
            return
        left = self._operands.pop()
        try:
            terms = self._combine(operator.symbol, left, right)
        except TooLargeError as error:
            self._refuse(
                left.start,
                right.end,
                f"{error} in",
                "Use lower powers or fewer terms: what a text may expand to is limited.",
            )
        self._operands.append(_Operand(terms, left.start, right.end))

    def _combine(self, symbol: str, left: _Operand, right: _Operand) -> Terms:
        if symbol == "+":
            return self._guard.sum(left.terms, right.terms)
        if symbol == "-":
            return self._guard.sum(left.terms, _negative(right.terms))
        if symbol == "*":
            return self._guard.product(left.terms, right.terms)
        if symbol == "/":
            return self._quotient(left, right)
        return self._guard.power(left.terms, self._exponent(left, right))

    def _quotient(self, left: _Operand, right: _Operand) -> Terms:
        divisor = _constant(right.terms)
        if divisor is None:
            advice = "A polynomial may be divided by numbers only."
            self._refuse(left.start, right.end, "a division by a variable in", advice)
        if divisor == 0:
            self._refuse(left.start, right.end, "a division by zero in", "Correct the divisor.")
        return self._guard.product(left.terms, {(): Fraction(1) / divisor})

    def _exponent(self, left: _Operand, right: _Operand) -> int:
        exponent = _constant(right.terms)
        advice = f"An exponent must be a whole number from 0 to {MAX_EXPONENT}."
        if exponent is None:
            self._refuse(left.start, right.end, "a variable in the exponent of", advice)
        if exponent < 0:
            self._refuse(left.start, right.end, "a negative exponent in", advice)
        if exponent.denominator != 1:
            self._refuse(left.start, right.end, "a fractional exponent in", advice)
        return exponent.numerator

    # Refusing: every message names the sub-expression and its column.

    def _refuse(self, start: int, end: int, what: str, advice: str) -> NoReturn:
        excerpt = " ".join(self.text[start:end].split())
        if len(excerpt) > _MAX_EXCERPT:
            excerpt = excerpt[:_MAX_EXCERPT] + "..."
        line = self.text.count("\n", 0, start) + 1
        column = start - self.text.rfind("\n", 0, start)
        place = f"line {line}, column {column}" if "\n" in self.text.strip() else f"column {column}"
        got = f"{what} `{excerpt}` at {place}"
        raise ValueError(must_be("text", "Polynomial.parse", "a polynomial", got, advice))

    def _refuse_character(self, position: int, previous: int) -> NoReturn:
        character = self.text[position]
        advice = "Allowed are numbers, names, + - * / ** ^ and parentheses."
        if character in _FOREIGN:
            what, pattern, takes_operand = _FOREIGN[character]
            match = re.compile(pattern).match(self.text, position)
            end = position + 1 if match is None else match.end()
            self._refuse(previous if takes_operand else position, end, what, advice)
        self._refuse(position, position + 1, "the character", advice)

    def _refuse_neighbours(self, previous: _Token, token: _Token) -> NoReturn:
        if previous.kind == "name" and token.kind == "open":
            self._refuse_call(previous)
        touching = previous.end == token.start
        if previous.kind == "number" and token.text in {"j", "J"} and touching:
            self._refuse(previous.start, token.end, "the imaginary number", "Coefficients must be real.")
        end = self._end_of_call(token.start) if token.kind == "open" else token.end
        advice = "Write * for a product."
        self._refuse(previous.start, end, "a missing operator in", advice)

    def _refuse_call(self, name: _Token) -> NoReturn:
        advice = "A polynomial has no functions; write * for a product with a parenthesis."
        self._refuse(name.start, self._end_of_call(name.end), "the function call", advice)

    def _end_of_call(self, position: int) -> int:
        depth = 0
        for match in re.compile(r"[()]").finditer(self.text, position):
            depth += 1 if match.group() == "(" else -1
            if depth == 0:
                return match.end()
        return len(self.text)


def _negative(terms: Terms) -> Terms:
    return {monomial: -coefficient for monomial, coefficient in terms.items()}


def _constant(terms: Terms) -> Coefficient | None:
    if not terms:
        return 0
    return terms[()] if len(terms) == 1 and () in terms else None
