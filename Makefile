# The few things one does with PIMHub. `make help` lists them.
# Needs Python 3.11 with venv, and make; everything else is built into .venv/.
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
BIN := .venv/bin
UV_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

.PHONY: help setup setup-dev run test test-fast test-long lint format lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/installed-requirements.lock ## build the private environment

setup-dev: .venv/installed-requirements-dev.lock ## the same with the tools for tests

run: setup ## start PIMHub: web, worker, scheduler and sandbox, with demo data on first start
	@exec $(BIN)/python manage.py up --demo

test: setup-dev ## lint, types, contracts, and every test on SQLite and PostgreSQL, browser included
	@exec sh .ci/test

test-fast: setup-dev ## the tests without browser and whole-product flows, on SQLite
	$(BIN)/python -m pytest -q -n 2 -m "not browser and not flow and not long"

test-long: setup-dev ## what takes minutes: workers killed at random moments, large files
	$(BIN)/python -m pytest -q -m long

lint: setup-dev ## style, types, import contracts, migrations
	@exec sh .ci/lint

format: setup-dev ## let ruff put the code in order
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: ## renew the lock files (needs uv)
	$(UV_COMPILE) --upgrade pyproject.toml -o requirements.lock
	$(UV_COMPILE) --upgrade -c requirements.lock --extra dev pyproject.toml -o requirements-dev.lock

# A stamp per lock file: a changed lock is installed on the next call, an unchanged one costs nothing.
.venv/installed-%.lock: %.lock
	@command -v $(PYTHON) >/dev/null || { echo "PIMHub needs Python 3.11 or newer, and none was found. Install python3.11 (with venv), then run this again." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PIMHub needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@test -w . || { echo "This folder cannot be written to: $(CURDIR). PIMHub builds its private environment in .venv/ here." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing: install python3.11-venv, then run this again." >&2; rm -rf .venv; exit 1; }
	@echo "Installing the locked packages (once, about half a minute)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
