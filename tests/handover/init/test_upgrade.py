"""What `handover upgrade` makes of a project: the tool's changes and the team's, file by file."""

import io
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from handover.cli import main
from handover.errors import CannotRunError
from handover.init import rendered, write
from handover.init import upgrade as module
from handover.init.release import PACKED, File, Release
from handover.init.upgrade import Change, changes, upgrade

MARKS = (b"<<<<<<< yours", b"||||||| base", b"=======", b">>>>>>> handover 2")

type Files = Mapping[str, str | bytes | File]


def file(content: str | bytes | File) -> File:
    if isinstance(content, File):
        return content
    return File(content if isinstance(content, bytes) else content.encode())


def release(version: str, files: Files) -> Release:
    """Make up a release that gives a project these files."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            member = zipfile.ZipInfo(f"{PACKED}{path}")
            member.external_attr = (0o755 if file(content).executable else 0o644) << 16
            archive.writestr(member, file(content).content)
    return Release(f"handover_ml-{version}-py3-none-any.whl", wheel.getvalue())


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Project:
    """A project called loans, of a made-up release."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.repository = self.root = root
        self.monkeypatch = monkeypatch

    def made(self, files: Files, inside: str = ".") -> None:
        """Write it as release 1 gives it, and commit."""
        self.root = self.repository / inside
        self.root.mkdir(parents=True, exist_ok=True)
        write(rendered(release("1", files), "loans", inside), self.root)
        (self.root / "pyproject.toml").write_text('[project]\nname = "loans"\n')
        git(self.repository, "init", "--quiet")
        self.commit()

    def changed(self, files: Mapping[str, str | bytes | None]) -> None:
        """Have the team change files of it, or delete them, and commit."""
        for path, content in files.items():
            if content is None:
                (self.root / path).unlink()
            else:
                write({path: file(content)}, self.root)
        self.commit()

    def commit(self) -> None:
        git(self.repository, "add", "--all")
        git(self.repository, "commit", "--quiet", "--allow-empty", "--message", "x")

    def upgraded(self, files: Files, version: str = "2", *, dry_run: bool = False) -> str:
        """Upgrade it to a release of these files, and give the report."""
        self.monkeypatch.setattr(module, "current", lambda: release(version, files))
        return upgrade(self.root, dry_run=dry_run)[1]

    def outcomes(self, files: Files) -> list[str]:
        """Upgrade it, and give what is reported of the files, without the tool itself."""
        lines = self.upgraded(files).splitlines()
        assert lines[:2] == ["loans: from handover 1 to 2", ""]
        tool = [line for line in lines if " vendor/" in line or " requirements/handover.txt" in line]
        assert tool == [
            "  added     vendor/handover_ml-2-py3-none-any.whl",
            "  updated   requirements/handover.txt",
            "  removed   vendor/handover_ml-1-py3-none-any.whl",
        ]
        return [line.strip() for line in lines[2 : lines.index("Next:") - 1] if line not in tool]

    def text(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path / "repository", monkeypatch)


OLD = "one\ntwo\nthree\nfour\nfive\n"
NEW = "one\ntwo\nthree\nfour\nFIVE\n"


def test_what_the_team_left_alone_is_replaced_and_the_tool_comes_last(project: Project) -> None:
    project.made({"a": OLD, "gone": OLD, "same": OLD, "run": File(b"x", True), "named": "credit-risk-dev\n"})

    report = project.upgraded(
        {"a": NEW, "new": NEW, "same": OLD, "run": File(b"y", True), "named": "new credit-risk\n"}
    )

    assert (
        report
        == """\
loans: from handover 1 to 2

  updated   a
  removed   gone
  updated   named
  added     new
  updated   run
  added     vendor/handover_ml-2-py3-none-any.whl
  updated   requirements/handover.txt
  removed   vendor/handover_ml-1-py3-none-any.whl

Next:
  make run && make check
  git add --all && git commit"""
    )
    assert project.text("named") == "new loans\n"
    assert (project.root / "run").stat().st_mode & 0o111


def test_what_only_the_team_changed_stays(project: Project) -> None:
    project.made({"a": OLD, "gone": OLD, "untouched": OLD, "deleted": OLD})
    project.changed({"a": "mine\n", "gone": "mine\n", "untouched": "mine\n", "deleted": None})

    assert project.outcomes({"a": OLD, "untouched": OLD, "deleted": NEW}) == [
        "kept      a: only you changed it",
        "kept      deleted: you deleted it, and the tool changed it",
        "kept      gone: the tool has it no longer",
        "kept      untouched: only you changed it",
    ]
    assert [project.text(path) for path in ("a", "gone", "untouched")] == ["mine\n"] * 3
    assert not (project.root / "deleted").exists()


