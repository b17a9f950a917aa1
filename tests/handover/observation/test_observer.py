"""What is seen of a training, and what follows from it: each training is a few lines around ``fit``."""

import json
import runpy
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np
import pytest

from handover import Budgets, Contract, Field, Row, Score, deliver, drawing, importance, proof
from handover.observation.observer import Observer
from tests.helpers.parcels import module

HEURISTICS = '''"""What a loan's row says."""


def instalment(row):
    """What is paid each month [EUR]."""
    return row.amount / row.months


def short(row):
    """Whether it is paid back within a year [1]."""
    return row.months <= 12
'''


class Loan(Row):
    """A loan."""

    amount: float = Field(ge=100, le=20_000, description="Amount [EUR]")
    months: int = Field(ge=4, le=72, description="Duration [months]")
    purpose: Literal["car", "home", "study", "other"] = Field(description="What for")
    member: bool = Field(description="Whether a member")
    employed: Literal["no", "short", "long"] = Field(description="Employed for")


class Gapped(Loan):
    """A loan of which not all is known."""

    employed: Literal["no", "short", "long"] | None = Field(default=None, description="Employed for")  # type: ignore[assignment]


class Flags(Row):
    """Flags alone."""

    one: bool = Field(description="The first")
    two: bool = Field(description="The second")
    three: bool = Field(description="The third")


class Bands(Row):
    """Bands alone: 3,125 rows are all that there are."""

    a: Literal["0", "1", "2", "3", "4"] = Field(description="The first")
    b: Literal["0", "1", "2", "3", "4"] = Field(description="The second")
    c: Literal["0", "1", "2", "3", "4"] = Field(description="The third")
    d: Literal["0", "1", "2", "3", "4"] = Field(description="The fourth")
    e: Literal["0", "1", "2", "3", "4"] = Field(description="The fifth")


def contract(row: type[Row]) -> Contract:
    return Contract(
        name="loans",
        version="1.0.0",
        row=row,
        score=Score("probability of loss", low=0.0, high=1.0),
        decisions={"grant": 0.5, "refuse": 1.0},
        budgets=Budgets(model_kib=4096, layers_mib=100, parity=1e-5, flipped_decisions=0),
    )


def loans(count: int = 400, gaps: float = 0.0) -> list[dict[str, Any]]:
    return [dict(row) for row in drawn_loans(count, gaps)]


@cache  # for a hundred trainings, which may change their rows
def drawn_loans(count: int, gaps: float) -> list[dict[str, Any]]:
    chance = np.random.default_rng(5)
    return [
        {
            "amount": float(chance.integers(10_000, 2_000_000) / 100),
            "months": int(chance.integers(4, 73)),
            "purpose": str(chance.choice(["car", "home", "study", "other"])),
            "member": bool(chance.random() < 0.3),
            "employed": None if chance.random() < gaps else str(chance.choice(["no", "short", "long"])),
        }
        for _ in range(count)
    ]


BEFORE = """
import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from handover import deliver, matrix

def laid_out(rows):
    return matrix(rows, contract=CONTRACT, heuristics=heuristics).values

def computed_elsewhere(rows):
    purposes, times = ("car", "home", "study", "other"), ("no", "short", "long")
    return np.array([
        [row["amount"], row["months"], purposes.index(row["purpose"]), row["member"], times.index(row["employed"]),
         row["amount"] / row["months"], row["months"] <= 12] for row in rows
    ])

def trees(**settings):
    return xgboost.XGBClassifier(n_estimators=5, max_depth=2, random_state=0, n_jobs=1, **settings)

def scaled():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

class Frame:  # as little of a data frame as a library needs to take one
    def __init__(self, values, columns):
        self.values, self.columns, self.shape = values, columns, values.shape
    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)
    def __len__(self):
        return len(self.values)

chance = np.random.default_rng(1)
known, unseen = np.arange(len(rows))[100:], np.arange(100)
y = labels
"""
AFTER = """
deliver(
    model, rows=[rows[row] for row in unseen], labels=y[unseen],
    contract=CONTRACT, heuristics=heuristics, to=TO,
)
"""


def trained(folder: Path, rows: list[dict[str, Any]], row: type[Row]) -> dict[str, Any]:
    """Give what the lines of a training find around them."""
    return {
        "CONTRACT": contract(row),
        "heuristics": module(folder / "heuristics.py"),
        "rows": rows,
        "labels": np.array([crc32(str(row).encode()) % 2 for row in rows]),
        "TO": folder / "delivery",
    }


type Training = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def proved_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove each model on few rows, which are not what is looked at here: a proof's rows have tests of their own."""
    monkeypatch.setattr(drawing, "MIN_RANDOM_ROWS", 20)
    monkeypatch.setattr(drawing, "RANDOM_ROWS_PER_FIELD", 4)
    monkeypatch.setattr(proof, "LIKELY_ROWS", 120)
    monkeypatch.setattr(importance, "REPEATS", 2)


@pytest.fixture
def observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Training:
    """Give what trains by some lines, observed, and returns the summary."""

    def train(lines: str, rows: list[dict[str, Any]] | None = None, row: type[Row] = Loan) -> dict[str, Any]:
        (tmp_path / "heuristics.py").write_text(HEURISTICS if issubclass(row, Loan) else '"""None."""\n')
        (tmp_path / "train.py").write_text(BEFORE + lines + AFTER)
        monkeypatch.chdir(tmp_path)
        rows = loans() if rows is None else rows
        if row is Loan and ("'employed': None" in lines or any(one["employed"] is None for one in rows)):
            row = Gapped
        with Observer(tmp_path / "delivery", tmp_path / "summary.json"):
            runpy.run_path("train.py", trained(tmp_path, rows, row))
        summary: dict[str, Any] = json.loads((tmp_path / "summary.json").read_text())
        return summary

    return train


