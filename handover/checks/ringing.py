"""Whether an alarm of the stack can ring at all, when every request fails and each takes as long as it may."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from handover.cloudformation import Json

COUNTS = re.compile("Errors|5xx|5XXError|Throttles|Invocations|Count|failures")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: min,  # of 0 and 1
    ast.Or: max,
}


class Worst(NamedTuple):
    """The worst that the API lets happen."""

    rate: float
    """Requests of a second, each of which fails."""
    burst: float
    """Requests at once, beside those."""
    times_ms: Mapping[str, float]
    """Longest that a request can take, by the metric that measures it."""

    def of(self, metric: str, statistic: str, period_s: float) -> float:
        """Give what a metric shows then; ``ValueError`` where that is not known."""
        if COUNTS.fullmatch(metric):
            return self.rate * period_s + self.burst if statistic in {"Sum", "SampleCount"} else 1
        if metric in self.times_ms and statistic not in {"Sum", "SampleCount"}:
            return self.times_ms[metric]
        raise ValueError(metric)


def highest(alarm: Json, worst: Worst) -> float | None:
    """Give what an alarm looks at when the worst happens; ``None`` where this cannot be worked out."""
    try:
        if "MetricName" in alarm:
            statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
            return worst.of(alarm["MetricName"], statistic, float(alarm["Period"]))
        parts = {part["Id"]: part for part in alarm["Metrics"]}
        (looked_at,) = (name for name, part in parts.items() if str(part.get("ReturnData", True)).lower() == "true")
        return _value(looked_at, parts, worst)
    except (ArithmeticError, KeyError, RecursionError, SyntaxError, TypeError, ValueError):
        return None


def can_ring(alarm: Json, worst: Worst) -> bool:
    """Say whether it rings when the worst happens, or else, where that is not known, that it may."""
    value, compare = highest(alarm, worst), COMPARISONS.get(str(alarm.get("ComparisonOperator")))
    try:
        return value is None or compare is None or compare(value, float(alarm["Threshold"]))
    except (KeyError, TypeError, ValueError):
        return True


def _value(name: str, parts: Mapping[str, Json], worst: Worst) -> float:
    part = parts[name]
    if "MetricStat" in part:
        stat = part["MetricStat"]
        return worst.of(stat["Metric"]["MetricName"], stat["Stat"], float(stat["Period"]))
    text = part["Expression"].replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), text)
    return _worked_out(ast.parse(text, mode="eval").body, lambda used: _value(used, parts, worst))


def _worked_out(node: ast.expr, value: Callable[[str], float]) -> float:
    """Work out metric math, as far as the alarms of a template need it (CloudWatch's user guide)."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return value(name)
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return float(OPERATORS[type(op)](_worked_out(left, value), _worked_out(right, value)))
        case ast.BoolOp(op=op, values=values):
            return OPERATORS[type(op)](*(_worked_out(one, value) for one in values))
        case ast.Call(func=ast.Name(id="FILL"), args=[inner, _]):
            return _worked_out(inner, value)
        case ast.Call(func=ast.Name(id="IF"), args=[test, *choices]):
            return _worked_out(choices[0] if _worked_out(test, value) else choices[1], value)
    raise ValueError(ast.unparse(node))
