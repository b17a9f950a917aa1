# One verb each, which calls the command `handover` of the same name: what needs no make is `.venv/bin/handover --help`.
# CI, hooks and hands use the same targets. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.SILENT:

PYTHON       ?= python3.13
PORT         ?= 3000

STARTED      := $(shell date +%s)

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

# What trains is installed before a first training, which `run` and `serve` do where there is no delivery.
TRAINS := $(if $(wildcard layers/model/delivery/manifest.json),,.venv/modelling)
# Which stack `verify`, `live-version` and `rollback` mean.
NAMED = $(if $(STACK),--stack "$(STACK)") $(if $(STAGE),--stage "$(STAGE)") $(if $(REGION),--region "$(REGION)")
REPORTS = $(if $(REPORT),--markdown "$(REPORT)") $(if $(JUNIT),--junit "$(JUNIT)") $(if $(GITHUB_ACTIONS),--github)

##@ For both teams

setup: .venv/run .venv/modelling  ## install everything that the other targets need, into .venv

run: .venv/run $(TRAINS)  ## build, send events/predict.json through the built function, print answer and latency
	$(BIN)/handover run --since $(STARTED)

serve: .venv/run $(TRAINS)  ## build, then answer at http://127.0.0.1:3000 (or PORT=) until Ctrl-C; with a page to try it on (CORS=http://localhost:5173)
	$(BIN)/handover serve --port $(PORT) $(if $(CORS),--cors-origins "$(CORS)")

test: setup  ## the project's tests: every event, golden row and case through the built function
	$(BIN)/handover test -- $(TESTS)

check: .venv/run .venv/modelling  ## check the delivery, and what was built of it, against the contract (ONLY=P2,S FOR=modelling BASE=main REPORT=x.md HTML=x.html JUNIT=x.xml)
	$(BIN)/handover build --quiet
	$(BIN)/handover check $(if $(ONLY),--only $(ONLY)) $(if $(FOR),--for "$(FOR)") $(if $(BASE),--base "$(BASE)") \
	  $(REPORTS) $(if $(HTML),--html "$(HTML)")

explain: .venv/run .venv/modelling  ## what a clause means, and what it found here: make explain CODE=P203
	$(if $(CODE),$(BIN)/handover build --quiet)
	$(BIN)/handover explain $(if $(BASE),--base "$(BASE)") $(CODE)

diff: .venv/run .venv/modelling  ## what a delivery changes for callers, and which answers: make diff OLD=main [NEW=...] [PLOT=x.png]
	$(BIN)/handover diff $(if $(PLOT),--plot "$(PLOT)") $(if $(OLD),"$(OLD)" $(if $(NEW),"$(NEW)"))

##@ For modelling

model: .venv/run .venv/modelling  ## train on modelling/data and write the delivery to layers/model/delivery
	$(BIN)/handover train

stub: .venv/run .venv/modelling  ## before there is a model: write what stands in for it, from contract.py alone (DECISION=, TABLE=rows.csv)
	$(BIN)/handover stub $(if $(DECISION),--decision "$(DECISION)") $(if $(TABLE),--table "$(TABLE)")

##@ For deployment

build: .venv/run  ## sam build, for this machine or with ARCHITECTURE=arm64 (or x86_64)
	$(BIN)/handover build

deploy: .venv/run $(if $(BUILT),,.venv/modelling)  ## check, ask the live API, then sam deploy: make deploy STAGE=staging (REGION=; BUILT=1: what is built and checked already; DIRTY=1)
	$(BIN)/handover deploy $(NAMED) $(if $(URL),--url "$(URL)") $(if $(BUILT),--built) $(if $(DIRTY),--dirty) $(if $(FORCE),--force)

# Not built anew: what was deployed is what lies in .aws-sam/build.
verify: .venv/run $(if $(BEHAVIOURS),.venv/modelling)  ## compare a deployed stack with what was built: make verify STAGE=staging (or STACK=, REGION=, URL=, ONLY=V804, REPORT=x.md, BEHAVIOURS=1)
	$(BIN)/handover verify $(NAMED) $(if $(URL),--url "$(URL)") $(if $(ONLY),--only "$(ONLY)") $(if $(BEHAVIOURS),--behaviours) $(REPORTS)

live-version: .venv/run  ## print the version that users are on: make live-version STAGE=prod (or STACK=, REGION=)
	$(BIN)/handover live-version $(NAMED)

rollback: .venv/run  ## move the users back to the version before: make rollback STAGE=staging (REGION=, TO=7, UNPROVEN=1, DRY_RUN=1)
	$(BIN)/handover rollback $(NAMED) $(if $(TO),--to "$(TO)") $(if $(UNPROVEN),--unproven) $(if $(DRY_RUN),--dry-run)

undeploy: .venv/run  ## sam delete, which asks first: make undeploy STAGE=staging (REGION=; YES=1: without asking)
	$(BIN)/handover undeploy $(NAMED) $(if $(YES),--yes)

##@ For pipelines and upkeep

archive: .venv/run  ## what was built as one file, built.tar.gz, and ...
	$(BIN)/handover archive

restore: .venv/run  ## ... back: the same bytes for every stage
	$(BIN)/handover restore

lint: .venv/run  ## cfn-lint on the template
	$(BIN)/handover lint

lock: .venv/run .venv/modelling  ## write the locks anew, after an edit of requirements/*.in (UPGRADE=1: the newest of everything)
	$(BIN)/handover lock $(if $(UPGRADE),--upgrade)

clean:  ## remove what the other targets made: .venv, .aws-sam, caches
	test ! -x $(BIN)/handover || $(BIN)/handover clean
	test ! -d .venv || find .venv -mindepth 1 -delete
	rmdir .venv 2>/dev/null || true

help:  ## list these targets
	awk -F ':.*## ' '/^##@ / { print (group++ ? "\n" : "") substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- one stamp per lock: what is installed already is not looked at again; what is printed of it goes to stderr

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "make: Python 3.13 is needed and '$(PYTHON)' is not it: install it (pyenv install 3.13), or name it: make PYTHON=/path/to/python3.13" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/run: requirements/run.txt requirements/lambda.txt $(TOOL_FILE) | .venv/bin/python
	echo "Installing what running needs ($$(grep -c == $<) packages, about a minute) ..." >&2
	$(LOCKED) -r requirements/run.txt
	$(PIP) --no-deps $(TOOL)
	$(BIN)/handover setup --quiet run
	touch $@

.venv/%: requirements/%.txt | .venv/run
	$(BIN)/handover setup $*

# What `help` lists is no file.
.PHONY: $(shell sed -n "s/^\([a-z-]*\):.*\#\# .*/\1/p" $(MAKEFILE_LIST))
