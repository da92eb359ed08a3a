"""The verdict says what the losses say, with the error of the share."""

import math
import re

import numpy as np
import pytest

from cheaplearn.learning.families import Family
from cheaplearn.learning.verdict import verdict


def rungs(seed, share, n=4000):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=n)
    general = 0.5 + noise
    chosen = 0.5 + (1 - share) + noise + 0.3 * rng.normal(size=n)
    return [(Family(1, 0.0, 4), 4, chosen), (Family(2, math.inf, 200), 200, general)], 1.5 + noise


@pytest.mark.parametrize("share", [0.9, 0.6])
def test_the_share_is_within_its_error(share):
    z = []
    for seed in range(40):
        families, baseline = rungs(seed, share)
        words = verdict(families, 0, np.ones(4000), baseline, "nats")
        found = re.search(r"^cheap: order 1, radius 0: 4 numbers explain ([\d.]+) % ± ([\d.]+) % of what 200 do", words)
        assert found, words
        z.append((float(found[1]) - 100 * share) / float(found[2]))
    assert abs(np.mean(z)) < 3 / np.sqrt(40)
    assert 0.6 < np.std(z) < 1.5


def test_fewer_numbers_that_do_better_are_said_to():
    families, baseline = rungs(0, 1.2)
    assert "4 numbers are better than 200 by 0.2" in verdict(families, 0, np.ones(4000), baseline, "nats")


def test_without_a_baseline_the_difference_is_said():
    families, _ = rungs(0, 0.9)
    assert "4 numbers are worse than 200 by 0.1" in verdict(families, 0, np.ones(4000), None, "nats")


def test_the_most_general_family_is_not_called_cheap():
    families, baseline = rungs(0, 0.1)
    assert verdict(families, 1, np.ones(4000), baseline, "nats").startswith(
        "not cheap: order 2, radius all: 200 numbers"
    )


def test_one_family_without_scores_is_not_judged():
    words = verdict([(Family(2, 1.0, 12), 12, np.array([]))], 0, np.array([]), None, "nats")
    assert words == "order 2, radius 1: 12 numbers; nothing was compared."


def test_families_that_do_equally_well_are_said_to():
    noise = np.random.default_rng(1).normal(size=100)
    families = [(Family(1, 0.0, 1), 1, noise), (Family(2, math.inf, 20), 20, noise)]
    assert "1 number is as good as 20 (" in verdict(families, 0, np.ones(100), None, "nats")
