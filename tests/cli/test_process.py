"""The program as a process: exit codes, signals, streams."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = [sys.executable, "-c", "import sys; from cheaplearn.cli import main; sys.exit(main())"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_fit_ends_with_130_and_leaves_the_old_result(tmp_path, sign):
    old = tmp_path / "out"
    old.mkdir()
    (old / "model.json").write_text("old")
    process = subprocess.Popen(
        [*PROGRAM, "fit", "digits", "-o", str(old), "--overwrite"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out.partial").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(sign)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Interrupted." in err
    assert "Traceback" not in err
    assert (old / "model.json").read_text() == "old"
    left = sorted(path.name for path in tmp_path.iterdir())
    if left != ["out"]:  # some family was finished: it is kept, and nothing else
        assert left == ["out", "out.partial"]
        assert [path.name for path in (tmp_path / "out.partial").iterdir()] == ["checkpoint"]
        assert "out.partial" in err


def test_json_alone_on_stdout():
    done = subprocess.run(
        [*PROGRAM, "compile", "x*y", "--box", "-1", "1", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["neurons"] == 2


def test_bad_input_ends_with_2_and_an_empty_stdout(tmp_path):
    done = subprocess.run(
        [*PROGRAM, "fit", str(tmp_path / "no.csv"), "--target", "y"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_command_ends_with_2():
    done = subprocess.run([*PROGRAM, "dance"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "dance" in done.stderr


def test_traceback_is_shown_on_request(tmp_path):
    environment = {**os.environ, "CHEAPLEARN_TRACEBACK": "1"}
    done = subprocess.run(
        [*PROGRAM, "fit", "no.csv"], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_reader_that_leaves_early_is_no_failure(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("a\n" + "1\n" * 10)
    code = f"{' '.join(map(repr, PROGRAM[:1]))} -c {PROGRAM[2]!r} compile x --box 0 1 | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
