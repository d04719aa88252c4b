# `make help` lists what there is. A fresh machine needs Python 3.11, make and a compiler.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .venv/bin/uv
RUN := .venv/bin/

.PHONY: help setup setup-integrations serve test nightly check lint types house unit bench docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 22

setup: .venv/.ready ## build the locked environment in .venv

.venv/.ready: pyproject.toml uv.lock
	@test -x $(UV) || ($(PYTHON) -m venv .venv && .venv/bin/pip install -q uv==$(UV_VERSION))
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked --inexact --quiet --python .venv/bin/python
	@touch $@

setup-integrations: setup ## add what the tests with other people's systems need
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked --inexact --quiet --python .venv/bin/python --group integrations

serve: setup ## set everything up and run the store
	@exec $(RUN)mossbox serve

test: setup lint types ## set everything up and run all tests
	@$(RUN)python -m pytest -rs $(PYTEST_ARGS)

nightly: setup-integrations ## the tests that take long and tell little new
	@MOSSBOX_TEST_REQUIRE_ALL=1 $(RUN)python -m pytest -rs -m nightly $(PYTEST_ARGS)
	@MOSSBOX_TEST_REQUIRE_ALL=1 MOSSBOX_TEST_DAPRD=untouched \
	  $(RUN)python -m pytest -rs --timeout=1800 tests/integrations/dapr $(PYTEST_ARGS)

check: setup lint types ## the tests that take seconds
	@$(RUN)python -m pytest -m "not slow" tests/unit tests/contract tests/house

lint: setup
	@$(RUN)ruff check --quiet .
	@$(RUN)ruff format --quiet --check .
	@$(RUN)lint-imports --config pyproject.toml >/tmp/mossbox-floors.$$$$ || (cat /tmp/mossbox-floors.$$$$; exit 1); rm -f /tmp/mossbox-floors.$$$$

types: setup
	@$(RUN)mypy

bench: setup ## measure side by side with MinIO where it is installed (needs wrk and ab)
	@$(RUN)python bench/run.py $(BENCH_ARGS)

docs: setup ## write the generated reference pages anew
	@$(RUN)python docs/generate.py

clean: ## remove what the targets made, data excepted
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
