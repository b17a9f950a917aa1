# One verb each: CI, hooks and hands use the same targets. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.SILENT:

PYTHON       ?= python3.13
PORT         ?= 3000
# One variable for both: what the layers' makefiles fetch and what the template tells Lambda.
ARCHITECTURE ?= $(patsubst aarch64,arm64,$(shell uname -m))

STARTED      := $(shell date +%s)

export ARCHITECTURE
export SAM_CLI_TELEMETRY := 0

BIN  := .venv/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCKED := $(PIP) --require-hashes --only-binary :all:
# Where `handover` itself comes from.
# --force-reinstall: to pip, another wheel of the same version is no other.
TOOL      := --require-hashes --force-reinstall --requirement requirements/handover.txt
TOOL_FILE := requirements/handover.txt
# What `make test` gives pytest.
TESTS     := tests

-include develop.mk

# Which stack `verify`, `live-version` and `rollback` mean.
NAMED = $(if $(STACK),--stack "$(STACK)") $(if $(STAGE),--stage "$(STAGE)") $(if $(REGION),--region "$(REGION)")
# Where `sam` is sent: sam never reads AWS_REGION, so it is given the region that the other words look in. There is no
# default one: a stack in a region that nobody named is found by nobody.
LOOK = region=$$($(BIN)/handover region --stage "$(STAGE)" $(if $(REGION),--region "$(REGION)"))

help:  ## list these targets
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: .venv/run .venv/modelling  ## install everything that the other targets need, into .venv

build: .venv/run  ## sam build, for this machine or with ARCHITECTURE=arm64 (or x86_64)
	case "$(ARCHITECTURE)" in x86_64|arm64) ;; \
	  *) echo "make: ARCHITECTURE is x86_64 or arm64, not '$(ARCHITECTURE)'" >&2; exit 2 ;; esac
	$(BIN)/sam build --parameter-overrides Architecture=$(ARCHITECTURE)

# A model that was never trained is trained now; after that, only `make model` trains. Before there is a training, a
# stand-in answers.
delivered:
	test -f layers/model/delivery/manifest.json || $(MAKE) $(if $(wildcard modelling/train.py),model,stub)

# The same for those who want the function and not the build: what sam says is shown when it fails.
built: .venv/run delivered
	mkdir -p .aws-sam && echo "Building the function and its layers (sam build) ..." && \
	  { $(MAKE) build >.aws-sam/build.log 2>&1 || { cat .aws-sam/build.log >&2; exit 2; }; }

run: built  ## build, send events/predict.json through the built function, print answer and latency
	$(BIN)/handover run --since $(STARTED) events/predict.json

serve: built  ## build, then answer at http://127.0.0.1:3000 (or PORT=) until Ctrl-C; with a page to try it on (CORS=http://localhost:5173)
	$(BIN)/handover serve --port $(PORT) $(if $(CORS),--cors-origins "$(CORS)")

stub: .venv/run .venv/modelling  ## before there is a model: write what stands in for it, from contract.py alone (DECISION=, TABLE=rows.csv)
	$(BIN)/handover stub $(if $(DECISION),--decision "$(DECISION)") $(if $(TABLE),--table "$(TABLE)")
	$(BIN)/handover events
	$(BIN)/handover monitoring

model: .venv/run .venv/modelling  ## train on modelling/data and write the delivery to layers/model/delivery
	test -f modelling/train.py || { echo "make: there is no modelling/train.py yet, which trains a model (README.md shows one): make stub writes what stands in for it" >&2; exit 2; }
	$(BIN)/python -m modelling.train
	$(BIN)/handover events
	$(BIN)/handover monitoring

check: built .venv/modelling  ## check the delivery, and what was built of it, against the contract (ONLY=P2,S FOR=modelling BASE=main REPORT=x.md HTML=x.html JUNIT=x.xml)
	$(BIN)/handover check $(if $(ONLY),--only $(ONLY)) $(if $(FOR),--for "$(FOR)") $(if $(BASE),--base "$(BASE)") \
	  $(if $(REPORT),--markdown "$(REPORT)") $(if $(HTML),--html "$(HTML)") $(if $(JUNIT),--junit "$(JUNIT)") $(if $(GITHUB_ACTIONS),--github)

explain: built .venv/modelling  ## what a clause means, and what it found here: make explain CODE=P203
	test -n "$(CODE)" || { echo "make: say which clause, as in make explain CODE=P203" >&2; exit 2; }
	$(BIN)/handover explain $(if $(BASE),--base "$(BASE)") $(CODE)

diff: .venv/modelling  ## what a delivery changes for callers, and which answers: make diff OLD=main [NEW=...] [PLOT=x.png]
	test -n "$(OLD)" || { echo "make: say what to compare with, as in make diff OLD=main" >&2; exit 2; }
	$(BIN)/handover diff $(if $(PLOT),--plot "$(PLOT)") "$(OLD)" $(if $(NEW),"$(NEW)")

