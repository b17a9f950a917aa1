"""A trained model becomes a delivery, or nothing is written."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from handover.deliver import DeliverError, deliver, matrix
from predictor.delivery import FILES, Delivery
from tests.conftest import HEURISTICS, PARCELS, module, parcel_rows

ROWS = [row | {"zone": row["zone"] or "home"} for row in parcel_rows(30)]


@pytest.fixture(scope="module")
def heuristics(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("source") / "heuristics.py"
    path.write_text(HEURISTICS)
    return module(path)


def fitted(heuristics: ModuleType) -> Any:
    features = matrix(ROWS, contract=PARCELS, heuristics=heuristics).values
    return LinearRegression().fit(features, features[:, 0] / 3 + 1)


def handed(model: Any, heuristics: ModuleType, to: Path, rows: list[dict[str, Any]] = ROWS) -> dict[str, Any]:
    return deliver(model, rows=rows, labels=[1.0] * len(rows), contract=PARCELS, heuristics=heuristics, to=to)


def test_a_delivery_holds_what_the_function_opens(heuristics: ModuleType, tmp_path: Path) -> None:
    manifest = handed(fitted(heuristics), heuristics, tmp_path / "delivery")

    assert sorted(path.name for path in (tmp_path / "delivery").iterdir()) == sorted([*FILES, "manifest.json"])
    assert Delivery.open(tmp_path / "delivery").manifest == manifest


def test_golden_rows_hold_the_models_own_answers(heuristics: ModuleType, tmp_path: Path) -> None:
    model = fitted(heuristics)
    handed(model, heuristics, tmp_path)

    golden = [json.loads(line) for line in (tmp_path / "golden.jsonl").read_text().splitlines()]
    given = model.predict(matrix(ROWS, contract=PARCELS, heuristics=heuristics).values).astype(np.float32)
    assert [line["row"] for line in golden] == ROWS
    assert [np.float32(line["score"]) for line in golden] == list(given)
    assert [line["decision"] for line in golden] == ["soon" if score <= 3 else "late" for score in given]


def test_the_manifest_describes_what_production_should_look_like(heuristics: ModuleType, tmp_path: Path) -> None:
    manifest = handed(fitted(heuristics), heuristics, tmp_path)

    baseline = manifest["baseline"]
    assert (baseline["rows"], baseline["mean_label"]) == (30, 1.0)
    assert sum(baseline["decision_share"].values()) == pytest.approx(1)
    assert baseline["score_deciles"] == sorted(baseline["score_deciles"])
    assert manifest["versions"]["onnxruntime"]


def test_the_reference_row_is_made_of_values_that_rows_have(heuristics: ModuleType, tmp_path: Path) -> None:
    columns = handed(fitted(heuristics), heuristics, tmp_path)["columns"]

    values = matrix(ROWS, contract=PARCELS, heuristics=heuristics).values
    for index, column in enumerate(columns):
        assert np.float32(column["reference"]) in values[:, index]


def test_the_same_model_gives_the_same_files(heuristics: ModuleType, tmp_path: Path) -> None:
    first, second = (handed(fitted(heuristics), heuristics, tmp_path / name) for name in ("one", "two"))

    assert first == second


def test_a_row_that_the_contract_refuses_is_named(heuristics: ModuleType) -> None:
    rows = [*ROWS, {"weight": 31, "zone": "home"}]

    with pytest.raises(DeliverError) as raised:
        matrix(rows, contract=PARCELS, heuristics=heuristics)

    assert str(raised.value) == (
        "row 30, field weight: Input should be less than or equal to 30, but it is 31. "
        "Mend the row, or widen the field in contract.py"
    )


def test_a_row_on_which_a_heuristic_fails_is_named(heuristics: ModuleType) -> None:
    rows = [*ROWS, {"weight": 13.0, "zone": "home"}]

    with pytest.raises(DeliverError) as raised:
        matrix(rows, contract=PARCELS, heuristics=heuristics)

    assert str(raised.value) == "row 30, heuristic volume_weight: KeyError (13.0). Mend it in heuristics.py"


def test_scores_outside_of_the_agreed_range_are_not_delivered(heuristics: ModuleType, tmp_path: Path) -> None:
    model = fitted(heuristics)
    model.intercept_ = -5.0

    with pytest.raises(
        DeliverError, match=r"^the model's scores leave the contract's range: -[\d.]+ to -[\d.]+, where"
    ):
        handed(model, heuristics, tmp_path / "delivery")
    assert not (tmp_path / "delivery").exists()


def test_a_model_that_onnxruntime_answers_otherwise_is_not_delivered(heuristics: ModuleType, tmp_path: Path) -> None:
    model = fitted(heuristics)
    told = model.predict
    model.predict = lambda features: told(features) + 0.5

    with pytest.raises(DeliverError) as raised:
        handed(model, heuristics, tmp_path / "delivery")

    assert str(raised.value).startswith(
        "onnxruntime does not give the model's answers: 30 of 30 rows differ by more than 1e-05, the worst is row "
    )
    assert not (tmp_path / "delivery").exists()


def test_scores_that_onnxruntime_rounds_beyond_the_range_are_told(heuristics: ModuleType, tmp_path: Path) -> None:
    model = fitted(heuristics)
    model.coef_, model.intercept_ = np.zeros(4, dtype=np.float32), np.nextafter(np.float32(40), np.float32(41))
    model.predict = lambda features: np.full(len(features), 40.0)

    with pytest.raises(DeliverError) as raised:
        handed(model, heuristics, tmp_path / "delivery")

    assert str(raised.value) == (
        "onnxruntime's scores of rows leave the contract's range: 40.000003814697266 to 40.000003814697266, "
        "where 0.0 to 40.0 was agreed"
    )


def test_a_decision_that_flips_within_the_tolerance_is_not_delivered(heuristics: ModuleType, tmp_path: Path) -> None:
    model = fitted(heuristics)
    model.coef_, model.intercept_ = np.zeros(4, dtype=np.float32), np.float32(3.0)
    model.predict = lambda features: np.full(len(features), np.nextafter(np.float32(3), np.float32(9)))

    with pytest.raises(DeliverError) as raised:
        handed(model, heuristics, tmp_path / "delivery")

    assert str(raised.value) == (
        "onnxruntime decides otherwise than the model on 30 of 30 rows, first on row 0: "
        "a score lies on the edge of a decision. Move the edge in contract.py by a little"
    )
