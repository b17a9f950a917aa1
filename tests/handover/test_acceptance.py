"""A delivery that came as a file: on a branch of its own when it keeps its contract, and nowhere when it does not."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.acceptance import Judgement, accept
from handover.cli import main
from handover.errors import CannotRunError
from handover.package import Package, gather

ROOT = Path(__file__).parents[2]
DELIVERY = "layers/model/delivery"
PACKAGE = gather(ROOT / DELIVERY)
BRANCH = f"delivery/{PACKAGE.label}-{PACKAGE.sha256[:12]}"
KEPT = Judgement(0, "The report.", "The difference.")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "What lies there")


@pytest.fixture(params=[".", "services/credit"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project with an older delivery, at the root of its repository or in a folder, and work in progress."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    top = tmp_path / "deployment"
    folder: Path = top / request.param
    for name, content in older(PACKAGE).files.items():
        path = folder / ("modelling" if name == "card.md" else DELIVERY) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(top))
    commit(top)
    (folder / "template.yaml").write_text("in progress")
    (folder / DELIVERY / "heuristics.py").write_text("# in progress")
    return folder


def older(package: Package) -> Package:
    return replace(package, files={**package.files, "heuristics.py": b"# an older one\n"})


def taken(
    project: Path, judgement: Judgement = KEPT, package: Package = PACKAGE, *, dry_run: bool = False
) -> tuple[int, str]:
    return accept(package, project, lambda place: judgement, dry_run=dry_run)


def branches(project: Path) -> list[str]:
    return git(project, "branch", "--format=%(refname:short)").split()


def test_what_is_kept_is_one_commit_on_a_branch_of_its_own(project: Path) -> None:
    before = git(project, "rev-parse", "HEAD").strip()

    status, text = taken(project)

    assert status == 0
    assert text == (
        f"The report.\n\nThe difference.\n\nOn the branch {BRANCH}, one commit after {before[:12]}; your checkout is "
        f"as it was.\n\nNext:\n  git push origin {BRANCH}"
    )
    assert git(project, "rev-parse", f"{BRANCH}~1").strip() == before
    inside = git(project, "rev-parse", "--show-prefix").strip()
    assert git(project, "diff", "--name-only", "main", BRANCH) == f"{inside}{DELIVERY}/heuristics.py\n"
    assert git(project, "show", f"{BRANCH}:./{DELIVERY}/heuristics.py") == PACKAGE.files["heuristics.py"].decode()


def test_the_commit_says_what_arrived(project: Path) -> None:
    taken(project)

    assert git(project, "log", "-1", "--format=%B", BRANCH).strip() == (
        f"{PACKAGE.name} {PACKAGE.version}, as modelling packed it\n\n"
        f"Model {PACKAGE.model}, SHA-256 of the file {PACKAGE.sha256}.\n\nThe difference."
    )


@pytest.mark.parametrize("status", [0, 1, 2])
def test_nothing_that_somebody_works_on_is_touched(status: int, project: Path) -> None:
    before = git(project, "status", "--porcelain"), git(project, "rev-parse", "--abbrev-ref", "HEAD")

    taken(project, Judgement(status, "The report."))

    assert (git(project, "status", "--porcelain"), git(project, "rev-parse", "--abbrev-ref", "HEAD")) == before
    assert (project / DELIVERY / "heuristics.py").read_text() == "# in progress"
    assert len(git(project, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "last"),
    [
        (1, "Nothing was put in place: this report is for modelling, who packed it."),
        (2, "Nothing was put in place: what could not be checked is not known to be kept."),
    ],
)
def test_what_is_not_kept_is_put_nowhere(status: int, last: str, project: Path) -> None:
    assert taken(project, Judgement(status, "The report.")) == (status, f"The report.\n\n{last}")
    assert branches(project) == ["main"]


def test_a_check_that_fails_leaves_nothing_behind(project: Path) -> None:
    def fails(place: Path) -> Judgement:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        accept(PACKAGE, project, fails, dry_run=False)

    assert branches(project) == ["main"]
    assert len(git(project, "worktree", "list").splitlines()) == 1


def test_a_dry_run_says_where_it_would_be(project: Path) -> None:
    assert taken(project, dry_run=True)[1].endswith(f"\n\nIt would be put on the branch {BRANCH} (dry run).")
    assert branches(project) == ["main"]


def test_the_check_sees_the_last_commit_with_the_delivery_in_it(project: Path) -> None:
    seen: dict[str, bytes] = {}

    def look(place: Path) -> Judgement:
        seen.update({path.name: path.read_bytes() for path in (place / DELIVERY).iterdir()})
        seen["card.md"] = (place / "modelling" / "card.md").read_bytes()
        assert not (place / "template.yaml").exists()
        return KEPT

    accept(PACKAGE, project, look, dry_run=True)

    assert seen == PACKAGE.files


def test_what_is_made_of_a_delivery_is_committed_with_it(project: Path) -> None:
    def derive(place: Path) -> Judgement:
        (place / "events").mkdir()
        (place / "events" / "predict.json").write_text("{}")
        (place / "monitoring.yaml").write_text("# bands\n")
        (place / "scratch.txt").write_text("left by the check")
        return KEPT

    accept(PACKAGE, project, derive, dry_run=False)

    changed = git(project, "diff", "--name-only", "--relative", "main", BRANCH).split()
    assert changed == ["events/predict.json", f"{DELIVERY}/heuristics.py", "monitoring.yaml"]


def test_what_a_delivery_no_longer_has_is_gone(project: Path) -> None:
    files = {name: content for name, content in PACKAGE.files.items() if name != "behaviours.py"}
    without = replace(PACKAGE, files=files)

    taken(project, package=without)

    branch = f"delivery/{without.label}-{without.sha256[:12]}"
    changed = git(project, "diff", "--name-status", "--relative", "main", branch).splitlines()
    assert changed == [f"D\t{DELIVERY}/behaviours.py", f"M\t{DELIVERY}/heuristics.py"]


def test_what_lies_there_already_is_not_checked_again(project: Path) -> None:
    def never(place: Path) -> Judgement:
        raise AssertionError

    assert accept(older(PACKAGE), project, never, dry_run=False) == (
        0,
        f"credit-risk {PACKAGE.version} lies here already, to the byte: nothing to accept.",
    )


def test_a_delivery_comes_once(project: Path) -> None:
    taken(project)

    with pytest.raises(
        CannotRunError, match=f"^there is a branch {re.escape(BRANCH)} already: this delivery came befo"
    ):
        taken(project)


def test_another_projects_delivery_is_not_taken(project: Path) -> None:
    contract = json.loads(PACKAGE.files["contract.json"]) | {"name": "parcels"}
    (project / DELIVERY / "contract.json").write_text(json.dumps(contract))
    commit(project)

    with pytest.raises(CannotRunError) as raised:
        taken(project)

    assert str(raised.value) == "this project's contract is parcels, and the delivery is of credit-risk"


def test_a_first_delivery_is_taken_where_the_contract_was_agreed(project: Path) -> None:
    for name in ("contract.json", "manifest.json", "model.onnx", "golden.jsonl", "held_out.csv"):
        (project / DELIVERY / name).unlink()
    commit(project)

    assert taken(project)[0] == 0


@pytest.mark.parametrize("missing", ["a repository", "a commit", "a project", "an author"])
def test_what_it_needs_is_one_sentence(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    if missing != "a repository":
        git(tmp_path, "init", "--quiet")
    if missing in {"a project", "an author"}:
        author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        git(tmp_path, *author, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    git(tmp_path, "config", "--global", "user.useConfigOnly", "true")
    if missing == "a project":
        git(tmp_path, "config", "--global", "user.name", "a")
        git(tmp_path, "config", "--global", "user.email", "a@example.org")

    with pytest.raises(CannotRunError) as raised:
        taken(tmp_path)

    assert (
        str(raised.value)
        == {
            "a repository": "this is not a git repository, and a delivery is put on a branch of its own",
            "a commit": "nothing is committed in this repository: commit the project first",
            "a project": (
                f"there is no {Path(DELIVERY)} in the last commit here: accept runs in the project that deploys"
            ),
            "an author": "tell git who you are: git config user.name, user.email",
        }[missing]
    )


def test_a_file_that_is_no_delivery_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "README.md", tmp_path / "delivery.tar")

    ended = CliRunner().invoke(main, ["accept", "delivery.tar"])

    assert ended.exit_code == 2
    assert ended.output.startswith("handover: delivery.tar is not a file of handover pack, or was cut off: ")
