"""What gives the same for the same files, done once in a run of the tests, and remembered by a hash of the files."""

import hashlib
import json
import os
import pickle
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from handover.checks import model, tries
from handover.checks.finite import Failure, first_failure
from handover.context import DeliveryContext
from handover.delivery import FILES
from handover.project import Project
from handover.reporters.html.svg import inline
from handover.retraining import Retrained, trained_again
from handover.surroundings import Answers, Surroundings, answers
from predictor import files

MADE = {*FILES, files.MANIFEST} - {files.HEURISTICS}
"""What a training writes, and no training of the tests reads."""


class Searches:
    """H107's search, which tries the same rows for the same contract and heuristics."""

    def __init__(self) -> None:
        self._failures: dict[str, Failure | None] = {}

    def __call__(self, context: DeliveryContext) -> Failure | None:
        heuristics = (context.folder / files.HEURISTICS).read_bytes()
        key = hashlib.sha256(heuristics + json.dumps(context.compiled).encode()).hexdigest()
        if key not in self._failures:
            self._failures[key] = first_failure(context)
        return self._failures[key]


class Elsewhere:
    """H108's other processes, which give the same for the same heuristics, rows and surroundings."""

    def __init__(self) -> None:
        self._given: dict[str, Answers] = {}

    def __call__(self, heuristics: Path, names: Sequence[str], rows: list[Any], surroundings: Surroundings) -> Answers:
        asked = heuristics.read_bytes() + json.dumps([names, rows, repr(surroundings)]).encode()
        key = hashlib.sha256(asked).hexdigest()
        if key not in self._given:
            self._given[key] = answers(heuristics, names, rows, surroundings)
        return self._given[key]


def search_briefly(patched: pytest.MonkeyPatch) -> None:
    """Look for rows that fail among fewer."""
    patched.setattr(tries, "DRAWS", 1000)
    patched.setattr(model, "MAX_ROWS", 50)


class Drawings:
    """A report's plots, of which the same values give the same SVG."""

    def __init__(self) -> None:
        self._drawn: dict[bytes, str] = {}

    def __call__(self, name: str, label: str, draw: Any) -> str:
        key = pickle.dumps((name, label, draw.func.__qualname__, draw.args, draw.keywords))
        if key not in self._drawn:
            self._drawn[key] = inline(name, label, draw)
        return self._drawn[key]


class Trainings:
    """Trainings in a copy of the project: of the same program, data, contract, heuristics and environment.

    The second time that one test trains is another training than its first: whether both are the same is being tested.

    Parameters
    ----------
    folder
        Where the deliveries that were made are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Retrained] = {}
        self._times: Counter[str] = Counter()

    def begin(self) -> None:
        """Say that another test begins."""
        self._times.clear()

    @contextmanager
    def __call__(self, project: Project, root: Path, folder: Path, training: Path) -> Iterator[Retrained]:
        asked = [project.exists and root == project.root, *(str(path.relative_to(root)) for path in (folder, training))]
        inputs = _inputs(asked, root, folder)
        self._times[inputs] += 1
        key = f"{inputs}-{self._times[inputs]}"
        if key not in self._made:
            with trained_again(project, root, folder, training) as again:
                kept = Path(shutil.copytree(again.delivery, self._folder / key))
                self._made[key] = Retrained(kept, again.observed)
        yield self._made[key]


def _inputs(asked: list[Any], root: Path, folder: Path) -> str:
    digest = hashlib.sha256(json.dumps(asked).encode())
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if not (path.parent == folder and path.name in MADE):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    digest.update(json.dumps(environment, sort_keys=True).encode())
    return digest.hexdigest()
