"""T, what watches the stack: logs, alarms, and the dashboard of the delivery."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from handover import monitoring
from handover.checks.ringing import Worst, can_ring, highest
from handover.checks.stages import READABLE, Fault, of_each_stack, of_the_template
from handover.checks.template import FUNCTION, with_model
from handover.cloudformation import Json, Template
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.intrinsics import as_text
from handover.monitoring.alarms import SERVICE
from predictor import files

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
GROUP = "AWS::CodeDeploy::DeploymentGroup"
STAGE, INTEGRATION = "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Integration"
NESTED = "AWS::CloudFormation::Stack"
# The metrics by which each signal shows, in the function and in the API (AWS's lists of metrics).
SIGNALS = {
    "errors of the function": r"Errors",
    "5xx of the API": r"5xx|5XXError",
    "duration of the function": r"Duration",
    "latency of the API": r"Latency|IntegrationLatency",
    "saturation of the function": r"Throttles|ConcurrentExecutions|ClaimedAccountConcurrency",
}
ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000  # API Gateway's quotas of an account [1/s], [1]
WORDS = {"AlarmDescription", "AlarmName"}
LOST = "An edit of this file is lost with the next make model; handover monitoring writes the file anew."
STOPS = {"fails": r"Errors|5xx|5XXError", "slows down": r"Duration|Latency|IntegrationLatency"}
# What decides when an alarm on drift rings.
FIGURES = ("Metrics", "Threshold", "ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm", "ActionsEnabled")


@of_each_stack(
    "T404", topic="logs", rule="logs are kept for a time that is written down", broken="a log is kept for ever"
)
def logs_are_kept_for_a_time(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    groups = context.template.of_kind("AWS::Logs::LogGroup", stack)
    for name, group in groups.items():
        if "RetentionInDays" not in group:
            yield Fault(f"{name} keeps its lines for ever, and they are paid for every month.", name)
    for name, function in context.template.of_kind(FUNCTION, stack).items():
        match function.get("LoggingConfig", {}).get("LogGroup"):
            case {"Ref": str(log)} if log in groups:
                continue
        yield Fault(f"{name} writes to a log group that Lambda makes: its lines are kept for ever.", name)


@of_each_stack(
    "T415",
    topic="alarms",
    suppressed_by=("T414",),
    rule="alarms watch errors, latency and saturation, and stop a deployment",
    broken="nobody is told when it fails or slows down",
)
def alarms_cover(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    watch = context.template.of_kind(ALARM, stack).items()
    alarms = {name: json.dumps({key: alarm[key] for key in alarm.keys() - WORDS}) for name, alarm in watch}
    composites = context.template.of_kind(COMPOSITE, stack)
    function = next(iter(with_model(context, stack)), "")
    for signal, metrics in SIGNALS.items():
        if not any(re.search(rf"\b({metrics})\b", alarm) for alarm in alarms.values()):
            evidence = f"No alarm watches the {signal} ({metrics.replace('|', ' or ')})."
            yield Fault(evidence, next(reversed(alarms), function))
    yield from _mute(context, stack, alarms, json.dumps(composites))
    for name, group in context.template.of_kind(GROUP, stack).items():
        function = name.removesuffix("DeploymentGroup")
        where = (function, ("Properties", "DeploymentPreference", "Alarms"))
        configured = group.get("AlarmConfiguration", {})
        if function not in with_model(context, stack):
            continue
        if not configured.get("Enabled") or not configured.get("Alarms"):
            evidence = "No alarm stops a deployment: a version that fails or slows down stays with the users."
            yield Fault(evidence, *where)
            continue
        named = [alarm["Name"].get("Ref", "") for alarm in configured["Alarms"] if isinstance(alarm["Name"], dict)]
        rules = " ".join(json.dumps(composites[alarm]) for alarm in named if alarm in composites)
        watched = [alarms[alarm] for alarm in alarms if alarm in named or alarm in re.findall(r"\w+", rules)]
        if len(named) < len(configured["Alarms"]) or not set(named) <= alarms.keys() | composites.keys():
            continue  # alarms of another stack
        for words, metrics in STOPS.items():
            if not any(re.search(rf"\b({metrics})\b", alarm) for alarm in watched):
                names = metrics.replace("|", " or ")
                evidence = f"No alarm on {names} stops a deployment: a version that {words} stays with the users."
                yield Fault(evidence, *where)


def _mute(context: DeliveryContext, stack: Json, texts: dict[str, str], rules: str) -> Iterator[Fault]:
    """Look for a signal whose alarms all can never ring, or tell nobody; for others a composite alarm may tell."""
    alarms, worst = context.template.of_kind(ALARM, stack), _worst(context, stack)
    for signal, metrics in SIGNALS.items():
        watching = [name for name, text in texts.items() if re.search(rf"\b({metrics})\b", text)]
        if watching and not any(can_ring(alarms[name], worst) for name in watching):
            name = watching[0]
            is_below = str(alarms[name].get("ComparisonOperator")).startswith("Less")
            fault = f"{'is silent when it should ring' if is_below else 'can never ring'}: its threshold is"
            gets = f"it gets {highest(alarms[name], worst):g} when every request fails or takes as long as it may"
            evidence = f"{name} watches the {signal}, and {fault} {alarms[name]['Threshold']}, and {gets}."
            yield Fault(evidence, name, ("Properties", "ComparisonOperator" if is_below else "Threshold"))
        silent = [name for name in watching if as_text(alarms[name].get("ActionsEnabled", True)).lower() == "false"]
        if watching and len(silent) == len(watching) and not any(re.search(rf"\b{name}\b", rules) for name in silent):
            evidence = f"{silent[0]} watches the {signal}, and ActionsEnabled: false keeps it from telling anybody."
            yield Fault(evidence, silent[0], ("Properties", "ActionsEnabled"))


def _worst(context: DeliveryContext, stack: Json) -> Worst:
    """Read what the stack lets happen: as many requests as the API's stages let through, as long as its parts wait."""

    def most(resources: Iterable[Json], key: str, default: float) -> float:
        values = (as_text(properties.get(key)) for properties in resources)
        return max((float(value) for value in values if re.fullmatch(r"[\d.]+", value)), default=default)

    limits = [stage.get("DefaultRouteSettings", {}) for stage in context.template.of_kind(STAGE, stack).values()]
    takes_ms = 1000 * most(with_model(context, stack).values(), "Timeout", 3)
    waits_ms = most(context.template.of_kind(INTEGRATION, stack).values(), "TimeoutInMillis", 30_000)
    return Worst(
        most(limits, "ThrottlingRateLimit", ACCOUNT_RATE),
        most(limits, "ThrottlingBurstLimit", ACCOUNT_BURST),
        {"Duration": takes_ms, "Latency": waits_ms, "IntegrationLatency": waits_ms},
    )