def gapped(count: int = 400) -> list[dict[str, Any]]:
    return loans(count, gaps=0.2)


def twice(count: int = 200) -> list[dict[str, Any]]:
    """Make rows as a register of repeated applications has them: some of each pair are held out."""
    rows = loans(count) * 2
    return [rows[index] for index in np.random.default_rng(2).permutation(len(rows))]


def flags(count: int = 400) -> list[dict[str, Any]]:
    return [dict(zip(("one", "two", "three"), map(bool, row), strict=True)) for row in draws(count, 3, 2)]


def bands(count: int = 400) -> list[dict[str, Any]]:
    return [dict(zip("abcde", map(str, row), strict=True)) for row in draws(count, 5, 5)]


def draws(count: int, width: int, values: int) -> list[list[int]]:
    drawn = np.random.default_rng(3).random((count, width)) ** 2 * values  # the first of them more often
    return [[int(value) for value in row] for row in drawn]


HONEST: dict[str, tuple[Any, ...]] = {
    "a model": ("model = trees().fit(laid_out(rows)[known], y[known])",),
    "by names": ("model = trees().fit(X=laid_out(rows)[known], y=y[known])",),
    "a pipeline with its scaler inside": ("model = scaled().fit(laid_out(rows)[known], y[known])",),
    "a pipeline put together of fitted steps": (
        (
            "X = laid_out(rows)[known]\n"
            "scaler = StandardScaler().fit(laid_out(rows))\n"
            "model = make_pipeline(scaler, LogisticRegression().fit(scaler.transform(X), y[known]))"
        ),
    ),
    "a search": (
        (
            "from sklearn.model_selection import GridSearchCV\n"
            "search = GridSearchCV(trees(), {'learning_rate': [0.1, 0.3]}, cv=3)\n"
            "model = search.fit(laid_out(rows)[known], y[known]).best_estimator_"
        ),
    ),
    "a search in other processes": (
        (
            "from sklearn.model_selection import GridSearchCV\n"
            "search = GridSearchCV(trees(), {'learning_rate': [0.1, 0.3]}, cv=2, n_jobs=2)\n"
            "model = search.fit(laid_out(rows)[known], y[known]).best_estimator_"
        ),
    ),
    "the better of several": (
        (
            "X = laid_out(rows)\n"
            "models = [trees(learning_rate=rate).fit(X[known], y[known]) for rate in (0.1, 0.3)]\n"
            "model = max(models, key=lambda one: one.score(X[known], y[known]))\n"
            "scaled().fit(StandardScaler().fit_transform(X), y)  # a rival that is thrown away"
        ),
    ),
    "cross-validated over all rows first": (
        (
            "from sklearn.model_selection import cross_val_score\n"
            "X = laid_out(rows)\n"
            "model = trees()\n"
            "cross_val_score(model, X, y, cv=3)\n"
            "for start in range(0, 400, 100):\n"
            "    model.fit(X[start:], y[start:]) if start else model.fit(X[:300], y[:300])\n"
            "model.fit(X[known], y[known])"
        ),
    ),
    "calibrated": (
        (
            "from sklearn.calibration import CalibratedClassifierCV\n"
            "inner = LogisticRegression(max_iter=5000)\n"
            "model = CalibratedClassifierCV(inner, cv=3).fit(laid_out(rows)[known], y[known])"
        ),
    ),
    "early stopping on the held-out rows": (
        (
            "X = laid_out(rows)\n"
            "model = trees(early_stopping_rounds=2)\n"
            "model.fit(X[known], y[known], eval_set=[(X[unseen], y[unseen])], verbose=False)"
        ),
    ),
    "weighted": ("model = trees().fit(laid_out(rows)[known], y[known], sample_weight=chance.random(300))",),
    "bootstrapped": ("drawn = chance.choice(known, 500)\nmodel = trees().fit(laid_out(rows)[drawn], y[drawn])",),
    "oversampled by interpolation": (
        (
            "X = laid_out(rows)[known]\n"
            "between = (X + X[chance.permutation(len(X))]) / 2\n"
            "model = trees().fit(np.vstack([X, between]), np.append(y[known], y[known]))"
        ),
    ),
    "with noise added": (
        (
            "X = laid_out(rows)[known]\n"
            "noisy = X + chance.normal(size=X.shape).astype(np.float32) * X.std(axis=0) / 50\n"
            "model = trees().fit(noisy, y[known])"
        ),
    ),
    "with gaps in its rows": ("model = trees().fit(laid_out(rows)[known], y[known])", gapped()),
    "with gaps made later": (
        "X = laid_out(rows)[known]\nX[chance.random(X.shape) < 0.3] = np.nan\nmodel = trees().fit(X, y[known])",
    ),
    "with gaps made before, and judged without": (
        (
            "X = laid_out([row | {'employed': None} if index % 3 else row for index, row in enumerate(rows)])\n"
            "laid_out(rows)\n"
            "model = trees().fit(X[known], y[known])"
        ),
    ),
    "without the rows that have gaps": (
        "X = laid_out(rows)\nwhole = known[~np.isnan(X[known]).any(axis=1)]\nmodel = trees().fit(X[whole], y[whole])",
        gapped(),
    ),
    "with its outliers cut": (
        "X = laid_out(rows)[known]\nmodel = trees().fit(np.clip(X, None, np.quantile(X, 0.99, axis=0)), y[known])",
    ),
    "in float64": ("model = scaled().fit(laid_out(rows)[known].astype(float), y[known])",),
    "of features that were computed elsewhere": (
        ("X = computed_elsewhere(rows)\nmodel = trees().fit(X[known], y[known])"),
    ),
    "trained on an earlier time, with features of its own": (
        (
            "order = np.argsort([row['amount'] for row in rows])\n"
            "known, unseen = order[:300], order[300:]\n"
            "X = np.array(laid_out([rows[row] for row in unseen]))  # the training's rows are not among them\n"
            "own = np.array([[row['amount'], row['months'], 1, row['member'], 1, row['amount'] / row['months'], 0]\n"
            "                for row in rows])\n"
            "model = trees().fit(own[known], y[known])"
        ),
    ),
    "a data frame": (
        (
            "columns = ['amount', 'months', 'purpose', 'member', 'employed', 'instalment', 'short']\n"
            "model = LogisticRegression(max_iter=5000).fit(Frame(laid_out(rows)[known], columns), y[known])"
        ),
    ),
    "a data frame with numbers for names": (
        "model = LogisticRegression(max_iter=5000).fit(Frame(laid_out(rows)[known], range(7)), y[known])",
    ),
    "in batches": (
        (
            "from sklearn.linear_model import SGDClassifier\n"
            "X, model = laid_out(rows), SGDClassifier(loss='log_loss', random_state=0)\n"
            "for batch in np.split(known, 3):\n"
            "    model.partial_fit(X[batch], y[batch], classes=[0, 1])"
        ),
    ),
    "LightGBM": (
        (
            "import lightgbm\n"
            "model = lightgbm.LGBMClassifier(n_estimators=5, num_leaves=4, n_jobs=1, verbose=-1)\n"
            "model.fit(laid_out(rows)[known], y[known])"
        ),
    ),
    "a native booster": (
        (
            "data = xgboost.DMatrix(laid_out(rows)[known], label=y[known])\n"
            "booster = xgboost.train({'objective': 'binary:logistic', 'nthread': 1}, data, 3)\n"
            "model = trees()\n"
            "model._Booster, model.n_classes_ = booster, 2"
        ),
    ),
    "a native booster, by a function of the program": (
        (
            "def train(data, settings):\n"
            "    booster = xgboost.train(settings, data, 3)\n"
            "    del data\n"
            "    return booster\n"
            "data = xgboost.DMatrix(laid_out(rows)[known], label=y[known])\n"
            "model = trees()\n"
            "model._Booster = train(data, {'objective': 'binary:logistic', 'nthread': 1})\n"
            "model.n_classes_ = 2"
        ),
    ),
    "one fit upon the other": (
        (
            "X = laid_out(rows)\nmodel = trees().fit(X[known[:150]], y[known[:150]])\n"
            "model.fit(X[known], y[known], xgb_model=model.get_booster())"
        ),
    ),
    "one fit after the other, from the start": (
        "X = laid_out(rows)\nmodel = trees().fit(X, y)\nmodel.fit(X[known], y[known])",
    ),
    "calibrated on a part of its own": (
        (
            "from sklearn.calibration import CalibratedClassifierCV\nfrom sklearn.frozen import FrozenEstimator\n"
            "X = laid_out(rows)\ninner = FrozenEstimator(LogisticRegression(max_iter=5000).fit(X[known[:200]], "
            "y[known[:200]]))\n"
            "model = CalibratedClassifierCV(inner).fit(X[known[200:]], y[known[200:]])"
        ),
    ),
    "compared on a part of its own": (
        (
            "X = laid_out(rows)\ntried, compared = known[:250], known[250:]\n"
            "models = [trees(learning_rate=rate).fit(X[tried], y[tried]) for rate in (0.1, 0.3)]\n"
            "model = max(models, key=lambda one: one.score(X[compared], y[compared]))\n"
            "model.predict_proba(X), model.predict(X[unseen])"
        ),
    ),
    "stopped by a part of its own, and asked for that beside the judges": (
        (
            "X, stops = laid_out(rows), known[:50]\nmodel = trees(early_stopping_rounds=2)\n"
            "model.fit(X[known[50:]], y[known[50:]], eval_set=[(X[stops], y[stops])], verbose=False)\n"
            "model.predict(X[np.append(stops, unseen)])"
        ),
    ),
    "with gaps, and asked for all rows without": (
        (
            "X = laid_out([row | {'employed': None} if index % 2 else row for index, row in enumerate(rows)])\n"
            "model = trees().fit(X[known], y[known])\nmodel.predict_proba(laid_out(rows)[50:])"
        ),
    ),
    "without its outliers": (
        (
            "X = laid_out(rows)\nknown = known[X[known, 0] < 18_000]\nmodel = trees().fit(X[known], y[known])\n"
            "model.predict(X[unseen])"
        ),
    ),
    "rows that the data has twice": ("model = trees().fit(laid_out(rows)[known], y[known])", twice()),
    "twice, its own twins dropped": (
        (
            "X = laid_out([rows[row] for row in known])\n"
            "X, first = np.unique(X, axis=0, return_index=True)\n"
            "model = trees().fit(X, y[known][first])"
        ),
        twice(),
    ),
    "flags alone": ("model = trees().fit(laid_out(rows)[known], y[known])", flags(), Flags),
    "flags alone, its twins dropped before": (
        (
            "distinct = [dict(row) for row in {tuple(rows[row].items()): 0 for row in known}]\n"
            "model = trees().fit(laid_out(distinct), np.arange(len(distinct)) % 2)"
        ),
        flags(),
        Flags,
    ),
    "bands alone": ("model = trees().fit(laid_out(rows)[known], y[known])", bands(), Bands),
    "many bands alone": ("model = trees().fit(laid_out(rows)[known], y[known])", bands(5000), Bands),
    "many bands, the held-out ones distinct": (
        (
            "unseen = np.array(list({tuple(rows[row].items()): row for row in unseen}.values()))\n"
            "model = trees().fit(laid_out(rows)[known], y[known])"
        ),
        bands(5000),
        Bands,
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_training_is_as_it_should_be(name: str, observed: Training) -> None:
    seen = observed(*HONEST[name])

    assert seen.get("unseen") is None
    assert seen["order"] == "as given"
    assert not seen["judging"]["beyond_chance"], seen["judging"]
    assert (seen["few"], seen["beyond"], seen["left"]) == (None, [], None)
    assert ("unknown" in seen, seen["offset"]) == (False, "")


def test_a_fit_on_the_first_rows_is_told_from_one_on_all(observed: Training) -> None:
    seen = observed("X = laid_out(rows)\nmodel = trees().fit(X[known[:14]], y[known[:14]])")

    assert seen["few"] == {"fitted": 14, "laid_out": 300}


def test_held_out_rows_of_one_end_of_sorted_data_are_told_from_a_sample(observed: Training) -> None:
    split = "order = np.argsort([row['amount'] for row in rows])\nknown, unseen = order[:300], order[300:]\n"
    seen = observed(f"{split}model = trees().fit(laid_out(rows)[known], y[known])")

    assert (seen["beyond"][0]["column"], seen["beyond"][0]["share"]) == ("amount", 1.0)


JUDGED_BY_ITS_OWN: dict[str, tuple[Any, ...]] = {
    "fitted on all rows": ("model = trees().fit(laid_out(rows), y)",),
    "golden rows out of the training rows": (
        "unseen = known[:80]\nmodel = trees().fit(laid_out(rows)[known], y[known])",
    ),
    "a fifth of them": (
        "unseen = np.append(unseen[:80], known[:20])\nmodel = trees().fit(laid_out(rows)[known], y[known])",
    ),
    "fitted again on all rows, once it was judged": (
        (
            "X = laid_out(rows)\nmodel = trees().fit(X[known], y[known])\nmodel.score(X[unseen], y[unseen])\n"
            "model.fit(X, y)"
        ),
    ),
    "a pipeline": ("model = scaled().fit(laid_out(rows), y)",),
    "a search": (
        (
            "from sklearn.model_selection import GridSearchCV\n"
            "search = GridSearchCV(scaled(), {'logisticregression__C': [0.1, 1]}, cv=3)\n"
            "model = search.fit(laid_out(rows), y).best_estimator_"
        ),
    ),
    "a part of a pipeline that was put together": (
        (
            "X = laid_out(rows)\nscaler = StandardScaler(with_mean=False, with_std=False).fit(X[known])\n"
            "model = make_pipeline(scaler, LogisticRegression(max_iter=5000).fit(scaler.transform(X), y))"
        ),
    ),
    "in batches": (
        (
            "from sklearn.linear_model import SGDClassifier\n"
            "X, model = laid_out(rows), SGDClassifier(loss='log_loss', random_state=0)\n"
            "for batch in (unseen, known):\n"
            "    model.partial_fit(X[batch], y[batch], classes=[0, 1])"
        ),
    ),
    "with gaps in a fifth of its rows, and judged without": (
        (
            "X = laid_out([row | {'employed': None} if index % 5 == 0 else row for index, row in enumerate(rows)])\n"
            "laid_out(rows)\n"
            "model = trees().fit(X, y)"
        ),
    ),
    "oversampled": (
        (
            "X = laid_out(rows)\nmore = np.append(np.arange(400), chance.choice(400, 300))\n"
            "model = trees().fit(X[more], y[more])"
        ),
    ),
    "of features that were computed elsewhere": (("X = computed_elsewhere(rows)\nmodel = trees().fit(X, y)"),),
    "rows that the data has twice": ("model = trees().fit(laid_out(rows), y)", loans(380) + loans(20)),
    "few bands": ("model = trees().fit(laid_out(rows), y)", bands(), Bands),
    "a native booster": (
        (
            "data = xgboost.DMatrix(laid_out(rows), label=y)\n"
            "booster = xgboost.train({'objective': 'binary:logistic', 'nthread': 1}, data, 3)\n"
            "model = trees()\n"
            "model._Booster, model.n_classes_ = booster, 2"
        ),
    ),
}


LIGHTGBM = """
import lightgbm
stop = [lightgbm.early_stopping(2, verbose=False)] * {stops}
X, model = laid_out(rows), lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)
model.fit(X[known], y[known], eval_X=X[{judges}], eval_y=y[{judges}], callbacks=stop)
"""
XGBOOST = """
X, model = laid_out(rows), trees(early_stopping_rounds=2 * {stops} or None)
model.fit(X[known], y[known], eval_set=[(X[{judges}], y[{judges}])], verbose=False)
"""


@pytest.mark.parametrize("lines", [LIGHTGBM, XGBOOST])
@pytest.mark.parametrize(
    ("judges", "stops", "among"),
    [("unseen", 1, 100), ("unseen[:20]", 1, 20), ("known[:50]", 1, 0), ("unseen", 0, None)],
)
def test_held_out_rows_that_stopped_the_training_are_counted(
    lines: str, judges: str, stops: int, among: int | None, observed: Training
) -> None:
    seen = observed(lines.format(judges=judges, stops=stops))

    assert not seen["judging"]["beyond_chance"]
    assert seen.get("stopping", {}).get("among_fitted") == among


@pytest.mark.parametrize("name", JUDGED_BY_ITS_OWN)
def test_held_out_rows_that_trained_the_model_are_counted(name: str, observed: Training) -> None:
    seen = observed(*JUDGED_BY_ITS_OWN[name])

    assert seen["order"] == "as given"
    assert seen["judging"]["beyond_chance"], seen["judging"]


UPON = {
    "its own booster": "model.fit(X[known], y[known], xgb_model=model.get_booster())",
    "itself": "model.fit(X[known], y[known], xgb_model=model)",
    "another model": "model = trees().fit(X[known], y[known], xgb_model=model)",
    "a native booster": (
        "booster = xgboost.train({'objective': 'binary:logistic', 'nthread': 1}, xgboost.DMatrix(X, y), 3)\n"
        "model = trees().fit(X[known], y[known], xgb_model=booster)"
    ),
    "a native booster, updated": (
        "data, more = xgboost.DMatrix(X[known], y[known]), xgboost.DMatrix(X, y)\n"
        "model = trees()\n"
        "model._Booster = xgboost.train({'objective': 'binary:logistic', 'nthread': 1}, data, 3)\n"
        "model._Booster.update(more, 3)\n"
        "model.n_classes_ = 2"
    ),
    "twice": (
        "model.fit(X[known], y[known], xgb_model=model.get_booster())\n"
        "model.fit(X[known], y[known], xgb_model=model.get_booster())"
    ),
    "a native booster on a native one": (
        "settings = {'objective': 'binary:logistic', 'nthread': 1}\n"
        "first = xgboost.train(settings, xgboost.DMatrix(X, y), 3)\n"
        "model = trees()\n"
        "model._Booster = xgboost.train(settings, xgboost.DMatrix(X[known], y[known]), 3, xgb_model=first)\n"
        "model.n_classes_ = 2"
    ),
}


@pytest.mark.parametrize("name", UPON)
def test_a_fit_that_goes_on_from_another_has_the_rows_of_both(name: str, observed: Training) -> None:
    seen = observed(f"X = laid_out(rows)\nmodel = trees().fit(X, y)\n{UPON[name]}")

    assert (seen["judging"]["among_fitted"], seen["judging"]["fitted"]) == (100, 400)
    assert seen["judging"]["beyond_chance"]


def test_rows_that_were_answered_and_then_left_out_are_counted(observed: Training) -> None:
    seen = observed(
        "X = laid_out(rows)\nmodel = trees().fit(X[known], y[known])\n"
        "miss = np.abs(model.predict_proba(X[unseen])[:, 1] - y[unseen])\nunseen = unseen[np.argsort(miss)[:80]]"
    )

    assert seen["left"] == {"asked": 100, "left": 20}


@pytest.mark.parametrize(("laid_out", "together"), [("rows", 400), ("more", 800), ("rows + rows", 800)])
def test_rows_that_are_laid_out_with_those_that_judge_are_counted(
    laid_out: str, together: int, observed: Training
) -> None:
    seen = observed(
        "more = rows + [row | {'amount': row['amount'] + 0.5} for row in rows]\ny = np.append(y, y)\n"
        f"X = laid_out({laid_out})\nlaid_out(more[400:])\nmodel = trees().fit(X[known], y[known])"
    )

    assert seen["together"] == together


ANOTHER: dict[str, tuple[str, tuple[Any, ...]]] = {
    "another order": (
        "permuted",
        ("X = laid_out(rows)[:, [1, 0, 2, 3, 4, 5, 6]]\nmodel = trees().fit(X[known], y[known])",),
    ),
    "every column elsewhere": (
        "permuted",
        ("X = laid_out(rows)[:, ::-1]\nmodel = trees().fit(X[known], y[known])",),
    ),
    "another order, with gaps": (
        "permuted",
        ("X = laid_out(rows)[:, [1, 0, 2, 3, 4, 5, 6]]\nmodel = trees().fit(X[known], y[known])", gapped()),
    ),
    "another order, oversampled by interpolation": (
        "permuted",
        (
            (
                "X = laid_out(rows)[known][:, ::-1]\n"
                "between = (X + X[chance.permutation(len(X))]) / 2\n"
                "model = trees().fit(np.vstack([X, between]), np.append(y[known], y[known]))"
            ),
        ),
    ),
    "another order of bands": (
        "permuted",
        ("X = laid_out(rows)[:, ::-1]\nmodel = trees().fit(X[known], y[known])", bands(), Bands),
    ),
    "another order by name": (
        "permuted",
        (
            (
                "columns = ['months', 'amount', 'purpose', 'member', 'employed', 'instalment', 'short']\n"
                "X = Frame(laid_out(rows)[known][:, [1, 0, 2, 3, 4, 5, 6]], columns)\n"
                "model = LogisticRegression(max_iter=5000).fit(X, y[known])"
            ),
        ),
    ),
    "another order by name, of features computed elsewhere": (
        "permuted",
        (
            (
                "columns = ['months', 'amount', 'purpose', 'member', 'employed', 'instalment', 'short']\n"
                "X = Frame(chance.normal(size=(300, 7)), columns)\n"
                "model = LogisticRegression(max_iter=5000).fit(X, y[known])"
            ),
        ),
    ),
    "other names": (
        "other names",
        (
            (
                "X = Frame(laid_out(rows)[known] + 1e-3, list('tuvwxyz'))\n"
                "model = LogisticRegression(max_iter=5000).fit(X, y[known])"
            ),
        ),
    ),
    "a scaler outside": (
        "changed",
        ("X = StandardScaler().fit_transform(laid_out(rows))\nmodel = LogisticRegression().fit(X[known], y[known])",),
    ),
    "scaled in place": (
        "changed",
        (
            (
                "X = laid_out(rows)\nX -= X.mean(axis=0)\nX /= X.std(axis=0)\n"
                "model = LogisticRegression().fit(X[known], y[known])"
            ),
        ),
    ),
    "a pipeline's last step alone": ("changed", ("model = scaled().fit(laid_out(rows)[known], y[known])[-1]",)),
    "scaled, of features computed elsewhere": (
        "changed",
        (
            (
                "X = computed_elsewhere(rows)\n"
                "X = StandardScaler().fit_transform(X) - 5\n"
                "model = LogisticRegression(max_iter=5000).fit(X[known], y[known])"
            ),
        ),
    ),
    "one column's logarithm": (
        "changed",
        ("X = laid_out(rows)\nX[:, 0] = np.log(X[:, 0])\nmodel = trees().fit(X[known], y[known])",),
    ),
    "shares of the largest": (
        "changed",
        ("X = laid_out(rows)\nmodel = trees().fit((X / X.max(axis=0))[known], y[known])",),
    ),
    "gaps filled outside": (
        "filled",
        ("model = trees().fit(np.nan_to_num(laid_out(rows))[known], y[known])", gapped()),
    ),
    "gaps filled outside, most of them": (
        "filled",
        (
            "model = trees().fit(np.nan_to_num(laid_out(rows), nan=-1)[known], y[known])",
            loans(gaps=0.9),
        ),
    ),
}


@pytest.mark.parametrize("name", ANOTHER)
def test_other_columns_are_told_apart(name: str, observed: Training) -> None:
    order, training = ANOTHER[name]

    seen = observed(*training)

    assert seen["order"] == order
    assert "judging" not in seen


@pytest.mark.parametrize("judges", ["(rows[row] for row in unseen)", "pandas.DataFrame(rows).iloc[unseen]"])
def test_the_rows_that_judge_may_come_one_by_one_or_as_a_table(
    judges: str, observed: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "AFTER", AFTER.replace("[rows[row] for row in unseen]", judges))
    seen = observed("import pandas\nmodel = trees().fit(laid_out(pandas.DataFrame(rows))[known], y[known])")

    assert (seen["order"], seen["judging"]["rows"], seen["judging"]["beyond_chance"]) == ("as given", 100, False)


def test_columns_in_another_order_are_named(observed: Training) -> None:
    seen = observed("X = laid_out(rows)[:, [5, 0, 2, 3, 4, 1, 6]]\nmodel = trees().fit(X[known], y[known])")

    assert seen["given"] == ["instalment", "amount", "purpose", "member", "employed", "months", "short"]
    assert (seen["share_as_given"], seen["share_reordered"]) == (0.0, 1.0)


def test_changed_columns_are_named_with_what_they_were(observed: Training) -> None:
    seen = observed("X = laid_out(rows)\nX[:, 1] /= 12\nmodel = trees().fit(X[known], y[known])")

    assert [one["column"] for one in seen["changed"]] == ["months"]
    assert seen["changed"][0] == {"column": "months", "fitted": [pytest.approx(1 / 3), 6.0], "given": [4.0, 72.0]}


def test_filled_columns_are_named_with_their_gaps(observed: Training) -> None:
    seen = observed("model = trees().fit(np.nan_to_num(laid_out(rows)), y)", gapped())

    assert [one["column"] for one in seen["filled"]] == ["employed"]
    assert seen["filled"][0]["missing"] == pytest.approx(0.2, abs=0.05)


def test_the_line_is_that_of_the_training(observed: Training, tmp_path: Path) -> None:
    seen = observed("X = laid_out(rows)\nmodel = scaled().fit(X[known], y[known])")

    file, line = seen["place"]
    assert file == "train.py"
    assert (tmp_path / file).read_text().splitlines()[line - 1] == "model = scaled().fit(X[known], y[known])"


def test_the_summary_holds_no_row(observed: Training, tmp_path: Path) -> None:
    rows = loans()
    observed("X = StandardScaler().fit_transform(laid_out(rows))\nmodel = scaled().fit(X, y)", rows)

    summary = (tmp_path / "summary.json").read_text()
    ends = {min(row["amount"] for row in rows), max(row["amount"] for row in rows)}
    assert not [row["amount"] for row in rows if row["amount"] not in ends and str(row["amount"]) in summary]


def test_nothing_is_observed_any_more_afterwards(observed: Training, tmp_path: Path) -> None:
    observed("model = trees().fit(laid_out(rows)[known], y[known])")
    (tmp_path / "summary.json").unlink()

    runpy.run_path(str(tmp_path / "train.py"), trained(tmp_path, loans(), Loan))

    assert not (tmp_path / "summary.json").exists()
    assert sys.monitoring.get_local_events(4, deliver.__code__) == sys.monitoring.events.NO_EVENTS


UNSEEN = {
    "loaded": (
        "import pickle\nmodel = pickle.loads(pickle.dumps(trees().fit(laid_out(rows)[known], y[known])))",
        (
            "no fit of the XGBClassifier that was delivered was seen: it was loaded from a file, copied, or fitted in "
            "another process"
        ),
    ),
    "fitted in another process": (
        (
            "import joblib\nX = laid_out(rows)[known]\n"
            "(model,) = joblib.Parallel(n_jobs=2)([joblib.delayed(trees().fit)(X, y[known])])"
        ),
        (
            "no fit of the XGBClassifier that was delivered was seen: it was loaded from a file, copied, or fitted in "
            "another process"
        ),
    ),
    "sparse": (
        "from scipy.sparse import csr_matrix\nmodel = trees().fit(csr_matrix(laid_out(rows)[known]), y[known])",
        "the XGBClassifier was fitted on what cannot be read as a table of numbers",
    ),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_cannot_be_seen_is_reported(name: str, observed: Training) -> None:
    lines, sentence = UNSEEN[name]

    assert observed(lines) == {"unseen": sentence}


def test_what_goes_wrong_here_is_no_matter_of_the_training(
    observed: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("handover.observation.conclusions.table", fails)

    seen = observed("model = trees().fit(laid_out(rows)[known], y[known])")

    assert seen == {"unseen": "the observation failed (RuntimeError: a fault of ours)"}
    assert (tmp_path / "delivery" / "manifest.json").is_file()


UNKNOWN = {
    "a booster of a file": (
        "trees().fit(X, y).save_model('old.ubj')\nmodel = trees().fit(X[known], y[known], xgb_model='old.ubj')",
        "goes on from the model that `xgb_model` gives, and not all fits of that were seen",
    ),
    "a part of a booster": (
        "old = trees().fit(X, y).get_booster()[:2]\nmodel = trees().fit(X[known], y[known], xgb_model=old)",
        "goes on from the model that `xgb_model` gives, and not all fits of that were seen",
    ),
    "batches, after a copy": (
        (
            "import copy\nfrom sklearn.linear_model import SGDClassifier\n"
            "model = copy.deepcopy(SGDClassifier(loss='log_loss', random_state=0).fit(X, y))\n"
            "model.partial_fit(X[known], y[known])"
        ),
        "goes on from a fit that was not seen",
    ),
    "a warm start, of what was loaded": (
        (
            "import pickle\nfrom sklearn.linear_model import SGDClassifier\n"
            "model = pickle.loads(pickle.dumps(SGDClassifier(loss='log_loss', random_state=0).fit(X, y)))\n"
            "model.set_params(warm_start=True).fit(X[known], y[known])"
        ),
        "goes on from a fit that was not seen",
    ),
    "a warm start, of what cannot be read": (
        (
            "from scipy.sparse import csr_matrix\nfrom sklearn.linear_model import SGDClassifier\n"
            "model = SGDClassifier(loss='log_loss', random_state=0, warm_start=True).fit(csr_matrix(X), y)\n"
            "model.fit(X[known], y[known])"
        ),
        "was fitted more than once, and not always on what can be read as a table of numbers",
    ),
    "loaded, and calibrated": (
        (
            "import pickle\nfrom sklearn.calibration import CalibratedClassifierCV\n"
            "from sklearn.frozen import FrozenEstimator\n"
            "inner = FrozenEstimator(pickle.loads(pickle.dumps(LogisticRegression(max_iter=5000).fit(X, y))))\n"
            "model = CalibratedClassifierCV(inner).fit(X[known], y[known])"
        ),
        (
            "has a LogisticRegression in it of which no fit was seen: it was loaded from a file, copied, or fitted in "
            "another process"
        ),
    ),
    "loaded, and stacked": (
        (
            "import pickle\nfrom sklearn.ensemble import StackingClassifier\n"
            "inner = pickle.loads(pickle.dumps(LogisticRegression(max_iter=5000).fit(X, y)))\n"
            "model = StackingClassifier([('one', inner)], cv='prefit').fit(X[known], y[known])"
        ),
        (
            "has a LogisticRegression in it of which no fit was seen: it was loaded from a file, copied, or fitted in "
            "another process"
        ),
    ),
    "loaded, behind a scaler that was given labels": (
        (
            "import pickle\nscaler = StandardScaler().fit(X[known], y[known])\n"
            "last = pickle.loads(pickle.dumps(LogisticRegression(max_iter=5000).fit(scaler.transform(X), y)))\n"
            "model = make_pipeline(scaler, last)"
        ),
        (
            "has a LogisticRegression in it of which no fit was seen: it was loaded from a file, copied, or fitted in "
            "another process"
        ),
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_where_rows_came_in_unseen_nothing_is_said_of_them(name: str, observed: Training) -> None:
    lines, why = UNKNOWN[name]

    seen = observed(f"X = laid_out(rows)\n{lines}")

    assert not seen["judging"]["beyond_chance"]
    assert seen["unknown"] == f"the {seen['model']} {why}, so which rows it learned from is not known"


ON_ALL = {
    "LightGBM": "lightgbm.LGBMClassifier(n_estimators=2, num_leaves=4, n_jobs=1, verbose=-1)",
    "CatBoost": "catboost.CatBoostClassifier(iterations=2, thread_count=1, verbose=0, allow_writing_files=False)",
}
BESIDE = {
    "LightGBM": (f"model = {ON_ALL['LightGBM']}.fit(X[:40], y[:40], init_model={ON_ALL['LightGBM']}.fit(X, y))"),
    "LightGBM, its booster": (
        f"model = {ON_ALL['LightGBM']}.fit(X[:40], y[:40], init_model={ON_ALL['LightGBM']}.fit(X, y).booster_)"
    ),
    "LightGBM, native": (
        "settings = {'num_threads': 1, 'verbose': -1}\nfirst = lightgbm.train(settings, lightgbm.Dataset(X, y), 2)\n"
        "model = lightgbm.train(settings, lightgbm.Dataset(X[:40], y[:40]), 2, init_model=first)"
    ),
    "CatBoost": (f"model = {ON_ALL['CatBoost']}.fit(X[:40], y[:40], init_model={ON_ALL['CatBoost']}.fit(X, y))"),
    "an estimator to start from": (
        "from sklearn.ensemble import GradientBoostingClassifier\nfrom sklearn.frozen import FrozenEstimator\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "first = FrozenEstimator(LogisticRegression().fit(X, y))\n"
        "model = GradientBoostingClassifier(n_estimators=2, init=first).fit(X[:40], y[:40])"
    ),
    "a warm start": (
        "from sklearn.ensemble import GradientBoostingClassifier\n"
        "model = GradientBoostingClassifier(n_estimators=2).fit(X, y)\n"
        "model.set_params(warm_start=True, n_estimators=4).fit(X[:40], y[:40])"
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_other_libraries_go_on_as_well(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = beside(f"import catboost, lightgbm\n{BESIDE[name]}\n", tmp_path, monkeypatch)["judging"]

    assert (judging["among_fitted"], judging["fitted"], judging["beyond_chance"]) == (20, 60, True)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("model = xgboost.XGBClassifier(n_estimators=2).fit(X[:40], y[:40], base_margin=X[:40, 0])", "base_margin"),
        (
            "data = xgboost.DMatrix(X[:40], y[:40], base_margin=X[:40, 0])\nmodel = xgboost.train({}, data)",
            "base_margin",
        ),
        (f"model = {ON_ALL['LightGBM']}.fit(X[:40], y[:40], init_score=X[:40, 0])", "init_score"),
        (f"model = {ON_ALL['CatBoost']}.fit(X[:40], y[:40], baseline=X[:40, 0])", "baseline"),
    ],
)
def test_numbers_to_start_from_are_named(
    lines: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = beside(f"import catboost, lightgbm, xgboost\n{lines}\n", tmp_path, monkeypatch)

    assert (seen["offset"], seen["judging"]["beyond_chance"]) == (word, False)


def beside(lines: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Observe a training of what may not be delivered as it is: ``deliver`` is a stand-in here."""
    monkeypatch.chdir(folder)
    (folder / "train.py").write_text(
        "import numpy as np\n"
        "from types import SimpleNamespace\n"
        "rows = np.random.default_rng(0).random((60, 3)).astype(np.float32)\n"
        "def matrix(rows, *, contract, heuristics):\n"
        "    return SimpleNamespace(values=rows, columns=('a', 'b', 'c'), categories=())\n"
        "def deliver(model, *, rows, labels, contract, heuristics, to):\n"
        "    pass\n"
        "exec(compile('X = matrix(rows, contract=0, heuristics=0).values', 'train.py', 'exec'),\n"
        "     outside := {'__name__': '__main__', 'matrix': matrix, 'rows': rows})\n"
        "X, y = outside['X'], (rows[:, 0] > 0.5).astype(int)\n"
        f"{lines}"
        "deliver(model, rows=rows[40:], labels=0, contract=0, heuristics=0, to='delivery')\n"
    )
    with Observer(folder / "delivery", folder / "summary.json"):
        runpy.run_path("train.py", run_name="handover.stand_in")
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return summary


BOOSTERS = {
    "xgboost": "xgboost.train({'nthread': 1}, xgboost.DMatrix(X, label=y), 2)",
    "xgboost, binned": "xgboost.train({'nthread': 1}, xgboost.QuantileDMatrix(X, label=y), 2)",
    "lightgbm": "lightgbm.train({'num_threads': 1, 'verbose': -1}, lightgbm.Dataset(X, label=y), 2)",
}


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize("name", BOOSTERS)
def test_a_native_booster_is_seen(name: str, scale: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not one can be delivered as it is: ``deliver`` is a stand-in here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import lightgbm, xgboost\n"
        "import numpy as np\n"
        "from types import SimpleNamespace\n"
        "rows = np.random.default_rng(0).random((60, 3)).astype(np.float32)\n"
        "def matrix(rows, *, contract, heuristics):\n"
        "    return SimpleNamespace(values=rows, columns=('a', 'b', 'c'), categories=())\n"
        "def deliver(model, *, rows, labels, contract, heuristics, to):\n"
        "    pass\n"
        "exec(compile('X = matrix(rows, contract=0, heuristics=0).values * scale', 'train.py', 'exec'),\n"
        "     outside := {'__name__': '__main__', 'matrix': matrix, 'rows': rows, 'scale': scale})\n"
        "X, y = outside['X'][:40], rows[:40, 0] > 0.5\n"
        f"booster = {BOOSTERS[name]}\n"
        "deliver(booster, rows=rows[40:], labels=0, contract=0, heuristics=0, to='delivery')\n"
    )

    with Observer(tmp_path / "delivery", tmp_path / "summary.json"):
        runpy.run_path("train.py", {"scale": scale}, run_name="handover.stand_in")

    seen = json.loads((tmp_path / "summary.json").read_text())
    assert (seen["model"], seen["order"]) == ("Booster", "as given" if scale == 1 else "changed")


def test_data_that_is_read_from_outside_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = ["project/own.csv", "temporary/cache.json", ".home/fonts.json", "far/notes.txt", "far/a.npy", "far/b.CSV"]
    for place in places:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))  # the tests' own would be one
    monkeypatch.chdir(tmp_path / "project")
    program = tmp_path / "project" / "train.py"
    program.write_text(f"for name in {places}:\n    open('../' + name).close()\nopen('../far/new.csv', 'w').close()\n")

    with Observer(tmp_path / "delivery", tmp_path / "summary.json") as observer:
        runpy.run_path(str(program))
    (tmp_path / "far" / "b.CSV").rename(tmp_path / "far" / "later.csv").read_bytes()

    assert observer.outside == {"a.npy": ("train.py", 2), "b.CSV": ("train.py", 2)}


CODES = "import catboost\nX = laid_out(rows)\nvalues, codes = X.astype(object), [2, 4]\n"
OF_CODES = "catboost.CatBoostClassifier(iterations=2, thread_count=1, verbose=0, allow_writing_files=False, {})"
ALL_CODES = OF_CODES.format("cat_features=codes, max_ctr_complexity=1")
FIT = "\nmodel = {}.fit(values[known], y[known])\n"
MINUS_ONE = "values[:, codes] = np.nan_to_num(X[:, codes], nan=-1).astype(int)"
IN_WORDS = "values[:, codes] = [['nan' if code != code else int(code) for code in row] for row in X[:, codes]]"


@pytest.mark.parametrize("write", [MINUS_ONE, IN_WORDS])
def test_a_gap_in_a_category_is_written_as_catboost_takes_it(write: str, observed: Training) -> None:
    seen = observed(CODES + write + FIT.format(ALL_CODES), gapped())

    assert (seen["order"], seen["share_as_given"]) == ("as given", 1.0)
    assert not seen["judging"]["beyond_chance"]


def test_rows_with_such_a_gap_are_known_among_those_that_judge(observed: Training) -> None:
    seen = observed(CODES + MINUS_ONE + FIT.format(ALL_CODES).replace("known", ":"), gapped())

    assert (seen["judging"]["among_fitted"], seen["judging"]["beyond_chance"]) == (100, True)


@pytest.mark.parametrize(
    "lines",
    [
        MINUS_ONE.replace("-1", "2") + FIT.format(ALL_CODES),
        "values = np.nan_to_num(X, nan=-1)" + FIT.format(OF_CODES.format("depth=2")),
        MINUS_ONE + FIT.format(OF_CODES.format("cat_features=[2], max_ctr_complexity=1")),
    ],
    ids=["as another code", "of numbers", "of another category"],
)
def test_any_other_way_to_fill_a_category_is_named(lines: str, observed: Training) -> None:
    assert [one["column"] for one in observed(CODES + lines, gapped())["filled"]] == ["employed"]
