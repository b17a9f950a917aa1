"""A program that is observed runs as Python runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = """
import json, multiprocessing, sys, __main__
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "file": __file__, "main": __main__.__file__,
    "spec": __spec__ and __spec__.name, "mine": __main__.OWN, "random": __import__("random").getstate()[1][:0],
    "libraries": sorted({name.partition(".")[0] for name in sys.modules} & {"numpy", "onnxruntime", "sklearn"}),
}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lessons").mkdir()
    for name in ("train.py", "lessons/train.py"):
        (tmp_path / name).write_text("OWN = 1" + SAYS)
    return tmp_path


def run(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, capture_output=True, text=True, check=False, env={**os.environ}
    )


OBSERVED = ("-m", "handover.observation", "delivery", "summary.json")


@pytest.mark.parametrize("program", [("train.py",), ("lessons/train.py",), ("-m", "lessons.train")])
def test_a_program_finds_what_it_finds_unobserved(project: Path, program: tuple[str, ...]) -> None:
    program = program if program[0] == "-m" else (str(project / program[0]),)
    alone, observed = run(project, *program), run(project, *OBSERVED, *program)

    assert alone.returncode == observed.returncode == 0, observed.stderr
    assert observed.stdout == alone.stdout
    assert '"libraries": []' in observed.stdout


@pytest.mark.parametrize(
    "ending",
    ["raise SystemExit(3)", "raise SystemExit('no data')", "raise ValueError('no data')", "import os; os._exit(4)"],
)
def test_a_program_ends_as_it_ends_unobserved(project: Path, ending: str) -> None:
    (project / "train.py").write_text(ending)

    alone, observed = run(project, "train.py"), run(project, *OBSERVED, "train.py")

    assert observed.returncode == alone.returncode != 0
    assert observed.stderr.splitlines()[-1:] == alone.stderr.splitlines()[-1:]


def test_a_program_may_have_processes_of_its_own(project: Path) -> None:
    (project / "train.py").write_text(
        "import multiprocessing\n"
        "def double(number):\n"
        "    return 2 * number\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        print(pool.map(double, [1, 2, 3]))\n"
    )

    assert run(project, *OBSERVED, str(project / "train.py")).stdout == "[2, 4, 6]\n"
