# visitor-counter. `make` alone tells what there is. A bare Debian needs: apt-get install make python3-venv
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test soak soak-faults bench script wheel lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 3# processes that run tests, which wait for services and browsers much of their time
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for editable

help: ## what there is (this)
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do \
		printf 'make %-11s %s\n' "$$name" "$$text"; done

run: $(VENV)/.run ## make the environment, then start the service on 127.0.0.1:8080, data under ./data/
	@exec $(BIN)/counter --config config.toml serve

# Tests start hundreds of processes: those of a shell that forbids bytecode would each compile the whole program.
test soak soak-faults: export PYTHONDONTWRITEBYTECODE :=

# Where tests write: memory where there is room, since half of what they waited for was the disk, which no rule is about.
# The long forms write to the disk. A TMPDIR of the caller's wins.
ROOM := 6291456# KiB
MEMORY = $(shell awk '/^MemAvailable:/ { exit $$2 < $(ROOM) }' /proc/meminfo 2>/dev/null && test -w /dev/shm \
	&& df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 { exit $$1 < $(ROOM) }' && echo /dev/shm)

# The tests come last: pytest's closing line ends the output, with its own time in it.
test: $(VENV)/.dev ## ruff, mypy, import-linter, then the tests; stops at the first that fails
	@timed() { local from=$$SECONDS; "$$@" || { echo "make test: failed: $$*" >&2; return 1; }; \
		echo "--- $$((SECONDS - from)) s: $$*"; }; \
	timed $(BIN)/ruff check --quiet; \
	timed $(BIN)/ruff format --check --quiet; \
	timed $(BIN)/mypy; \
	timed $(BIN)/lint-imports --no-logo; \
	TMPDIR=$${TMPDIR:-$(or $(MEMORY),/tmp)} \
		$(BIN)/python -m pytest -m "not soak" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# A file stays in one process: those in a browser take up to a minute to set up. pytest-xdist starts with the files that
# have the most tests, which are the longest, so that short ones end the run. Its groups (loadgroup), which would divide
# a file, do nothing under pytest 9.2.
soak: $(VENV)/.dev ## the long forms of the tests: random worlds and browsers
	@$(BIN)/python -m pytest -m "soak and not faults" -n $(WORKERS) --dist loadfile $(ARGS)

soak-faults: $(VENV)/.dev ## the long forms of the tests: kills, disks, clocks, hostile input
	@$(BIN)/python -m pytest -m "soak and faults" -n $(WORKERS) --dist loadfile $(ARGS)

bench: $(VENV)/.dev ## what a hit costs on this machine
	@$(BIN)/python -m bench

SCRIPT := counter/web/script
script: $(VENV)/.dev ## minify the tracker anew; the only thing that needs node
	@npm ci --prefix $(SCRIPT) --no-audit --no-fund --silent
	@$(BIN)/python -m counter.web.script.build

wheel: $(VENV)/.dev ## dist/visitor_counter-*.whl
	@$(BIN)/python -m build --wheel --no-isolation

# `make lock UPGRADE=--upgrade` takes the newest versions; without it, only what pyproject.toml asks for changes.
lock: $(VENV)/.dev ## write both lock files anew, with hashes
	@$(COMPILE) $(UPGRADE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) $(UPGRADE) --allow-unsafe --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml

clean: ## remove the environment and everything built; ./data/ stays
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11; name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Stamps: an environment is brought up to date when its lock file or pyproject.toml is newer. The package itself is
# installed by reference; the lock has the build tools for it, so nothing without a hash is ever installed.
$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what requirements.lock names ..."
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing what requirements-dev.lock names ..."
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run
