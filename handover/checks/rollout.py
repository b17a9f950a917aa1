"""T, how a version comes to the users: it is published, proven first, and can be taken back."""

import json
import re
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from handover.checks.stages import READABLE, Fault, of_each_stack, of_the_template, with_users
from handover.checks.template import ALIAS, FUNCTION, VERSION, layers_in, layers_of, made_of, with_model
from handover.cloudformation import Json
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Warned
from handover.samconfig import Samconfig
from handover.stage import PRODUCTION

# Properties of a function that no version holds: they are the function's as a whole, and change at once.
UNVERSIONED = {"ReservedConcurrentExecutions"}
ALIKE = {
    "stack_name": "are both deployed to the stack {}: each would replace the other.",
    "Stage": "both set Stage={}: in logs and names nobody can tell them apart.",
}
CAPACITY = ("MemorySize", "RateLimit", "BurstLimit")
"""The parameters by which a stage has much or little."""
KEPT = {"Retain", "RetainExceptOnCreate"}
ASKED = "With CodeDeploy=true, and a DeploymentPreference, it answers the golden rows before it gets users."
HOOK_PREFIX = "CodeDeployHook_"  # AWS managed policy AWSCodeDeployRoleForLambda


@of_the_template(
    "T402", topic="alias", rule="a new model moves the alias", broken="a new model would not reach the users"
)
def model_moves_the_alias(context: DeliveryContext) -> Broken | None:
    template, layers = context.template, made_of(context, "layers/model")
    if not layers:
        others = (name for name in layers_in(context) if name not in made_of(context, "layers/runtime"))
        return Fault("No layer has layers/model as its ContentUri.", next(others, "")).broken(context)
    after = template.transformed({layers[0]: "another"})
    versions = set(template.of_kind(VERSION, after)) - set(template.of_kind(VERSION))
    if not versions:
        name, *inside = _fixed_layer(context) or (layers[0],)
        return Fault(
            "A template in which only the model layer's content changes publishes no new version: the deployment "
            "succeeds, and users stay on the old model.",
            name,
            tuple(inside),
            "AutoPublishAlias and AutoPublishAliasAllProperties: true on the function, PublishLambdaVersion: "
            "true on the layer, and !Ref from one to the other: all four are needed.",
        ).broken(context)
    pointed = [alias["FunctionVersion"] for alias in template.of_kind(ALIAS, after).values()]
    if not all({"Fn::GetAtt": [version, "Version"]} in pointed for version in versions):
        return Fault("A new version is published, and no alias points at it.").broken(context)
    return None


def _fixed_layer(context: DeliveryContext) -> tuple[str, ...]:
    """Find the layer of the function that is none of the template's, where the model's is not among its layers."""
    models, resources = made_of(context, "layers/model"), context.template.source["Resources"]
    for function in made_of(context, "function"):
        used = resources[function]["Properties"].get("Layers", [])
        named = [layer.get("Ref") if isinstance(layer, dict) else None for layer in used]
        if isinstance(used, list) and not set(named) & set(models):
            place = (function, "Properties", "Layers")
            return next(((*place, str(at)) for at, name in enumerate(named) if name is None), place)
    return ()


