"""The life of a project, from the wheel alone: written, run, checked, tested, served, upgraded, deployed, verified.

Each step begins where the one before it ended; the first that fails ends the run.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.cloud import Cloud
from tests.helpers.machine import BEFORE, Machine, served
from tests.projects.tables import OWN_MODELS, with_own_model
from tests.workflows import runner
from tests.workflows.repository import event

BY_PUSH = "parcels"
"""The project that its workflows check and deploy; the others are deployed by hand."""
SLOW_MINUTES = 10  # from the second command to the answer, at most, on two cores


@pytest.fixture(scope="module")
def project(data: tuple[Path, str], machine: Machine, handover_before: Path) -> Path:
    """Write a project, with the release before this one."""
    file, target = data
    machine.run(f"{handover_before} init {file.parent.name} --data {file} --target '{target}'", machine.folder)
    return machine.folder / file.parent.name


def request_of(project: Path) -> str:
    (command,) = re.findall(r"^\$ (curl .*)$", (project / "README.md").read_text(), re.MULTILINE)
    return str(command)


def answers(project: Path) -> set[str]:
    """Give the names in an answer: penguins have a score for each species."""
    return {"scores" if project.name == "penguins" else "score", "decision"}


def test_it_is_written_and_committed(project: Path, machine: Machine) -> None:
    assert machine.run("git status --porcelain", project) == ""
    assert machine.run("git log --format=%s", project) == "A project, as handover init writes it\n"


def test_its_first_run_trains_and_answers(project: Path, machine: Machine) -> None:
    if project.name in OWN_MODELS:
        training = project / "modelling" / "train.py"
        training.write_text(with_own_model(training.read_text(), project.name))
        assert "xgboost" not in training.read_text()
    printed = machine.run("make run", project)

    answer = json.loads(re.findall(r"^Answer    200  (.*)$", printed, re.MULTILINE)[0])
    assert set(answer) == answers(project)
    (seconds,) = re.findall(r"^Took +(\d+) s +from make run to this answer$", printed, re.MULTILINE)
    assert int(seconds) < SLOW_MINUTES * 60
    machine.run("git add --all && git commit --quiet --message 'The first delivery'", project)


def test_its_second_run_trains_nothing(project: Path, machine: Machine) -> None:
    assert "Delivered" not in machine.run("make run", project)
    assert machine.run("git status --porcelain", project) == ""


def test_it_is_green(project: Path, machine: Machine) -> None:
    assert re.search(
        r"^\d+ kept, 0 broken, 0 skipped(, \d+ warnings?)?$", machine.run("make check", project), re.MULTILINE
    )
    assert re.search(r"^=+ .*\bpassed\b.* =+$", machine.run("make test", project), re.MULTILINE)
    machine.run("make lint", project)


def test_the_request_of_its_readme_is_answered(project: Path, machine: Machine) -> None:
    with served(project, machine) as url:
        answer = machine.run(request_of(project).replace("http://127.0.0.1:3000", url), project)

    assert set(json.loads(answer)) == answers(project)


def test_an_upgrade_keeps_what_was_changed(project: Path, machine: Machine, handover: Path) -> None:
    samconfig = project / "samconfig.toml"
    samconfig.write_text(samconfig.read_text().replace("RateLimit=50 ", "RateLimit=60 "))
    machine.run("git commit --quiet --all --message 'More requests'", project)

    machine.run(f"{handover} upgrade", project)

    assert "RateLimit=60 " in samconfig.read_text()
    assert "PORT         ?= 3000\n" in (project / "Makefile").read_text()
    (wheel,) = (project / "vendor").iterdir()
    assert wheel.name.split("-")[1] != BEFORE
    machine.run("make run", project)
    version = machine.run(".venv/bin/handover --version", project)
    assert version == f"handover, version {wheel.name.split('-')[1]}\n"
    assert re.search(
        r"^\d+ kept, 0 broken, 0 skipped(, \d+ warnings?)?$", machine.run("make check", project), re.MULTILINE
    )
    machine.run("git add --all && git commit --quiet --message 'A newer release'", project)


def test_it_is_deployed_and_answers_as_it_was_trained(
    project: Path, machine: Machine, cloud: Cloud, tmp_path: Path
) -> None:
    guide = (project / "docs" / "operate.md").read_text()
    (role,) = re.findall(r"^ *\$ (\.venv/bin/sam deploy(?:.*\\\n)*.*)$", guide, re.MULTILINE)
    machine.run(role.replace("OWNER/NAME", "them/theirs ProviderExists=true") + " --no-confirm-changeset", project)

    if project.name == BY_PUSH:
        by_push(project, machine, tmp_path)
    else:
        machine.run("make deploy STAGE=staging", project)
        machine.run("make verify STAGE=staging", project)

    assert f"{project.name}-staging" in cloud.stacks()
    assert model_of(cloud, project.name) == json.loads(manifest(project))["files"]["model.onnx"][:12]


def by_push(project: Path, machine: Machine, scratch: Path) -> None:
    """Run the project's workflows, as GitHub would: `check` for a pull request, then `deploy` for the push to main."""
    for name, pull_request in (("check", True), ("deploy", False)):
        happened = event(project, scratch / f"{name}.git", pull_request=pull_request)
        workflow = project / ".github" / "workflows" / f"{name}.yml"
        jobs = runner.run(workflow, happened, scratch, lambda: machine.to_the_emulator, print)
        assert {
            job: made.conclusion for job, made in jobs.items() if not made.steps or made.conclusion != "success"
        } == {}


def manifest(project: Path) -> str:
    return (project / "layers" / "model" / "delivery" / "manifest.json").read_text()


def model_of(cloud: Cloud, name: str) -> Any:
    """Ask a project's stack which model it has: the projects share one account, and do not meet."""
    function = cloud.outputs(f"{name}-staging")["Alias"].split(":")[-2]
    event = {"rawPath": "/health", "requestContext": {"http": {"method": "GET", "path": "/health"}}}
    given = cloud.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event).encode())
    return json.loads(given["Payload"].read())["headers"]["x-model"]
