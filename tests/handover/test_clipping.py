"""What extrapolates is delivered with its answers clipped to the contract's range, in training as in production."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover import clipping
from handover.contract import Score
from handover.conversion import at_thresholds, to_graph, training_time_scores
from handover.delivery import DeliverError, deliver, matrix
from predictor import files
from predictor.delivery import session
from tests.helpers.parcels import HEURISTICS, PARCELS, module, parcel_rows
from tests.helpers.remembered import search_briefly
from tests.helpers.sandbox import CONTRACT, Sandbox

DAYS = Score("days on the way", low=3.0, high=10.0)
AGREED = type(PARCELS)(
    name=PARCELS.name,
    version=PARCELS.version,
    row=PARCELS.row,
    score=DAYS,
    decisions={"soon": 4.0, "late": 10.0},
    budgets=PARCELS.budgets,
)
ROWS = parcel_rows(200)
FEW = {"random_state": 0}
# The table of set-ups: what was refused for the drafted range, and what was delivered and then broke M110.
SET_UPS: dict[str, Any] = {
    "LinearRegression": LinearRegression(),
    "Ridge": Ridge(),
    "ElasticNet": make_pipeline(StandardScaler(), ElasticNet(alpha=0.01)),
    "VotingRegressor": VotingRegressor([("linear", LinearRegression()), ("ridge", Ridge())]),
    "MLPRegressor": make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=5000, **FEW)
    ),
    "TransformedTargetRegressor": TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()),
    "GradientBoostingRegressor": GradientBoostingRegressor(n_estimators=200, **FEW),
}
TAKES_GAPS = {"XGBRegressor": xgboost.XGBRegressor(n_estimators=200, max_depth=3, n_jobs=1, **FEW)}


@pytest.fixture(scope="module")
def heuristics(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("source") / "heuristics.py"
    path.write_text(HEURISTICS)
    return module(path)


def trained(model: Any, heuristics: ModuleType, imputed: bool = True) -> tuple[Any, Any, Any]:
    features = matrix(ROWS, contract=AGREED, heuristics=heuristics).values
    noise = np.random.default_rng(2).normal(size=len(ROWS)) / 2
    days = features[:, 0] / 2 + np.nan_to_num(features[:, 1]) + 2 + noise
    model = make_pipeline(SimpleImputer(), model) if imputed else model
    return model.fit(features, days), features, days


@pytest.mark.parametrize("name", [*SET_UPS, *TAKES_GAPS])
def test_a_model_that_extrapolates_is_exact_with_clip(name: str, heuristics: ModuleType, tmp_path: Path) -> None:
    model, features, days = trained((SET_UPS | TAKES_GAPS)[name], heuristics, imputed=name in SET_UPS)
    given: dict[str, Any] = {"rows": ROWS, "labels": days, "contract": AGREED, "heuristics": heuristics}
    with pytest.raises(
        DeliverError, match=r"of \d+ rows do, by .* at most. Clip them with clip=True of deliver\(\), or"
    ):
        deliver(model, **given, to=tmp_path / "never")
    assert not (tmp_path / "never").exists()

    manifest = deliver(model, **given, to=tmp_path / "clipped", clip=True)

    asked = np.concatenate([features, at_thresholds((tmp_path / "clipped" / "model.onnx").read_bytes(), features)])
    asked = np.concatenate([asked, 3 * features, -features])
    own = training_time_scores(model, asked).astype(np.float32)
    right = np.clip(own, DAYS.low, DAYS.high)
    answers = session((tmp_path / "clipped" / "model.onnx").read_bytes())(asked)
    np.testing.assert_allclose(answers, right, rtol=0, atol=AGREED.budgets.parity)
    ends = (right == DAYS.low) | (right == DAYS.high)
    assert np.array_equal(answers[ends & (own != right)], right[ends & (own != right)])
    assert ends.any()
    assert 0 < manifest["clip"]["drawn"] < 1
    assert manifest["clip"]["held_out"] == round(float(ends[: len(ROWS)].mean()), 6)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8, 9, 17, 33, 1000])
def test_the_ends_are_kept_a_step_beyond_is_not_and_no_number_stays_none(rows: int) -> None:
    model = LinearRegression().fit(np.array([[0.0], [1.0]], dtype=np.float32), [0.0, 1.0])
    model.coef_, model.intercept_ = np.array([1.0]), 0.0
    graph = to_graph(model, ("x",), "test", clip=(0.1, 0.7))
    low, high = np.float32(0.1), np.float32(0.7)
    down, up = np.float32(-np.inf), np.float32(np.inf)
    numbers = [np.nan, low, high, np.nextafter(low, down), np.nextafter(low, up), np.nextafter(high, down)]
    numbers += [np.nextafter(high, up), down, up, np.float32(0.5), np.nan]
    asked = np.resize(np.array(numbers, dtype=np.float32), (rows, 1))
    right = clipping.clipped(asked[:, 0], Score("", 0.1, 0.7))
    np.testing.assert_array_equal(session(graph)(asked)[:, 0], right)
    np.testing.assert_array_equal(np.isnan(right), np.isnan(asked[:, 0]))
    assert right[~np.isnan(right)].min(initial=1) >= low
    assert right[~np.isnan(right)].max(initial=0) <= high


def test_what_is_clipped_to_an_edge_is_decided_as_the_contract_says(heuristics: ModuleType, tmp_path: Path) -> None:
    model, _, days = trained(LinearRegression(), heuristics)
    deliver(model, rows=ROWS, labels=days, contract=AGREED, heuristics=heuristics, to=tmp_path, clip=True)

    ends = clipping.share_at_ends(np.array([score for score, _ in golden(tmp_path)]), DAYS)
    assert 0 < ends < 1
    decided = {(float(score), decision) for score, decision in golden(tmp_path)}
    assert (DAYS.low, "soon") in decided
    assert (DAYS.high, "late") in decided


def golden(folder: Path) -> list[tuple[float, str]]:
    return [(line["score"], line["decision"]) for line in files.golden(folder)]


def test_a_model_that_gives_no_number_is_refused_and_not_clipped(heuristics: ModuleType, tmp_path: Path) -> None:
    model, _, days = trained(LinearRegression(), heuristics)
    own = model.predict
    model.predict = lambda values: np.where(np.isnan(values[:, 1]), np.nan, own(values))
    rows = [row for row in ROWS if row["zone"] is not None]
    labels = days[[row["zone"] is not None for row in ROWS]]
    with pytest.raises(DeliverError, match=r"^the model's scores are no number for \d+ of \d+ rows, first at .*null"):
        deliver(model, rows=rows, labels=labels, contract=AGREED, heuristics=heuristics, to=tmp_path, clip=True)


def test_a_model_that_is_mostly_clipped_is_refused(heuristics: ModuleType, tmp_path: Path) -> None:
    model, _, days = trained(LinearRegression(), heuristics)
    model.steps[-1][1].intercept_ += 100
    with pytest.raises(DeliverError) as raised:
        deliver(model, rows=ROWS, labels=days, contract=AGREED, heuristics=heuristics, to=tmp_path, clip=True)
    assert str(raised.value) == (
        "clip=True leaves 100% of the 200 held-out rows at an end of the contract's range, 3.0 to 10.0: most callers "
        "would get the same number. Promise in contract.py the range that the model answers in, or train it on labels "
        "in the contract's unit"
    )


@pytest.fixture
def searched_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for rows that fail among fewer: the searches have tests of their own."""
    search_briefly(monkeypatch)


