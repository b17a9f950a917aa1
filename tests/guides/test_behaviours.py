"""The page on behaviours: what it has of them holds of the example, and a report of one that does not is as shown."""

import re
import shutil
from pathlib import Path

from handover.checks import selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.reporters.text import report
from tests.helpers.parcels import REAL

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "behaviours.md").read_text()
CODE = "\n\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
(SHOWN,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def figureless(text: str) -> str:
    """Leave out what a model that is trained anew answers otherwise."""
    return re.sub(r"\b\d+(\.\d+)?\b", "#", text)


def checked(code: str, folder: Path) -> str:
    delivery = Path(shutil.copytree(REAL, folder / "layers" / "model" / "delivery"))
    (delivery / "behaviours.py").write_text(code)
    shutil.copytree(ROOT / "docs" / "checks", folder / "docs" / "checks")
    (folder / "modelling").mkdir()
    (folder / "modelling" / "train.py").touch()
    with DeliveryContext(folder, delivery) as context:
        return report(list(evaluate(context, selected(["B"]))), context)


def test_each_behaviour_of_the_page_holds(tmp_path: Path) -> None:
    kept = checked(CODE, tmp_path)

    assert kept.startswith("B703 kept: 4 behaviours, golden rows answered in this Python"), kept


def test_the_report_of_one_that_does_not_hold_is_as_shown(tmp_path: Path) -> None:
    text = checked(CODE.replace("< 0.15", "< 0.05"), tmp_path)

    assert figureless(text).partition("\n\n# kept")[0] == figureless(SHOWN).rstrip()
