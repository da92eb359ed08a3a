"""Laws of `compile` over random functions, boxes, tolerances, activations and dtypes."""

import itertools
import math
from fractions import Fraction

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.testing import worst_error

ACTIVATIONS = ("silu", "gelu", "softplus", "tanh", "sigmoid", "gaussian", "square", "relu", "auto")
SMOOTH = ("silu", "gelu", "softplus", "tanh", "sigmoid", "square")  # those with strict layers
DTYPES = ("float16", "float32", "float64")


def numbers(lowest=-6, highest=6):
    """Exact fractions, and floats of every size from 10^lowest to 10^highest."""
    exponents = st.floats(lowest, highest)
    floats = st.builds(lambda sign, e: sign * 10.0**e, st.sampled_from([-1, 1]), exponents)
    return st.fractions(-20, 20, max_denominator=1000) | floats


NUMBERS = numbers()


@st.composite
def monomials(draw, n, degree):
    sites = draw(st.lists(st.integers(0, n - 1), max_size=degree))
    return tuple((i, sites.count(i)) for i in sorted(set(sites)))


def polynomials(n, degree=6, terms=12, coefficients=NUMBERS):
    return st.dictionaries(monomials(n, degree), coefficients, min_size=1, max_size=terms).map(
        lambda mapping: cl.Polynomial(mapping, [f"x{i}" for i in range(n)])
    )


@st.composite
def intervals(draw, styles=("ordinary", "point", "tiny", "huge", "far")):
    style = draw(st.sampled_from(styles))
    low, width = draw(st.integers(-12, 8)) / 4, draw(st.integers(1, 16)) / 4
    if style == "point":
        width = 0.0
    elif style == "tiny":
        width = 10.0 ** -draw(st.integers(3, 9))
    elif style == "huge":
        low, width = low * 1e5, width * 1e5
    elif style == "far":
        low, width = draw(st.sampled_from([1000.0, -777.25])), 1.0
    return low, low + width


@st.composite
def kinds_and_box(draw, n):
    kinds = [draw(st.sampled_from(["real", "real", "real", "bit", "spin"])) for _ in range(n)]
    box = {f"x{i}": draw(intervals()) for i, kind in enumerate(kinds) if kind == "real"}
    return {f"x{i}": kind for i, kind in enumerate(kinds)}, box


@st.composite
def tolerances(draw, outputs):
    """None, absolute (once or per output) or relative; from loose to out of reach."""
    kind = draw(st.sampled_from(["none", "absolute", "each", "relative"]))
    if kind == "none":
        return {}
    if kind == "each":
        return {"tolerance": [10.0 ** draw(st.floats(-14, 4)) for _ in range(outputs)]}
    name = "tolerance" if kind == "absolute" else "relative_tolerance"
    return {name: 10.0 ** draw(st.floats(-14, 4 if kind == "absolute" else 0))}


@st.composite
def requests(draw):
    """Functions and the arguments of `compile` about them."""
    n = draw(st.integers(1, 6))
    functions = draw(st.lists(polynomials(n, degree=draw(st.integers(0, 6))), min_size=1, max_size=2))
    variables, box = draw(kinds_and_box(n))
    return functions, {
        "variables": variables,
        "box": box,
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "dtype": draw(st.sampled_from(DTYPES)),
        "strict_layers": draw(st.booleans()),
        **draw(tolerances(len(functions))),
    }


def largest_allowed(functions, net, arguments):
    """The tolerance of each output by its definition; infinite where none was asked for."""
    if "relative_tolerance" not in arguments:
        return np.broadcast_to(arguments.get("tolerance", math.inf), len(functions))
    reach = [max(abs(Fraction(a)), abs(Fraction(b))) for a, b in net.certificate.box.values()]
    kinds = arguments["variables"]
    allowed = []
    for p in functions:
        # powers of bits and spins are reduced first: x^2 = x and s^2 = 1
        reduced = {}
        for monomial, coefficient in p.terms.items():
            key = tuple(
                (i, {"real": k, "bit": 1, "spin": k % 2}[kinds[f"x{i}"]])
                for i, k in monomial
                if kinds[f"x{i}"] != "spin" or k % 2
            )
            reduced[key] = reduced.get(key, Fraction(0)) + coefficient
        size = sum(abs(c) * math.prod(reach[i] ** k for i, k in m) for m, c in reduced.items())
        allowed.append(arguments["relative_tolerance"] * (float(size) or 1.0) * (1 + 1e-12))
    return np.array(allowed)


