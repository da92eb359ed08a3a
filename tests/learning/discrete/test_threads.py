"""The threads that sum blocks outlive a call, and are made anew in a forked process."""

import multiprocessing

import numpy as np
import pytest

from cheaplearn.learning.discrete import partition


def squares():
    """Sums in blocks, by several threads."""
    part = partition.Partition(np.zeros((3, 5000), np.int8), np.ones(5000), _Pattern(), None, threads=2)
    return [float(np.sum(np.arange(block.start, block.stop) ** 2)) for block in part._map(lambda block: block)]


class _Pattern:
    n_rows = n_columns = 3


def answer(queue):
    queue.put(sum(squares()))


def test_blocks_are_summed_by_the_same_threads_again_and_again():
    assert [sum(squares()) for _ in range(3)] == [sum(k * k for k in range(5000))] * 3
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
        assert queue.get(timeout=20) == sum(k * k for k in range(5000))
    finally:
        child.kill()
        child.join()
