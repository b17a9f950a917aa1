"""A delivery's files are read in one way, by whoever reads them."""

import math
from typing import Any

import numpy as np
import pytest

from predictor import files

GOLDEN = {"score": 0.25, "decision": "soon"}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"\n", []),
        (b'{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
        ('{"a": "x\u2028y\x85z"}\n'.encode(), [{"a": "x\u2028y\x85z"}]),
    ],
)
def test_golden_rows_end_at_line_feeds_and_at_nothing_else(content: bytes, rows: list[Any]) -> None:
    assert list(files.golden_rows(content)) == rows


@pytest.mark.parametrize("content", [b'\xef\xbb\xbf{"a": 1}\n', b'{"a": 1}\n\n{"a": 2}\n', b'{"a": "\xff"}\n'])
def test_what_is_no_json_in_utf8_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"BOM|Expecting value|can't decode"):
        list(files.golden_rows(content))


def test_golden_rows_are_parsed_as_they_are_asked_for() -> None:
    assert next(files.golden_rows(b'{"a": 1}\nnot JSON\n')) == {"a": 1}


@pytest.mark.parametrize(
    ("score", "decision", "same"),
    [
        (0.25, "soon", True),
        (0.375, "soon", True),
        (0.376, "soon", False),
        (0.25, "late", False),
        (math.nan, "soon", False),
    ],
)
def test_an_answer_agrees_within_the_tolerance_and_with_the_same_decision(
    score: float, decision: str, same: bool
) -> None:
    assert files.agrees({"score": score, "decision": decision}, GOLDEN, tolerance=0.125) is same


@pytest.mark.parametrize("score", [0.0, 0.3, 31.9, 128.0, -400.25, 3e5])
def test_a_score_may_always_differ_by_four_steps_of_float32(score: float) -> None:
    trained = np.float32(score)
    steps = 4 * float(np.spacing(abs(trained))) if score else 0.0
    assert files.allowed(float(trained), 0.0) == pytest.approx(steps, abs=1e-45)
    assert files.allowed(float(trained), 1e-5) == max(1e-5, steps)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_agrees_with_nothing(score: float) -> None:
    assert not files.agrees(GOLDEN, {"score": score, "decision": "soon"}, 1e-5)
    assert not files.agrees({"score": score, "decision": "soon"}, GOLDEN, 1e-5)


def test_a_model_is_named_by_twelve_digits() -> None:
    assert files.identity({"files": {"model.onnx": "0123456789abcdef" * 4}}) == "0123456789ab"