@of_the_template(
    "T403",
    topic="parameters",
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
            then = "another value is deployed and no version is published, so users do not get it"
            evidence = f"{name} uses {', '.join(sorted(unseen))}, which its VersionDescription does not: {then}."
            cause = "SAM compares the template's text, in which a parameter's value does not show."
            return Fault(evidence, name, cause=cause).broken(context)
    return None


def _parameters(context: DeliveryContext, value: Any) -> set[str]:
    """Name the template's parameters that a value refers to."""
    named = re.findall(r'\{"Ref": "(\w+)"\}|\$\{(\w+)\}', json.dumps(value, default=str))
    return {name for either in named for name in either} & set(context.template.source.get("Parameters", {}))


@of_the_template(
    "T410",
    topic="environments",
    rule="stages with users set the same keys, each of a stack of its own",
    broken="stages are not set alike",
)
def stages_agree(context: DeliveryContext) -> Broken | Kept:
    return _unlike(context) or Kept(warnings=tuple(_untried(context)))


def _unlike(context: DeliveryContext) -> Broken | None:
    config = context.samconfig
    try:
        stages = config.stages
    except (OSError, ValueError) as error:
        return Broken(f"samconfig.toml cannot be read: {error}.", config.path)
    known = set(context.template.source.get("Parameters", {}))
    for stage in stages:
        if unknown := sorted(config.overrides(stage).keys() - known):
            evidence = f"{stage} sets {', '.join(unknown)}, and template.yaml has no such parameter."
            return Broken(evidence, config.path, config.line(stage, unknown[0]))
    named: dict[Any, str] = {}
    names = [(stage, "stack_name", config.parameters(stage).get("stack_name")) for stage in stages]
    names += [(stage, "Stage", config.overrides(stage).get("Stage")) for stage in with_users(context)]
    for stage, word, name in names:
        if name and named.setdefault((word, name), stage) != stage:
            evidence = f"{named[word, name]} and {stage} {ALIKE[word].format(name)}"
            return Broken(evidence, config.path, config.line(stage, word))
    keys = {stage: _settings(config, stage) for stage in with_users(context)}
    for one, other in permutations(keys, 2):
        if alone := sorted(keys[one] - keys[other]):
            evidence = f"{one} sets {', '.join(alone)}, and {other} does not."
            return Broken(evidence, config.path, config.line(other))
    return None


def _untried(context: DeliveryContext) -> Iterator[Warned]:
    """Compare what production is given with what the other stages with users, where it is tried before, are given."""
    config, reached = context.samconfig, with_users(context)
    for stage in filter(PRODUCTION.match, reached):
        for other in (other for other in reached if not PRODUCTION.match(other)):
            for name in CAPACITY:
                given, tried = (str(config.overrides(one).get(name)) for one in (stage, other))
                if given.isdigit() and tried.isdigit() and 2 * int(given) <= int(tried):
                    yield Warned(
                        f"{stage} sets {name}={given}, and {other}, where it is tried first, {name}={tried}.",
                        config.path,
                        config.line(stage, name),
                        f"Give {stage} as much, or try it in {other} with as little.",
                        headline="users get much less than was tried",
                    )


def _settings(config: Samconfig, environment: str) -> set[str]:
    """List what an environment sets: keys of each command, and the parameters that it overrides."""
    keys = set()
    for command in config.environments.get(environment, {}):
        keys |= {f"{command}.{key}" for key in config.parameters(environment, command)}
        keys |= {f"{command}: {name}" for name in config.overrides(environment, command)}
    return keys


@of_each_stack(
    "T413",
    topic="rollback",
    rule="versions and their layers are kept for a rollback",
    broken="a deployment deletes what a rollback needs",
)
def kept_for_a_rollback(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    resources, functions = stack["Resources"], context.template.of_kind(FUNCTION, stack)
    for name, version in context.template.of_kind(VERSION, stack).items():
        function = version["FunctionName"].get("Ref", "")
        # Other code makes another logical id, so that this one is deleted; another description replaces it.
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resources[name].get(policy) not in KEPT:
                then = "a deployment deletes the version before, and a rollback has nothing to go back to"
                evidence = f"The {policy} of {function}'s versions is {resources[name].get(policy, 'not set')}: {then}."
                yield Fault(evidence, function, (policy,), f"{function} needs UpdateReplacePolicy: Retain.")
        for layer in layers_of(functions.get(function, {}), list(layers_in(context))):
            if resources[layer].get("DeletionPolicy") not in KEPT:
                lost = "a version that was made of it cannot be published again"
                evidence = f"{layer[:-10]} is deleted when its content changes: {lost}."
                yield Fault(evidence, layer, ("Properties", "RetentionPolicy"), "Set RetentionPolicy: Retain.")


@of_each_stack(
    "T414",
    topic="proof",
    requires=(*READABLE, "T402"),
    rule="a new version answers the golden rows before it meets a user",
    broken="users meet a version that nobody has asked for the golden rows",
)
def proven_first(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    functions, predicting = context.template.of_kind(FUNCTION, stack), with_model(context, stack)
    for name, alias in context.template.of_kind(ALIAS, stack).items():
        function = alias["FunctionName"].get("Ref", "")
        if function not in predicting:
            continue
        preference = (function, ("Properties", "DeploymentPreference"))
        policy = stack["Resources"][name].get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
        if policy is None:
            unproven = "a version that has proved nothing"
            evidence = f"without CodeDeploy the alias {alias['Name']} moves at once to {unproven}. {ASKED}"
            yield Fault(evidence, function, (*preference[1], "Enabled"))
            continue
        match policy.get("BeforeAllowTrafficHook"):
            case None:
                evidence = f"{function} has no hook: CodeDeploy asks a new version nothing. Restore Hooks: PreTraffic."
                yield Fault(evidence, *preference)
            case {"Ref": str(hook)} if hook in functions:
                if wrong := _wrong_with(context, hook, functions[hook], alias["FunctionVersion"]):
                    yield Fault(f"{hook} cannot prove a version: {wrong}.", hook)


def _wrong_with(context: DeliveryContext, name: str, hook: Json, version: Any) -> str:
    """Say what keeps the hook from asking the new version for the golden rows."""
    handler = str(context.template.source["Resources"].get(name, {}).get("Properties", {}).get("Handler"))
    module, _, function = handler.rpartition(".")
    modules = {path.stem: path.read_text(encoding="utf-8") for path in context.project.hook.glob("*.py")}
    is_known = re.search(rf"^(def )?{re.escape(function)}\b", modules.get(module, ""), re.MULTILINE)
    if modules and name in made_of(context, "hook") and not is_known:
        return f"its Handler is {handler}, and hook/ has no such function"
    models = made_of(context, "layers/model")
    called, variables = hook.get("FunctionName"), hook.get("Environment", {}).get("Variables", {})
    text = called.get("Fn::Sub", "") if isinstance(called, dict) else str(called)
    if not text.startswith(HOOK_PREFIX):
        return f"its FunctionName does not begin with {HOOK_PREFIX}, and CodeDeploy may call no other"
    if variables.get("NEW_VERSION") != {"Ref": version["Fn::GetAtt"][0]}:
        return "its NEW_VERSION is not the version of the function"
    if not layers_of(hook, models) or "DELIVERY" not in variables:
        return "it has no golden rows: its layers need the model's, and its environment DELIVERY"
    return ""
