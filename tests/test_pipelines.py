"""The pipelines for GitLab and Azure: as their schemas ask, and each step is what people type.

Neither was seen on the system that it is for: its shell steps are run here, with stand-ins for what they call.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from handover.cli import main
from tests.helpers import targets

ROOT = Path(__file__).parents[1]
GITLAB = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
AZURE = yaml.safe_load((ROOT / "azure-pipelines.yml").read_text())
STAGES = tomllib.loads((ROOT / "samconfig.toml").read_text())
STACKS = {stage: STAGES[stage]["deploy"]["parameters"]["stack_name"] for stage in ("staging", "prod")}
VERSION = (ROOT / ".python-version").read_text().strip()

# AWS's extension for Azure DevOps (Tasks/AWSShellScript/task.json): the schema knows Microsoft's own tasks only.
OF_AWS = "AWSShellScript@1"
INPUTS_OF_AWS = {
    "awsCredentials", "regionName", "arguments", "scriptType", "filePath", "inlineScript", "disableAutoCwd", "cwd",
    "failOnStandardError",
}  # fmt: skip


def of_gitlab(job: str) -> dict[str, Any]:
    """Give a job with what it extends."""
    definition = GITLAB[job]
    return (of_gitlab(definition["extends"]) if "extends" in definition else {}) | definition


def lines_of_gitlab(job: str) -> list[str]:
    definition = of_gitlab(job)
    return [*definition["before_script"], *definition["script"]]


def steps_of_azure(stage: str) -> list[dict[str, Any]]:
    (definition,) = (one for one in AZURE["stages"] if one["stage"] == stage)
    (job,) = definition["jobs"]
    steps: list[dict[str, Any]] = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    return steps


def scripts_of_azure(stage: str) -> list[str]:
    steps = steps_of_azure(stage)
    return [script for step in steps if (script := step.get("script") or step.get("inputs", {}).get("inlineScript"))]


JOBS = [job for job in GITLAB if job != "stages" and not job.startswith(".")]
SCRIPTS = {job: "\n".join(lines_of_gitlab(job)) for job in JOBS} | {
    f"azure {stage['stage']}": "\n".join(["set -e", *scripts_of_azure(stage["stage"])]) for stage in AZURE["stages"]
}


def valid(schema: str, file: Path, *options: str) -> str:
    if not find_spec("check_jsonschema"):
        pytest.skip("check-jsonschema is not installed: make setup")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *options, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_gitlabs_is_as_its_schema_asks() -> None:
    assert valid("gitlab-ci", ROOT / ".gitlab-ci.yml") == "ok -- validation done\n"


def test_azures_is_as_its_schema_asks(tmp_path: Path) -> None:
    pipelines = json.loads(json.dumps(AZURE))
    of_aws = [step for step in every_step(pipelines) if step.get("task") == OF_AWS]
    assert len(of_aws) == len(STACKS)
    for step in of_aws:
        assert step["inputs"].keys() <= INPUTS_OF_AWS
        step |= {"task": "Bash@3", "inputs": {"targetType": "inline", "script": step["inputs"]["inlineScript"]}}
    file = tmp_path / "azure-pipelines.yml"
    file.write_text(yaml.safe_dump(pipelines, sort_keys=False))

    # As the schema's own hook for pre-commit asks: its patterns are no Unicode ones, and templates may stand in it.
    options = ("--data-transform", "azure-pipelines", "--regex-variant", "nonunicode")
    assert valid("azure-pipelines", file, *options) == "ok -- validation done\n"


def every_step(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [step for part in node for step in every_step(part)]
    if not isinstance(node, dict):
        return []
    return ([node] if "task" in node else []) + [step for part in node.values() for step in every_step(part)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_job_runs_are_targets_and_commands(name: str) -> None:
    made = re.findall(r"\bmake ([a-z-]+)", SCRIPTS[name])
    called = re.findall(r"\.venv/bin/handover ([a-z-]+)", SCRIPTS[name])

    assert made
    assert {*made} <= targets.PROJECTS
    assert {*called} <= {*main.commands}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_make_is_given_are_words_that_it_takes(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {*re.findall(r"\$\((?:if \$\()?([A-Z]+)\)", makefile), "ARCHITECTURE"}  # that one `handover build` reads

    given = [
        word for line in SCRIPTS[name].splitlines() for word in re.findall(r"(?<=\s)([A-Z]+)=", line) if "make " in line
    ]
    assert {*given} <= named


def as_github(command: str) -> str:
    """Leave out what is GitHub's own, and where a report goes."""
    return re.sub(r' (REPORT|HTML|JUNIT)=(\S+)| TO="\$\w+"', "", command)


@pytest.mark.parametrize(
    ("gitlab", "azure"), [(["credit-risk-check", "credit-risk-test"], "check"), (["credit-risk-build"], "build")]
)
def test_a_change_is_asked_what_github_asks_of_it(gitlab: list[str], azure: str) -> None:
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / f"{'check' if azure == 'check' else 'deploy'}.yml").read_text()
    )
    asked = [as_github(step["run"]) for step in workflow["jobs"][azure]["steps"] if "run" in step]

    of_gitlab = [as_github(line) for job in gitlab for line in lines_of_gitlab(job) if line.startswith("make ")]
    assert of_gitlab == asked
    assert [as_github(script) for script in scripts_of_azure(azure)] == asked


