# `make` alone prints this help. Everything is installed into .venv by the targets that need it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench bench-compiler bench-learning clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("cheaplearn needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)  ## fit the handwritten digits, compile the result with a proof, write the report
	$(BIN)/cheaplearn fit digits -o demo --overwrite --seed 0

test: check  ## lint, types, unit tests, doctests and the README's code blocks
	$(BIN)/python -m pytest -n 2 --dist loadscope

check: $(STAMP)  ## format, lint, types, import rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache

format: $(STAMP)  ## rewrite the files in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## run every benchmark of benchmarks/ but the peers (two hours)
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

bench-compiler: $(STAMP)  ## the compiler against its peers (15 minutes; ARGS=--quick: 5); installs the peers on first use
	$(BIN)/python benchmarks/compiler $(ARGS)

bench-learning: $(STAMP)  ## the estimators against their peers (20 minutes; ARGS=--quick: 8; --data DIR adds formulas)
	$(BIN)/python benchmarks/learning $(ARGS)

clean:  ## remove the environment and what the demo wrote
	rm -rf $(VENV) demo build/bench-envs
