"""Groups act as they say: on fields of values, by brute force, and on what they refuse."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.geometry import Chain, Graph, Grid, groups


def moved(group, which, field):
    targets, signs = group.generators[which]
    result = np.empty_like(field)
    result[targets] = signs * field
    return result


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (2, 3, 4)])
def test_translations_of_a_torus_roll_the_field(shape):
    grid = Grid(*shape, periodic=True)
    field = np.random.default_rng(0).normal(size=shape)
    for axis in range(len(shape)):
        rolled = moved(groups.translations(grid), axis, field.ravel()).reshape(shape)
        assert np.array_equal(rolled, np.roll(field, 1, axis))


def test_reflections_and_rotations_are_those_of_numpy():
    field = np.random.default_rng(1).normal(size=(5, 5))
    grid = Grid(5, 5)
    for axis in range(2):
        assert np.array_equal(moved(groups.reflections(grid), axis, field.ravel()).reshape(5, 5), np.flip(field, axis))
    turned = moved(groups.rotations(grid), 0, field.ravel()).reshape(5, 5)
    assert any(np.array_equal(turned, np.rot90(field, k)) for k in (1, 3))


def test_a_swap_and_a_cycle_generate_all_permutations():
    generators = [tuple(targets) for targets, _ in groups.permutations(4).generators]
    seen, new = {tuple(range(4))}, {tuple(range(4))}
    while new:
        new = {tuple(g[i] for i in p) for p in new for g in generators} - seen
        seen |= new
    assert len(seen) == 24


def test_a_product_has_the_generators_and_the_names_of_both():
    grid = cl.Grid(3, 3)
    product = cl.groups.translations(grid) * cl.groups.reflections(grid) * cl.groups.sign_flip(9)
    assert product.name == "translation+reflection+sign flip"
    assert len(product.generators) == 5
    assert product.has_signs
    assert not cl.groups.translations(grid).has_signs


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: groups.translations(Graph(3, [(0, 1)])), r"`geometry` of `translations` must be a Grid or Chain"),
        (
            lambda: groups.rotations(Grid(3, 4)),
            r"`geometry` of `rotations` must be a grid with two axes that are alike",
        ),
        (lambda: groups.reflections(Grid(3, 4), axes=[2]), r"`axes` of `reflections` must be axes of"),
        (lambda: groups.block_translations(Chain(8), 1), r"`size` of `block_translations` must be a whole number betw"),
        (
            lambda: groups.permutations(4, blocks=[(0, 4)]),
            r"`blocks` of `permutations` must be sets of different sites",
        ),
        (
            lambda: groups.signed_permutation([0, 0]),
            r"`targets` of `signed_permutation` must be a permutation of 0 .. 1",
        ),
        (lambda: groups.signed_permutation([1, 0], [1, 2]), r"`generators` of `Group` must be with signs 1 or -1"),
        (lambda: groups.sign_flip(3) * groups.sign_flip(4), r"`other` of `Group` must be of 3 sites, got 4"),
    ],
)
def test_what_is_no_group_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
