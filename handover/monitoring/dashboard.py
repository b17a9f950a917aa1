"""The dashboard: what callers meet on top, what the model says below."""

from typing import Any

from handover.description import stands_in
from handover.monitoring.alarms import HOUR_S, SERVICE, rank, shares
from predictor import files
from predictor.files import Json

REGION = "${AWS::Region}"


def widgets(contract: Json, manifest: Json) -> list[Json]:
    """Lay the widgets out, for ``Fn::Sub`` to put the stack's own names in."""
    model = files.identity(manifest)
    baseline = manifest.get("baseline", {})
    api, function = ("AWS/ApiGateway", "ApiId", "${ApiId}"), ("AWS/Lambda", "FunctionName", "${FunctionName}")
    own = ("${Namespace}", "model", model, "service", SERVICE)
    # CloudWatch reads a hyphen, as a namespace may have, only between quotes.
    cold_starts = """SEARCH('{"${Namespace}",model,service} MetricName="cold_start"', 'Sum')"""
    by_version = (
        'SEARCH(\'{AWS/Lambda,ExecutedVersion,FunctionName,Resource} FunctionName="${FunctionName}" '
        "MetricName=\"Invocations\"', 'Sum')"
    )
    text = (
        f"# {contract['name']} {contract['version']}, model {model}\n"
        f"The score is the {contract['score']['meaning']}. {_origin(manifest)}"
    )
    tenths = (1, 5, 9)
    deciles = {f"p{10 * tenth}": baseline["score_deciles"][tenth] for tenth in tenths if baseline}
    metric, intervals = shares(contract)
    lines = {name: round(100 * share, 1) for name, share in baseline.get("decision_share", {}).items()}
    drawn = [
        _plot("Requests, and what was refused or failed [1/min]", [
            _line(api, "Count", "requests", stat="SampleCount"),
            _line(api, "4xx", "4xx", stat="Sum"),
            _line(api, "5xx", "5xx", stat="Sum"),
        ], period=60),
        {"type": "log", "properties": {
            "title": "Errors by code", "view": "bar", "stacked": True, "region": REGION,
            "query": "SOURCE '${LogGroup}' | filter error.0 = 1 | stats count() as requests by error_code, bin(5m)",
        }},
        _plot("Latency: median, and the slowest hundredth [ms]", [
            _line(api, "Latency", "callers, p50", stat="p50"),
            _line(api, "Latency", "callers, p99", stat="p99"),
            _line(function, "Duration", "function, p50", stat="p50"),
            _line(function, "Duration", "function, p99", stat="p99"),
        ], period=60),
        _plot("Cold starts [1/5 min]", [[{"expression": cold_starts, "label": "cold starts"}]]),
        _plot("Environments at once, and requests turned away", [
            _line(function, "ConcurrentExecutions", "environments", stat="Maximum"),
            _line(function, "Throttles", "turned away", stat="Sum"),
        ], period=60),
        _plot("Version that answers [1/5 min]", [[{"expression": by_version, "label": ""}]]),
        _plot(f"{'Highest score' if 'classes' in contract else 'Score'}: lowest tenth, median, highest tenth", [
            _line(own, "score", f"p{10 * tenth}", stat=f"p{10 * tenth}") for tenth in tenths
        ], lines=deciles, period=HOUR_S),
    ]  # fmt: skip
    if intervals:
        ranks = [_line(own, metric, name, stat=rank(*edges)) for name, edges in intervals.items()]
        drawn.append(_plot("Decisions [%]", ranks, lines=lines, period=HOUR_S))
    placed = [{"type": "text", "x": 0, "y": 0, "width": 24, "height": 3, "properties": {"markdown": text}}]
    for place, widget in enumerate(drawn):
        placed.append({"x": 12 * (place % 2), "y": 3 + 6 * (place // 2), "width": 12, "height": 6, **widget})
    return placed


def _origin(manifest: Json) -> str:
    if answer := files.stand_in(manifest):
        return stands_in(answer)
    trained = manifest.get("training", {})
    return (
        f"Trained on {trained.get('rows', '?')} rows of {trained.get('data', '?')}. The lines across the plots of "
        f"scores and decisions are what its {manifest['baseline']['rows']} held-out rows got in training."
    )


def _line(source: tuple[str, ...], name: str, label: str, stat: str) -> list[Any]:
    namespace, *dimensions = source
    return [namespace, name, *dimensions, {"stat": stat, "label": label}]


def _plot(title: str, metrics: list[Any], lines: dict[str, float] | None = None, period: int = 300) -> Json:
    properties = {"title": title, "view": "timeSeries", "region": REGION, "period": period, "metrics": metrics}
    properties["yAxis"] = {"left": {"min": 0}} if not lines or min(lines.values()) >= 0 else {}
    if lines:
        across = [{"label": f"{name} in training", "value": value} for name, value in lines.items()]
        properties["annotations"] = {"horizontal": across}
    return {"type": "metric", "properties": properties}