def test_what_both_changed_is_merged(project: Project) -> None:
    project.made({"a": OLD})
    project.changed({"a": f"mine\n{OLD}"})

    assert project.outcomes({"a": NEW}) == ["merged    a"]
    assert project.text("a") == f"mine\n{NEW}"


def test_lines_that_both_changed_are_left_in_the_file(project: Project) -> None:
    project.made({"a": OLD})
    project.changed({"a": OLD.replace("five", "mine")})

    report = project.upgraded({"a": NEW})

    assert "  conflict  a: you and the tool changed the same lines: look for <<<<<<<\n" in report
    assert report.endswith("Next:\n  resolve the conflicts\n  make run && make check\n  git add --all && git commit")
    assert project.text("a") == (
        "one\ntwo\nthree\nfour\n<<<<<<< yours\nmine\n||||||| base\nfive\n=======\nFIVE\n>>>>>>> handover 2\n"
    )


def test_a_new_file_whose_name_the_team_uses_already_is_a_conflict(project: Project) -> None:
    project.made({})
    project.changed({"same": NEW, "other": "mine\n"})

    assert project.outcomes({"same": NEW, "other": "tools\n"}) == [
        "conflict  other: you and the tool changed the same lines: look for <<<<<<<"
    ]
    assert project.text("other") == "<<<<<<< yours\nmine\n||||||| base\n=======\ntools\n>>>>>>> handover 2\n"


def test_what_is_no_text_stays(project: Project) -> None:
    project.made({"a": b"\0one", "b": b"\0one"})
    project.changed({"a": b"\0mine"})

    assert project.outcomes({"a": b"\0two", "b": b"\0two"}) == [
        "conflict  a: it is not text, so yours stays, and the tool's is in its wheel only",
        "updated   b",
    ]
    assert (project.text("a"), project.text("b")) == ("\0mine", "\0two")


def test_a_checkout_with_other_line_ends_is_no_change_and_keeps_them(project: Project) -> None:
    project.made({"a": OLD, "b": OLD, "c": OLD})
    windows = {"a": OLD, "b": f"mine\n{OLD}", "c": OLD.replace("five", "mine")}
    project.changed({path: text.replace("\n", "\r\n") for path, text in windows.items()})

    assert [line.partition(":")[0] for line in project.outcomes({"a": NEW, "b": NEW, "c": NEW})] == [
        "updated   a",
        "merged    b",
        "conflict  c",
    ]
    assert project.text("a") == NEW.replace("\n", "\r\n")
    assert project.text("b") == f"mine\n{NEW}".replace("\n", "\r\n")
    assert "\r\nmine\r\n" in project.text("c")


@pytest.mark.parametrize(
    ("base", "mine", "new", "merged"),
    [(a, b, c, c if a == b else b) for a in (False, True) for b in (False, True) for c in (False, True)],
)
def test_whether_it_is_a_program_is_merged_too(base: bool, mine: bool, new: bool, merged: bool) -> None:
    (change,) = changes(
        {"a": File(OLD.encode(), base)},
        {"a": File(b"mine\n" + OLD.encode(), mine)},
        {"a": File(NEW.encode(), new)},
        "2",
    )

    assert change == Change("a", "merged", file=File(f"mine\n{NEW}".encode(), merged))


def test_a_program_that_is_none_any_more_is_written_as_none(project: Project) -> None:
    project.made({"a": File(b"x", True)})

    assert project.outcomes({"a": File(b"y")}) == ["updated   a"]
    assert not (project.root / "a").stat().st_mode & 0o111


def test_locks_are_the_tools_again_and_never_merged(project: Project) -> None:
    inputs, locks = {"requirements/run.in": "b\n", "requirements/dev.in": "b\n"}, "requirements/run.txt"
    project.made(
        inputs | {locks: "a==1\nb==1\n", "requirements/dev.txt": "b==1\n", "layers/runtime/requirements.txt": "1"}
    )
    project.changed(
        {"requirements/run.in": "mine\nb\n", locks: "mine==1\na==1\nb==1\n", "requirements/our.in": "mine\n"}
    )

    report = project.upgraded(
        inputs | {locks: "a==1\nb==2\n", "requirements/dev.txt": "b==1\n", "layers/runtime/requirements.txt": "2"}
    )

    assert (
        report
        == """\
loans: from handover 1 to 2

  updated   layers/runtime/requirements.txt
  kept      requirements/run.in: only you changed it
  updated   requirements/run.txt: it is the tool's again, as all locks
  added     vendor/handover_ml-2-py3-none-any.whl
  updated   requirements/handover.txt
  removed   vendor/handover_ml-1-py3-none-any.whl

Next:
  make lock   # the locks are the tool's again, and requirements/our.in, requirements/run.in yours
  make run && make check
  git add --all && git commit"""
    )
    assert project.text(locks) == "a==1\nb==2\n"


