# Everything starts here: make demo, make test, make bench. `make help` lists it all.
# Needs python3 with venv, make and git; all else goes into .venv.

export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1

BIN := .venv/bin
JOBS ?= 2
# Whoever has run the tests keeps their packages when the demo starts, and the other way round.
LOCK := $(if $(wildcard .venv/.tests),requirements-dev.lock,requirements.lock)

.PHONY: help demo demo-reset test bench packages lock

help:
	@echo "make demo        try it: a demo company on http://127.0.0.1:8000"
	@echo "make demo-reset  forget what was done in the demo"
	@echo "make test        format, lint, types, import layers, tests"
	@echo "make bench       the figures that matter, with their limits"
	@echo "make lock        pin the newest versions that pyproject.toml allows"

demo: .venv/.runs
	@$(BIN)/uar demo

demo-reset: .venv/.runs
	@$(BIN)/uar demo --reset

test: .venv/.tests packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(JOBS)

bench: .venv/.tests packages
	@$(BIN)/python -m benchmarks

# What Debian has and the package index has not. Never a failure: the tests that
# need it say at the end that they were skipped, and with CI=true that fails.
packages:
	@.ci/packages

.venv/bin/uv: requirements-uv.lock
	@echo "Making .venv"
	@python3 -m venv .venv || { rm -rf .venv; exit 1; }
	@$(BIN)/pip install -q --require-hashes -r requirements-uv.lock
	@touch $@

.venv/.runs: requirements.lock requirements-dev.lock pyproject.toml | .venv/bin/uv
	@echo "Installing the packages of $(LOCK)"
	@$(BIN)/uv pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python $(LOCK)
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e .
	@$(BIN)/python -m compileall -q app.py uar connectors
	@touch $@

.venv/.tests: requirements-dev.lock pyproject.toml | .venv/bin/uv
	@echo "Installing the packages of requirements-dev.lock"
	@$(BIN)/uv pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@ .venv/.runs

COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate

lock: .venv/bin/uv
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	echo uv | $(COMPILE) - -o requirements-uv.lock
