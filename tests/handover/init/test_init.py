"""What `handover init` writes: the files that this repository has, with another name, and what it drafts."""

import json
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.cli import main
from handover.errors import CannotRunError
from handover.init import EXAMPLE, init, rendered
from handover.init.release import PACKED, Release, current

ROOT = Path(__file__).parents[3]
PARCELS = ROOT / "docs" / "first-delivery" / "parcels.csv"
OWN = {
    "README.md", "layers/model/delivery/behaviours.py", "layers/model/delivery/contract.py",
    "layers/model/delivery/heuristics.py", "modelling/card.md", "modelling/data/parcels.csv", "modelling/train.py",
    "pyproject.toml",
}  # fmt: skip


@pytest.fixture(scope="module")
def release() -> Release:
    return current()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("somewhere") / "loans"
    return folder, init(folder, PARCELS, "late")


def of_git(folder: Path) -> set[str]:
    listed = subprocess.run(["git", "-C", folder, "ls-files"], capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


def test_this_repository_is_a_project(release: Release) -> None:
    of_the_tool = {"requirements/handover.txt", f"vendor/{release.name}"}
    for path, file in rendered(release, EXAMPLE).items():
        if path not in of_the_tool:
            assert file.content == (ROOT / path).read_bytes(), path
            assert file.executable == bool((ROOT / path).stat().st_mode & 0o100), path


def test_a_project_has_every_file_of_the_list_and_those_of_its_own(release: Release, written: tuple[Path, str]) -> None:
    folder, _ = written
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    files -= {path for path in files if path.startswith(".git/")}

    assert files == {*rendered(release, "loans"), *OWN}
    assert files == of_git(folder)


@pytest.mark.parametrize("path", ["catboost_info/learn_error.tsv", ".venv/bin/python", "modelling/__pycache__/x.pyc"])
def test_what_trainings_and_tools_leave_is_not_committed(path: str, written: tuple[Path, str]) -> None:
    folder, _ = written

    assert not subprocess.run(["git", "-C", folder, "check-ignore", "--quiet", path], check=False).returncode


def test_only_what_git_knows_is_packed(release: Release) -> None:
    assert set(release.project) <= of_git(ROOT) | {"tests/cases.jsonl"}


def test_nothing_in_a_project_names_this_repositorys_example(written: tuple[Path, str]) -> None:
    folder, _ = written
    for path in of_git(folder):
        if not path.startswith("vendor/"):
            text = (folder / path).read_text()
            assert not re.search(r"credit|german|\bloan\b|applicant|DM\b", text, re.IGNORECASE), path


def test_a_project_names_its_own_stacks_and_teams(written: tuple[Path, str]) -> None:
    folder, _ = written
    samconfig = tomllib.loads((folder / "samconfig.toml").read_text())

    assert [
        samconfig["default"]["global"]["parameters"]["stack_name"],
        *(samconfig[stage]["deploy"]["parameters"]["stack_name"] for stage in ("staging", "prod")),
    ] == ["loans-dev", "loans-staging", "loans-prod"]
    assert "@loans/modelling" in (folder / ".github" / "CODEOWNERS").read_text()
    assert "Default: bounds-loans-staging" in (folder / ".github" / "oidc-role.yaml").read_text()


def test_the_lock_names_the_wheel_that_lies_there(release: Release, written: tuple[Path, str]) -> None:
    folder, _ = written

    assert (folder / "requirements" / "handover.txt").read_text() == (
        f"--find-links ../vendor\nhandover-ml=={release.version} --hash=sha256:{release.sha256}\n"
    )
    (wheel,) = (folder / "vendor").iterdir()
    assert wheel.read_bytes() == release.content
    with zipfile.ZipFile(wheel) as archive:
        assert f"{PACKED}Makefile" in archive.namelist()


def test_every_target_and_path_that_its_readme_names_is_there(written: tuple[Path, str]) -> None:
    folder, _ = written
    readme = (folder / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", (folder / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z-]+)", readme)) <= targets
    for path in re.findall(r"`([\w./-]+/[\w.-]*)`|\]\(([\w./-]+)\)", readme):
        made_later = {"tests/cases.jsonl", "layers/model/delivery/manifest.json"}
        assert (folder / "".join(path)).exists() or "".join(path) in made_later, path


def test_its_readme_shows_a_request_that_its_contract_accepts(written: tuple[Path, str]) -> None:
    folder, _ = written
    (request,) = re.findall(r"-d '(.*)'$", (folder / "README.md").read_text(), re.MULTILINE)

    assert json.loads(request) == {
        "distance_km": 291,
        "weight_kg": 2.6,
        "pieces": 3,
        "service": "standard",
        "abroad": False,
        "handed_in_on": "fri",
    }


def test_its_links_lead_somewhere(written: tuple[Path, str]) -> None:
    folder, _ = written
    for page in folder.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert link.startswith("https://") or (page.parent / link).exists(), (page, link)


def test_the_report_says_what_became_of_the_data_and_what_to_do_next(written: tuple[Path, str]) -> None:
    folder, report = written

    assert (
        report.replace(str(folder), "loans")
        == """\
loans: a contract of 6 fields, read off 400 rows of parcels.csv.
The score is the probability that late is 'yes', as it is in 133 of 400 rows.

Left out (to take one in after all: Record in contract.py, FIELDS in train.py):
  parcel_id  an id or a name: 400 different values in 400 rows

Numbers whose header names no unit: 1. Write it where contract.py has [unit?].

loans is a project of 59 files, and a repository with a first commit.

Next:
  cd loans && make run"""
    )


def test_in_a_repository_nothing_is_committed(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    report = init(tmp_path / "loans", PARCELS, "late")

    assert "loans is a project of 59 files in the repository that it lies in, for you to commit." in report
    assert of_git(tmp_path) == set()


TOO_LONG = (
    "'a-very-long-name-for-it' is too long a name: AWS has room for 20 characters of it in the names of its roles"
)


def test_what_cannot_be_written_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for folder, data, target, sentence in (
        ("taken", PARCELS, "late", f"{tmp_path / 'taken'} is there already: choose another name, or remove it"),
        ("年龄", PARCELS, "late", "'年龄' is not a name: begin with a letter, as in my-model"),
        ("7up", PARCELS, "late", "'7up' is not a name: begin with a letter, as in my-model"),
        ("a-very-long-name-for-it", PARCELS, "late", TOO_LONG),
        ("loans", tmp_path / "no.csv", "late", f"{tmp_path / 'no.csv'} cannot be read: No such file or directory"),
    ):
        with pytest.raises(CannotRunError) as caught:
            init(tmp_path / folder, data, target)
        assert str(caught.value) == sentence
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(CannotRunError, match=r"^'\.' is not a name: "):
        init(Path(), PARCELS, "late")


def test_the_command_writes_and_says_so(tmp_path: Path) -> None:
    words = ["init", str(tmp_path / "My Parcels"), "--data", str(PARCELS), "--target", "late"]

    first, second = CliRunner().invoke(main, words), CliRunner().invoke(main, words)

    assert first.exit_code == 0
    assert first.output.startswith("my-parcels: a contract of 6 fields, read off 400 rows of parcels.csv.\n")
    assert first.output.endswith(f"\nNext:\n  cd '{tmp_path / 'My Parcels'}' && make run\n")
    assert second.exit_code == 2
    assert second.output == f"handover: {tmp_path / 'My Parcels'} is there already: choose another name, or remove it\n"
