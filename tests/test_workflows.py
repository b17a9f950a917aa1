"""What CI runs is what people type: each step of a workflow is a target of make."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from handover.cli.local import serve
from tests.helpers import targets

ROOT = Path(__file__).parents[1]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
SHIPPED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"][
    "custom"
]["project"]
STAGES = tomllib.loads((ROOT / "samconfig.toml").read_text())


def steps(workflow: str) -> list[dict[str, Any]]:
    """Give the steps of a workflow's jobs on Linux."""
    jobs = WORKFLOWS[workflow]["jobs"].values()
    return [step for job in jobs if "ubuntu" in job["runs-on"] for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_shell_step_is_one_word_of_make(workflow: str) -> None:
    commands = [step["run"] for step in steps(workflow) if "run" in step]

    assert commands
    for command in commands:
        (word,) = re.findall(r"\bmake ([a-z-]+)", command)
        assert word in (targets.PROJECTS if f".github/workflows/{workflow}.yml" in SHIPPED else targets.ALL)


def test_what_is_installed_on_the_way_is_no_part_of_an_answer() -> None:
    """``version=$(make live-version ...)`` is the first step of its job that installs anything."""
    installs = re.findall(r'^\techo "Installing .*$', (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert installs
    assert all(line.endswith(" >&2") for line in installs)


def test_what_reaches_prod_is_what_was_verified_in_staging() -> None:
    jobs = WORKFLOWS["deploy"]["jobs"]

    assert (jobs["staging"]["needs"], jobs["prod"]["needs"]) == ("build", "staging")
    for stage in ("staging", "prod"):
        done = [step.get("run") for step in jobs[stage]["steps"] if "run" in step]
        assert jobs[stage]["environment"] == STAGES[stage]["deploy"]["parameters"]["stack_name"]
        assert done[0] == "make restore"  # nothing is built a second time
        verified = f'make verify STAGE={stage} REPORT="$GITHUB_STEP_SUMMARY"'
        assert done[-2 if stage == "prod" else -1] == verified
        assert f"make deploy STAGE={stage} BUILT=1" in done


def test_only_the_jobs_that_deploy_may_ask_aws_for_a_token() -> None:
    asking = {
        (name, job)
        for name, workflow in WORKFLOWS.items()
        for job, definition in workflow["jobs"].items()
        if definition["permissions"].get("id-token") == "write"
    }

    assert asking == {("deploy", "staging"), ("deploy", "prod")}
    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())


def test_the_one_secret_is_a_callers_token_and_only_who_calls_gets_it() -> None:
    given = {
        (step["run"].split()[1], name) for step in steps("deploy") for name in re.findall(r"secrets\.(\w+)", str(step))
    }

    assert given == {("deploy", "HANDOVER_TOKEN"), ("verify", "HANDOVER_TOKEN")}
    assert not [step for step in steps("check") if "secrets." in str(step)]


def test_what_fails_a_test_or_a_linter_is_not_deployed() -> None:
    build = [step.get("run") for step in WORKFLOWS["deploy"]["jobs"]["build"]["steps"]]

    assert build.index("make test") < build.index("make lint") < build.index("make archive")
    assert WORKFLOWS["deploy"]["jobs"]["staging"]["needs"] == "build"


def test_a_release_that_waits_for_approval_holds_up_no_other_stage() -> None:
    groups = [job["concurrency"]["group"] for job in WORKFLOWS["deploy"]["jobs"].values()]

    assert len(set(groups)) == len(groups) == 3


def test_modelling_on_a_mac_and_on_windows_is_checked_without_make_from_the_locks() -> None:
    job = WORKFLOWS["check"]["jobs"]["elsewhere"]
    *installs, check = [step["run"] for step in job["steps"] if "run" in step]
    locks = [word for command in installs for word in command.split() if word.startswith("requirements/")]

    assert [system.partition("-")[0] for system in job["strategy"]["matrix"]["system"]] == ["macos", "windows"]
    assert check == "python -m handover check --for modelling"
    assert locks == ["requirements/run.txt", "requirements/modelling.txt", "requirements/handover.txt"]
    assert all((ROOT / lock).is_file() for lock in locks)
    assert not [command for command in installs if "make" in command]


def test_a_container_is_the_linux_of_a_mac_and_of_windows() -> None:
    lines = (ROOT / ".devcontainer" / "devcontainer.json").read_text().splitlines()
    container = json.loads("\n".join(line for line in lines if not line.strip().startswith("//")))
    python = (ROOT / ".python-version").read_text().strip()

    assert container["image"].startswith(f"python:{python}-")
    assert container["forwardPorts"] == [option.default for option in serve.params if option.name == "port"]
    assert container["postCreateCommand"].endswith("make setup")
    assert container["mounts"] == ["source=venv-${devcontainerId},target=${containerWorkspaceFolder}/.venv,type=volume"]
