"""T, the template: what is deployed reaches the users, stays small in its rights, and can be watched."""

import json
import re
from collections.abc import Iterator
from typing import Any

from handover.cloudformation import TransformError
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.samconfig import Samconfig

VERSION, FUNCTION, ALIAS = "AWS::Lambda::Version", "AWS::Lambda::Function", "AWS::Lambda::Alias"
# Actions for which AWS knows no resource to name (Service Authorization Reference).
NO_RESOURCE_KNOWN = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "cloudwatch:PutMetricData"}
# Properties of a function that no version holds: they are the function's as a whole, and change at once.
UNVERSIONED = {"ReservedConcurrentExecutions"}
QUIET = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

T = ("T401",)


def _broken(context: DeliveryContext, evidence: str, name: str = "", cause: str = "") -> Broken:
    return Broken(evidence, context.template.path, context.template.line(name) if name else None, cause=cause)


@clause(
    "T401",
    topic="template",
    owner="deployment",
    looks_at="stack",
    rule="SAM can turn template.yaml into a stack",
    broken="SAM cannot read template.yaml",
)
def transforms(context: DeliveryContext) -> Broken | None:
    try:
        context.template.plain  # noqa: B018  transforming it is the check
    except OSError:
        return _broken(context, "There is no template.yaml.")
    except TransformError as error:
        return _broken(context, f"SAM says: {error}")
    except ModuleNotFoundError:  # it could not be read here: that says nothing of the template
        raise
    except Exception as error:  # a YAML error, or whatever SAM's translator raises on what it did not expect
        return _broken(context, f"It cannot be read: {type(error).__name__}: {' '.join(str(error).split())}")
    return None


def _layers_of(context: DeliveryContext, folder: str) -> list[str]:
    return [
        name
        for name, resource in context.template.source["Resources"].items()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
        and str(resource["Properties"].get("ContentUri", "")).strip("./").endswith(folder)
    ]


@clause(
    "T402",
    topic="alias",
    owner="deployment",
    requires=T,
    rule="a new model moves the alias",
    broken="a new model would not reach the users",
)
def model_moves_the_alias(context: DeliveryContext) -> Broken | None:
    template, layers = context.template, _layers_of(context, "layers/model")
    if not layers:
        return _broken(context, "No layer has layers/model as its ContentUri.")
    after = template.transformed({layers[0]: "another"})
    versions = template.of_kind(VERSION, after)
    if not versions or set(versions) == set(template.of_kind(VERSION)):
        return _broken(
            context,
            "A template in which only the model layer's content changes publishes no new version: the deployment "
            "succeeds, and users stay on the old model.",
            layers[0],
            "AutoPublishAlias and AutoPublishAliasAllProperties: true on the function, PublishLambdaVersion: true on "
            "the layer, and !Ref from one to the other: all four are needed.",
        )
    pointed = [alias["FunctionVersion"] for alias in template.of_kind(ALIAS, after).values()]
    if {"Fn::GetAtt": [next(iter(versions)), "Version"]} not in pointed:
        return _broken(context, "A new version is published, and no alias points at it.")
    return None


@clause(
    "T403",
    topic="parameters",
    owner="deployment",
    requires=T,
    rule="a new parameter value moves the alias",
    broken="a new parameter value would not reach the users",
)
def parameters_move_the_alias(context: DeliveryContext) -> Broken | None:
    functions = context.template.of_kind(FUNCTION)
    for version in context.template.of_kind(VERSION).values():
        name = version["FunctionName"]["Ref"]
        properties = {key: value for key, value in functions[name].items() if key not in UNVERSIONED}
        unseen = _parameters(context, properties) - _parameters(context, version.get("Description"))
        if unseen:
            return _broken(
                context,
                f"{name} uses {', '.join(sorted(unseen))}, which its VersionDescription does not: another value is "
                f"deployed and no version is published, so users do not get it.",
                name,
                "SAM compares the template's text, in which a parameter's value does not show.",
            )
    return None


def _parameters(context: DeliveryContext, value: Any) -> set[str]:
    """Name the template's parameters that a value refers to."""
    match value:
        case {"Ref": str(name)}:
            names = {name}
        case {"Fn::Sub": str(text)}:
            names = set(re.findall(r"\$\{(\w+)\}", text))
        case dict():
            return _parameters(context, list(value.values()))
        case list():
            return set().union(*(_parameters(context, inner) for inner in value))
        case _:
            return set()
    return names & set(context.template.source.get("Parameters", {}))


@clause(
    "T404",
    topic="logs",
    owner="deployment",
    requires=T,
    rule="logs are kept for a time that is written down",
    broken="a log is kept for ever",
)
def logs_are_kept_for_a_time(context: DeliveryContext) -> Broken | None:
    groups = context.template.of_kind("AWS::Logs::LogGroup")
    for name, group in groups.items():
        if "RetentionInDays" not in group:
            return _broken(context, f"{name} keeps its lines for ever, and they are paid for every month.", name)
    for name, function in context.template.of_kind(FUNCTION).items():
        if function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref") not in groups:
            evidence = f"{name} writes to a log group that Lambda makes: its lines are kept for ever."
            return _broken(context, evidence, name)
    return None


