"""A delivery's files are read as they are now; and what can be asked of it is what is there."""

import os
import re
import sys
from pathlib import Path

import pytest

from handover import retraining
from handover.checks import CLAUSES
from handover.context import DeliveryContext, delivered
from handover.evaluation import left_out
from handover.finding import Skipped
from handover.reporters.text import page


def test_an_edit_a_moment_later_is_seen_and_no_byte_code_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "contract.py"
    for value in (1, 2):
        file.write_text(f"CONTRACT = {value}\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))  # the same second and the same size: byte-code would look fresh

        assert value == delivered.run(file, "read_now").CONTRACT
    assert list(tmp_path.iterdir()) == [file]
    assert "read_now" not in sys.modules


# --- a project's own delivery, another one, and one where there is no project


FOREIGN = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler, Runtime: python3.13, CodeUri: src}}
"""


@pytest.fixture
def alone(tmp_path: Path) -> DeliveryContext:
    """Give a delivery in somebody's own SAM project, which was built."""
    (tmp_path / "parcels" / "delivery").mkdir(parents=True)
    (tmp_path / "parcels" / "delivery" / "behaviours.py").touch()
    (tmp_path / ".aws-sam" / "build").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / ".aws-sam" / "build"):
        (folder / "template.yaml").write_text(FOREIGN)
    return DeliveryContext(tmp_path, tmp_path / "parcels" / "delivery")


def codes_left_out(context: DeliveryContext) -> set[str]:
    return {clause.code for clause in CLAUSES if left_out(clause, context)}


STACK = {clause.code for clause in CLAUSES if clause.code[0] in "LST"} | {"P205", "P206", "P207", "P209"}


def test_where_there_is_no_project_what_looks_at_one_is_left_out(alone: DeliveryContext) -> None:
    for name in ("train.py", "card.md"):
        (alone.folder.parent / name).touch()

    assert codes_left_out(alone) == STACK


def test_where_nothing_trains_it_training_again_is_left_out_too_and_so_is_the_card(alone: DeliveryContext) -> None:
    assert codes_left_out(alone) == STACK | {clause.code for clause in CLAUSES if clause.code[0] == "R"} | {"M117"}


def test_in_a_project_nothing_is_left_out_but_card_and_behaviours_of_another_delivery(tmp_path: Path) -> None:
    own = tmp_path / "layers" / "model" / "delivery"
    own.mkdir(parents=True)
    (own / "behaviours.py").touch()

    assert codes_left_out(DeliveryContext(tmp_path, own)) == set()
    assert codes_left_out(DeliveryContext(tmp_path, tmp_path / "another")) == {"M117", "B701", "B702", "B703", "B704"}


def test_without_behaviours_there_are_none_to_check(alone: DeliveryContext) -> None:
    (alone.folder / "behaviours.py").unlink()

    assert codes_left_out(alone) >= {"B701", "B702", "B703"}


def test_no_page_names_a_command_that_only_a_project_has(alone: DeliveryContext) -> None:
    (alone.folder.parent / "train.py").touch()
    texts = {clause.code: alone.as_typed(page(clause)) for clause in CLAUSES if clause.code not in STACK}

    assert [
        code for code, text in texts.items() if re.search(r"\bmake [a-z]+( [A-Z]+=|`|$)|\.venv", text, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    ("typed_in_a_project", "typed"),
    [
        ("make model", "python 'my parcels/train.py'"),
        ("make check", "handover check --delivery 'my parcels/delivery'"),
        ("make check ONLY=C,P2", "handover check --delivery 'my parcels/delivery' --only C,P2"),
        ("make check BASE=REF.", "handover check --delivery 'my parcels/delivery' --base REF."),
        ("make stub", "handover stub --delivery 'my parcels/delivery'"),
        ("`make explain CODE=P203` shows", "`handover explain P203 --delivery 'my parcels/delivery'` shows"),
        ("make diff OLD=main", "handover diff main:./'my parcels/delivery' 'my parcels/delivery'"),
        (".venv/bin/python layers/model/delivery/contract.py", "python 'my parcels/delivery'/contract.py"),
        ("to make a check pass", "to make a check pass"),
    ],
)
def test_commands_are_those_that_can_be_typed(typed_in_a_project: str, typed: str, tmp_path: Path) -> None:
    (tmp_path / "my parcels").mkdir()
    (tmp_path / "my parcels" / "train.py").touch()
    own, other = (
        DeliveryContext(tmp_path, tmp_path / name) for name in ("layers/model/delivery", "my parcels/delivery")
    )

    assert own.as_typed(typed_in_a_project) == typed_in_a_project
    assert other.as_typed(typed_in_a_project) == typed


def test_a_folder_that_is_too_large_to_copy_is_not_trained_in(
    alone: DeliveryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retraining, "exceeds", lambda root: True)

    with pytest.raises(
        Skipped, match="has more than 1024 MiB, too much to copy and train in: keep the training in a sm"
    ):
        alone.training_root  # noqa: B018  asking for it is what is refused
