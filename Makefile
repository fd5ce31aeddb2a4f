# Two commands matter: `make run` and `make test`. Both first bring .venv/ up to date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check bench bench-engine fuzz install lock format catalog clean

run: $(VENV)/.run
	$(BIN)/carnet serve

test: install
	$(BIN)/python -m pytest -n auto --dist worksteal

check: install
	$(BIN)/ruff format --check src tests tools
	$(BIN)/ruff check src tests tools
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix src tests tools
	$(BIN)/ruff format src tests tools

bench: install $(VENV)-bench/.done
	$(BIN)/python -m tests.bench.requests

bench-engine: $(VENV)-bench-engine/.done
	PYTHONPATH=src:. $(VENV)-bench-engine/bin/python -m tests.bench.engine --iam-simulate $(VENV)-bench-engine/node

fuzz: install
	$(BIN)/python -m tests.properties.fuzz --cases $(or $(CASES),1000000)

install: $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Carnet needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --requirement requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

# moto and its tree stay out of the environment that the tests run in.
$(VENV)-bench/.done: requirements/bench.txt
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

# The peers of the engine; the one that needs Node is left out where npm is not found.
$(VENV)-bench-engine/.done: requirements/bench-engine.txt
	$(PYTHON) -m venv $(VENV)-bench-engine
	$(VENV)-bench-engine/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	if command -v npm > /dev/null; then npm install --silent --no-package-lock --prefix $(VENV)-bench-engine/node \
		@cloud-copilot/iam-simulate@0.1.173; fi
	@touch $@

# Renews the catalogue's data from pinned packages.
catalog: install
	$(BIN)/python tools/build_catalog.py

# Renews the pins. The files hold versions and hashes only, no address.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --quiet install uv
	$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade pyproject.toml --group build -o requirements/run.txt
	$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade pyproject.toml --group build --group dev -c requirements/run.txt -o requirements/dev.txt
	$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade --group bench -o requirements/bench.txt
	$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade --group bench-engine -c requirements/run.txt -o requirements/bench-engine.txt

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-bench-engine $(VENV)-lock build dist src/*.egg-info
