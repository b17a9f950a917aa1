"""The targets of make: which there are, and the command that each calls with what is given to it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from handover.cli import main
from tests.helpers import targets

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
HELP = """\
For both teams
  make setup         install everything that the other targets need, into .venv
  make run           build, send events/predict.json through the built function, print answer and latency
  make serve         build, then answer at http://127.0.0.1:3000 (or PORT=) until Ctrl-C; with a page to try it on \
(CORS=http://localhost:5173)
  make test          the project's tests: every event, golden row and case through the built function
  make check         check the delivery, and what was built of it, against the contract (ONLY=P2,S FOR=modelling \
BASE=main REPORT=x.md HTML=x.html JUNIT=x.xml)
  make explain       what a clause means, and what it found here: make explain CODE=P203
  make diff          what a delivery changes for callers, and which answers: make diff OLD=main [NEW=...] [PLOT=x.png]

For modelling
  make model         train on modelling/data and write the delivery to layers/model/delivery
  make stub          before there is a model: write what stands in for it, from contract.py alone (DECISION=, \
TABLE=rows.csv)

For deployment
  make build         sam build, for this machine or with ARCHITECTURE=arm64 (or x86_64)
  make deploy        check, ask the live API, then sam deploy: make deploy STAGE=staging (REGION=; BUILT=1: what is \
built and checked already; DIRTY=1)
  make verify        compare a deployed stack with what was built: make verify STAGE=staging (or STACK=, REGION=, \
URL=, ONLY=V804, REPORT=x.md, BEHAVIOURS=1)
  make live-version  print the version that users are on: make live-version STAGE=prod (or STACK=, REGION=)
  make rollback      move the users back to the version before: make rollback STAGE=staging (REGION=, TO=7, \
UNPROVEN=1, DRY_RUN=1)
  make undeploy      sam delete, which asks first: make undeploy STAGE=staging (REGION=; YES=1: without asking)

For pipelines and upkeep
  make archive       what was built as one file, built.tar.gz, and ...
  make restore       ... back: the same bytes for every stage
  make lint          cfn-lint on the template
  make lock          write the locks anew, after an edit of requirements/*.in (UPGRADE=1: the newest of everything)
  make clean         remove what the other targets made: .venv, .aws-sam, caches
  make help          list these targets
"""
EMPTIES = "test ! -d .venv || find .venv -mindepth 1 -delete rmdir .venv 2>/dev/null || true"
"""What `clean` does itself, for its command lies in there; what is a volume stays."""
CALLS = {
    "run": "run --since T",
    "serve": "serve --port 3000",
    "serve PORT=3001 CORS=http://localhost:5173": 'serve --port 3001 --cors-origins "http://localhost:5173"',
    "test": "test -- tests",
    "check": "build --quiet; check",
    "check ONLY=P2,S FOR=modelling BASE=main REPORT=x.md HTML=x.html JUNIT=x.xml": (
        'build --quiet; check --only P2,S --for "modelling" --base "main" --markdown "x.md" --junit "x.xml" '
        '--html "x.html"'
    ),
    "check GITHUB_ACTIONS=true": "build --quiet; check --github",
    "explain": "explain",
    "explain CODE=P203 BASE=main": 'build --quiet; explain --base "main" P203',
    "diff": "diff",
    "diff OLD=main NEW=x PLOT=x.png": 'diff --plot "x.png" "main" "x"',
    "model": "train",
    "stub": "stub",
    "stub DECISION=review TABLE=rows.csv": 'stub --decision "review" --table "rows.csv"',
    "build": "build",
    "deploy": "deploy",
    "deploy STAGE=staging REGION=r URL=u BUILT=1 DIRTY=1 FORCE=1": (
        'deploy --stage "staging" --region "r" --url "u" --built --dirty --force'
    ),
    "verify STACK=loans URL=u ONLY=V804 BEHAVIOURS=1 REPORT=x.md": (
        'verify --stack "loans" --url "u" --only "V804" --behaviours --markdown "x.md"'
    ),
    "live-version STAGE=prod": 'live-version --stage "prod"',
    "rollback STAGE=prod TO=7 UNPROVEN=1 DRY_RUN=1": 'rollback --stage "prod" --to "7" --unproven --dry-run',
    "undeploy STAGE=prod YES=1": 'undeploy --stage "prod" --yes',
    "archive": "archive",
    "restore": "restore",
    "lint": "lint",
    "lock": "lock",
    "lock UPGRADE=1": "lock --upgrade",
    "clean": "clean",
}
OF_MAKE_ALONE = {"help", "setup"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give what every project has of this repository: the Makefile alone."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("run", "lambda", "handover", "modelling"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("bin/python", "run", "modelling"):
        (tmp_path / ".venv" / name).touch()
    return tmp_path


def make(folder: Path, *words: str) -> list[str]:
    others = ("MAKE", "MFLAGS", "GITHUB_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    done = subprocess.run(["make", *words], cwd=folder, env=clean, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_help_lists_the_targets_by_who_needs_them(project: Path) -> None:
    assert make(project, "help") == HELP.splitlines()


def test_those_who_develop_the_tool_have_a_group_more() -> None:
    listed = make(ROOT, "help")
    ours = listed.index("For those who develop the tool")

    assert listed[: ours - 1] == HELP.splitlines()
    assert {line.split()[1] for line in listed[ours + 1 :]} == targets.ALL - targets.PROJECTS


@pytest.mark.parametrize("target", CALLS)
def test_a_target_calls_the_command_and_hands_on_what_it_is_given(project: Path, target: str) -> None:
    printed = " ".join(make(project, "--dry-run", *target.split())).replace("\\", "")
    _, *called = re.split(r"\.venv/bin/handover (?=[a-z])", re.sub(r"--since \d+", "--since T", printed))
    *before, last = CALLS[target].split("; ")

    assert [words.split() for words in called] == [
        *(words.split() for words in before),
        [*last.split(), *(EMPTIES.split() if target == "clean" else [])],
    ]
    assert {words.split()[0] for words in called} <= set(main.commands)


def test_every_target_is_a_command() -> None:
    assert {target.split()[0] for target in CALLS} == targets.PROJECTS - OF_MAKE_ALONE
    assert "setup" in main.commands
