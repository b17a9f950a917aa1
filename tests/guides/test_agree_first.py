"""The page on agreeing first shows the dialogue as it is, and what becomes of it; tests/projects runs its commands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.cli import dialogue, main
from predictor import files
from tests.helpers.agreeing import COMMAND, TYPED, commands, shown, write_training

ROOT = Path(__file__).parents[2]
INSTALLED = ("-o", ".venv/run", "-o", ".venv/modelling")  # as it is here: nothing is installed for a test
AUTHOR = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Give the project that the dialogue writes, and what is printed meanwhile."""
    folder = tmp_path_factory.mktemp("agreed")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setattr(dialogue, "is_possible", lambda: True)
        for name, value in AUTHOR.items():
            patched.setenv(name, value)
        ended = CliRunner().invoke(main, COMMAND.split()[1:], input="\n".join([*TYPED, ""]))
    assert ended.exit_code == 0, ended.output
    (folder / "loans" / ".venv").symlink_to(sys.prefix)
    return folder / "loans", ended.output


def make(project: Path, *words: str) -> str:
    rooms = [ROOT, *(project / room for room in (".", "function", "hook", "layers/model"))]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = clean | AUTHOR | {"PYTHONPATH": ":".join(map(str, rooms)), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        ["make", *INSTALLED, *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_dialogue_is_printed_as_it_is_shown(agreed: tuple[Path, str]) -> None:
    _, printed = agreed

    def countless(text: str) -> str:
        return re.sub(r"\d+ files", "# files", text)

    assert countless(f"$ {COMMAND}\n{printed}") == countless(shown("console", f"$ {COMMAND}\n"))


def test_the_contract_has_what_was_said(agreed: tuple[Path, str]) -> None:
    project, _ = agreed

    text = (project / "layers/model/delivery/contract.py").read_text()

    assert (
        text[text.index("class Record") :]
        == '''class Record(Row):
    """One row to score by loans; heuristics.py makes more of it."""

    amount: int = Field(ge=250, le=20000, description="Amount of the loan [EUR]")
    purpose: Literal["car", "furniture", "repairs", "other"] = Field(description="What the loan is for")
    employed: float | None = Field(default=None, ge=0.0, le=50.0, description="Time with the present employer [years]")


CONTRACT = Contract(
    name="loans",
    version="0.1.0",
    row=Record,
    score=Score("probability that the loan goes bad", low=0.0, high=1.0),
    # Upper edges.
    decisions={"approve": 0.2, "review": 0.5, "decline": 1.0},
    budgets=Budgets(model_kib=512, layers_mib=100, parity=1e-05, flipped_decisions=0),
)
'''
    )


def test_a_stand_in_is_written_and_a_model_takes_its_place(agreed: tuple[Path, str]) -> None:
    project, _ = agreed
    delivery = project / "layers/model/delivery"
    (project / "answers.csv").write_text(shown("csv"))
    stand_ins = {}
    for command in (command for command in commands() if command.startswith("make stub")):
        make(project, *command.split()[1:])
        stand_ins[command] = files.manifest(delivery)["stand_in"]
    assert stand_ins == {
        "make stub DECISION=review": "every row is decided review",
        "make stub TABLE=answers.csv": (
            "2 rows have their answers by answers.csv; for others scores are made up, by a hash of the row"
        ),
        "make stub": "scores are made up, by a hash of the row",
    }
    assert "# loans 0.1.0, model stand-in" in (project / "monitoring.yaml").read_text()
    assert json.loads((project / "events" / "predict.json").read_text())["rawPath"] == "/predict"

    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "add", "--all", ":!.venv"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "What stands in"], check=True)
    write_training(project)
    make(project, "model")

    assert re.fullmatch("[0-9a-f]{12}", files.identity(files.manifest(delivery)))
    assert make(project, "diff", "OLD=main") == shown("text", "loans 0.1.0")
