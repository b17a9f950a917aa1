"""A vector of scores: how it is written, and what is decided by it. A single score is a vector of one."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor import files
from predictor.scores import Scores

pytestmark = pytest.mark.quick

RANGE = {"score": {"low": 0.0, "high": 1.0}}
ONE = Scores({**RANGE, "decisions": {"soon": 0.1, 'l"ate': 1.0}})
NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=6, unique=True)
FLOATS = st.floats(0, 1, width=32)


def of_classes(names: list[str], below: float | None = None) -> Scores:
    contract: dict[str, Any] = {**RANGE, "classes": names}
    return Scores(contract | ({"otherwise": {"decision": "ask", "below": below}} if below is not None else {}))


@given(names=NAMES, data=st.data())
def test_the_text_is_the_document(names: list[str], data: st.DataObject) -> None:
    scores = of_classes(names)
    values = tuple(data.draw(st.lists(FLOATS, min_size=len(names), max_size=len(names))))
    decision = scores.decide(values)

    assert json.loads(f"{{{scores.text(values, decision)}}}") == scores.document(values, decision)
    assert files.scores_in(scores.document(values, decision)) == dict(zip(names, values, strict=True))


def test_a_single_score_is_written_without_a_name_of_its_own() -> None:
    assert ONE.text((0.25,), 'l"ate') == '"score":0.25,"decision":"l\\"ate"'
    assert ONE.document([0.25], "soon") == {"score": 0.25, "decision": "soon"}
    assert files.scores_in({"score": 0.25, "decision": "soon"}) == {"score": 0.25}


def test_of_classes_the_decision_comes_first() -> None:
    scores = of_classes(["a", "{b}", "100 %"])
    assert scores.text((0.1, 0.7, 0.2), "{b}") == '"decision":"{b}","scores":{"a":0.1,"{b}":0.7,"100 %":0.2}'


@given(values=st.lists(FLOATS, min_size=3, max_size=3), below=FLOATS)
def test_the_class_of_the_highest_score_is_decided_where_it_is_high_enough(values: list[float], below: float) -> None:
    decision = of_classes(["a", "b", "c"], below).decide(values)

    assert (decision == "ask") == (max(values) < below)
    assert decision == "ask" or values["abc".index(decision)] == max(values)
    assert of_classes(["a", "b", "c"]).decide(values) == "abc"[int(np.argmax(values))]


def test_what_float32_rounds_is_met_by_the_score_that_prints_like_it() -> None:
    assert of_classes(["a", "b", "c"], 0.6).decide([0.2, float(np.float32(0.6)), 0.2]) == "b"
    assert ONE.decide([float(np.float32(0.1))]) == "soon"


def test_all_that_may_be_decided_is_known() -> None:
    assert (ONE.names, ONE.decisions) == (("score",), ("soon", 'l"ate'))
    assert of_classes(["a", "b", "c"], 0.5).decisions == ("a", "b", "c", "ask")
    assert of_classes(["a", "b", "c"]).decisions == ("a", "b", "c")


@pytest.mark.parametrize(
    ("given_here", "same"),
    [
        ({"a": 0.5, "b": 0.3, "c": 0.2}, True),
        ({"c": 0.2, "b": 0.3, "a": 0.5}, True),
        ({"a": 0.5, "b": 0.3, "c": 0.21}, False),
        ({"a": 0.5, "b": 0.5}, False),
        ({"a": 0.5, "b": 0.3, "c": 0.2, "d": 0.0}, False),
    ],
)
def test_an_answer_agrees_where_each_score_does(given_here: dict[str, float], same: bool) -> None:
    golden = {"row": {}, "scores": {"a": 0.5, "b": 0.3, "c": 0.2}, "decision": "a"}
    assert files.agrees({"scores": given_here, "decision": "a"}, golden, 1e-5) is same
    assert not files.agrees({"score": 0.5, "decision": "a"}, golden, 1e-5)
