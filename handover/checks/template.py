"""T, the template: it can be read, and its functions run on what they are given."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from handover.checks.stages import READABLE, Fault, in_each_stage, of_each_stack, of_the_template, stages
from handover.cloudformation import CONTENT, Json, TransformError
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.project import PYTHON
from predictor.settings import Settings, SettingsError

VERSION, FUNCTION, ALIAS = "AWS::Lambda::Version", "AWS::Lambda::Function", "AWS::Lambda::Alias"
LAYER = "AWS::Lambda::LayerVersion"
MOUNTED = "/opt/delivery"  # where Lambda unpacks the model layer's delivery
QUIET = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


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
        return Fault("There is no template.yaml.").broken(context)
    except TransformError as error:
        named = re.search(r"Resource with id \[(\w+)\]", str(error))
        return Fault(f"SAM says: {error}", named[1] if named else "").broken(context)
    except ModuleNotFoundError:  # it could not be read here: that says nothing of the template
        raise
    except Exception as error:  # a YAML error, or whatever SAM's translator raises on what it did not expect
        return Fault(f"It cannot be read: {type(error).__name__}: {' '.join(str(error).split())}").broken(context)
    return None


def made_of(context: DeliveryContext, folder: str) -> list[str]:
    """Name the functions and layers of the template whose content is a folder of the project."""
    resources = context.template.source["Resources"].items()
    uris = ((name, resource.get("Properties", {}).get(key, "")) for name, resource in resources for key in CONTENT)
    return [name for name, uri in uris if str(uri).strip("./") == folder]


def layers_of(function: Json, names: list[str]) -> list[str]:
    """Name those of a function's layers that are made of the named ones: SAM adds a hash to a layer's name."""
    used = [str(layer.get("Ref")) for layer in function.get("Layers", []) if isinstance(layer, dict)]
    return [layer for layer in used if any(re.fullmatch(rf"{name}\w{{10}}", layer) for name in names)]


def with_model(context: DeliveryContext, stack: Json) -> dict[str, Json]:
    """Give the functions of a stack that predict: those with the model and the packages to run it."""
    needed = [made_of(context, "layers/model"), made_of(context, "layers/runtime")]
    functions = context.template.of_kind(FUNCTION, stack).items()
    return {name: function for name, function in functions if all(layers_of(function, layer) for layer in needed)}


@of_each_stack(
    "T406",
    topic="telemetry",
    suppressed_by=("P205",),
    rule="onnxruntime sends nothing and starts no needless thread",
    broken="onnxruntime is not kept silent",
)
def no_telemetry(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    runtimes = made_of(context, "layers/runtime")
    for name, function in context.template.of_kind(FUNCTION, stack).items():
        if not layers_of(function, runtimes):
            continue
        variables = variables_of(function)
        missing = [f'{key}: "{value}"' for key, value in QUIET.items() if str(variables.get(key)) != value]
        if missing:
            threads = "the other two keep it from starting threads for processors that the function does not have"
            cause = f"ORT_DISABLE_TELEMETRY keeps onnxruntime from sending telemetry; {threads}."
            yield Fault(f"{name} lacks {', '.join(missing)} in its environment.", name, cause=cause)


def variables_of(function: Json) -> Json:
    """Give the environment variables of a function in a stack."""
    variables: Json = function.get("Environment", {}).get("Variables", {})
    return variables


@of_each_stack(
    "T408", topic="timeout", rule="the function gives up before the API", broken="the API gives up before the function"
)
def answers_in_time(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    functions = context.template.of_kind(FUNCTION, stack)
    for name, integration in context.template.of_kind("AWS::ApiGatewayV2::Integration", stack).items():
        waits, uri = str(integration.get("TimeoutInMillis", 30_000)), str(integration.get("IntegrationUri"))
        for called in (called for called in functions if re.search(rf"\b{called}\b", uri)):
            takes = str(functions[called].get("Timeout", 3))
            if takes.isdigit() and waits.isdigit() and int(takes) * 1000 >= int(waits):
                yield Fault(f"{name} waits {waits} ms, and {called} may take {takes} s.", name)


@of_the_template(
    "T419",
    topic="runtime",
    rule="functions run on the Python and the processor that their layers are for",
    broken="a function runs on what its layers are not for",
)
def fits_its_layers(context: DeliveryContext) -> Broken | None:
    return _unlike_its_layers(context) or _built_for_another(context)


@partial(in_each_stage, by_default=True)
def _unlike_its_layers(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    runtimes, layers = made_of(context, "layers/runtime"), context.template.of_kind(LAYER, stack)
    for name, function in context.template.of_kind(FUNCTION, stack).items():
        runtime, machines = function.get("Runtime"), function.get("Architectures", ["x86_64"])
        where = (name, ("Properties", "Runtime"))
        if name in made_of(context, "function") and not layers_of(function, runtimes):
            yield Fault(f"{name} has no layer of layers/runtime: it would not start.", name, ("Properties", "Layers"))
        if layers_of(function, runtimes) and runtime != PYTHON:
            evidence = f"{name} runs on {runtime}, and its packages are built for {PYTHON}: it would not start."
            yield Fault(evidence, *where)
        for layer in (layer for layer in layers_of(function, list(layers_in(context))) if layer in layers):
            known: Any = layers[layer].get("CompatibleRuntimes", [runtime])
            if runtime not in known:
                yield Fault(f"{name} runs on {runtime}, and {_source(context, layer)} is for {_all(known)}.", *where)
            known = layers[layer].get("CompatibleArchitectures", machines)
            if not set(map(str, machines)) <= set(map(str, known)):
                evidence = f"{name} runs on {_all(machines)}, and {_source(context, layer)} is for {_all(known)}."
                yield Fault(evidence, name, ("Properties", "Architectures"))


def layers_in(context: DeliveryContext) -> Iterator[str]:
    """Name the layers as people wrote them."""
    resources = context.template.source["Resources"].items()
    return (name for name, resource in resources if resource["Type"] == "AWS::Serverless::LayerVersion")


def _source(context: DeliveryContext, layer: str) -> str:
    return next(name for name in layers_in(context) if re.fullmatch(rf"{name}\w{{10}}", layer))


def _all(values: list[Any]) -> str:
    return " and ".join(map(str, values))


def _built_for_another(context: DeliveryContext) -> Broken | None:
    """Compare what each stage says to ``sam build`` and to ``sam deploy``, where it says both."""
    config, name = context.samconfig, "Architecture"
    for stage in stages(context):
        built, deployed = (config.overrides(stage, command).get(name) for command in ("build", "deploy"))
        if built and deployed and built != deployed:
            evidence = f"{stage} is built for {built} and deployed for {deployed}."
            return Broken(evidence, config.path, config.line(stage, name))
    return None


@of_each_stack(
    "T420",
    topic="settings",
    requires=(*READABLE, "T406"),
    suppressed_by=("P205",),
    rule="the function gets every setting that it reads",
    broken="a setting of the function is missing or wrong",
)
def settings_are_complete(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    predicting = with_model(context, stack)
    for name in (name for name in made_of(context, "function") if name in predicting):
        variables = {key: str(value) for key, value in variables_of(predicting[name]).items()}
        where = (name, ("Properties", "Environment", "Variables"))
        try:
            settings = Settings.read(variables)
        except SettingsError as error:
            yield Fault(f"{name} would not start: {error}.", *where)
            continue
        if settings.delivery.as_posix() != MOUNTED:
            evidence = f"{name} looks for the delivery in {settings.delivery}, and the model layer lands in {MOUNTED}."
            yield Fault(evidence, name, (*where[1], "DELIVERY"))
