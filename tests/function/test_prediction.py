"""One body in, one answer out."""

import json
from pathlib import Path

import numpy as np
import pytest

from predictor.delivery import Delivery
from predictor.prediction import Predictor
from predictor.scores import Scores
from tests.helpers.parcels import parcel_rows

pytestmark = pytest.mark.quick


@pytest.fixture
def prediction(parcels: Path) -> Predictor:
    return Predictor(Delivery.open(parcels))


def scored(prediction: Predictor, monkeypatch: pytest.MonkeyPatch, score: np.float32) -> tuple[float, str]:
    monkeypatch.setattr(prediction, "_model", lambda rows: np.full((len(rows), 1), score, dtype=np.float32))
    answer = prediction.predict('{"weight": 1}')
    return answer.scores[0], answer.decision


def test_an_edge_belongs_to_the_decision_below_it(prediction: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = np.float32(3.0)

    assert scored(prediction, monkeypatch, edge) == (3.0, "soon")
    assert scored(prediction, monkeypatch, np.nextafter(edge, np.float32(9)))[1] == "late"


def test_the_ends_of_the_range_have_a_decision(prediction: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scored(prediction, monkeypatch, np.float32(0)) == (0.0, "soon")
    assert scored(prediction, monkeypatch, np.float32(40)) == (40.0, "late")


def test_an_edge_that_float32_rounds_is_met_by_the_score_that_prints_like_it(
    prediction: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = {"decisions": {"soon": 0.1, "late": 40.0}}
    monkeypatch.setattr(prediction, "_scores", Scores(prediction._delivery.contract | decisions))

    assert scored(prediction, monkeypatch, np.float32(0.1)) == (0.1, "soon")


def test_a_score_has_the_shortest_digits_that_are_still_it(
    prediction: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bits in np.random.default_rng(0).integers(0, 0x42200000, 500, dtype=np.uint32):
        score = bits.view(np.float32)
        answered, _ = scored(prediction, monkeypatch, score)
        assert np.float32(answered) == score
        assert len(repr(answered)) <= 14


def test_reasons_are_the_columns_that_move_the_score_most(
    prediction: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = np.array([1, -4, 0, 2], dtype=np.float32)
    monkeypatch.setattr(prediction, "_model", lambda rows: 20 + (rows @ weights)[:, np.newaxis])
    monkeypatch.setattr(prediction, "_reference", np.zeros(4, dtype=np.float32))

    answer = prediction.predict('{"weight": 1, "zone": "abroad"}', reasons=4)  # as columns: 1, 1, 1.2, 1

    assert answer.reasons == ("zone", "abroad", "weight")


def test_asking_for_reasons_does_not_change_the_answer(prediction: Predictor) -> None:
    for row in parcel_rows(20):
        body = json.dumps(row)
        assert prediction.predict(body, reasons=2)[:2] == prediction.predict(body)[:2]


def test_the_reference_row_itself_has_no_reasons(parcels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prediction = Predictor(Delivery.open(parcels))
    body = '{"weight": 1, "zone": "home"}'
    vector = prediction._encoder.vector(prediction._delivery.row.validate_json(body))
    monkeypatch.setattr(prediction, "_reference", vector[0])

    assert prediction.predict(body, reasons=4).reasons == ()


def test_a_body_may_be_text_or_bytes(prediction: Predictor) -> None:
    assert prediction.predict(b'{"weight": 3}') == prediction.predict('{"weight": 3}')
