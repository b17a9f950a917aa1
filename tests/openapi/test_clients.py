"""The description of the API is one that others can work with: linters find no error, generated clients ask by it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from predictor import openapi
from predictor.delivery import Delivery
from predictor.settings import Settings
from tests.helpers.served import asked, served

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROOM = ROOT / ".venv" / "openapi"
TOOLS = ROOM / "node_modules" / ".bin"
COMPILER = {
    "compilerOptions": {"strict": True, "target": "es2022", "module": "nodenext", "types": [], "outDir": "."},
    "files": ["client.ts"],
}


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    if not TOOLS.is_dir():
        pytest.skip("what reads OpenAPI is not installed: run make test-openapi")


@pytest.fixture
def url(delivery: Path, tmp_path: Path) -> Iterator[str]:
    with served(delivery, tmp_path / "model") as address:
        yield address


def run(folder: Path, *command: str | Path) -> str:
    """Run a program in a folder; node is the one of this environment, and what is run tells nobody of it."""
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), str(ROOM / "bin"), os.environ["PATH"]])
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | quiet | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


# --- linters


@pytest.mark.parametrize("auth", ["NONE", "JWT", "AWS_IAM"])
def test_redocly_and_spectral_find_no_error(delivery: Path, tmp_path: Path, auth: str) -> None:
    settings = Settings(delivery, "predict", "test", stage="staging", auth=auth, issuer="https://id.example.org")
    document = openapi.document(Delivery.open(delivery), settings, "https://predict.example.org")
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "rules.yaml").write_text("extends: ['spectral:oas']\n")

    run(tmp_path, TOOLS / "redocly", "lint", "openapi.json")
    run(tmp_path, TOOLS / "spectral", "lint", "--ruleset", "rules.yaml", "--fail-severity", "error", "openapi.json")


# --- generated clients


def refused(delivery: Path, row: dict[str, Any]) -> dict[str, Any]:
    """Give the row with its first number beyond the contract's end."""
    properties = json.loads((delivery / "contract.json").read_text())["schema"]["properties"]
    name = next(name for name, schema in properties.items() if "maximum" in schema)
    return row | {name: properties[name]["maximum"] + 1}


def expected(delivery: Path, url: str) -> tuple[list[str], dict[str, Any]]:
    """Give what a client's program is called with, and what it prints."""
    row = json.loads((delivery / "golden.jsonl").read_text().split("\n")[0])["row"]
    beyond = refused(delivery, row)
    answers = {
        "one": asked(url, "/predict?reasons=2", row),
        "batch": asked(url, "/predict/batch", [row, row]),
        "refused": asked(url, "/predict", beyond),
        "health": asked(url, "/health"),
        "contract": asked(url, "/contract")["version"],
    }
    return [url, json.dumps(row), json.dumps(beyond)], answers


def test_a_generated_client_of_python_asks_by_it(delivery: Path, url: str, tmp_path: Path) -> None:
    python = ROOM / "bin" / "python"
    (tmp_path / "openapi.json").write_text(json.dumps(asked(url, "/openapi.json")))
    run(
        tmp_path,
        ROOM / "bin" / "openapi-python-client",
        "generate",
        "--path",
        "openapi.json",
        "--meta",
        "none",
        "--output-path",
        "client",
        "--fail-on-warning",
    )
    run(tmp_path, python, "-m", "compileall", "-q", "client")
    arguments, answers = expected(delivery, url)

    shutil.copy(HERE / "client.py", tmp_path / "ask.py")

    assert json.loads(run(tmp_path, python, "ask.py", *arguments)) == answers


def test_a_generated_client_of_typescript_is_compiled_and_asks_by_it(delivery: Path, url: str, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(asked(url, "/openapi.json")))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(ROOM / "node_modules")
    shutil.copy(HERE / "client.ts", tmp_path)
    run(tmp_path, TOOLS / "openapi-typescript", "openapi.json", "--output", "api.d.ts")
    (tmp_path / "tsconfig.json").write_text(json.dumps(COMPILER))
    run(tmp_path, TOOLS / "tsc")
    arguments, answers = expected(delivery, url)

    assert json.loads(run(tmp_path, Path(sys.prefix) / "bin" / "node", "client.js", *arguments)) == answers


def test_the_commands_of_the_page_make_both(url: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "try-it.md").read_text().partition("## From a generated client")[2]
    (tmp_path / "node_modules").symlink_to(ROOM / "node_modules")

    for command in re.findall(r"^\$ (.+)$", page, re.MULTILINE):
        run(tmp_path, "bash", "-c", command.replace("http://127.0.0.1:3000/", url))

    assert list(tmp_path.glob("*-client/pyproject.toml"))
    assert (tmp_path / "api.d.ts").exists()
