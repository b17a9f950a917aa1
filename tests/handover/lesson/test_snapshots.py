"""The start of an exercise comes back whatever was done, and what was done is kept."""

import pytest

from handover.errors import CannotRunError
from handover.lesson import snapshots
from handover.lesson.exercises import advance
from handover.lesson.ground import Ground
from handover.lesson.wrong_turns import wrong_turn
from tests.helpers.lesson import typed

HEURISTICS = "layers/model/delivery/heuristics.py"
COMMITTED = f"echo '# haste' >> {HEURISTICS} && git commit --quiet --all --message Haste"
WRECKED = {
    "committed on main": COMMITTED,
    "files deleted": "rm -rf layers modelling",
    "files added": "echo mine > mine.txt && mkdir other && echo more > other/more.txt",
    "a rebase that stopped": (
        f"git switch --quiet -c a && sed -i s/standard/a/ {HEURISTICS} && git commit --quiet -am a && "
        f"git switch --quiet -c b main && sed -i s/standard/b/ {HEURISTICS} && git commit --quiet -am b && "
        "git rebase --quiet a || true"
    ),
    "history rewritten": "git checkout --quiet --orphan new && git commit --quiet -m new && git branch -D main",
    "no branch": "git switch --quiet --detach HEAD && git branch -D main",
}


def everything(ground: Ground) -> tuple[str, ...]:
    """Give the files, the branches here and there, and what git says of the folder."""
    return tuple(
        typed(ground, command)
        for command in (
            "git ls-files --stage",
            "git for-each-ref refs/heads refs/remotes",
            "git ls-remote --heads origin",
            "git status --branch --porcelain",
        )
    )


@pytest.mark.parametrize("name", WRECKED)
def test_the_start_comes_back(ground: Ground, name: str) -> None:
    before = everything(ground)
    typed(ground, WRECKED[name])
    snapshots.restore(ground, 1)

    assert everything(ground) == before
    assert wrong_turn(ground) == ""


def test_what_was_there_is_kept(ground: Ground) -> None:
    typed(
        ground, f"git switch --quiet -c haste && {COMMITTED} && echo mine > mine.txt && echo '# more' >> {HEURISTICS}"
    )
    kept = snapshots.restore(ground, 1)

    assert kept == ("What was there is kept: `git switch --detach refs/kept/1/files` shows all files as they were.")
    assert not (ground.project / "mine.txt").exists()
    typed(ground, kept.split("`")[1])
    assert (ground.project / "mine.txt").read_text() == "mine\n"
    assert (ground.project / HEURISTICS).read_text().endswith("# haste\n# more\n")
    assert typed(ground, "git log -1 --format=%s refs/kept/1/haste") == "Haste\n"


def test_nothing_is_kept_of_what_was_not_changed(ground: Ground) -> None:
    assert snapshots.restore(ground, 1) == ""


def test_a_folder_that_is_no_repository_is_moved_aside(ground: Ground) -> None:
    typed(ground, "echo mine > mine.txt && rm -rf .git")
    kept = snapshots.restore(ground, 1)

    aside = ground.folder / "parcels-kept-1"
    assert kept == f"What was there is kept in {aside}."
    assert (aside / "mine.txt").exists()


def test_it_goes_back_to_an_earlier_exercise_and_forgets_the_later_ones(ground: Ground) -> None:
    before = everything(ground)
    typed(ground, "git switch --quiet -c haste")
    assert advance(ground) == [1]
    typed(ground, f"{COMMITTED} && git push --quiet --set-upstream origin haste")
    ground.remote.open("haste")
    assert snapshots.reached(ground) == 2

    snapshots.restore(ground, 1)
    assert everything(ground) == before
    assert snapshots.reached(ground) == 1
    assert ground.remote.pulls == []


def test_an_exercise_that_has_not_begun_has_no_start(ground: Ground) -> None:
    with pytest.raises(CannotRunError, match=r"^exercise 3 has not begun yet: the furthest start is 1's$"):
        snapshots.restore(ground, 3)