@of_each_stack(
    "T416",
    topic="metrics",
    requires=(*READABLE, "T420"),
    rule="the dashboard and the alarms on drift read what the function writes",
    broken="the dashboard and the alarms on drift see nothing, or tell nobody",
)
def metrics_are_read(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    every, file = context.template.of_kind(NESTED, stack), context.project.monitoring.name
    nested = {name: inner for name, inner in every.items() if str(inner.get("TemplateURL")).endswith(file)}
    if not nested:
        evidence = "No nested stack has monitoring.yaml as its TemplateURL"
        place = next(iter([*every, *with_model(context, stack)]), "")
        yield Fault(f"{evidence}: there is no dashboard and no alarm on drift.", place)
    for name, monitor in nested.items():
        if "AlarmTopic" not in monitor.get("Parameters", {}):
            evidence = f"{name} is given no AlarmTopic: the alarms on drift ring, and tell nobody."
            yield Fault(evidence, name, ("Properties", "Parameters"), "AlarmTopic: !Ref DriftTopic.")
    for function, properties in with_model(context, stack).items():
        variables = properties["Environment"]["Variables"]
        written = variables.get("POWERTOOLS_METRICS_NAMESPACE")
        where = (function, ("Properties", "Environment", "Variables"))
        for name, monitor in nested.items():
            read = monitor.get("Parameters", {}).get("Namespace")
            if read != written:
                evidence = f"{function} writes its metrics to {as_text(written)}, and {name} reads {as_text(read)}."
                yield Fault(evidence, function, (*where[1], "POWERTOOLS_METRICS_NAMESPACE"))
        if (service := variables.get("POWERTOOLS_SERVICE_NAME")) != SERVICE:
            evidence = f"{function} writes its metrics as {as_text(service)}, and monitoring.yaml reads {SERVICE}'s."
            yield Fault(evidence, function, (*where[1], "POWERTOOLS_SERVICE_NAME"))


@clause(
    "T418",
    topic="monitoring",
    requires=(*READABLE, "M101"),
    suppressed_by=("C", "H", "M", "P"),
    rule="monitoring.yaml is written for the delivery that ships",
    broken="the alarms on drift watch another model",
)
def monitoring_is_of_this(context: DeliveryContext) -> Broken | None:
    path, model = context.project.monitoring, files.identity(files.manifest(context.project.delivery))
    if not path.is_file():
        return Broken("There is no monitoring.yaml: make model writes it.", path)
    if model not in str(Template(path).source.get("Description")):
        evidence = f"It does not watch model {model}, which ships: no score of that model would be looked at."
        remedy = "make model writes it after the delivery, and so does handover monitoring."
        return Broken(f"{evidence} {remedy}", path)
    return None


@of_the_template(
    "T417",
    topic="drift",
    requires=(*READABLE, "M101", "T418"),
    suppressed_by=("C", "H", "M", "P"),
    rule="the alarms on drift ring where the delivery says",
    broken="an alarm on drift was edited",
)
def bands_are_of_the_delivery(context: DeliveryContext) -> Broken | None:
    watched, expected = Template(context.project.monitoring), monitoring.of_delivery(context.project.delivery)
    alarms = watched.of_kind(ALARM, watched.source)
    for name, alarm in watched.of_kind(ALARM, expected).items():
        if name not in alarms:
            return Broken(f"It has no {name}: nobody is told when that drifts.", watched.path)
        for figure in FIGURES:
            if differs := _first_difference(figure, alarms[name].get(figure), alarm.get(figure)):
                what, is_, should = differs
                evidence = f"The {what} of {name} is {is_}, and should be {should} by the delivery's held-out scores."
                return Broken(f"{evidence} {LOST}", watched.path, watched.line(name, "Properties", figure))
    return None


def _first_difference(name: str, seen: Any, expected: Any) -> tuple[str, Any, Any] | None:
    """Name the first part of a property that is not as expected, and what it is."""
    if isinstance(seen, dict) and isinstance(expected, dict) and seen.keys() == expected.keys():
        parts = [(key, seen[key], expected[key]) for key in expected]
    elif isinstance(seen, list) and isinstance(expected, list) and len(seen) == len(expected):
        parts = [(name, *pair) for pair in zip(seen, expected, strict=True)]
    else:
        return None if seen == expected else (name, seen, expected)
    return next(filter(None, (_first_difference(*part) for part in parts)), None)
