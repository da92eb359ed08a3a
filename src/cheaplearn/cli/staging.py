"""Results appear complete or not at all: work goes to NAME.partial and is renamed at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from .exits import BadInput, say

__all__ = ["CHECKPOINT", "OUR_FILES", "check_target_file", "check_target_folder", "new_file", "new_folder"]

MARKER = ".cheaplearn-partial"  # holds the process id of the run that writes the folder
CHECKPOINT = "checkpoint"  # folder of scores of finished families, which an interrupted run leaves behind
OUR_FILES = frozenset({
    "model.json",
    "model.npz",
    "network.npz",
    "model.onnx",
    "ladder.csv",
    "couplings.csv",
    "contacts.csv",
    "report.html",
    MARKER,
    CHECKPOINT,
})


def check_target_folder(folder: Path, overwrite: bool) -> None:
    """Refuses, before any work, a folder that may not be written.

    Args:
        folder: Where the result shall appear.
        overwrite: Whether an existing result may be replaced.

    Raises:
        BadInput: If something is there and `overwrite` is False, or it is no result of this program.
    """
    if folder.resolve() == folder.resolve().parent:
        message = f"The output must be a folder that can be replaced, got {str(folder)!r}. Pass a name with --output."
        raise BadInput(message)
    _recover(folder)
    if not folder.parent.is_dir():
        message = f"The folder {str(folder.parent)!r} for the output {str(folder)!r} does not exist. Create it first."
        raise BadInput(message)
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            message = f"The output {str(folder)!r} exists already. Pass --overwrite, or another name with --output."
            raise BadInput(message)
        _require_ours(folder)
    partial = _beside(folder, "partial")
    if partial.exists():
        _require_ours(partial)
        _refuse_running(partial)


@contextmanager
def new_folder(folder: Path, overwrite: bool) -> Generator[Path]:
    """Collects files in FOLDER.partial and renames it to FOLDER if the block succeeds.

    If it does not, of FOLDER.partial only the folder `CHECKPOINT` stays, as long as there is something in it: the next
    run of the same name finds it and goes on.

    Args:
        folder: Where the result shall appear.
        overwrite: Whether an existing result may be replaced; it stays untouched until the new one is complete.

    Yields:
        The folder to write to.
    """
    check_target_folder(folder, overwrite)
    partial = _beside(folder, "partial")
    _clear(partial)  # what a run that was killed has left
    partial.mkdir(exist_ok=True)
    (partial / MARKER).write_text(str(os.getpid()))
    try:
        yield partial
        shutil.rmtree(partial / CHECKPOINT, ignore_errors=True)
        (partial / MARKER).unlink()
        _swap(partial, folder)
    except BaseException:
        _clear(partial)
        if partial.is_dir():
            say(f"Finished families are kept in {partial.name}: the same command goes on from there.")
        raise


def _clear(partial: Path) -> None:
    """Deletes a partial folder but for what the next run can use."""
    if partial.is_dir() and any((partial / CHECKPOINT).glob("*.npz")):
        for entry in partial.iterdir():
            if entry.name != CHECKPOINT:
                entry.unlink()
    else:
        shutil.rmtree(partial, ignore_errors=True)


def check_target_file(path: Path, overwrite: bool, option: str = "--output") -> None:
    """Refuses, before any work, a file that may not be written.

    Args:
        path: Where the file shall appear.
        overwrite: Whether an existing file may be replaced.
        option: The option that names it.

    Raises:
        BadInput: If it exists and `overwrite` is False, or its folder does not exist.
    """
    if not path.parent.is_dir() or path.is_dir():
        what = "is a folder" if path.is_dir() else f"needs the folder {str(path.parent)!r}, which does not exist"
        message = f"The output {str(path)!r} {what}. Pass another name with {option}."
        raise BadInput(message)
    if path.exists() and not overwrite:
        message = f"The output {str(path)!r} exists already. Pass --overwrite, or another name with {option}."
        raise BadInput(message)


@contextmanager
def new_file(path: Path) -> Generator[Path]:
    """Writes to a .partial file and renames it to `path` if the block succeeds.

    Args:
        path: Where the file shall appear.

    Yields:
        The file to write to; it has the ending of `path`.
    """
    partial = path.with_name(f"{path.stem}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _beside(folder: Path, ending: str) -> Path:
    absolute = Path(os.path.abspath(folder))  # "." has no name of its own
    return absolute.with_name(f"{absolute.name}.{ending}")


def _swap(partial: Path, folder: Path) -> None:
    """Moves the old result aside, the new one in, and only then deletes the old."""
    old = _beside(folder, "replaced")
    if not folder.exists():
        partial.rename(folder)
        return
    folder.rename(old)
    try:
        partial.rename(folder)
    except BaseException:
        if not folder.exists():  # an interrupt may also arrive just after the rename
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Puts the old result back if a run was killed between the two renames, or finishes deleting it."""
    old = _beside(folder, "replaced")
    if not old.is_dir() or not _is_ours(old):
        return
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(folder)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and {entry.name for entry in folder.iterdir()} <= OUR_FILES


def _require_ours(folder: Path) -> None:
    if _is_ours(folder):
        return
    what = "is no folder"
    if folder.is_dir():
        others = sorted(entry.name for entry in folder.iterdir() if entry.name not in OUR_FILES)
        what = f"holds files this program did not write ({others[0]!r})" if others else "is a link"
    message = f"{str(folder)!r} {what} and will not be replaced. Move it away, or pass another name with --output."
    raise BadInput(message)


def _refuse_running(partial: Path) -> None:
    with suppress(OSError, ValueError):
        process = int((partial / MARKER).read_text())
        if process != os.getpid() and _alive(process):
            advice = "Wait for it, or pass another --output."
            message = f"Another run (process {process}) is writing {str(partial)!r}. {advice}"
            raise BadInput(message)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
