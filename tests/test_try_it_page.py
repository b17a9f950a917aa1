"""What docs/try-it.md shows of make is there; its other commands run in tests/openapi."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "try-it.md").read_text()
SHOWN = re.findall(r"^\$ make (serve.*)$", PAGE, re.MULTILINE)


def test_serving_is_shown_plain_and_with_origins() -> None:
    assert SHOWN == ["serve", "serve CORS=http://localhost:5173"]


@pytest.mark.parametrize("target", SHOWN)
def test_make_hands_what_is_shown_to_handover(target: str) -> None:
    printed = subprocess.run(
        ["make", "--dry-run", *target.split()], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    origins = f' --cors-origins "{target.partition("=")[2]}"' if "=" in target else ""
    assert f".venv/bin/handover serve --port 3000{origins}" in [line.strip() for line in printed.splitlines()]
