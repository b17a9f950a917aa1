"""The table of set-ups, docs/models.md: each row is compared with what was seen, and the whole with what it is made of.

``HANDOVER_REWRITE=1`` writes it anew, row by row.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.handover.conversion.setups import (
    of_boosting,
    of_classes,
    of_composition,
    of_foreign,
    of_preparation,
    of_scikit_learn,
)
from tests.handover.conversion.setups.judge import EXACT, REFUSED, Fit, Verdict, credit, judged, made_up

PAGE = Path(__file__).parents[4] / "docs" / "models.md"
LOCK = Path(tempfile.gettempdir()) / "handover-models.lock"
REWRITES = bool(os.environ.get("HANDOVER_REWRITE"))
LIBRARIES = (
    "scikit-learn",
    "xgboost-cpu",
    "lightgbm",
    "catboost",
    "skl2onnx",
    "onnx",
    "onnxruntime",
    "numpy",
    "pandas",
)
COLUMNS = "| set-up | data without gaps | data with gaps | because |\n|---|---|---|---|\n"

HEAD = """# Which models can be delivered

Written by the tests (`tests/handover/conversion/setups`), never by hand. With
{versions}.

**exact**: the graph gives the trained model's scores, within the usual budget of parity, and all of its decisions.
Asked were: all rows of the example's data, 2,000 random rows that its contract accepts, every threshold of the trees
with a float32 step to either side, every category, each gap alone and all together; many rows at once and one by one;
and the same on made-up data with columns of both signs, noughts, and 60 categories. In the data with gaps, a tenth of
the values of optional fields is missing.

That was seen on these data. On others the last bit of a float32 may count: in a linear model without a penalty, where
columns nearly say the same, and behind steps that add up, where a tree's threshold lies between two numbers a bit
apart. Then the model itself gives a row several answers, by how it is asked, and `deliver()` refuses it, with the step
and these answers. It does not happen where `FunctionTransformer(np.float64)` is the first step of the pipeline.

**refused**: `deliver()` writes nothing and says the sentence. **takes none**: the model itself cannot be trained on
gaps, so put a `SimpleImputer` in front of it.

But for those of several classes, a classifier has two here. Of a regression's large scores, four steps of float32 are
allowed where these are more than the budget. Scorecards, ONNX files of other tools and models of imbalanced-learn have
tests of their own (`test_from_scorecard.py`, `test_from_onnx.py`, `test_from_imblearn.py`). A model that is delivered
is proved on the spot, listed or not.
"""


@dataclass(frozen=True)
class Section:
    """Set-ups that belong together."""

    title: str
    about: str
    setups: dict[str, tuple[Fit, ...]]
    """By name; each of its models is judged, and all must come to the same."""


def _alone(title: str, about: str, setups: dict[str, Fit]) -> Section:
    return Section(title, about, {name: (fit,) for name, fit in setups.items()})


SECTIONS = {
    "linear": _alone("Linear models", "Each behind `SimpleImputer` and `StandardScaler`.", of_scikit_learn.LINEAR),
    "trees": _alone("scikit-learn's trees", "`AdaBoost` stands behind `SimpleImputer`.", of_scikit_learn.TREES),
    "others": _alone(
        "Other models of scikit-learn", "Each behind `SimpleImputer` and a scaler.", of_scikit_learn.OTHERS
    ),
    "preparation": Section(
        "What stands in front of the model",
        "Each in front of XGBoost's trees, or of a forest where these are refused, and of a logistic regression.",
        of_preparation.setups(credit(gaps=False)),
    ),
    "composition": _alone(
        "Models around models, and models that were fitted on a DataFrame", "", of_composition.COMPOSITION
    ),
    "xgboost": _alone("XGBoost", "", of_boosting.XGBOOST),
    "lightgbm": _alone("LightGBM", "", of_boosting.LIGHTGBM),
    "catboost": _alone("CatBoost", "", of_boosting.CATBOOST),
    "classes": _alone(
        "Several classes",
        "Of three classes; models that take no gaps stand behind `SimpleImputer` and `StandardScaler`.",
        of_classes.CLASSES,
    ),
    "foreign": _alone("Other packages", "", of_foreign.FOREIGN),
}


def check(section: str, name: str) -> None:
    """Require that the table has what is seen of a set-up now."""
    row = _row(name, _of_all(section, name, gaps=False), _of_all(section, name, gaps=True))
    if REWRITES:
        with _alone_with_the_page():
            rows = parsed() if PAGE.is_file() else {}
            rows.setdefault(section, {})[name] = row
            PAGE.write_text(rendered(rows))
    assert parsed()[section].get(name) == row


def rendered(rows: dict[str, dict[str, str]]) -> str:
    """Make the page of its rows; those of a set-up that is no more are left out."""
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    parts = [HEAD.format(versions=versions)]
    for key, section in SECTIONS.items():
        known = rows.get(key, {})
        lines = "".join(known[name] + "\n" for name in section.setups if name in known)
        parts.append(f"\n## {section.title}\n\n" + (f"{section.about}\n\n" if section.about else "") + COLUMNS + lines)
    return "".join(parts)


def parsed() -> dict[str, dict[str, str]]:
    """Read the page's rows, by section and name."""
    keys = {section.title: key for key, section in SECTIONS.items()}
    blocks = PAGE.read_text().split("\n## ")[1:]
    return {
        keys[title]: {
            line.split(" | ")[0].removeprefix("| "): line
            for line in body.splitlines()
            if line[:2] == "| " and line != COLUMNS.partition("\n")[0]
        }
        for title, _, body in (block.partition("\n") for block in blocks)
        if title in keys
    }


def _of_all(section: str, name: str, *, gaps: bool) -> Verdict:
    verdicts = [
        judged(fit, data) for fit in SECTIONS[section].setups[name] for data in (credit(gaps=gaps), made_up(gaps=gaps))
    ]
    refused = {verdict.because for verdict in verdicts if verdict.result == REFUSED}
    assert len(refused) <= 1, refused
    for result in (REFUSED, EXACT):
        if verdict := next((verdict for verdict in verdicts if verdict.result == result), None):
            return verdict
    return verdicts[0]


def _row(name: str, without: Verdict, gapped: Verdict) -> str:
    because = " / ".join(dict.fromkeys(verdict.because for verdict in (without, gapped) if verdict.because))
    return f"| {name} | {without.result} | {gapped.result} | {because.replace('|', '/')} |"


@contextmanager
def _alone_with_the_page() -> Iterator[None]:
    """Keep the other workers of pytest away."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
