# Everything a person does with this repository. `make help` lists it.
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
PATH := $(CURDIR)/$(BIN):$(PATH)
export PATH

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

# --- set-up ------------------------------------------------------------------------------------

.venv/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	touch $@

.venv/product: .venv/created requirements.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/checks: .venv/product requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

clients/typescript/node_modules/.package-lock.json: .venv/checks clients/typescript/package-lock.json
	cd clients/typescript && npm ci --silent
	touch $@

.PHONY: setup setup-dev
setup: .venv/product ## Make .venv with the product, so that .venv/bin/dochub works
setup-dev: .venv/checks clients/typescript/node_modules/.package-lock.json ## … and with everything the checks need

# --- run ---------------------------------------------------------------------------------------

.PHONY: demo up
demo: setup ## Start everything, read three sample documents, print their fields, stop
	$(BIN)/dochub demo

up: setup ## Start everything and stay up; prints the address, the login and what to try
	$(BIN)/dochub up

# --- check -------------------------------------------------------------------------------------

.PHONY: test check format lint types imports protos protos-check
test: setup-dev check ## Set up and run all checks and tests
	$(BIN)/pytest

.PHONY: test-postgres
POSTGRES ?= /usr/lib/postgresql/15/bin
test-postgres: setup-dev ## Run what touches the database on another PostgreSQL: POSTGRES=its bin
	@test -x $(POSTGRES)/postgres || { echo "no PostgreSQL in $(POSTGRES): apt-get install postgresql-15, or set POSTGRES"; exit 1; }
	DOCHUB_TEST_POSTGRES=$(POSTGRES) $(BIN)/pytest tests/migration tests/stores

.PHONY: test-tesseract
test-tesseract: setup-dev ## Try Tesseract as the reader of lines; needs it with English and Thai
	$(BIN)/pytest -m tesseract

check: setup-dev lint types imports protos-check ## The quick checks: format, lint, types, imports, contract

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports --no-cache

protos: setup-dev ## Generate Python and TypeScript from protos/
	$(BIN)/python tools/protos.py
	$(BIN)/buf generate

protos-check:
	$(BIN)/buf lint
	$(BIN)/buf breaking --against protos/released.binpb
	$(BIN)/python tools/protos.py --check

format: setup-dev ## Put code into the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# --- measure -----------------------------------------------------------------------------------

.PHONY: bench-ocr bench-ocr-a4 bench-memory data-named
bench-ocr: data-named setup ## Read the pages of DATA=folder with this reader and its peers in turns
	$(BIN)/python -m bench.ocr "$(DATA)"

bench-ocr-a4: data-named setup ## … dense A4 pages: few, so each is read three times
	$(BIN)/python -m bench.ocr "$(DATA)" --rounds 3

bench-memory: data-named setup ## Read 500 pages of all shapes, drawn from DATA="folder …", in one process
	$(BIN)/python -m bench.memory $(DATA)

.PHONY: bench-matching
bench-matching: setup ## Match the records of DATA=folder, measure growth; SCORER=the program that scores sets
	$(BIN)/python -m bench.matching "$(DATA)" "$(SCORER)" --out bench/results/matching.json

data-named:
	@test -n "$(DATA)" || { echo "name a folder of pages, with img/ and box/ in it: make $(MAKECMDGOALS) DATA=folder"; exit 1; }

# --- maintain ----------------------------------------------------------------------------------

UVFLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

.PHONY: lock release-contract clean
lock: ## Pin every dependency by hash, without naming a registry
	$(BIN)/uv pip compile $(UVFLAGS) --extra build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile $(UVFLAGS) --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

release-contract: ## Make today's contract the one that later changes must not break
	$(BIN)/buf build -o protos/released.binpb

clean: ## Throw away what the set-up made
	rm -rf .venv clients/typescript/node_modules
