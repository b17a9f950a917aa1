"""Another system, as far as Linux can be one: its name, and a Python without what it lacks (`sitecustomize.py`)."""

import os
import subprocess
import sys
from pathlib import Path

ELSEWHERE = Path(__file__).parent
ROOT = ELSEWHERE.parents[2]
MAC = "the built function takes Linux, and this is macOS: open the project in its dev container (.devcontainer)"
WINDOWS = (
    "the built function takes Linux, and this is Windows: open the project in WSL 2, or in its dev container "
    "(.devcontainer)"
)


def run(*words: str, system: str = "Windows", cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program as on another system; a file whose encoding is left to that is a warning."""
    paths = [ELSEWHERE, cwd, cwd / "function", cwd / "layers" / "model", ROOT, ROOT / "function"]
    environment = {
        **os.environ,
        "ELSEWHERE": system,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONWARNDEFAULTENCODING": "1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )
