"""`assert_invariant` on polynomials, Hamiltonians and networks."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.geometry import groups
from cheaplearn.testing import assert_invariant


def test_permutations_signs_and_matrices_of_polynomials():
    assert_invariant("x*y + z^2", [1, 0, 2])
    assert_invariant("x*y + z^3", ([0, 1, 2], [-1, -1, 1]))
    angle = 2 * np.pi / 3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert_invariant("x^2*y - y^3/3 + x^2 + y^2", turn)
    for symmetry in cl.symmetries("x^4 + y^4 + z^4 + x*y*z").discrete:
        assert_invariant("x^4 + y^4 + z^4 + x*y*z", symmetry.matrix)
    with pytest.raises(AssertionError, match=r"under the permutation: the coupling of .*z.* is .* after the map"):
        assert_invariant("x*y + z^2", [2, 1, 0])
    with pytest.raises(AssertionError, match="the signed permutation"):
        assert_invariant("x*y + z^3", ([0, 1, 2], [1, 1, -1]))
    with pytest.raises(AssertionError, match="the matrix"):
        assert_invariant("x^2*y - y^3/2", turn)


def test_a_term_that_nothing_is_taken_to_is_missed():
    with pytest.raises(AssertionError, match="the coupling of"):
        assert_invariant("x + y^2", [1, 0])
    chain = groups.translations(cl.Chain(4))
    names = ["s0", "s1", "s2", "s3"]
    assert_invariant(cl.Polynomial.parse("s0*s1 + s1*s2 + s2*s3", names), chain)
    with pytest.raises(AssertionError, match="generator 0 of translation"):
        assert_invariant(cl.Polynomial.parse("s1*s2 + s2*s3", names), chain)
    with pytest.raises(AssertionError, match="generator 0 of translation"):
        assert_invariant(cl.Polynomial.parse("s0*s1 + s1*s2", names), chain)


def test_groups_of_grids():
    grid = cl.Grid(3, 3, periodic=True)
    first, second = grid.neighbour_pairs(1)
    energy = {((int(i), 1), (int(j), 1)): 1 for i, j in zip(first, second, strict=True)}
    lattice = cl.Polynomial(energy, [f"s{i}" for i in range(9)])
    assert_invariant(lattice, groups.translations(grid) * groups.reflections(grid) * groups.rotations(grid))
    broken = lattice + cl.Polynomial({((4, 2),): 1}, lattice.variables)
    with pytest.raises(AssertionError, match="translation"):
        assert_invariant(broken, groups.translations(grid))


def test_networks_are_checked_by_their_values():
    net = cl.compile("x*y + x^2/2 + y^2/2", (-1, 1), tolerance=1e-4)
    assert_invariant(net, [1, 0], tolerance=1e-3, scale=0.3)
    with pytest.raises(AssertionError, match=r"at x = \[.*the value changes by"):
        assert_invariant(cl.compile("x*y + x^2/2", (-1, 1), tolerance=1e-4), [1, 0], tolerance=1e-3, scale=0.3)
    with pytest.raises(ValueError, match="maps that leave the grid are checked on terms"):
        assert_invariant(net, groups.translations(cl.Chain(2)))
    with pytest.raises(ValueError, match=r"`group` of `assert_invariant` must be a square matrix"):
        assert_invariant("x*y", np.ones((2, 3)))
