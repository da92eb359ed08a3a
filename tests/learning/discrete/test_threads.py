"""The threads that sum blocks outlive a call, and are made anew in a forked process."""

import multiprocessing

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.learning.discrete import partition


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_number_of_jobs_changes_nothing(n_jobs):
    S = np.random.default_rng(0).choice([-1, 1], size=(30_000, 20))
    alone = cl.HamiltonianDensity(kind="spin", n_jobs=n_jobs).fit(S)
    usual = cl.HamiltonianDensity(kind="spin").fit(S)
    np.testing.assert_allclose(alone.couplings["value"], usual.couplings["value"], atol=1e-8)


def test_jobs_must_be_a_number_of_threads():
    with pytest.raises(ValueError, match="`n_jobs` of `HamiltonianDensity` must be None, -1 or a number of threads"):
        cl.HamiltonianDensity(kind="spin", n_jobs=0).fit(np.array([[1], [-1]]))


def squares():
    """Sums in blocks, by several threads."""
    part = partition.Partition(np.zeros((3, 100_000), np.int8), np.ones(100_000), _Pattern(), None, threads=2)
    return [float(np.sum(np.arange(block.start, block.stop) ** 2)) for block in part._map(lambda block: block)]


class _Pattern:
    n_rows = n_columns = 3


def answer(queue):
    queue.put(sum(squares()))


def test_blocks_are_summed_by_the_same_threads_again_and_again():
    partition._pool.cache_clear()
    assert [sum(squares()) for _ in range(3)] == [sum(k * k for k in range(100_000))] * 3
    assert partition._pool.cache_info().currsize == 1


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own():
    squares()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=answer, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=20) == sum(k * k for k in range(100_000))
    finally:
        child.kill()
        child.join()