def compiled_or_refused(functions, arguments):
    """The network; where the tolerance is refused the best one, which must be compiled if its error is asked for."""
    try:
        net = cl.compile(functions, **arguments)
    except cl.ToleranceError as error:
        net, best = error.network, error.best
    else:
        assert np.all(np.array(net.certificate.errors) <= largest_allowed(functions, net, arguments))
        return net
    if net is None:
        assert best == math.inf
        return None
    errors = net.certificate.errors
    assert best in errors
    assert np.any(np.array(errors) > largest_allowed(functions, net, arguments) * (1 - 1e-11))
    rest = {name: value for name, value in arguments.items() if "tolerance" not in name}
    positive = [error or 1e-300 for error in errors]  # a constant of the dtype has error 0, no tolerance may be
    for tolerance in (positive, best) if len(functions) == 1 else (positive,):
        again = cl.compile(functions, tolerance=tolerance, **rest)
        assert np.all(np.array(again.certificate.errors) <= tolerance)
    return net


def result_or_message(functions, arguments):
    try:
        return compiled_or_refused(functions, arguments), ""
    except ValueError as error:
        return None, str(error)


def assert_only_the_previous_layer_is_read(net):
    """Neurons and outputs read the layer of neurons before and the linear units behind it: nothing older."""
    n = len(net.variables)
    oldest, first = 0, n  # oldest source that may be read, index of the layer's first unit
    for layer in net.layers:
        columns = layer.weights.tocoo().col[layer.weights.tocoo().data != 0]
        assert np.all(columns >= oldest)
        if layer.activation:
            oldest = first
        first += layer.units


@given(requests(), st.integers(0, 2**32 - 1))
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_a_certified_network_or_a_refusal_with_the_best_one_comes_back(request, seed):
    functions, arguments = request
    net, message = result_or_message(functions, arguments)
    may_refuse = arguments["strict_layers"] and arguments["activation"] in {"gaussian", "relu"}
    if message or (may_refuse and arguments["activation"] == "gaussian"):  # relu where it needs squares
        assert may_refuse
        assert message.startswith("`strict_layers` of `compile` must be False with gaussian")
    if net is None:
        return
    assert np.all(np.isfinite(net.certificate.errors))
    assert net.dtype == np.dtype(arguments["dtype"])
    if arguments["strict_layers"]:
        assert_only_the_previous_layer_is_read(net)
    circuit = Circuit.from_polynomials(functions, arguments["variables"])
    found, where = worst_error(net, circuit, seed=seed, effort=60)
    assert found <= net.certificate.error, where


def inverse_vandermonde(nodes):
    """Exact: row k holds the weights of the values at the nodes in the coefficient of x^k."""
    columns = []
    for i, node in enumerate(nodes):
        basis = [Fraction(1)]
        for j, other in enumerate(nodes):
            if i != j:
                shifted = zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)
                basis = [(a - other * b) / (node - other) for a, b in shifted]
        columns.append(basis)
    return np.array(columns, dtype=object).T


def recovered(net, degree):
    """Coefficients by exact interpolation of the network on a tensor grid, and how far values off by 1 move them."""
    box = net.certificate.box.values()
    cosines = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    axes = [np.clip((a + b) / 2 + (b - a) / 2 * cosines, a, b) for a, b in box]
    inverses = [inverse_vandermonde([Fraction(float(x)) for x in axis]) for axis in axes]
    values = net(list(itertools.product(*axes)))[:, 0]
    coefficients = np.array([Fraction(float(v)) for v in values], dtype=object).reshape([degree + 1] * len(axes))
    condition = np.ones(coefficients.shape, dtype=object)
    for axis, inverse in enumerate(inverses):
        coefficients = np.moveaxis(np.tensordot(inverse, coefficients, (1, axis)), 0, axis)
        condition = np.moveaxis(np.tensordot(abs(inverse), condition, (1, axis)), 0, axis)
    return coefficients, condition


def dense(p, degree):
    """Coefficients as an array with one axis per variable."""
    array = np.full([degree + 1] * len(p.variables), Fraction(0), dtype=object)
    for monomial, coefficient in p.terms.items():
        powers = dict(monomial)
        array[tuple(powers.get(i, 0) for i in range(array.ndim))] = coefficient
    return array


@given(st.data(), st.sampled_from(ACTIVATIONS[:-1]), st.sampled_from([None, 1e-2, 1e-6]))
@settings(max_examples=120, deadline=None)
def test_the_coefficients_are_those_of_the_network_up_to_its_certificate(data, activation, tolerance):
    n, degree = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    p = data.draw(polynomials(n, degree))
    box = {f"x{i}": data.draw(intervals(("ordinary", "far", "tiny"))) for i in range(n)}
    arguments = {"box": box, "dtype": "float64", "activation": activation}
    arguments |= {} if tolerance is None else {"relative_tolerance": tolerance}
    try:
        net = cl.compile(p, **arguments)
    except cl.ToleranceError as error:
        net = error.network
        assume(net is not None)
    found, condition = recovered(net, degree)
    assert np.all(abs(found - dense(p, degree)) <= condition * Fraction(net.certificate.error))


