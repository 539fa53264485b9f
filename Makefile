# Two commands for a newcomer: `make demo` and `make test`. `make check` is the one truth before a commit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DURATION ?= 0
# Processes that run tests side by side; each may take 4 GB and starts services of its own.
JOBS ?= 2

.PHONY: setup demo test check format lint types layers lock licences sbom clean

setup: $(STAMP)

$(STAMP): pyproject.toml locks/setup.txt locks/dev.txt
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sightline needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/setup.txt
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r locks/dev.txt
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/sightline demo --duration $(DURATION)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy .

layers: setup
	$(BIN)/lint-imports

check: lint types layers test

# After a change of pyproject.toml or constraints.txt: versions and hashes of every install.
lock: setup
	$(BIN)/python -m deploy.lock

# docs/licences.md, after a change of packages.
licences: setup
	$(BIN)/python -m deploy.licences

# A bill of materials of this installation (CycloneDX); of an image: python -m deploy.sbom --root ROOT
sbom: setup
	@$(BIN)/python -m deploy.sbom

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
