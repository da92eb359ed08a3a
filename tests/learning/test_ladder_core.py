"""Families with symmetries, the checkpoint of a ladder, and units that a symmetry leaves alone."""

import numpy as np
import pytest

from cheaplearn.geometry import Chain, Grid, groups
from cheaplearn.hamiltonian import find_orbits
from cheaplearn.learning.checkpoint import Checkpoint, fingerprint
from cheaplearn.learning.families import list_families
from cheaplearn.learning.scaling import symmetric_units
from cheaplearn.learning.scoring import FamilyScore
from cheaplearn.learning.symmetry_names import read_symmetries


def names(symmetry, geometry, n, kinds=None):
    return [group and group.name for group in read_symmetries(symmetry, geometry, n, kinds, "Owner")]


def test_auto_climbs_from_free_to_most_symmetric():
    everything = names("auto", Grid(4, 4), 16)
    assert everything == [
        None,
        "translation in blocks of 2",
        "translation",
        "translation+reflection",
        "translation+reflection+rotation",
        "sign flip",
        "translation+reflection+rotation+sign flip",
    ]
    assert "rotation" not in " ".join(filter(None, names("auto", Grid(4, 5), 20)))
    assert not any("sign" in name for name in names("auto", Chain(6), 6, ["bit"] * 6) if name)
    assert names("auto", None, 3) == [None, "permutation", "sign flip", "permutation+sign flip"]


def test_names_groups_and_lists_mean_the_same():
    grid = Grid(4, 4)
    product = groups.translations(grid) * groups.reflections(grid)
    assert names("translation+reflection", grid, 16) == names(product, grid, 16) == ["translation+reflection"]
    assert names([None, "translation", product, "blocks:2", None], grid, 16) == [
        None,
        "translation",
        "translation+reflection",
        "translation in blocks of 2",
    ]


@pytest.mark.parametrize(
    ("symmetry", "geometry", "kinds", "message"),
    [
        ("mirror", Grid(2, 2), None, r"`symmetry` of `Owner` must be made of the names translation"),
        ("translation", None, None, r"`symmetry` of `Owner` must be such that the geometry has it"),
        (groups.permutations(3), None, None, r"`symmetry` of `Owner` must be a group that acts on 4 variables"),
        ("sign flip", None, ["bit"] * 4, r"`symmetry` of `Owner` must be without signs unless all variables are real"),
        (3, None, None, r"`symmetry` of `Owner` must be None, a group, a name or a list of these, got 3"),
        ([], None, None, r"`symmetry` of `Owner` must be None, a group, a name or a list of these"),
    ],
)
def test_what_is_no_symmetry_is_refused(symmetry, geometry, kinds, message):
    with pytest.raises(ValueError, match=message):
        read_symmetries(symmetry, geometry, 4, kinds, "Owner")


def test_families_count_orbits_and_leave_out_rungs_that_add_nothing():
    grid = Grid(4, 4, periodic=True)
    choices = read_symmetries("auto", grid, 16, None, "Owner")
    families, notes = list_families(16, [1, 2], 1, grid, 10_000, symmetries=choices)
    for family in families:
        if family.symmetry is not None:
            assert family.n_couplings == len(find_orbits(family.monomials(16, grid), family.symmetry))
    keys = [(family.order, family.radius, family.n_couplings) for family in families]
    assert len(set(keys)) == len(keys)
    assert any("leaves no term" in note for note in notes)  # order 1 and x to -x


def test_a_symmetry_that_leads_out_of_every_family_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"takes terms to terms"):
        list_families(5, 2, 1, Chain(5), 1000, symmetries=[groups.permutations(5)])


def test_symmetric_units_commute_with_the_group():
    rng = np.random.default_rng(0)
    group = groups.signed_permutation([1, 2, 3, 0, 4, 5], [1, -1, 1, 1, -1, 1])
    center, scale = symmetric_units(rng.normal(size=6), rng.uniform(1, 2, 6), group)
    ((targets, signs),) = group.generators
    x = rng.normal(size=(5, 6))
    moved = np.empty_like(x)
    moved[:, targets] = signs * x
    t, moved_t = (x - center) / scale, (moved - center) / scale
    expected = np.empty_like(t)
    expected[:, targets] = signs * t
    assert np.allclose(moved_t, expected)


def test_a_checkpoint_gives_back_the_same_score_and_never_one_of_other_data(tmp_path):
    families, _ = list_families(4, [1, 2], "all", None, 1000)
    rng = np.random.default_rng(1)
    data = rng.normal(size=(9, 4))
    score = FamilyScore(0.1, np.where(rng.random(9) < 0.2, np.nan, rng.normal(size=9)), {0.1: 0.3, 1.0: 0.5}, True)
    first = Checkpoint(tmp_path, fingerprint([data, None], {"cv": 5}))
    first.scored(families[0], lambda: score)

    def refuse():
        raise AssertionError

    again = Checkpoint(tmp_path, fingerprint([data, None], {"cv": 5})).scored(families[0], refuse)
    assert np.array_equal(again.losses, score.losses, equal_nan=True)
    assert (again.regularization, again.path, again.converged) == (score.regularization, score.path, score.converged)
    for other in (fingerprint([data + 1], {"cv": 5}), fingerprint([data], {"cv": 4})):
        with pytest.raises(AssertionError):
            Checkpoint(tmp_path, other).scored(families[0], refuse)
    with pytest.raises(AssertionError):
        first.scored(families[1], refuse)


def test_a_file_that_was_cut_off_is_computed_again(tmp_path):
    families, _ = list_families(4, [1], "all", None, 1000)
    score = FamilyScore(0.1, np.arange(4.0), {0.1: 0.3}, True)
    checkpoint = Checkpoint(tmp_path, "key")
    checkpoint.scored(families[0], lambda: score)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert checkpoint.scored(families[0], lambda: score) is score


def test_groups_that_tie_equally_many_but_other_terms_are_both_rungs():
    first, second = groups.sign_flip(3, [0]), groups.sign_flip(3, [1])
    first, second = (
        groups.signed_permutation(range(3), g.generators[0][1], n) for g, n in ((first, "a"), (second, "b"))
    )
    families, _ = list_families(3, 2, "all", None, 100, symmetries=[None, first, second, first * first])
    assert [family.symmetry_name for family in families] == [None, "a", "b"]
