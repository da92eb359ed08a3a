"""Rules of the house: what an import costs, which names are public, what a newcomer copies from the README."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cheaplearn as cl

README = Path(__file__).parents[1] / "README.md"


def modules():
    return [module.name for module in pkgutil.walk_packages(cl.__path__, "cheaplearn.")]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, cheaplearn; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("numpy", "scipy", "sklearn", "pandas", "sympy", "onnx", "torch", "matplotlib"):
        assert f"'{heavy}'" not in loaded


def test_the_core_rooms_import_without_any_extra():
    blocked = "onnxruntime", "matplotlib", "jinja2", "pyarrow", "dimod", "torch", "playwright", "Bio"
    code = (
        "import sys\n"
        "class Blocked:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {blocked!r}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Blocked)\n"
        "import cheaplearn as cl\n"
        "[getattr(cl, name) for name in cl.__all__]\n"
        "import cheaplearn.cli\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("name", cl.__all__)
def test_every_public_name_loads_and_is_documented(name):
    assert getattr(cl, name).__doc__


def test_no_public_name_is_also_a_room_or_a_module():
    for module in modules():
        importlib.import_module(module)
    rooms = {module.split(".")[1] for module in modules()}
    assert not rooms.intersection(cl.__all__)
    for name in cl.__all__:
        assert not isinstance(getattr(cl, name), type(sys)), name
    for module in modules():
        package, _, leaf = module.rpartition(".")
        assert leaf not in getattr(importlib.import_module(package), "__all__", ()), module


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_python_blocks_of_the_readme_run_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    found = blocks("python")
    assert found
    for block in found:
        exec(compile(block, str(README), "exec"), namespace)
    printed = capsys.readouterr().out
    for promised in re.findall(r"# prints: (.*)$", "".join(found), flags=re.MULTILINE):
        assert promised in printed


def test_command_line_blocks_of_the_readme_run(tmp_path):
    commands = [line for block in blocks("console") for line in block.splitlines() if line.startswith("cheaplearn ")]
    quick = [line for line in commands if not line.startswith("cheaplearn fit digits")]  # `make demo` runs that one
    assert quick
    bin_folder = Path(sys.executable).parent
    for line in quick:
        subprocess.run(f"{bin_folder}/{line}", shell=True, cwd=tmp_path, check=True, capture_output=True)
