"""The page of scorecards: its files do what it says."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "scorecards.md").read_text()


def run(script: str, folder: Path) -> str:
    ended = subprocess.run(
        [sys.executable, script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_its_files_deliver_what_it_says(tmp_path: Path) -> None:
    parcels = tmp_path / "parcels"
    (parcels / "delivery").mkdir(parents=True)
    named = re.findall(r"`(parcels/[\w/]+\.\w+)`[^`]*?:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in named] == [
        "parcels/delivery/contract.py",
        "parcels/delivery/heuristics.py",
        "parcels/scorecard.csv",
        "parcels/train.py",
        "parcels/probability.py",
    ]
    for name, content in named:
        (tmp_path / name).write_text(content)
    subprocess.run(
        [sys.executable, "-m", "handover", "example", parcels / "parcels.csv"], check=True, capture_output=True
    )

    ((script, shown),) = re.findall(r"^\$ python (\S+)\n\.\.\.\n(.*?)\.\.\.$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown in run(script, tmp_path)
    (losses,) = re.findall(r"^log loss .*", run("parcels/probability.py", tmp_path), re.MULTILINE)
    loss, *_, base = map(float, re.findall(r"\d\.\d+", losses))
    assert loss < base

    (parcels / "scorecard.csv").write_text((parcels / "scorecard.csv").read_text().replace(";300;612,5", ";400;612,5"))
    failed = subprocess.run(
        [sys.executable, "parcels/train.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert failed.stderr.splitlines()[-1].partition("DeliverError: ")[2] in PAGE
