"""What is copied to train in, and what of a folder is too much for that."""

from pathlib import Path

import pytest

from handover.project import Project
from handover.retraining import exceeds, program, root

pytestmark = pytest.mark.quick


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a delivery's folder, in a folder of its own, in another one."""
    delivery = tmp_path / "team" / "parcels" / "delivery"
    delivery.mkdir(parents=True)
    return delivery


def test_of_a_project_all_is_copied(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "layers/model/delivery").mkdir(parents=True)
    (folder.parent / ".git").mkdir()

    assert root(Project(tmp_path), folder) == tmp_path


def test_of_a_repository_all_is_copied_and_of_any_other_folder_what_is_beside_the_delivery(
    folder: Path, tmp_path: Path
) -> None:
    for current in (tmp_path, folder):  # where the command is typed says nothing
        assert root(Project(current), folder) == folder.parent

    (tmp_path / "team" / ".git").touch()  # as a worktree has it
    assert root(Project(tmp_path), folder) == tmp_path / "team"


def test_a_delivery_beside_a_project_is_none_of_it(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "project/layers/model/delivery").mkdir(parents=True)

    assert root(Project(tmp_path / "project"), folder) == folder.parent


def test_what_trains_is_beside_the_delivery_wherever_that_is(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    project = Project(tmp_path / "elsewhere")
    assert program(project, folder) is None

    (folder.parent / "train.py").touch()
    assert program(project, folder) == folder.parent / "train.py"


def test_what_is_not_copied_is_not_counted(folder: Path) -> None:
    for name, kib in (("data.csv", 600), (".venv/huge.so", 5000), ("more/data.csv", 300)):
        file = folder.parent / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(kib * 1024))
    (folder / "gone").symlink_to("nowhere")
    assert not exceeds(folder.parent, mib=1)

    (folder / "again").symlink_to(folder.parent / "more")  # the copy follows it
    assert exceeds(folder.parent, mib=1)
