"""Folders appear complete or not at all."""

import os
import subprocess
import sys

import pytest

from cheaplearn.cli.exits import BadInput
from cheaplearn.cli.staging import CHECKPOINT, MARKER, new_file, new_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def old_result(folder):
    folder.mkdir()
    (folder / "model.json").write_text("old")
    return folder


def fail_after_writing(path):
    path.write_text("half")
    raise RuntimeError("boom")


def test_new_folder_appears_at_the_end(tmp_path):
    with new_folder(tmp_path / "out", overwrite=False) as partial:
        (partial / "model.json").write_text("new")
        assert names(tmp_path) == ["out.partial"]
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["model.json"]


def test_failure_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "out", overwrite=False):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_failure_leaves_the_finished_families_and_the_next_run_finds_them(tmp_path):
    def interrupted():
        with new_folder(tmp_path / "out", overwrite=False) as partial:
            (partial / CHECKPOINT).mkdir()
            (partial / CHECKPOINT / "a.npz").write_text("scores")
            (partial / "model.json").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == ["out.partial"]
    assert names(tmp_path / "out.partial") == [CHECKPOINT]
    with new_folder(tmp_path / "out", overwrite=False) as partial:
        assert names(partial) == sorted([MARKER, CHECKPOINT])
        assert (partial / CHECKPOINT / "a.npz").read_text() == "scores"
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == []


def test_old_result_stays_until_the_new_one_is_complete(tmp_path):
    folder = old_result(tmp_path / "out")
    with pytest.raises(RuntimeError, match="boom"), new_folder(folder, overwrite=True) as partial:
        fail_after_writing(partial / "model.json")
    assert (folder / "model.json").read_text() == "old"
    with new_folder(folder, overwrite=True) as partial:
        (partial / "model.json").write_text("new")
        assert (folder / "model.json").read_text() == "old"
    assert (folder / "model.json").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_existing_folder_is_refused_without_overwrite(tmp_path):
    folder = old_result(tmp_path / "out")
    with pytest.raises(BadInput, match=r"exists already. Pass --overwrite"), new_folder(folder, overwrite=False):
        pass


@pytest.mark.parametrize("name", ["notes.txt", ".git"])
def test_folder_with_files_of_others_is_never_replaced(tmp_path, name):
    folder = old_result(tmp_path / "out")
    (folder / name).write_text("mine")
    with pytest.raises(BadInput, match=r"did not write"), new_folder(folder, overwrite=True):
        pass
    assert (folder / name).read_text() == "mine"


def test_file_and_link_in_the_way_are_never_replaced(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match=r"is no folder"), new_folder(tmp_path / "file", overwrite=True):
        pass
    old_result(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(BadInput, match=r"is a link"), new_folder(tmp_path / "link", overwrite=True):
        pass
    assert (tmp_path / "real" / "model.json").exists()


def test_leftover_of_a_killed_run_is_cleaned(tmp_path):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale = tmp_path / "out.partial"
    stale.mkdir()
    (stale / MARKER).write_bytes(ended.stdout)
    (stale / "model.npz").write_text("half")
    with new_folder(tmp_path / "out", overwrite=False) as partial:
        assert names(partial) == [MARKER]
    assert names(tmp_path) == ["out"]


def test_folder_of_a_running_process_is_left_alone(tmp_path):
    stale = tmp_path / "out.partial"
    stale.mkdir()
    (stale / MARKER).write_text(str(os.getppid()))
    with pytest.raises(BadInput, match=r"Another run \(process"), new_folder(tmp_path / "out", overwrite=False):
        pass


def test_partial_folder_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match=r"did not write"), new_folder(tmp_path / "out", overwrite=False):
        pass
    assert (tmp_path / "out.partial" / "thesis.tex").exists()


def test_result_moved_aside_by_a_killed_run_comes_back(tmp_path):
    old_result(tmp_path / "out.replaced")
    with pytest.raises(BadInput, match=r"exists already"), new_folder(tmp_path / "out", overwrite=False):
        pass
    assert (tmp_path / "out" / "model.json").read_text() == "old"


def test_missing_parent_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"does not exist. Create it first"), new_folder(tmp_path / "a" / "b", False):
        pass


def test_new_file_appears_at_the_end_or_not_at_all(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="boom"), new_file(path) as partial:
        fail_after_writing(partial)
    assert path.read_text() == "old"
    with new_file(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["net.onnx"]
