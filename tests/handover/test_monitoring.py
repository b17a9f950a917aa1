"""What is watched of a delivery: alarms whose bands are its baseline's, and a dashboard."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handover.cloudformation import Template
from handover.monitoring import template, write_monitoring
from handover.monitoring.alarms import ENOUGH, SERVICE, rank, shares

ROOT = Path(__file__).parents[2]
DELIVERY = ROOT / "layers" / "model" / "delivery"
CONTRACT: dict[str, Any] = {
    "name": "parcels",
    "version": "0.1.0",
    "score": {"meaning": "days on the way", "low": 0.0, "high": 40.0},
    "decisions": {"soon": 3.0, "late": 10.0, "lost": 40.0},
}
MANIFEST: dict[str, Any] = {
    "files": {"model.onnx": "0123456789abcdef"},
    "baseline": {
        "rows": 200,
        "score_deciles": [float(tenth) for tenth in range(11)],
        "decision_share": {"soon": 0.5, "late": 0.5, "lost": 0.0},
    },
}
SCORES = [2.0, 4.0] * 100


def alarms(watched: dict[str, Any]) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in watched["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def widgets(watched: dict[str, Any]) -> list[dict[str, Any]]:
    body = watched["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    listed: list[dict[str, Any]] = json.loads(body)["widgets"]
    return listed


def test_the_template_is_that_of_the_delivery(tmp_path: Path) -> None:
    assert (
        write_monitoring(DELIVERY, tmp_path / "monitoring.yaml").read_text() == (ROOT / "monitoring.yaml").read_text()
    )


def test_cloudformation_could_read_it() -> None:
    result = subprocess.run(
        [ROOT / ".venv/bin/cfn-lint", ROOT / "monitoring.yaml"], capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_it_gets_every_parameter_from_the_stack_that_nests_it() -> None:
    given = Template(ROOT / "template.yaml").plain["Resources"]["Monitoring"]["Properties"]["Parameters"]

    assert set(given) == set(Template(ROOT / "monitoring.yaml").source["Parameters"])


def test_the_metric_is_the_one_that_the_function_writes() -> None:
    function = Template(ROOT / "template.yaml").plain["Resources"]["PredictFunction"]["Properties"]

    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == SERVICE


def test_the_mean_has_a_band_of_three_standard_errors() -> None:
    alarm = alarms(template(CONTRACT, MANIFEST, SCORES))["MeanScoreDrifts"]

    assert alarm["Threshold"] == pytest.approx(3 * 1.0 * (1 / 200 + 1 / ENOUGH) ** 0.5)  # the scores' deviation is 1
    assert alarm["Metrics"][0]["Expression"] == "IF(scores >= 200, ABS(measured - 3.0), 0)"
    assert alarm["AlarmDescription"] == (
        "The mean score of model 0123456789ab left 2.7 to 3.3, where it was in training, for two of three hours: "
        "who asks has changed, or what they send. "
        "Compare the requests' fields with the training data first, then tell modelling."
    )


def test_each_decision_has_a_band_around_its_share() -> None:
    _, soon, late, lost, _ = alarms(template(CONTRACT, MANIFEST, SCORES)).values()

    assert [alarm["Metrics"][1]["MetricStat"]["Stat"] for alarm in (soon, late, lost)] == [
        "PR(:3.0)",
        "PR(3.0:10.0)",
        "PR(10.0:)",
    ]
    assert soon["Threshold"] == late["Threshold"] == 15.0  # 3 * 100 * sqrt(0.25 / 100)
    assert 0 < lost["Threshold"] < 3  # what was never seen may be seen now and then
    assert soon["AlarmDescription"] == (
        "The share of 'soon' among the decisions of model 0123456789ab left 35.0 to 65.0 %, where it was in training, "
        "for two of three hours. Compare the requests' fields with the training data first, then tell modelling."
    )


def test_of_too_few_scores_to_judge_it_is_said_that_nothing_is() -> None:
    blind = alarms(template(CONTRACT, MANIFEST, SCORES))["DriftIsBlind"]

    assert blind["Metrics"][0]["Expression"] == f"IF(scores >= {ENOUGH}, 0, 1)"
    assert (blind["EvaluationPeriods"], blind["DatapointsToAlarm"]) == (24, 24)
    assert blind["TreatMissingData"] == "missing"  # a stack that scores nothing is not blind: it has no data
    assert blind["AlarmDescription"] == (
        "In no hour of a day did model 0123456789ab give 200 scores, and of fewer the alarms on drift say nothing. "
        "Look at the dashboard's scores over a longer time first. Where nothing is scored, this alarm has no data."
    )


def test_chance_leaves_a_band_in_few_hours_and_hardly_ever_in_two_of_three() -> None:
    alarm = alarms(template(CONTRACT, MANIFEST, SCORES))["MeanScoreDrifts"]
    drawn = np.random.default_rng(1).choice((2.0, 4.0), (4000, 2, 200)).mean(axis=2)  # a baseline and an hour, each

    away = np.abs(drawn[:, 0] - drawn[:, 1]) > alarm["Threshold"]

    assert away.mean() < 0.006  # 0.0027 for a normal distribution


def test_a_score_that_may_be_negative_has_no_shares_for_cloudwatch_ranks_none() -> None:
    watched = template(CONTRACT | {"score": {"meaning": "gain", "low": -5.0, "high": 40.0}}, MANIFEST, SCORES)

    assert list(alarms(watched)) == ["MeanScoreDrifts", "DriftIsBlind"]
    assert "PR(" not in json.dumps(watched)


@pytest.mark.parametrize("score", [0.0, 2.999, 3.0, 3.001, 10.0, 40.0])
def test_a_statistic_counts_just_the_scores_that_get_the_decision(score: float) -> None:
    decided = next(name for name, edge in CONTRACT["decisions"].items() if score <= edge)

    # As CloudWatch has it: above the lower end, up to and with the upper one.
    counted = [
        name
        for name, (low, high) in shares(CONTRACT)[1].items()
        if (low is None or score > low) and (high is None or score <= high)
    ]
    assert counted == [decided]
    assert rank(None, 3.0) == "PR(:3.0)"


def test_every_alarm_tells_the_topic_if_there_is_one() -> None:
    for alarm in alarms(template(CONTRACT, MANIFEST, SCORES)).values():
        assert alarm["AlarmActions"] == alarm["OKActions"]
        assert alarm["AlarmActions"]["Fn::If"] == ["TellsTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]


def test_the_dashboard_shows_what_the_delivery_calls_ordinary() -> None:
    shown = widgets(template(CONTRACT, MANIFEST, SCORES))

    titles = [widget["properties"].get("title") for widget in shown]
    assert titles == [
        None,
        "Requests, and what was refused or failed [1/min]",
        "Errors by code",
        "Latency: median, and the slowest hundredth [ms]",
        "Cold starts [1/5 min]",
        "Environments at once, and requests turned away",
        "Version that answers [1/5 min]",
        "Score: lowest tenth, median, highest tenth",
        "Decisions [%]",
    ]
    assert "model 0123456789ab" in shown[0]["properties"]["markdown"]
    across = {line["label"]: line["value"] for line in shown[-1]["properties"]["annotations"]["horizontal"]}
    assert across == {"soon in training": 50.0, "late in training": 50.0, "lost in training": 0.0}
    across = {line["label"]: line["value"] for line in shown[-2]["properties"]["annotations"]["horizontal"]}
    assert across == {"p10 in training": 1.0, "p50 in training": 5.0, "p90 in training": 9.0}


def test_no_two_widgets_share_a_place() -> None:
    shown = widgets(template(CONTRACT, MANIFEST, SCORES))

    places = [
        (x, y)
        for widget in shown
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(places) == len(set(places))
    assert all(x < 24 for x, _ in places)