pack:  ## what was built as one file, built.tar.gz, and ...
	test -d .aws-sam/build || { echo "make: nothing is built: run make build" >&2; exit 2; }
	tar --create --gzip --file built.tar.gz .aws-sam/build .aws-sam/build.toml

unpack:  ## ... back: the same bytes for every stage
	test -f built.tar.gz || { echo "make: there is no built.tar.gz: make pack writes it" >&2; exit 2; }
	tar --extract --file built.tar.gz

deploy: .venv/run  ## check, ask the live API, then sam deploy: make deploy STAGE=staging (REGION=; BUILT=1: what is built and checked already; DIRTY=1)
	test -n "$(STAGE)" || { echo "make: say where to, as in make deploy STAGE=staging" >&2; exit 2; }
	$(LOOK) && \
	$(if $(BUILT),,architecture=$$($(BIN)/handover preflight --architecture "$(STAGE)") && \
	  $(MAKE) check ARCHITECTURE=$$architecture ONLY= FOR= && )\
	$(BIN)/handover preflight $(if $(DIRTY),--dirty) "$(STAGE)" && \
	$(BIN)/handover compatible --stage "$(STAGE)" --region "$$region" $(if $(URL),--url "$(URL)") $(if $(FORCE),--force) && \
	arguments=$$($(BIN)/handover preflight --arguments "$(STAGE)") && \
	eval "$(BIN)/sam deploy --config-env '$(STAGE)' --region '$$region' $$arguments"

# Not built anew: what was deployed is what lies in .aws-sam/build.
verify: .venv/run $(if $(BEHAVIOURS),.venv/modelling)  ## compare a deployed stack with what was built: make verify STAGE=staging (or STACK=, REGION=, URL=, ONLY=V804, REPORT=x.md, BEHAVIOURS=1)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make verify STAGE=staging" >&2; exit 2; }
	$(BIN)/handover verify $(NAMED) $(if $(URL),--url "$(URL)") $(if $(ONLY),--only "$(ONLY)") $(if $(BEHAVIOURS),--behaviours) \
	  $(if $(REPORT),--markdown "$(REPORT)") $(if $(GITHUB_ACTIONS),--github)

live-version: .venv/run  ## print the version that users are on: make live-version STAGE=prod (or STACK=, REGION=)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make live-version STAGE=prod" >&2; exit 2; }
	$(BIN)/handover live-version $(NAMED)

rollback: .venv/run  ## move the users back to the version before: make rollback STAGE=staging (REGION=, TO=7, UNPROVEN=1, DRY_RUN=1)
	test -n "$(STACK)$(STAGE)" || { echo "make: say which stack, as in make rollback STAGE=staging" >&2; exit 2; }
	$(BIN)/handover rollback $(NAMED) $(if $(TO),--to "$(TO)") $(if $(UNPROVEN),--unproven) $(if $(DRY_RUN),--dry-run)

undeploy: .venv/run  ## sam delete, which asks first: make undeploy STAGE=staging (REGION=; YES=1: without asking)
	test -n "$(STAGE)" || { echo "make: say what to take down, as in make undeploy STAGE=staging" >&2; exit 2; }
	$(LOOK) && $(BIN)/sam delete --config-env "$(STAGE)" --region "$$region" $(if $(YES),--no-prompts)

test: setup built  ## the project's tests: every event, golden row and case through the built function
	$(BIN)/python -m pytest $(TESTS)

lint: .venv/run  ## cfn-lint on the template
	$(BIN)/sam validate --lint

lock: .venv/modelling  ## write the locks anew, after an edit of requirements/*.in (UPGRADE=1: the newest of everything)
	requirements/lock $(if $(UPGRADE),--upgrade)

clean:  ## remove what the other targets made: .venv, .aws-sam, caches
	rm -rf .venv .aws-sam .cache .*_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- one stamp per lock: what is installed already is not looked at again; what is printed of it goes to stderr

# Programs import from the project's rooms, whatever folder they are started in: modelling, predictor, delivery.
ROOMS := . function hook layers/model
define IMPORTED
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "rooms.pth").write_text("\n".join(sys.argv[1:]))
endef
export IMPORTED

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "make: Python 3.13 is needed and '$(PYTHON)' is not it: install it (pyenv install 3.13), or name it: make PYTHON=/path/to/python3.13" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/run: requirements/run.txt requirements/lambda.txt $(TOOL_FILE) | .venv/bin/python
	echo "Installing what running needs ($$(grep -c == $<) packages, about a minute) ..." >&2
	$(LOCKED) -r requirements/run.txt
	$(LOCKED) -r requirements/lambda.txt --target .venv/lambda --upgrade
	$(PIP) --no-deps $(TOOL)
	$(BIN)/python -c "$$IMPORTED" $(ROOMS:%="$(CURDIR)/%")
	touch $@

.venv/%: requirements/%.txt | .venv/run
	echo "Installing what $* needs ($$(grep -c == $<) packages) ..." >&2
	$(LOCKED) -r $<
	touch $@

# What `help` lists is no file.
.PHONY: built delivered $(shell sed -n "s/^\([a-z-]*\):.*\#\# .*/\1/p" $(MAKEFILE_LIST))
