"""Circuits: exact values, reduction of bits and spins, fingerprints."""

from fractions import Fraction

import numpy as np
import pytest
from builders import random_polynomial

import cheaplearn as cl


@pytest.mark.parametrize("seed", range(5))
def test_scaled_circuit_agrees_with_the_shifted_polynomial(seed):
    rng = np.random.default_rng(seed)
    p = random_polynomial(rng, 3, 4, 8)
    center, scale = rng.normal(size=3), rng.uniform(0.5, 2, 3)
    circuit = cl.Circuit((p,), p.variables, ("real",) * 3, tuple(center), tuple(scale), ("y",))
    X = rng.normal(size=(50, 3))
    assert circuit(X)[:, 0] == pytest.approx(p((X - center) / scale), rel=1e-9, abs=1e-9)
    point = X[0].tolist()
    assert float(circuit.exact(point)[0]) == pytest.approx(circuit(X)[0, 0], rel=1e-9, abs=1e-9)


def test_reduction_changes_no_value_of_bits_and_spins():
    p = cl.Polynomial.parse("b**3*s**2*x**2 + s**5*b - 2*s**4 + b**2*s")
    circuit = cl.Circuit.from_polynomials([p], {"b": "bit", "s": "spin"})
    assert circuit.outputs[0].degree == 3
    for b in (0, 1):
        for s in (-1, 1):
            point = {"b": b, "s": s, "x": Fraction(7, 3)}
            exact = p.exact([point[name] for name in p.variables])
            assert circuit.exact([point[name] for name in circuit.variables]) == (exact,)


def test_fingerprint_is_of_the_function_not_of_how_it_was_written():
    one = cl.Circuit.coerce("x*y + 2*x")
    two = cl.Circuit.coerce("x*(y + 2)")
    other = cl.Circuit.coerce("x*y + 2.0000001*x")
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_kinds_are_refused_where_the_object_fixes_them():
    circuit = cl.Circuit.coerce("x*y")
    with pytest.raises(ValueError, match="`variables` of `compile` must be None here"):
        cl.Circuit.coerce(circuit, {"x": "bit"})


@pytest.mark.parametrize("seed", range(3))
def test_a_mapping_names_the_outputs_and_changes_nothing_else(seed):
    rng = np.random.default_rng(seed)
    polynomials = [random_polynomial(rng, 3, 3, 5) for _ in range(3)]
    named = cl.Circuit.coerce(dict(zip(["area", "edge", "E"], polynomials, strict=True)))
    plain = cl.Circuit.coerce(polynomials)
    assert named.labels == ("area", "edge", "E")
    assert plain.labels == ("y0", "y1", "y2")
    assert named.outputs == plain.outputs
    assert named.fingerprint == plain.fingerprint


def test_names_of_outputs_reach_network_and_certificate():
    net = cl.compile({"only": "x*y + b"}, (-1, 1), variables={"b": "bit"})
    assert net.labels == net.certificate.labels == ("only",)


def test_a_mapping_from_exponents_is_one_polynomial():
    assert cl.Circuit.coerce({(2, 1): 3, (0, 0): 1}).outputs == cl.Circuit.coerce("1 + 3*x0**2*x1").outputs
    assert cl.Circuit.coerce({}).labels == ("y",)


@pytest.mark.parametrize("labels", [["a", "a"], ["a"], ["a", " "], ["a", 1]])
def test_labels_that_do_not_tell_outputs_apart_are_refused(labels):
    with pytest.raises(ValueError, match=r"`labels` of `Circuit.from_polynomials` must be one distinct, .* \(2\)"):
        cl.Circuit.from_polynomials(["x", "y"], labels=labels)


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_term_is_the_one_a_search_of_the_corners_finds(seed):
    rng = np.random.default_rng(seed)
    p = random_polynomial(rng, 3, 4, 8)
    bounds = {name: tuple(sorted(rng.normal(size=2))) for name in p.variables}
    sizes = {}
    for monomial, coefficient in p.terms.items():
        reach = [max(abs(bound) for bound in bounds[name]) for name in p.variables]
        sizes[monomial] = abs(coefficient) * np.prod([reach[site] ** power for site, power in monomial])
    largest = max(sizes, key=sizes.get)
    label, text, exponent = cl.Circuit.coerce({"a": "0", "b": p}).largest_term(bounds)
    assert label == "b"
    in_full = str(cl.Polynomial({largest: p.terms[largest]}, p.variables))
    assert text == in_full or len(in_full) > 60
    assert exponent == pytest.approx(np.log10(float(sizes[largest])), abs=1e-9)


def test_the_largest_term_is_told_where_no_float_can_hold_it():
    assert cl.Circuit.coerce("10**400*x + y").largest_term((0, 1)) == ("y", "(about 10^400)*x", pytest.approx(400))
    assert cl.Circuit.coerce("x - x").largest_term((0, 1)) == ("y", "0", -np.inf)
    kinds = {"b": "bit"}
    assert cl.Circuit.coerce("b*x + 3", kinds).largest_term({"x": (0, 100)}) == ("y", "b*x", pytest.approx(2))