def test_every_clause_is_shown_in_the_merge_request() -> None:
    assert of_gitlab("credit-risk-check")["artifacts"]["reports"] == {"junit": "./check.xml"}
    assert "make check JUNIT=check.xml HTML=check.html" in lines_of_gitlab("credit-risk-check")
    (shown,) = (step for step in steps_of_azure("check") if step.get("task") == "PublishTestResults@2")
    assert shown["inputs"]["testResultsFiles"] == "./check.xml"
    assert shown["condition"] == "succeededOrFailed()"
    assert subprocess.run(["git", "check-ignore", "-q", "check.xml"], cwd=ROOT, check=False).returncode == 0


def test_what_reaches_prod_is_what_was_verified_in_staging() -> None:
    assert of_gitlab("credit-risk-staging")["needs"] == ["credit-risk-build"]
    assert of_gitlab("credit-risk-prod")["needs"] == ["credit-risk-build", "credit-risk-staging"]
    assert [rule["when"] for rule in of_gitlab("credit-risk-prod")["rules"]] == ["manual"]
    stages = {stage["stage"]: stage for stage in AZURE["stages"]}
    assert stages["staging"]["dependsOn"] == "build"
    assert stages["prod"]["dependsOn"] == ["build", "staging"]


@pytest.mark.parametrize("stage", STACKS)
def test_all_that_is_a_stages_own_has_its_stacks_name(stage: str) -> None:
    job = of_gitlab(f"credit-risk-{stage}")
    assert job["environment"] == {"name": STACKS[stage]}
    assert job["resource_group"] == STACKS[stage]

    (definition,) = (one for one in AZURE["stages"] if one["stage"] == stage)
    (connection,) = (step["inputs"]["awsCredentials"] for step in steps_of_azure(stage) if step.get("task") == OF_AWS)
    assert (definition["jobs"][0]["environment"], definition["variables"], connection) == (
        STACKS[stage],
        [{"group": STACKS[stage]}],
        STACKS[stage],
    )


def test_only_the_jobs_that_deploy_may_ask_aws_for_a_token() -> None:
    assert {job for job in JOBS if "id_tokens" in of_gitlab(job)} == {"credit-risk-staging", "credit-risk-prod"}
    assert {
        stage["stage"]
        for stage in AZURE["stages"]
        for step in steps_of_azure(stage["stage"])
        if step.get("task") == OF_AWS
    } == {*STACKS}


def test_python_is_the_projects() -> None:
    assert {of_gitlab(job)["image"] for job in JOBS} == {f"python:{VERSION}"}
    versions = {step["inputs"]["versionSpec"] for step in every_step(AZURE) if step["task"] == "UsePythonVersion@0"}
    assert versions == {VERSION}


class Room:
    """A clean clone, with stand-ins for what a job calls: each notes what it was called with."""

    def __init__(self, folder: Path, *, verdict: int = 0, live: str = "7") -> None:
        self.folder, self.log = folder, folder / "called.txt"
        programs, version = folder / "bin", f'echo "{live}"; test -n "{live}"'
        for name, text in {
            programs / "make": f'echo "make $*" >> {self.log}\ncase "$1" in live-version) {version} ;; esac',
            programs / "git": f'echo "git $*" >> {self.log}',
            folder / ".venv" / "bin" / "handover": f'echo "handover $*" >> {self.log}\nexit {verdict}',
        }.items():
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_text(f"#!/bin/sh\n{text}\n")
            name.chmod(0o755)

    def run(self, script: str) -> tuple[int, list[str]]:
        """Run a script as both systems do: it ends with the first command that fails."""
        script = script.replace("/tmp/token-for-aws", str(self.folder / "token"))  # noqa: S108  GitLab's own container
        environment = {
            "PATH": f"{self.folder}/bin{os.pathsep}{os.environ['PATH']}",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "TOKEN_FOR_AWS": "a token",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.folder / "token"),
        }
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        ended = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return ended.returncode, self.log.read_text().splitlines()


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_job_runs_through(name: str, tmp_path: Path) -> None:
    status, called = Room(tmp_path).run(SCRIPTS[name])

    assert status == 0
    assert [line for line in called if line.startswith("make ")] == [
        re.sub(r" TO=.*", "", f"make {words}")
        for words in re.findall(r"\bmake ([^\n)]*)", SCRIPTS[name])
        if not words.startswith("rollback")
    ]


PROD = ["credit-risk-prod", "azure prod"]


@pytest.mark.parametrize("name", PROD)
@pytest.mark.parametrize(
    ("verdict", "live", "moves"),
    [(0, "7", False), (1, "7", True), (2, "7", False), (1, "", False)],
    ids=["it answers as built", "it answers otherwise", "it could not be asked", "there was none before"],
)
def test_users_are_moved_back_where_other_answers_were_seen(
    name: str, verdict: int, live: str, moves: bool, tmp_path: Path
) -> None:
    status, called = Room(tmp_path, verdict=verdict, live=live).run(SCRIPTS[name])

    assert status == verdict
    assert ("make rollback STAGE=prod TO=7" in called) == moves
    assert called.index("make deploy STAGE=prod BUILT=1") < called.index("handover verify --stage prod")


def test_the_token_is_a_file_that_only_its_job_reads(tmp_path: Path) -> None:
    Room(tmp_path).run(SCRIPTS["credit-risk-staging"])

    assert (tmp_path / "token").read_text() == "a token"
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0
