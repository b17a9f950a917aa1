"""The README shows what is really printed."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.checks import selected
from handover.cli import main
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.local.gateway import response
from handover.local.pool import Pool
from handover.local.stack import NothingBuiltError, built_function
from handover.reporters import text
from tests.helpers.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def shown(command: str) -> str:
    """Give what the README shows below a command."""
    matched = re.search(rf"^\$ {re.escape(command)}[^\n]*\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)
    assert matched, command
    return matched[1]


def test_make_run_prints_what_is_shown() -> None:
    printed = CliRunner().invoke(
        main,
        [
            "run",
            str(ROOT / "events/predict.json"),
            "--build",
            str(ROOT / ".aws-sam/build"),
            "--since",
            str(time.time()),
        ],
    )
    if "nothing is built" in printed.output:
        pytest.skip("nothing is built: run make build")

    def timeless(text: str) -> list[str]:
        return [re.sub(r"\d+(\.\d+)? m?s\b|\d+\.\d+", "#", line) for line in text.splitlines()]

    assert printed.exit_code == 0
    assert timeless(printed.stdout) == timeless(shown("make run"))[2:]


def test_the_example_request_gets_the_answer_that_is_shown() -> None:
    try:
        built = built_function(ROOT / ".aws-sam" / "build")
    except NothingBuiltError as error:
        pytest.skip(str(error))
    with Pool(built, 1, lambda line: None) as pool:
        answer = response(pool.invoke((ROOT / "events/reasons.json").read_bytes()).reply)

    assert answer.body.decode() == shown("curl")


def test_every_target_of_make_that_is_shown_is_there() -> None:
    words = set(re.findall(r"`make ([a-z-]+)", README)) | set(re.findall(r"^\$ make ([a-z-]+)", README, re.MULTILINE))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert words <= set(re.findall(r"make ([a-z-]+)", listed))


def test_every_file_that_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_a_broken_delivery_is_reported_as_is_shown(tmp_path: Path) -> None:
    for name in ("layers/model/delivery", "modelling/train.py"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    sandbox = Sandbox(tmp_path / "layers/model/delivery")
    sandbox.edit("heuristics.py", '"below_100": 50.0', '"below_100": 5.0').seal()

    with DeliveryContext(tmp_path, sandbox.folder) as context:
        report = text.report(list(evaluate(context, selected(["P2"]))), context)

    (excerpt,) = re.findall(r"^```text\n(P203 BROKEN.*?)\n```", README, re.MULTILINE | re.DOTALL)
    assert report == excerpt
