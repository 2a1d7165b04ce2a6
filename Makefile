# `make run` sets up and shows the main job, `make test` sets up and passes the tests, `make check` is what CI runs.
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.14 python3.11 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
VAR := var
PORT ?= 8000

.PHONY: help run test check check-pg migrate-check format lint types contracts bench lock clean

help: ## Print the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

$(VENV)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tonne needs Python 3.11 or newer with its venv module (Debian/Ubuntu: package python3-venv)." >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'from api.charts.bundle import chart_bundle; chart_bundle()'
	@touch $@

run: $(VENV)/installed ## Set up, show the main job on the example smelter (SQLite file under var/), then serve pages and API on 127.0.0.1:8000.
	@mkdir -p $(VAR)
	@$(BIN)/tonne demo --sign-in --database sqlite:///$(VAR)/tonne.db
	@$(BIN)/tonne serve --database sqlite:///$(VAR)/tonne.db --port $(PORT)

# Pages are tried in a real Chromium, with Chinese letters. Where Debian's packages are absent and may be installed they are, by the
# superuser or without a password; where not, the tests say loudly what was not tried.
CJK := /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
.PHONY: browser
browser: ## Install Debian's Chromium and Chinese fonts where they are missing and that is allowed.
	@if { ! command -v chromium || ! test -e $(CJK); } >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then \
		root=$$([ "$$(id -u)" -eq 0 ] || echo "sudo -n"); \
		{ $$root apt-get update -qq && $$root apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1 || \
			echo "Chromium and Chinese fonts (Debian: chromium fonts-noto-cjk) could not be installed" >&2; \
	fi

test: $(VENV)/installed browser ## Set up and pass every test, on SQLite and on a real PostgreSQL.
	@$(BIN)/python -m pytest -n 2

check: $(VENV)/installed format-check lint types contracts test ## Format, ruff, mypy --strict, import contracts, tests: what CI runs.

check-pg: $(VENV)/installed ## The database tests on PostgreSQL only.
	@$(BIN)/python -m pytest -k postgresql

migrate-check: $(VENV)/installed ## Upgrade, compare with the models, list triggers, downgrade, on both engines.
	@$(BIN)/python -m pytest tests/migrations

.PHONY: torture
torture: $(VENV)/installed ## Races, lost commit replies, kills, failing calls and tampering, with their full figures (half an hour).
	@TONNE_TORTURE=long $(BIN)/python -m pytest -rP tests/torture tests/store/test_tampering.py tests/store/test_ledger_machine.py

format: $(VENV)/installed ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .

.PHONY: format-check
format-check: $(VENV)/installed
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format" >&2; exit 1; }

lint: $(VENV)/installed ## Ruff, every rule on.
	@$(BIN)/ruff check --quiet .

types: $(VENV)/installed ## mypy --strict.
	@$(BIN)/mypy

contracts: $(VENV)/installed ## The import contracts.
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/installed ## Ledger benchmark on both engines.
	@$(BIN)/tonne bench ledger

.PHONY: client
client: $(VENV)/installed ## Renew the typed client from the routes as they are.
	@$(BIN)/python -m api.cli routes --client tonne_client/generated

lock: $(VENV)/installed ## Renew requirements.lock: exact versions with hashes, none younger than a week.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml requirements/build.in --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --upgrade --exclude-newer "$$($(BIN)/python -c 'from datetime import date, timedelta; print(date.today() - timedelta(days=7))')" \
		--output-file requirements.lock --quiet

clean: ## Remove everything that set-up and runs made.
	@rm -rf $(VENV) $(VAR) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
