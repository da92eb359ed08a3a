"""One virtual environment per competitor, made on first use under the cache folder."""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from processes import Unavailable, last_line

TORCH = ["torch==2.13.0"]  # one release for all: one download, one set of kernels
# Steps of pip arguments. Where a pin of the competitor asks for a torch that this Python cannot have, the competitor
# goes in without its dependencies and the ones it imports follow by hand.
RECIPES = {
    "torch": [TORCH, ["numpy"]],
    "pykan": [
        TORCH,
        ["--no-deps", "pykan==0.2.8"],
        ["numpy", "matplotlib", "scikit-learn", "sympy", "tqdm", "pandas", "pyyaml", "setuptools"],
    ],
    "auto_LiRPA": [
        TORCH,
        ["--no-deps", "auto_LiRPA==0.3"],
        ["numpy<2", "appdirs", "ninja", "packaging", "pyyaml", "tqdm"],
    ],
    "sympy": [["sympy==1.14.0", "numpy"]],
    "scikit-learn": [["scikit-learn==1.9.1", "numpy==2.4.6"]],
    "pysindy": [["pysindy==2.1.0", "scikit-learn==1.9.1", "numpy==2.4.6"]],
    "multivar_horner": [["multivar_horner==3.1.0"]],
    "pyplm": [["pseudolm==1.0.1"]],  # its name on PyPI
    # Its setup asks for a conda prefix with Boost and goes on without Boost, whose sampler is not used here. It imports
    # names that later releases of SciPy lack.
    "coniii": [
        ["numpy<2", "scipy==1.11.4", "numba==0.59.1", "setuptools<70", "wheel"],
        ["matplotlib", "multiprocess<1", "mpmath", "dill"],
        ["--no-deps", "--no-build-isolation", "coniii==3.0.1"],
    ],
}
SETTINGS = {"coniii": {"CONDA_PREFIX": sys.prefix}}


def prepare(name, cache, limit=900):
    """The interpreter of the environment, or `Unavailable` with pip's reason."""
    folder = Path(cache, name)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    steps = RECIPES[name]
    fingerprint = hashlib.sha256(json.dumps([sys.version, steps]).encode()).hexdigest()
    stamp = folder / "recipe.sha256"
    if stamp.exists() and stamp.read_text() == fingerprint:
        return python
    print(f"preparing {name} in {folder}", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    for step in steps:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *step]
        try:
            settings = os.environ | SETTINGS.get(name, {})
            done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return Unavailable(f"not installed in {limit:g} s")
        if done.returncode:
            return Unavailable(f"not installed: {last_line(done.stderr)}")
    stamp.write_text(fingerprint)
    return python


def pins(names):
    """What is compared, for the head of the page: "sympy 1.14.0", ..."""
    found = {p.replace("==", " ") for name in names for step in RECIPES[name] for p in step if "==" in p}
    return ", ".join(sorted(found, key=str.lower))
