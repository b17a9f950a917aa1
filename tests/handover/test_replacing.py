"""Files replace those that were there: all of them, or none."""

import errno
from pathlib import Path
from typing import Any

import pytest

from handover.replacing import replace_files

pytestmark = pytest.mark.quick

BEFORE = {"contract.py": b"theirs", "a": b"1", "b": b"2"}
NEW = {"a": b"one", "b": b"two", "c": b"three"}
ENDS = [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device"), SystemExit(3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    folder.mkdir()
    for name, content in BEFORE.items():
        (folder / name).write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_others_stay_as_they_are(folder: Path) -> None:
    replace_files(folder, NEW)

    assert contents(folder) == BEFORE | NEW


def test_what_is_proved_is_new_and_beside(folder: Path) -> None:
    seen: list[Any] = []

    replace_files(folder, NEW, lambda beside: seen.extend([contents(beside), (folder / "a").read_bytes()]))

    assert seen == [NEW, b"1"]


def test_a_folder_is_made_and_goes_again_where_nothing_came_of_it(tmp_path: Path) -> None:
    deep = tmp_path / "layers" / "model"

    with pytest.raises(ZeroDivisionError):
        replace_files(deep, NEW, lambda _: 1 / 0)
    assert list(tmp_path.iterdir()) == []

    replace_files(deep, NEW)
    assert contents(deep) == NEW


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
@pytest.mark.parametrize("method", ["write_bytes", "replace", "mkdir"])
@pytest.mark.parametrize("step", range(4))
def test_ended_at_any_step_it_loses_nothing_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, method: str, step: int, end: BaseException
) -> None:
    steps = iter(range(99))
    done = getattr(Path, method)

    def ended(self: Path, *args: Any, **kwargs: Any) -> Any:
        if next(steps) == step:
            raise end
        return done(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Path, method, ended)
        try:
            replace_files(folder, NEW)
        except type(end):
            assert contents(folder) == BEFORE
        else:
            assert contents(folder) == BEFORE | NEW  # it has no such step
