"""Fixtures: somebody whom git knows, and a training that is not repeated for the same files, nor imports anew."""

import hashlib
import subprocess
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from handover import retraining
from handover.init import behaviours
from tests.helpers.warm import Warm

DRAFTED = ("numpy", "pandas", "xgboost", "sklearn.model_selection", "handover.delivery")
"""What the training of a draft imports."""


@pytest.fixture(autouse=True, scope="session")
def an_author() -> Iterator[None]:
    """Let git commit where nobody has told it who they are."""
    with pytest.MonkeyPatch.context() as patched:
        for who in ("AUTHOR", "COMMITTER"):
            patched.setenv(f"GIT_{who}_NAME", "a")
            patched.setenv(f"GIT_{who}_EMAIL", "a@example.org")
        yield


@pytest.fixture(autouse=True, scope="package")
def trained_once() -> Iterator[None]:
    """Draft the same behaviours of the same files."""
    draft, known = behaviours.drafted, {}

    @wraps(draft)
    def remembered(root: Path, *words: Any) -> str:
        files = sorted(path for part in ("modelling", "layers/model") for path in (root / part).rglob("*.*"))
        key = hashlib.sha256(b"".join(path.read_bytes() for path in files if path.is_file())).hexdigest()
        if key not in known:
            known[key] = draft(root, *words)
        return known[key]

    with Warm(*DRAFTED) as warm, pytest.MonkeyPatch.context() as patched:
        patched.setattr(behaviours, "drafted", remembered)
        patched.setattr(retraining, "subprocess", SimpleNamespace(**vars(subprocess) | {"run": warm.run}))
        yield
