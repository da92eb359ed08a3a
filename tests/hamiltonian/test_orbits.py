"""Orbits of terms, against the function they promise to keep: values that do not change under the group."""

import numpy as np
import pytest

from cheaplearn.geometry import Chain, Grid, groups
from cheaplearn.hamiltonian import Hamiltonian, Variables, find_orbits, local_monomials
from cheaplearn.hamiltonian.features import linear_combination

RING, TORUS = Chain(7, periodic=True), Grid(4, 4, periodic=True)
CASES = [
    (RING, 1, 3, groups.translations(RING)),
    (RING, 2, 3, groups.translations(RING) * groups.reflections(RING)),
    (TORUS, 1, 2, groups.translations(TORUS) * groups.rotations(TORUS)),
    (TORUS, 1, 4, groups.translations(TORUS) * groups.reflections(TORUS) * groups.sign_flip(16)),
    (None, np.inf, 3, groups.permutations(5)),
    (None, np.inf, 3, groups.permutations(5, blocks=[(0, 1), (2, 3, 4)])),
    (None, np.inf, 4, groups.signed_permutation([1, 2, 0, 3], [1, -1, 1, -1])),
    (Grid(4, 4), 1, 2, groups.rotations(Grid(4, 4)) * groups.reflections(Grid(4, 4))),
]


@pytest.mark.parametrize(("geometry", "radius", "order", "group"), CASES)
def test_tied_couplings_make_an_invariant_function_and_no_invariant_one_is_missing(geometry, radius, order, group):
    n, rng = group.n_sites, np.random.default_rng(2)
    monomials = local_monomials(n, order, radius, geometry)
    orbits = find_orbits(monomials, group)
    theta = orbits.matrix @ rng.normal(size=len(orbits))
    x = rng.normal(size=(20, n))
    before = linear_combination(x, monomials, theta[:, None])
    for targets, signs in group.generators:
        moved = np.empty_like(x)
        moved[:, targets] = signs * x
        assert np.allclose(linear_combination(moved, monomials, theta[:, None]), before)
    # the dimension of the invariant functions, from the action on values
    points = rng.normal(size=(3 * len(monomials), n))
    values = linear_combination(points, monomials, np.eye(len(monomials)))
    changes = []
    for targets, signs in group.generators:
        moved = np.empty_like(points)
        moved[:, targets] = signs * points
        changes.append(linear_combination(moved, monomials, np.eye(len(monomials))) - values)
    assert len(orbits) == len(monomials) - np.linalg.matrix_rank(np.vstack(changes), tol=1e-6)


@pytest.mark.parametrize("grid", [Chain(6), Grid(3, 5)])
def test_on_an_open_grid_translates_that_stay_inside_are_tied(grid):
    monomials = local_monomials(grid.n_sites, 3, 1, grid)
    orbits = find_orbits(monomials, groups.translations(grid))
    shapes = {}
    for term, orbit in zip(monomials, orbits.index, strict=True):
        places = np.array(np.unravel_index(np.array(term), grid.shape)).T
        shapes.setdefault(tuple(map(tuple, places - places.min(axis=0))), set()).add(orbit)
    assert all(len(found) == 1 for found in shapes.values())
    assert len(shapes) == len(orbits)


def test_blocks_are_between_free_and_tied_and_tie_terms_that_begin_in_one_block():
    grid = Grid(6, 6)
    monomials = local_monomials(36, 2, 1, grid)
    blocks = find_orbits(monomials, groups.block_translations(grid, 3))
    tied = find_orbits(monomials, groups.translations(grid))
    assert len(tied) < len(blocks) == 4 * len(tied) < len(monomials)
    for orbit in range(len(blocks)):
        members = [term for term, o in zip(monomials, blocks.index, strict=True) if o == orbit]
        places = {tuple(np.array(np.unravel_index(term[0], grid.shape)) // 3) for term in members}
        assert len(places) == 1


def test_odd_terms_vanish_under_a_sign_flip_and_signs_are_relative_to_the_first_term():
    monomials = local_monomials(3, 2, np.inf)
    flipped = find_orbits(monomials, groups.sign_flip(3))
    assert np.array_equal(flipped.index < 0, monomials.degrees == 1)
    turned = find_orbits(monomials, groups.signed_permutation([1, 0, 2], [1, -1, 1]))  # x -> -y -> -x: x^2 ~ y^2
    by_term = dict(zip(monomials, zip(turned.index, turned.sign, strict=True), strict=True))
    assert by_term[0, 0][0] == by_term[1, 1][0]
    assert by_term[0, 1][0] == -1
    assert by_term[2,][0] >= 0
    assert np.array_equal(turned.first, [t for t in range(len(monomials)) if t in set(turned.first)])


def test_terms_of_high_degree_and_many_sites_have_no_colliding_keys():
    ring = Chain(3000, periodic=True)
    monomials = local_monomials(3000, 6, 1, ring)
    assert find_orbits(monomials, groups.translations(ring)).sizes.tolist() == [3000] * (len(monomials) // 3000)


def test_a_group_that_leads_out_of_the_family_is_refused():
    monomials = local_monomials(5, 2, 1, Chain(5))
    with pytest.raises(ValueError, match=r"`symmetry` of `find_orbits` must be such that it takes terms to terms"):
        find_orbits(monomials, groups.permutations(5))


def tied_model(grid, center):
    monomials = local_monomials(grid.n_sites, 2, 1, grid)
    orbits = find_orbits(monomials, groups.translations(grid))
    theta = orbits.matrix @ np.random.default_rng(4).normal(size=(len(orbits), 2))
    variables = Variables(
        Variables.default(grid.n_sites).names,
        ("real",) * grid.n_sites,
        np.full(grid.n_sites, center),
        np.ones(grid.n_sites),
    )
    return Hamiltonian(monomials, theta, np.zeros(2), np.array([0, 1]), variables, grid, 2, 1, orbits=orbits)


def test_a_tied_hamiltonian_counts_orbits_and_lists_one_row_for_each():
    H = tied_model(TORUS, 0.0)
    assert H.n_parameters == (1 + 1 + 4) * 2 + 2
    assert H.couplings["terms"].tolist() == [16] * 12
    raw = tied_model(TORUS, 0.5).couplings
    assert raw["term"].tolist()[::2] == [*H.couplings["term"].tolist()[::2], "1"]


def test_raw_couplings_that_edges_make_unequal_are_listed_one_by_one():
    H = tied_model(Grid(3, 3), 0.5)
    assert len(H.couplings) == 2 * (len(H.monomials) + 1)
    assert "terms" not in H.couplings


def test_a_saved_tied_hamiltonian_is_the_same():
    H = tied_model(TORUS, 0.5)
    again = Hamiltonian.from_arrays(*H.to_arrays())
    assert again.couplings.equals(H.couplings)
    assert repr(again) == repr(H)
    assert again.n_parameters == H.n_parameters
