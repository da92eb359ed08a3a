"""The compiler against its peers, side by side in one run; prints Markdown.

    .venv/bin/python benchmarks/compiler [--quick] [--only bounds|training|speed] [--seconds 15] [--cache FOLDER]

Each competitor is installed in a virtual environment of its own under the cache folder (build/bench-envs). One that
cannot be installed, or fails, is shown with its reason. Every figure is computed in this run, by one process with one
thread at a time.
"""

import argparse
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "shared"))

import bounds  # ruff: ignore[module-import-not-at-top-of-file]
import environments  # ruff: ignore[module-import-not-at-top-of-file]
import speed  # ruff: ignore[module-import-not-at-top-of-file]
import training  # ruff: ignore[module-import-not-at-top-of-file]
from processes import Unavailable  # ruff: ignore[module-import-not-at-top-of-file]

NEEDS = {"bounds": ["auto_LiRPA"], "training": ["torch", "pykan"], "speed": ["sympy", "multivar_horner"]}


def main():
    parser = argparse.ArgumentParser(prog="bench-compiler", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 s of training, fewer sizes")
    parser.add_argument("--only", choices=NEEDS, help="one section")
    parser.add_argument("--seconds", type=float, help="training time of each network, 15 s unless --quick")
    parser.add_argument("--limit", type=float, default=60, help="time limit of every other step, seconds")
    parser.add_argument("--cache", default="build/bench-envs", help="folder of the competitors' environments")
    options = parser.parse_args()
    sections = [options.only] if options.only else list(NEEDS)
    pythons = {"cheaplearn": sys.executable}
    cache = Path(options.cache).absolute()
    peers = [name for section in sections for name in NEEDS[section]]
    print(f"Python {sys.version.split()[0]}, NumPy {version('numpy')}; {environments.pins(peers)}.\n", flush=True)
    for name in peers:
        pythons[name] = environments.prepare(name, cache)
        if isinstance(pythons[name], Unavailable):
            print(f"{name}: {pythons[name].reason}\n", flush=True)
    seconds = options.seconds or (3 if options.quick else 15)
    with tempfile.TemporaryDirectory() as folder:
        if "bounds" in sections:
            bounds.compare(pythons, folder, options.quick, options.limit)
        if "training" in sections:
            training.compare(pythons, folder, seconds, options.limit)
        if "speed" in sections:
            speed.compare(pythons, folder, options.quick, options.limit)


if __name__ == "__main__":
    main()
