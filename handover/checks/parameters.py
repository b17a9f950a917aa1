"""T, what a stage gives the template: values that CloudFormation takes, by the template's own parameters and rules."""

import re
from math import inf

from handover.checks.stages import of_the_template, stages
from handover.cloudformation import Json
from handover.context import DeliveryContext
from handover.finding import Broken
from handover.intrinsics import Values
from handover.wording import shortly

MAX_NAMED = 8  # of the values that are allowed


@of_the_template(
    "T423",
    topic="values",
    rule="each stage gives the template values that it takes",
    broken="CloudFormation would refuse what a stage is given",
)
def values_are_taken(context: DeliveryContext) -> Broken | None:
    config, source = context.samconfig, context.template.source
    parameters: Json = source.get("Parameters", {})
    usual = {name: known.get("Default", "") for name, known in parameters.items()}
    for stage in stages(context):
        given = config.overrides(stage)
        for name, value in given.items():
            if wrong := _wrong_with(value, parameters.get(name, {})):
                evidence = f"{stage} sets {name}={value}, and template.yaml takes {wrong}."
                return Broken(evidence, config.path, config.line(stage, name))
        values = Values(source, usual | given)
        for rule in source.get("Rules", {}).values():
            if values.of(rule.get("RuleCondition", True)):
                for one in rule["Assertions"]:
                    if not values.of(one["Assert"]):
                        evidence = f"By a rule of template.yaml {stage} would be refused: {one['AssertDescription']}"
                        return Broken(evidence, config.path, config.line(stage))
    return None


def _wrong_with(value: str, known: Json) -> str:
    """Say what a parameter takes instead of a value; nothing where it takes it."""
    allowed, pattern = [str(one) for one in known.get("AllowedValues", ())], str(known.get("AllowedPattern", ""))
    if allowed and value not in allowed:
        return shortly(allowed, MAX_NAMED)
    if pattern and not re.fullmatch(pattern, value):
        return f"what {pattern} fits"
    low, high = known.get("MinValue", -inf), known.get("MaxValue", inf)
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", value)
    if known.get("Type") != "Number" or (is_number and low <= float(value) <= high):
        return ""
    return f"a number{f' from {low}' * (low > -inf)}{f' up to {high}' * (high < inf)}"
