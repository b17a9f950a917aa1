"""Alarms on drift: the mean score, and the share of each decision, leave the band that the baseline gives."""

import math
from itertools import pairwise
from statistics import fmean, pstdev

from predictor import files
from predictor.files import Json
from predictor.scores import Scores

SERVICE = "predict"  # POWERTOOLS_SERVICE_NAME in template.yaml
ENOUGH = 200  # scores in an hour: of fewer nothing is said
ERRORS_AWAY = 3  # half a band, in standard errors: chance leaves it in one hour of 370, and seldom in two of three
HOUR_S = 3600
TOPIC = {"Fn::If": ["TellsTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
FIRST = "Compare the requests' fields with the training data first, then tell modelling."


def drift_alarms(contract: Json, manifest: Json, scores: list[float]) -> Json:
    """Give the alarms by logical id.

    The bands are drawn around the ``scores`` of the held-out rows, in the score's own unit, of several the highest.
    Without any, as of a stand-in, there are no alarms: nothing is ordinary.
    """
    if not scores:
        return {}
    model = files.identity(manifest)
    alarms = {"MeanScoreDrifts": _mean_alarm(model, scores)}
    metric, intervals = shares(contract)
    for number, (name, edges) in enumerate(intervals.items(), 1):
        share = manifest["baseline"]["decision_share"][name]
        alarms[f"Share{number}Drifts"] = _share_alarm(model, name, (metric, rank(*edges)), share, len(scores))
    alarms["DriftIsBlind"] = _blind_alarm(model)
    return alarms


def shares(contract: Json) -> tuple[str, dict[str, tuple[float | None, float | None]]]:
    """Give the metric that shows the share of each decision, and the decision's part of it.

    One score decides by itself; of classes, ``decided`` has the place of the decision, from 1. A part lies above its
    first end, up to and with the second; ``None`` where there is no end. Of a score that may be negative there are no
    parts: CloudWatch ranks no such values.
    """
    scores = Scores(contract)
    if scores.of_classes:
        return "decided", {name: (place - 0.5, place + 0.5) for place, name in enumerate(scores.decisions, 1)}
    edges = [None, *list(contract["decisions"].values())[:-1], None]
    return "score", dict(zip(scores.decisions, pairwise(edges), strict=True)) if scores.low >= 0 else {}


def rank(low: float | None, high: float | None) -> str:
    """Write CloudWatch's statistic for the share of values above ``low`` and not above ``high`` [%]."""
    return f"PR({'' if low is None else low}:{'' if high is None else high})"


def _mean_alarm(model: str, scores: list[float]) -> Json:
    mean, deviation = fmean(scores), pstdev(scores)
    band = round(ERRORS_AWAY * deviation * math.sqrt(1 / len(scores) + 1 / ENOUGH), 4)
    description = (
        f"The mean score of model {model} left {mean - band:.4g} to {mean + band:.4g}, where it was in training, for "
        f"two of three hours: who asks has changed, or what they send. {FIRST}"
    )
    return _drift_alarm(model, description, ("score", "Average"), round(mean, 6), band)


def _share_alarm(model: str, decision: str, measure: tuple[str, str], share: float, rows: int) -> Json:
    band = round(100 * ERRORS_AWAY * math.sqrt(max(share * (1 - share), 1 / rows) * (1 / rows + 1 / ENOUGH)), 2)
    low, high = max(0.0, 100 * share - band), min(100.0, 100 * share + band)
    description = (
        f"The share of '{decision}' among the decisions of model {model} left {low:.1f} to {high:.1f} %, where it was "
        f"in training, for two of three hours. {FIRST}"
    )
    return _drift_alarm(model, description, measure, round(100 * share, 4), band)


def _drift_alarm(model: str, description: str, measure: tuple[str, str], ordinary: float, band: float) -> Json:
    name, statistic = measure
    expression = f"IF(scores >= {ENOUGH}, ABS(measured - {ordinary}), 0)"
    away = {"Id": "away", "Label": f"away from {ordinary}", "Expression": expression}
    metrics = [away, _metric("measured", model, name, statistic), _metric("scores", model, name, "SampleCount")]
    rings = {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "notBreaching"}
    return _alarm(description, metrics, Threshold=band, **rings)


def _blind_alarm(model: str) -> Json:
    description = (
        f"In no hour of a day did model {model} give {ENOUGH} scores, and of fewer the alarms on drift say nothing. "
        "Look at the dashboard's scores over a longer time first. Where nothing is scored, this alarm has no data."
    )
    blind = {"Id": "blind", "Label": "an hour of too few scores", "Expression": f"IF(scores >= {ENOUGH}, 0, 1)"}
    scores = _metric("scores", model, "score", "SampleCount")
    rings = {"EvaluationPeriods": 24, "DatapointsToAlarm": 24, "TreatMissingData": "missing"}
    return _alarm(description, [blind, scores], Threshold=0, **rings, InsufficientDataActions=TOPIC)


def _metric(id_: str, model: str, name: str, statistic: str) -> Json:
    dimensions = [{"Name": "model", "Value": model}, {"Name": "service", "Value": SERVICE}]
    metric = {"Namespace": {"Ref": "Namespace"}, "MetricName": name, "Dimensions": dimensions}
    return {"Id": id_, "ReturnData": False, "MetricStat": {"Metric": metric, "Stat": statistic, "Period": HOUR_S}}


def _alarm(description: str, metrics: list[Json], **rings: object) -> Json:
    watched = {"AlarmDescription": description, "Metrics": metrics, "ComparisonOperator": "GreaterThanThreshold"}
    tells = {"AlarmActions": TOPIC, "OKActions": TOPIC}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": watched | rings | tells}
