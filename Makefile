# Two commands for a newcomer: `make demo` and `make test`. `make check` is the one truth before a commit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DURATION ?= 0
# Processes that run tests side by side, more than cores: most of them mostly wait. Each may take 2 GB.
JOBS ?= 3
# What `make test` runs: `make test TESTS=tests/contract` runs a part.
TESTS ?= tests

# Modules are compiled once, not by every process that starts; some environments switch that off.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-unit check format lint types layers lock licences reference docs sbom clean

setup: $(STAMP)

$(STAMP): pyproject.toml lab/pyproject.toml locks/setup.txt locks/dev.txt
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sightline needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/setup.txt
	@deploy/install-dev $(BIN)
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation -e . -e ./lab
	@touch $@

demo: setup
	@$(BIN)/sightline demo --duration $(DURATION)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --no-loadscope-reorder $(TESTS)

# The unit tests that need Python alone. They only compute: a process for each of two cores.
test-unit: setup
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m "not browser and not service and not data" tests/unit

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

# After a change of a pyproject.toml or constraints.txt: versions and hashes of every install.
lock: setup
	$(BIN)/python -m deploy.lock

# docs/licences.md, after a change of packages.
licences: setup
	$(BIN)/python -m deploy.licences

# docs/reference/, the tables of docs/metrics.md and those that the program reads, after a change of settings, commands, endpoints, metrics or faults.
reference: setup
	$(BIN)/python -m deploy.metric_table
	$(BIN)/python -m deploy.reference
	$(BIN)/python -m lab.bench.metrics_page

# The documentation site, in build/site; a warning is an error. Its tools have an environment of their own.
docs: $(VENV)/docs/.installed
	@NO_MKDOCS_2_WARNING=true $(VENV)/docs/bin/mkdocs build --strict --quiet
	@! grep -rlE '<(script|link)[^>]+(src|href)="?https?://' build/site --include='*.html' || (echo "these pages load from another host"; false)
	@echo "The site is in build/site: open build/site/index.html"

$(VENV)/docs/.installed: locks/docs.txt | $(STAMP)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/docs
	@$(BIN)/uv pip install --quiet --python $(VENV)/docs/bin/python --require-hashes -r locks/docs.txt
	@touch $@

# A bill of materials of this installation (CycloneDX); of an image: python -m deploy.sbom --root ROOT
sbom: setup
	@$(BIN)/python -m deploy.sbom

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