def test_locks_that_the_tool_did_not_change_stay(project: Project) -> None:
    project.made({"requirements/run.in": "a\n", "requirements/run.txt": "a==1\n"})
    project.changed({"requirements/run.txt": "a==2\n"})

    assert project.outcomes({"requirements/run.in": "a\nb\n", "requirements/run.txt": "a==1\n"}) == [
        "updated   requirements/run.in",
        "kept      requirements/run.txt: only you changed it",
    ]


def test_what_is_the_projects_own_is_never_touched(project: Project) -> None:
    own = {
        "README.md", "handover.toml", "pyproject.toml", "modelling/card.md", "modelling/train.py", "tests/cases.jsonl",
        "modelling/data/a.csv", "layers/model/delivery/contract.py", "layers/model/delivery/heuristics.py",
    }  # fmt: skip
    project.made({path: OLD for path in own if path != "tests/cases.jsonl"})

    assert project.outcomes({path: NEW for path in own if path != "README.md"}) == []
    assert git(project.root, "status", "--porcelain", "--", *own) == ""


def test_a_dry_run_writes_nothing(project: Project) -> None:
    project.made({"a": OLD, "gone": OLD})

    report = project.upgraded({"a": NEW, "new": NEW}, dry_run=True)

    assert (
        report
        == """\
loans: from handover 1 to 2 (dry run: nothing is written)

  updated   a
  removed   gone
  added     new
  added     vendor/handover_ml-2-py3-none-any.whl
  updated   requirements/handover.txt
  removed   vendor/handover_ml-1-py3-none-any.whl"""
    )
    assert git(project.root, "status", "--porcelain") == ""


def test_the_same_release_is_up_to_date_and_other_bytes_of_it_are_not(project: Project) -> None:
    project.made({"a": OLD})

    assert project.upgraded({"a": OLD}, "1") == "loans is up to date: handover 1"
    assert git(project.root, "status", "--porcelain") == ""

    assert project.upgraded({"a": NEW}, "1").splitlines()[2:5] == [
        "  updated   a",
        "  updated   vendor/handover_ml-1-py3-none-any.whl",
        "  updated   requirements/handover.txt",
    ]
    project.commit()
    assert project.upgraded({"a": NEW}, "1") == "loans is up to date: handover 1"


def test_an_upgrade_that_broke_off_is_done_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.made({"a": OLD, "b": OLD, "c": OLD})
    project.changed({"a": f"mine\n{OLD}", "b": f"mine\n{OLD}"})

    def full(files: Mapping[str, File], to: Path) -> None:
        write(dict(islice(files.items(), 2)), to)
        raise OSError(28, "No space left on device", "c")

    with monkeypatch.context() as broken:
        broken.setattr(module, "write", full)
        with pytest.raises(CannotRunError) as caught:
            project.upgraded({"a": NEW, "b": NEW, "c": NEW})
    assert str(caught.value) == "c cannot be written: No space left on device; git stash -u takes the rest back"
    project.commit()

    assert project.outcomes({"a": NEW, "b": NEW, "c": NEW}) == [
        "merged    a",
        "merged    b",
        "updated   c",
    ]
    assert [project.text(path) for path in "abc"] == [f"mine\n{NEW}", f"mine\n{NEW}", NEW]


def test_a_project_in_a_folder_has_its_workflows_upgraded_too(project: Project) -> None:
    workflow, at_root = ".github/workflows/check.yml", "../../.github/workflows/loans-check.yml"
    text = "name: check\non:\n  push:\ndefaults:\n  run:\n    working-directory: ./\n"
    project.made({workflow: text}, inside="services/loans")
    project.changed({at_root: project.text(at_root) + "# mine\n"})

    assert project.outcomes({workflow: text.replace("check", "checks")}) == [f"merged    {at_root}"]
    assert (project.repository / ".github" / "workflows" / "loans-check.yml").read_text() == (
        'name: loans checks\non:\n  push:\n    paths: ["services/loans/**", ".github/workflows/loans-check.yml"]\n'
        "defaults:\n  run:\n    working-directory: services/loans/\n# mine\n"
    )


# --- what is refused, in a sentence, with nothing written


def replaced_wheel(project: Project) -> None:
    project.changed({"vendor/handover_ml-1-py3-none-any.whl": release("1", {"a": "other\n"}).content})


def uncommitted(project: Project) -> None:
    (project.root / "a").write_text("mine\n")


def untracked(project: Project) -> None:
    (project.root / "new").write_text("mine\n")


def in_no_repository(project: Project) -> None:
    (project.root / ".git").rename(project.root.parent / "away")


