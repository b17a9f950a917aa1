import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench import __main__ as command
from bench import contenders, run
from bench.contenders import PLAIN


def test_without_the_peers_it_says_which_and_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contenders, "VENVS", tmp_path)
    ended = CliRunner().invoke(command.main, ["--quick"])
    assert ended.exit_code == 2
    assert ended.output == (
        "bench: not installed, or not from the lock as it is now: Handover, plain layer, FastAPI + Mangum, "
        "Powertools resolver, pickled scikit-learn, pickled XGBoost, FastAPI + uvicorn, BentoML, MLflow models serve; "
        "run make bench-peers\n"
    )


def test_a_peer_of_an_older_lock_is_not_up_to_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contenders, "VENVS", tmp_path)
    PLAIN.set_up_to_date(zipped_bytes=7)
    assert PLAIN.up_to_date()
    assert PLAIN.installed() == (tmp_path / "plain_layer", 7)
    PLAIN.stamp.write_text(json.dumps({"lock": "0" * 64, "zipped_bytes": 7}))
    assert not PLAIN.up_to_date()


def test_an_unknown_measure_is_refused_with_those_that_there_are() -> None:
    ended = CliRunner().invoke(command.main, ["--only", "cold,hot"])
    assert ended.exit_code == 2
    assert "'hot' is none of cold, imports, warm, http, memory, growth, file" in ended.output


@pytest.mark.parametrize("arguments", [["--quick"], ["--only", "cold"]])
def test_only_a_full_run_writes_the_page(
    arguments: list[str], results: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "measure", lambda *_: results)
    monkeypatch.setattr(command.plots, "draw", lambda *_: [])
    for place, name in (("PAGE", "benchmarks.md"), ("PUBLISHED", "latest.json"), ("ASIDE", "aside")):
        monkeypatch.setattr(command, place, tmp_path / name)
    ended = CliRunner().invoke(command.main, arguments)
    assert ended.exit_code == 0, ended.output
    assert [path.name for path in tmp_path.iterdir()] == ["aside"]
    assert json.loads((tmp_path / "aside" / "latest.json").read_text()) == results
    ended = CliRunner().invoke(command.main, [])
    assert ended.exit_code == 0, ended.output
    assert {path.name for path in tmp_path.iterdir()} == {"aside", "benchmarks.md", "latest.json"}


def test_versions_are_those_of_the_lock() -> None:
    assert set(run.versions(contenders.MANGUM)) == {"fastapi", "mangum", "numpy", "onnxruntime"}
    assert run.versions(PLAIN) == run.versions(contenders.OURS)
