"""The stages that users reach, by ``samconfig.toml``: in each, a clause is kept or broken."""

from collections.abc import Callable
from typing import NamedTuple

from handover.cloudformation import Json, TransformError
from handover.context import DeliveryContext
from handover.finding import Broken
from handover.samconfig import Samconfig
from handover.stage import has_users

READABLE = ("T401",)
"""What each clause of the template requires."""


class Fault(NamedTuple):
    """What is wrong with a stack, and where in the template it is written."""

    evidence: str
    name: str = ""
    """The resource or parameter."""
    inside: tuple[str, ...] = ()
    """The keys below it."""
    cause: str = ""


def broken(context: DeliveryContext, fault: Fault) -> Broken:
    """Place a fault in the template."""
    line = context.template.line(fault.name, *fault.inside) if fault.name else None
    return Broken(fault.evidence, context.template.path, line, cause=fault.cause)


def with_users(context: DeliveryContext) -> list[str]:
    """Name the stages that are deployed for others than developers; none where ``samconfig.toml`` cannot be read."""
    config = Samconfig(context.project.samconfig)
    try:
        stages = config.stages
    except (OSError, ValueError):  # T410 says so
        return []
    return [stage for stage in stages if has_users(config, stage, context.template)]


def in_each(
    context: DeliveryContext, fault: Callable[[Json], Fault | None], *, by_default: bool = False
) -> Broken | None:
    """Look for a fault in the stack of each stage with users; where there is no such stage, in the template's own.

    A fault that the template's defaults do not have, and that is gone when the stage leaves one parameter at its
    default, lies in ``samconfig.toml``.

    Parameters
    ----------
    by_default
        Whether the template's own defaults are looked at in any case.
    """
    config, template = Samconfig(context.project.samconfig), context.template
    chosen = {stage: config.overrides(stage) for stage in with_users(context)}
    if (by_default or not chosen) and (wrong := fault(template.deployed({}))):
        return broken(context, wrong)
    for stage, values in chosen.items():
        try:
            wrong = fault(template.deployed(values))
        except TransformError as error:
            return Broken(f"SAM cannot make the stack of {stage}: {error}", config.path, config.line(stage))
        if wrong is None:
            continue
        for name in values if fault(template.deployed({})) is None else ():
            if fault(template.deployed({other: values[other] for other in values if other != name})) is None:
                evidence = f"{stage} sets {name}={values[name]}: {wrong.evidence}"
                return Broken(evidence, config.path, config.line(stage, name), cause=wrong.cause)
        return broken(context, wrong)
    return None