def with_a_link(project: Project) -> None:
    (project.root / "a").unlink()
    (project.root / "a").symlink_to("elsewhere")
    project.commit()


NO_WHEEL = (
    "vendor/ has no wheel with the hash that requirements/handover.txt has for handover-ml 1, from which this "
    "project's files are: bring it back (git log -- vendor)"
)
DIRTY = "git status shows changes: commit or stash them first, so that nothing of them is lost"
REFUSED: dict[str, tuple[Callable[[Project], object], str]] = {
    "no project": (
        lambda project: project.changed({"requirements/handover.txt": None}),
        "this is not a project of handover init: there is no requirements/handover.txt that names a wheel",
    ),
    "no name": (
        lambda project: project.changed({"pyproject.toml": "[tool.ruff]\n"}),
        "this is not a project of handover init: there is no pyproject.toml with its name",
    ),
    "no wheel": (lambda project: project.changed({"vendor/handover_ml-1-py3-none-any.whl": None}), NO_WHEEL),
    "another wheel": (replaced_wheel, NO_WHEEL),
    "uncommitted": (uncommitted, DIRTY),
    "untracked": (untracked, DIRTY),
    "no repository": (
        in_no_repository,
        "this is not in a git repository, or git is not installed: git merges, and keeps what was there",
    ),
    "a link": (with_a_link, "a is not a file, as it is in the tool's project: move it, and upgrade again"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_upgraded_is_one_sentence(why: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, sentence = REFUSED[why]
    project.made({"a": OLD})
    spoil(project)
    monkeypatch.setattr(module, "current", lambda: release("2", {"a": NEW, "new": NEW}))
    monkeypatch.chdir(project.root)
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}

    result = CliRunner().invoke(main, ["upgrade"])

    assert (result.exit_code, result.output) == (2, f"handover: {sentence}\n")
    assert {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()} == before


def test_an_older_release_is_refused(project: Project) -> None:
    project.made({"a": OLD})

    with pytest.raises(CannotRunError, match=r"^loans has handover 1, and this is 1.dev2: install a newer one$"):
        project.upgraded({"a": NEW}, "1.dev2")


def test_the_exit_status_says_whether_there_are_conflicts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.made({"a": OLD})
    project.changed({"a": OLD.replace("five", "mine")})
    monkeypatch.setattr(module, "current", lambda: release("2", {"a": NEW}))
    monkeypatch.chdir(project.root)

    dry, real = (CliRunner().invoke(main, ["upgrade", *more]) for more in (["--dry-run"], []))

    assert (dry.exit_code, real.exit_code) == (1, 1)
    assert real.output.startswith("loans: from handover 1 to 2\n")


# --- properties

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=6)
TEXTS = LINES.map(lambda lines: "".join(f"{line}\n" for line in lines))
FILES = st.dictionaries(st.sampled_from(["one", "two", "three", "requirements/run.txt"]), TEXTS.map(file))


def carried_out(mine: Mapping[str, File], planned: list[Change]) -> dict[str, File]:
    after = dict(mine)
    for change in planned:
        if change.outcome == "removed":
            del after[change.path]
        elif change.file:
            after[change.path] = change.file
    return after


@settings(deadline=None)
@given(FILES, FILES)
def test_an_unchanged_project_becomes_what_a_fresh_one_would_be(base: dict[str, File], new: dict[str, File]) -> None:
    planned = list(changes(base, base, new, "2"))

    assert carried_out(base, planned) == new
    assert {change.outcome for change in planned} <= {"added", "updated", "removed"}


@settings(deadline=None)
@given(FILES, FILES)
def test_a_release_that_changes_nothing_changes_nothing(base: dict[str, File], mine: dict[str, File]) -> None:
    planned = list(changes(base, mine, base, "2"))

    assert carried_out(mine, planned) == mine
    assert {change.outcome for change in planned} <= {"kept"}


@settings(max_examples=60, deadline=None)
@given(FILES, FILES, FILES)
def test_no_line_of_the_team_is_lost(base: dict[str, File], mine: dict[str, File], new: dict[str, File]) -> None:
    mine = {path: File(content.content + b"of the team\n") for path, content in mine.items()}
    lying = {path: content for path, content in mine.items() if path in base or path in new}

    planned = {change.path: change for change in changes(base, lying, new, "2")}

    after = carried_out(mine, list(planned.values()))
    for path in mine:
        if planned.get(path, Change(path, "")).why != "it is the tool's again, as all locks":
            assert b"of the team\n" in after[path].content, planned.get(path)
            marked = [mark in after[path].content for mark in MARKS]
            assert all(marked) if planned.get(path, Change(path, "")).outcome == "conflict" else not any(marked)
