"""A project in a folder of a repository: what GitHub reads at the repository's root is written for that folder."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from handover.errors import CannotRunError
from handover.init import EXAMPLE, init
from handover.init.hosting import OWNERS, WORKFLOWS, place, placed
from handover.init.release import File
from tests.workflows.runner import Event, read, run

ROOT = Path(__file__).parents[3]
PARCELS = ROOT / "docs" / "first-delivery" / "parcels.csv"
SHIPPED = {
    path: File((ROOT / path).read_bytes().replace(EXAMPLE.encode(), b"loans"))
    for path in (OWNERS, f"{WORKFLOWS}check.yml", f"{WORKFLOWS}deploy.yml", ".python-version", ".gitignore")
}
INSIDE = "services/loans"
# Of make's targets, what a workflow waits for.
MAKEFILE = """\
check:
	touch check.html
archive:
	touch built.tar.gz
restore:
	test -f built.tar.gz
test lint deploy verify:
	test "$$(basename $$PWD)" = loans
live-version:
	@echo 7
"""


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def test_at_the_root_of_a_repository_nothing_is_changed() -> None:
    assert placed(SHIPPED, "loans", ".") == SHIPPED


@pytest.mark.parametrize("name", ["check", "deploy"])
def test_a_workflow_differs_in_its_names_and_in_where_its_folder_is(name: str) -> None:
    path = f"{WORKFLOWS}loans-{name}.yml"
    shipped = yaml.safe_load(SHIPPED[f"{WORKFLOWS}{name}.yml"].content)
    moved = yaml.safe_load(placed(SHIPPED, "loans", INSIDE)[f"../../{path}"].content)

    assert moved.pop("name") == f"loans {shipped.pop('name')}"
    for event in {"push", "pull_request"} & shipped[True].keys():
        branches = shipped[True][event] or {}
        assert {**moved[True][event]} == {**branches, "paths": [f"{INSIDE}/**", path]}
    del moved[True], shipped[True]  # `on`, to YAML
    for job in shipped["jobs"]:
        assert moved["jobs"][job].pop("name") == f"loans {shipped['jobs'][job].pop('name')}"
    assert moved == json.loads(json.dumps(shipped).replace("./", f"{INSIDE}/"))


@pytest.mark.parametrize("name", ["check", "deploy"])
def test_two_projects_of_a_repository_do_not_meet_at_github(name: str) -> None:
    shipped = (ROOT / WORKFLOWS / f"{name}.yml").read_bytes()

    def shared(project: str) -> set[str]:
        files = {f"{WORKFLOWS}{name}.yml": File(shipped.replace(EXAMPLE.encode(), project.encode()))}
        ((_, file),) = placed(files, project, f"services/{project}").items()
        workflow = yaml.safe_load(file.content)
        jobs = workflow["jobs"].values()
        environments = {job["environment"] for job in jobs if "environment" in job}
        groups = {part["concurrency"]["group"] for part in (workflow, *jobs) if "concurrency" in part}
        assert groups
        return {workflow["name"], *groups, *(job["name"] for job in jobs), *environments}

    assert not shared("loans") & shared("prices")


def test_the_workflows_run_in_the_folder(repository: Path, tmp_path: Path) -> None:
    project = repository / INSIDE
    for path, file in placed(SHIPPED, "loans", INSIDE).items():
        (project / path).resolve().parent.mkdir(parents=True, exist_ok=True)
        (project / path).resolve().write_bytes(file.content)
    (project / "Makefile").write_text(MAKEFILE)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "one")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    event = Event("push", "refs/heads/main", git(repository, "rev-parse", "HEAD"), repository)
    log: list[str] = []

    for name in ("check", "deploy"):
        jobs = run(repository / WORKFLOWS / f"loans-{name}.yml", event, tmp_path / "run", dict, log.append)
        assert {job.conclusion for job in jobs.values()} == {"success"}, log
        assert all(job.steps for job in jobs.values())
    kept = {path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").glob("*/artifacts/*/*")}
    assert kept == {"loans-check/artifacts/check/check.html", "loans-deploy/artifacts/built/built.tar.gz"}


def test_owners_own_their_folder_only() -> None:
    moved = placed(SHIPPED, "loans", "my services/loans")[OWNERS].content.decode()

    lines = [line.split("  ")[0] for line in moved.splitlines() if not line.startswith("#")]
    assert lines == [
        "/my\\ services/loans/",
        "/my\\ services/loans/function/",
        "/my\\ services/loans/template.yaml",
        "/my\\ services/loans/modelling/",
        "/my\\ services/loans/layers/model/",
        "/my\\ services/loans/handover.toml",
        "/my\\ services/loans/layers/model/delivery/contract.json",
    ]
    assert moved.startswith("# GitHub reads this file at the repository's root only: append these lines there.\n")


def test_a_place_is_that_in_the_repository(repository: Path, tmp_path: Path) -> None:
    assert place(repository / "services" / "loans") == "services/loans"
    assert place(repository) == "."
    assert place(tmp_path / "loans") == "."
    with pytest.raises(CannotRunError) as caught:
        place(repository / "it's" / "loans")
    assert str(caught.value) == (
        "'it's/loans' has a character that a workflow cannot name: choose letters, digits, . _ and -"
    )


def test_projects_of_one_repository_lie_side_by_side(repository: Path) -> None:
    reports = [init(repository / "services" / name, PARCELS, "late") for name in ("loans", "prices")]

    assert sorted(path.name for path in (repository / WORKFLOWS).iterdir()) == [
        "loans-check.yml",
        "loans-deploy.yml",
        "prices-check.yml",
        "prices-deploy.yml",
    ]
    assert not (repository / "services" / "loans" / WORKFLOWS).exists()
    assert "working-directory: services/loans/" in (repository / WORKFLOWS / "loans-check.yml").read_text()
    for path in (repository / WORKFLOWS).iterdir():
        assert read(path)["jobs"]
    assert (
        reports[0].partition("\n\n")[2].partition("\n\nNext:")[0].rpartition("\n\n")[2].replace(f"{repository}/", "")
        == """\
services/loans is a project of 59 files in the repository that it lies in, for you to commit.
Workflows and owners are read at the repository's root: loans-check.yml, loans-deploy.yml are in its .github/workflows;
append services/loans/.github/CODEOWNERS to its CODEOWNERS."""
    )

    before = {path: path.read_bytes() for path in (repository / WORKFLOWS).iterdir()}
    with pytest.raises(CannotRunError) as caught:
        init(repository / "others" / "loans", PARCELS, "late")
    assert str(caught.value) == "loans-check.yml is there already: a project in this repository is called loans"
    assert before == {path: path.read_bytes() for path in (repository / WORKFLOWS).iterdir()}
    assert not (repository / "others").exists()
