# One command for each intention. Everything is installed into .venv; nothing needs root.
# A bare Debian lacks python3-venv and make: `.ci/run` installs those.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALLED := $(VENV)/.installed
PYTEST_ARGS ?=
# Tests run side by side: one at a time, as a debugger wants it, with `PYTEST_ARGS=-n0`, or by pytest itself. Most
# integration tests mostly wait for other processes, hence one runner more than processors.
RUNNERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
DEMO_ARGS ?=
BENCH_ARGS ?=
FAULTS_ARGS ?=

# Tests start the product hundreds of times; without its compiled files each start would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check unit integration bench faults format clean

help: ## Show what there is to do.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install both halves and all tools into .venv.

$(INSTALLED): pyproject.toml deploy/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade 'pip>=25.1'
	$(PY) -m pip install --quiet --constraint deploy/constraints.txt --editable '.[relay,onsite]' --group dev
	@touch $@

demo: $(INSTALLED) ## Show the whole product on this machine: relay, site, both platforms simulated.
	@$(PY) -m tests.demo $(DEMO_ARGS)

test: check unit integration ## Run all checks and all tests.

check: $(INSTALLED) ## Check format, lint, types and import directions.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(INSTALLED) ## Run the tests that need no server of anybody else's.
	$(PY) -m pytest tests/unit tests/test_architecture.py -n $(RUNNERS) --dist worksteal $(PYTEST_ARGS)

integration: $(INSTALLED) ## Run the tests against a real Redis, real HTTP servers and both simulated platforms.
	$(PY) -m pytest tests/integration tests/e2e -n $(RUNNERS) --dist loadgroup $(PYTEST_ARGS)

bench: $(INSTALLED) ## Measure, each figure beside its rival in the same run.
	@$(PY) -m tests.bench $(BENCH_ARGS)

faults: $(INSTALLED) ## Hurt a running relay at random for some minutes, and judge whether its promise was kept.
	@$(PY) -m tests.faults $(FAULTS_ARGS)

format: $(INSTALLED) ## Put the code into its form.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove everything that can be made anew.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
