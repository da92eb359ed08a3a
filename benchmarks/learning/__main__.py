"""The estimators against their peers, side by side in one run; prints Markdown.

    .venv/bin/python benchmarks/learning [--quick] [--only SECTION] [--data DIR] [--limit 600] [--cache FOLDER]

Sections: classification, regression, densities, memory. Each competitor is installed in a virtual environment of its
own under the cache folder (build/bench-envs). One that cannot be installed, or fails, is shown with its reason. Every
figure is computed in this run: a fresh process with one thread for each row, one after the other, which fits a small
part first (imports, compilation) and is measured in the second fit. `--data` names the folder that holds
feynman/feynman.json; without it the formulas are left out.
"""

import argparse
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "shared"), str(HERE.parent)]

import classification  # ruff: ignore[module-import-not-at-top-of-file]
import densities  # ruff: ignore[module-import-not-at-top-of-file]
import environments  # ruff: ignore[module-import-not-at-top-of-file]
import memory  # ruff: ignore[module-import-not-at-top-of-file]
import regression  # ruff: ignore[module-import-not-at-top-of-file]
from processes import Unavailable  # ruff: ignore[module-import-not-at-top-of-file]
from tables import show  # ruff: ignore[module-import-not-at-top-of-file]

SECTIONS = {
    "classification": (classification, ["scikit-learn"]),
    "regression": (regression, ["scikit-learn", "pysindy"]),
    "densities": (densities, ["scikit-learn"]),
    "memory": (memory, ["scikit-learn"]),
}


def main():
    parser = argparse.ArgumentParser(prog="bench-learning", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one split each, fewer samples")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--data", type=Path, help="folder that holds feynman/feynman.json")
    parser.add_argument("--limit", type=float, default=600, help="time limit of each process, seconds")
    parser.add_argument("--cache", default="build/bench-envs", help="folder of the competitors' environments")
    options = parser.parse_args()
    sections = [options.only] if options.only else list(SECTIONS)
    peers = list(dict.fromkeys(peer for section in sections for peer in SECTIONS[section][1]))
    ours = f"Python {sys.version.split()[0]}, NumPy {version('numpy')}, scikit-learn {version('scikit-learn')}"
    show(f"cheaplearn with {ours}; peers: {environments.pins(peers)}; {load()}.\n")
    pythons = {"cheaplearn": sys.executable}
    for name in peers:
        pythons[name] = environments.prepare(name, Path(options.cache).absolute())
        if isinstance(pythons[name], Unavailable):
            show(f"{name}: {pythons[name].reason}\n")
    data = options.data and options.data.absolute()
    with tempfile.TemporaryDirectory() as folder:
        for section in sections:
            SECTIONS[section][0].compare(pythons, Path(folder), options.quick, options.limit, data)
    show(f"At the end: {load()}.")


def load():
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load not known"


if __name__ == "__main__":
    main()