@given(st.data(), st.sampled_from(ACTIVATIONS[:-1]), st.booleans())
@settings(max_examples=120, deadline=None)
def test_a_tiny_term_shows_up_where_the_tolerance_is_below_it(data, activation, is_strict):
    n, degree = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3))
    ordinary = st.fractions(-3, 3, max_denominator=50)
    p = data.draw(polynomials(n, degree, terms=5, coefficients=ordinary))
    monomial, tiny = data.draw(monomials(n, degree)), Fraction(data.draw(st.floats(1e-5, 1e-3)))
    p = cl.Polynomial({**p.terms, monomial: tiny}, p.variables)
    free = cl.compile(p, box=(-1, 1), dtype="float64", activation="square")
    where = tuple(dict(monomial).get(i, 0) for i in range(n))
    tolerance = float(tiny / recovered(free, degree)[1][where] / 4)
    strict = is_strict and activation not in {"gaussian", "relu"}
    net = cl.compile(p, box=(-1, 1), dtype="float64", activation=activation, tolerance=tolerance, strict_layers=strict)
    assert abs(recovered(net, degree)[0][where] - tiny) <= tiny / 4


@given(st.data(), st.sampled_from(SMOOTH), st.sampled_from(DTYPES[1:]))
@settings(max_examples=80, deadline=None)
def test_strict_networks_compute_the_same_function_from_the_previous_layer_only(data, activation, dtype):
    n = data.draw(st.integers(1, 5))
    p = data.draw(polynomials(n, coefficients=numbers(-2, 2)))
    net = cl.compile(p, box=(-1, 1), dtype=dtype, activation=activation, strict_layers=True)
    assert_only_the_previous_layer_is_read(net)
    free = cl.compile(p, box=(-1, 1), dtype=dtype, activation=activation)
    assert free.neurons <= net.neurons
    X = np.random.default_rng(n).uniform(-1, 1, (50, n)).astype(dtype)
    difference = abs(net(X).astype(float) - free(X).astype(float))
    assert np.all(difference <= net.certificate.error + free.certificate.error)


@given(st.data(), st.sampled_from(ACTIVATIONS), st.sampled_from(DTYPES[1:]), st.booleans())
@settings(max_examples=120, deadline=None)
def test_c_times_the_function_has_c_times_the_error(data, activation, dtype, is_strict):
    n = data.draw(st.integers(1, 4))
    p = data.draw(polynomials(n, degree=4, coefficients=numbers(-2, 2)))
    factor = data.draw(st.sampled_from([Fraction(2) ** k for k in (-20, -3, 1, 17)]) | st.fractions("1/99", 99))
    strict = is_strict and activation not in {"gaussian", "relu"}
    arguments = {"box": (-1, 2), "dtype": dtype, "activation": activation, "strict_layers": strict}
    one, other = cl.compile(p, **arguments), cl.compile(p * factor, **arguments)
    expected = float(factor) * one.certificate.error
    # weights of p that happen to be numbers of the dtype are rounded in the multiple, and the other way round
    luck = 0 if factor.numerator & (factor.numerator - 1) == 0 == factor.denominator & (factor.denominator - 1) else 3
    reach = float(sum(abs(c) * 2 ** sum(k for _, k in m) for m, c in p.terms.items())) * float(factor)
    assert abs(other.certificate.error - expected) <= 0.1 * expected + luck * np.finfo(dtype).eps * reach


def neurons(p, box, kinds, activation, tolerance):
    net = cl.compile(p, box=box, variables=kinds, dtype="float64", activation=activation, relative_tolerance=tolerance)
    return net.neurons


def renamed(mapping, names):
    return {names[int(name[1:])]: value for name, value in mapping.items()}


@given(st.data(), st.sampled_from(ACTIVATIONS), st.sampled_from([None, 1e-3]))
@settings(max_examples=120, deadline=None)
def test_renaming_variables_changes_no_neuron(data, activation, tolerance):
    n = data.draw(st.integers(2, 5))
    p = data.draw(polynomials(n, coefficients=numbers(-1, 1)))
    kinds, _ = data.draw(kinds_and_box(n))
    box = {name: data.draw(intervals(("ordinary",))) for name, kind in kinds.items() if kind == "real"}
    names = [f"v{n - i}" for i in range(n)]  # sorted the other way round
    new = neurons(cl.Polynomial(p.terms, names), renamed(box, names), renamed(kinds, names), activation, tolerance)
    assert neurons(p, box, kinds, activation, tolerance) == new


@given(st.data(), st.sampled_from(ACTIVATIONS))
@settings(max_examples=120, deadline=None)
def test_reordering_the_variables_of_a_quadratic_function_changes_no_neuron(data, activation):
    n = data.draw(st.integers(2, 5))  # above degree 2 the order decides between equally popular factors
    p = data.draw(polynomials(n, degree=2, coefficients=numbers(-1, 1)))
    box = {f"x{i}": data.draw(intervals(("ordinary",))) for i in range(n)}
    order = data.draw(st.permutations(range(n)))
    terms = {tuple(sorted((order.index(i), k) for i, k in m)): c for m, c in p.terms.items()}
    moved = cl.Polynomial(terms, [p.variables[i] for i in order])
    assert neurons(p, box, {}, activation, None) == neurons(moved, box, {}, activation, None)