@pytest.mark.usefixtures("searched_briefly")
@pytest.mark.parametrize(
    ("high", "note"),
    [
        ("5.0", "2.5% of the 40 held-out rows get an end"),
        (
            "3.0",
            (
                "22.5% of the 40 held-out rows get an end: so many that another range, or the labels' logarithm, may "
                "suit it better"
            ),
        ),
    ],
)
def test_the_check_notes_how_much_is_clipped(high: str, note: str, tmp_path: Path) -> None:
    contract = CONTRACT.replace("40.0", high).replace('"soon": 3.0', '"soon": 2.0')
    sandbox = Sandbox(tmp_path / "delivery").deliver(contract, clip=True)

    report = sandbox.says()
    assert f"M110 kept: its answers are clipped to the range, and {note}\n" in report
    assert "BROKEN" not in report

    manifest = sandbox.folder / "manifest.json"
    manifest.write_text(re.sub(r'"held_out": [\d.]+', '"held_out": 0.5', manifest.read_text()))
    assert "Its clip says held_out 0.5, and held_out.csv gives 0." in sandbox.says("C,H,M")


@pytest.mark.usefixtures("searched_briefly")
def test_nothing_is_noted_of_a_model_that_is_not_clipped(tmp_path: Path) -> None:
    assert "clip" not in Sandbox(tmp_path / "delivery").deliver().says("C,H,M")
