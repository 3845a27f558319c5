# Two commands do everything: `make review` and `make test`. What they need they install into .venv.

PYTHON ?= python3
REPO   ?=
ARGS   ?= --fail-on never
ROUNDS ?= 5

ifeq ($(OS),Windows_NT)
  BIN := .venv/Scripts
else
  BIN := .venv/bin
endif

.DEFAULT_GOAL := help
.PHONY: help review test search setup lock settings schemas bench clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

review: .venv/run.stamp  ## review the current change of REPO=path; with none given, of a bundled example
	@$(BIN)/python scripts/review.py "$(REPO)" $(ARGS)

test: .venv/dev.stamp  ## everything: lint, types, import rules, Python, client, real VS Code
	@$(BIN)/python scripts/check.py

search: .venv/dev.stamp  ## new examples for the property tests, ROUNDS=5 times over; what it finds becomes an @example
	@$(BIN)/python scripts/search.py $(ROUNDS)

setup: .venv/dev.stamp  ## what `make test` needs, for working on Rebuttal

lock: .venv/dev.stamp  ## resolve the dependencies anew
	@$(BIN)/python scripts/lock.py

settings: .venv/dev.stamp  ## write docs/settings.md and VS Code's settings from the table in settings/schema.py
	@$(BIN)/python scripts/settings.py

bench: .venv/dev.stamp  ## all benchmarks; rewrites bench/RESULTS.md
	@$(BIN)/python -m bench

clean:  ## remove what the other targets made
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis client-vscode/out client-vscode/node_modules

.venv/pip.stamp:
	@$(PYTHON) scripts/bootstrap.py .venv
	@touch $@

.venv/run.stamp: .venv/pip.stamp requirements/run.lock pyproject.toml
	@echo "Installing Rebuttal into .venv ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/build.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.lock
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@
