"""A practice ground is made whole or goes on from where it was interrupted, and says in a sentence why it cannot."""

import os
import subprocess
from pathlib import Path

import pytest

from handover.errors import CannotRunError
from handover.lesson import making, snapshots
from handover.lesson.ground import Ground
from tests.helpers.lesson import program, typed


def refused(folder: Path) -> str:
    with pytest.raises(CannotRunError) as raised:
        making.made(folder, lambda what: None)
    return str(raised.value)


def program_first(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program before all others of its name."""
    program(folder, name, text)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    assert refused(tmp_path) == f"{tmp_path} is not empty: a practice ground takes a folder of its own"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_in_a_repository_is_refused(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)

    assert refused(tmp_path / "practice") == (
        f"{tmp_path / 'practice'} lies in the repository {tmp_path}: choose a folder outside of it"
    )


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "practice").write_text("")

    assert (
        refused(tmp_path / "practice")
        == f"{tmp_path / 'practice'} is not empty: a practice ground takes a folder of its own"
    )


UNREACHED = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/numpy/"


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("ERROR: No space left on device", "ERROR: No space left on device"),
        (
            f"{UNREACHED}\nERROR: No matching distribution",
            "the package index cannot be reached, which it takes this once",
        ),
        ("", "it gave no reason"),
    ],
)
def test_what_cannot_be_installed_is_one_sentence_and_goes_on_later(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, reason: str
) -> None:
    (tmp_path / "printed").write_text(f"{printed}\nmake: *** [setup] Error 1\n")
    program_first(tmp_path / "bin", "make", f"cat {tmp_path / 'printed'} && exit 2", monkeypatch)

    assert refused(ground.folder) == (
        f"installing what the project needs failed: {reason} (all of it: {ground.hosting / 'setup.log'}). Nothing is "
        "lost: put that right and type the same again"
    )
    program_first(tmp_path / "bin", "make", "true", monkeypatch)
    steps: list[str] = []
    making.made(ground.folder, steps.append)
    assert steps == ["Installing what the project needs (a minute or two, once)"]


def test_the_first_model_is_on_main_here_and_there_before_the_first_exercise(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots.forget(ground, 1)
    program_first(
        tmp_path / "bin", "make", "test $1 = setup || echo model > layers/model/delivery/model.onnx", monkeypatch
    )
    making.made(ground.folder, lambda what: None)

    assert snapshots.reached(ground) == 1
    assert ground.remote.do("log", "--format=%s", "main").splitlines() == [
        "The first delivery",
        "A project, as handover init writes it",
    ]
    assert typed(ground, "git status --short --branch") == "## main...origin/main\n"


def test_a_folder_that_was_deleted_is_there_again(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_first(tmp_path / "bin", "make", "true", monkeypatch)
    typed(ground, "rm -rf ../parcels")
    making.made(ground.folder, lambda what: None)

    assert typed(ground, "git status --short --branch") == "## main...origin/main\n"


def test_somebody_commits_where_git_knows_nobody(
    tmp_path: Path, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ground.settle()
    typed(ground, "git commit --quiet --allow-empty --message mine")

    assert typed(ground, "git log -1 --format='%an <%ae>'") == "A data scientist <lesson@example.org>\n"
