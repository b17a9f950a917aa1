"""The notebook runs from its first cell to its last, in an empty folder, and prints what is shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from predictor import files
from tests.helpers import desk

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
# In a process of its own: pytest makes errors of Jupyter's own warnings.
RUNS = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Give the folder in which the notebook ran, and the notebook with what it printed there."""
    folder, written = tmp_path_factory.mktemp("notebook"), tmp_path_factory.mktemp("written") / "notebook.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(NOTEBOOK), str(written)],
        cwd=folder,
        env=desk.environment() | {"IPYTHONDIR": str(written.parent), "JUPYTER_CONFIG_DIR": str(written.parent)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if os.environ.get("HANDOVER_REWRITE"):
        NOTEBOOK.write_text(written.read_text())
    return folder, json.loads(written.read_text())


def printed(notebook: Any) -> list[str]:
    """Give what each cell printed and gave, but for plots and what is the processor's: a score's last digits."""
    texts = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            text = "".join(output.get("text") or output["data"].get("text/plain", ""))
            plain = re.sub(r"(?<=\d\.\d{3})\d+|\d+ kept|\b[0-9a-f]{12}\b", "#", text)
            texts.append(re.sub(r"\S*site-packages\S*|<ipython.*|/\S*ipykernel\S*", "PATH", plain))
    return texts


def test_what_is_shown_was_printed(run: tuple[Path, Any]) -> None:
    shown = json.loads(NOTEBOOK.read_text())

    assert printed(run[1]) == printed(shown)
    assert any("Delivered model" in text for text in printed(shown))
    assert " 0 broken, 0 skipped;" in printed(shown)[-1]


def test_it_delivers_what_a_function_opens_and_draws_it(run: tuple[Path, Any]) -> None:
    folder, notebook = run
    manifest = files.manifest(folder / "parcels")
    (drawn,) = (
        "".join(output["data"]["text/html"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "<figure" in "".join(output.get("data", {}).get("text/html", ""))
    )

    assert manifest["contract"] == {"name": "parcels", "version": "1.0.0"}
    assert re.findall(r"<b>(.*?)</b><svg", drawn) == [
        "ROC",
        "Calibration",
        "Scores of the held-out rows",
        "What it looks at",
    ]
    assert re.findall(r"var\((--\w+)\)", drawn)
    assert set(re.findall(r"var\((--\w+)\)", drawn)) <= set(re.findall(r"(--\w+):#", drawn))


def test_every_page_that_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", NOTEBOOK.read_text()):
        assert (NOTEBOOK.parent / link).exists(), link
