# Everything a newcomer needs: `make demo`, `make test`. `make help` lists the rest.
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Test files share out among so many processes, each with servers of its own; 0 runs them in one.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check format servers bench bench-memory profile fuzz chaos quality lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Fly one delivery through the whole line (ARGS="--exit --speed 60")
	@$(BIN)/downrange demo $(ARGS)

test: check servers ## Check the code, start real servers, run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev ## Ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

servers: ## Install mosquitto, Kafka, InfluxDB and Chromium for the tests (first run: up to 15 minutes)
	@deploy/native/servers.sh install all

bench: $(VENV)/.dev servers ## Measure everything beside its rivals, 32 minutes (ARGS="--only a,c", "--quick", "--json")
	@PYTHONPATH=tests:. $(BIN)/python tests/bench/all.py $(ARGS)

bench-memory: $(VENV)/.dev servers ## Memory of each service over 12 hours of a fleet, in 15 minutes (ARGS="--picture memory.png")
	@PYTHONPATH=tests:. $(BIN)/python tests/bench/bench_memory.py $(ARGS)

profile: $(VENV)/.dev servers ## Flame graphs of every service under a fleet, into var/profile
	@$(BIN)/python -m pip install -q py-spy
	@mkdir -p var/profile
	@PATH=$(BIN):$$PATH PYTHONPATH=tests:. $(BIN)/python tests/bench/bench_line.py --flights 100 --spy var/profile $(ARGS)

fuzz: $(VENV)/.dev ## Give the decoders more than a million made-up inputs (about 4 minutes)
	@PYTHONPATH=tests:. $(BIN)/python -m fuzz.run $(ARGS)

chaos: $(VENV)/.dev servers ## Kill and cut every part of the line at random, then prove that nothing is lost (about 20 minutes)
	@PYTHONPATH=tests:. $(BIN)/python -m chaos.run $(ARGS)

quality: $(VENV)/.dev ## Flight events on recorded and simulated flights, clean and perturbed (ARGS="--quick", "--worst 20", "--only holes")
	@PYTHONPATH=tests:. $(BIN)/python -m quality.run $(ARGS)

lock: ## Resolve the dependencies anew
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --prerelease=if-necessary-or-explicit --group dev pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --prerelease=if-necessary-or-explicit -c requirements-dev.lock pyproject.toml -o requirements.lock

clean: ## Remove the virtual environment and what the demo left
	@rm -rf $(VENV) var

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Downrange needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Downrange into $(VENV) (about a minute, only when the lock has changed)"
	@$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the development tools into $(VENV)"
	@$(call install,requirements-dev.lock)
	@touch $@

# One counter instead of a page of names. --no-deps: the lock is complete, and replaces one dependency (pyproject, tool.uv).
define install
$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes --no-deps -r $(1) \
  | awk '/^Collecting/ {printf "\r  %d packages found", ++n; fflush()} /^Installing/ {printf "\n  installing"; fflush()} END {print "  done"}' \
  && $(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -e .
endef
