"""What an alarm gets when the worst happens, by its statistic and its metric math."""

from typing import Any

import pytest

from handover.checks.ringing import Worst, can_ring, highest

pytestmark = pytest.mark.quick

WORST = Worst(rate=10, burst=20, times_ms={"Duration": 5000})


def one(metric: str, statistic: str, **more: Any) -> dict[str, Any]:
    return {"MetricName": metric, "Statistic": statistic, "Period": 60, **more}


def share(expression: str) -> dict[str, Any]:
    counted = [
        {"Id": name, "ReturnData": False, "MetricStat": {"Metric": {"MetricName": name}, "Stat": "Sum", "Period": 300}}
        for name in ("Errors", "Invocations")
    ]
    return {"Metrics": [{"Id": "looked_at", "Expression": expression}, *counted]}


@pytest.mark.parametrize(
    ("alarm", "value"),
    [
        (one("Errors", "Sum"), 620),
        (one("Errors", "Average"), 1),
        (one("Duration", "Maximum"), 5000),
        (one("Duration", "Sum"), None),
        (one("SomethingElse", "Sum"), None),
        (share("IF(Invocations > 0 AND Errors >= 1, 100 * FILL(Errors, 0) / Invocations, 0)"), 100),
        (share("Errors > 5000 || Errors == 0"), 0),
        (share("Errors / (Invocations - Invocations)"), None),
        (share("ANOMALY_DETECTION_BAND(Errors, 2)"), None),
        (share("looked_at + 1"), None),
    ],
)
def test_the_highest_value_is_worked_out_where_it_is_known(alarm: dict[str, Any], value: float | None) -> None:
    assert highest(alarm, WORST) == value


@pytest.mark.parametrize(
    ("comparison", "threshold", "rings"),
    [
        ("GreaterThanThreshold", 619, True),
        ("GreaterThanThreshold", "620", False),
        ("GreaterThanOrEqualToThreshold", 620, True),
        ("LessThanThreshold", 620, False),  # it is silent when the worst happens
        ("LessThanLowerOrGreaterThanUpperThreshold", 1, True),
        ("GreaterThanThreshold", {"Ref": "AWS::NoValue"}, True),
    ],
)
def test_an_alarm_that_is_not_understood_may_ring(comparison: str, threshold: Any, rings: bool) -> None:
    alarm = one("Errors", "Sum", ComparisonOperator=comparison, Threshold=threshold)

    assert can_ring(alarm, WORST) is rings