@clause(
    "T405",
    topic="rights",
    owner="deployment",
    requires=T,
    rule="functions may do what they need and nothing else",
    broken="a role may do more than it needs",
)
def least_privilege(context: DeliveryContext) -> Broken | None:
    for name, statement in _allowing(context):
        actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
        wide = [action for action in actions if isinstance(action, str) and action.endswith("*")]
        if wide:
            return _broken(context, f"{name} allows {', '.join(wide)}: name the actions that are needed.", name)
        if "*" in resources and not set(actions) <= NO_RESOURCE_KNOWN:
            return _broken(context, f"{name} allows {', '.join(map(str, actions))} on every resource: name one.", name)
    roles = context.template.of_kind("AWS::IAM::Role")
    for name, function in context.template.of_kind(FUNCTION).items():
        role = function.get("Role", {}).get("Fn::GetAtt", [""])[0]
        if roles.get(role, {}).get("ManagedPolicyArns", []):
            evidence = f"{name} has AWS's own policies, which allow more than it does: write its own."
            return _broken(context, evidence, name)
    return None


def _allowing(context: DeliveryContext) -> Iterator[tuple[str, Any]]:
    """Give each statement that allows something, with the resource that has it."""
    of_kind = context.template.of_kind
    policies = [
        (name, policy) for name, role in of_kind("AWS::IAM::Role").items() for policy in role.get("Policies", [])
    ]
    policies += [*of_kind("AWS::IAM::Policy").items(), *of_kind("AWS::IAM::ManagedPolicy").items()]
    for name, policy in policies:
        for statement in _listed(policy["PolicyDocument"].get("Statement")):
            if statement.get("Effect") == "Allow":
                yield name, statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@clause(
    "T406",
    topic="telemetry",
    owner="deployment",
    requires=T,
    rule="onnxruntime sends nothing and starts no needless thread",
    broken="onnxruntime is not kept silent",
)
def no_telemetry(context: DeliveryContext) -> Broken | None:
    runtimes = _layers_of(context, "layers/runtime")
    for name, function in context.template.of_kind(FUNCTION).items():
        # SAM adds a hash to the name of a layer.
        layers = [str(layer.get("Ref")) for layer in function.get("Layers", []) if isinstance(layer, dict)]
        if not any(re.fullmatch(rf"{runtime}\w{{10}}", layer) for runtime in runtimes for layer in layers):
            continue
        variables = function.get("Environment", {}).get("Variables", {})
        missing = [f'{key}: "{value}"' for key, value in QUIET.items() if str(variables.get(key)) != value]
        if missing:
            return _broken(
                context,
                f"{name} lacks {', '.join(missing)} in its environment.",
                name,
                "ORT_DISABLE_TELEMETRY keeps onnxruntime from sending telemetry; the other two keep it from starting "
                "threads for processors that the function does not have.",
            )
    return None


@clause(
    "T407",
    topic="throttling",
    owner="deployment",
    requires=T,
    rule="the API is throttled and logged",
    broken="the API is not throttled or not logged",
)
def throttled(context: DeliveryContext) -> Broken | None:
    for name, stage in context.template.of_kind("AWS::ApiGatewayV2::Stage").items():
        if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= stage.get("DefaultRouteSettings", {}).keys():
            return _broken(context, f"{name} lets any number of requests through, and each one is paid for.", name)
        if "AccessLogSettings" not in stage:
            return _broken(context, f"{name} writes no access log: nobody can say who called.", name)
    return None


@clause(
    "T408",
    topic="timeout",
    owner="deployment",
    requires=T,
    rule="the function gives up before the API",
    broken="the API gives up before the function",
)
def answers_in_time(context: DeliveryContext) -> Broken | None:
    functions = context.template.of_kind(FUNCTION).items()
    for name, integration in context.template.of_kind("AWS::ApiGatewayV2::Integration").items():
        waits, called = integration.get("TimeoutInMillis", 30_000), json.dumps(integration.get("IntegrationUri"))
        timeouts = [function.get("Timeout", 3) for id_, function in functions if re.search(rf"\b{id_}\b", called)]
        if any(isinstance(timeout, int) and timeout * 1000 >= waits for timeout in timeouts):
            return _broken(context, f"{name} waits {waits} ms, and a function may take {max(timeouts)} s.", name)
    return None


@clause(
    "T409",
    topic="auth",
    owner="deployment",
    requires=T,
    rule="the API asks who calls",
    broken="the API is open by default",
)
def closed_by_default(context: DeliveryContext) -> Broken | None:
    parameters = context.template.source.get("Parameters", {})
    for name, route in context.template.of_kind("AWS::ApiGatewayV2::Route").items():
        kind = route.get("AuthorizationType", "NONE")
        if isinstance(kind, dict):
            kind = parameters.get(kind.get("Ref"), {}).get("Default", kind)
        if kind == "NONE":
            return _broken(context, f"{name} is open to everybody by default.", name)
    return None


@clause(
    "T410",
    topic="environments",
    owner="deployment",
    requires=T,
    rule="staging and prod set the same keys",
    broken="staging and prod are not set alike",
)
def environments_agree(context: DeliveryContext) -> Broken | None:
    path = context.project.samconfig
    config = Samconfig(path)
    try:
        keys = {environment: _settings(config, environment) for environment in ("staging", "prod")}
    except (OSError, ValueError) as error:
        return Broken(f"samconfig.toml cannot be read: {error}.", path)
    for one, other in (("staging", "prod"), ("prod", "staging")):
        if alone := sorted(keys[one] - keys[other]):
            return Broken(f"{one} sets {', '.join(alone)}, and {other} does not.", path)
    unknown = {key.partition(" ")[2] for key in keys["prod"] if " " in key} - set(context.template.source["Parameters"])
    if unknown:
        return Broken(f"template.yaml has no parameter {', '.join(sorted(unknown))}.", path)
    return None


def _settings(config: Samconfig, environment: str) -> set[str]:
    """List what an environment sets: keys of each command, and the parameters that it overrides."""
    keys = set()
    for command in config.environments.get(environment, {}):
        keys |= {f"{command}.{key}" for key in config.parameters(environment, command)}
        keys |= {f"{command}: {name}" for name in config.overrides(environment, command)}
    return keys
