"""The stages that users reach, by ``samconfig.toml``: in each, a clause is kept or broken."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial, wraps
from typing import Any, NamedTuple

from handover.cloudformation import Json, TransformError
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.stage import has_users

READABLE = ("T401",)
"""What each clause of the template requires."""
of_the_template = partial(clause, owner="deployment", requires=READABLE)
"""Declares such a clause."""


class Fault(NamedTuple):
    """What is wrong with a stack, and where in the template it is written."""

    evidence: str
    name: str = ""
    """The resource or parameter."""
    inside: tuple[str, ...] = ()
    """The keys below it."""
    cause: str = ""

    def broken(self, context: DeliveryContext) -> Broken:
        """Place it in the template."""
        line = context.template.line(self.name, *self.inside) if self.name else None
        return Broken(self.evidence, context.template.path, line, cause=self.cause)


type Faults = Callable[[DeliveryContext, Json], Iterator[Fault]]


def stages(context: DeliveryContext) -> list[str]:
    """Name the stages; none where ``samconfig.toml`` cannot be read, as T410 says."""
    try:
        return context.samconfig.stages
    except (OSError, ValueError):
        return []


def with_users(context: DeliveryContext) -> list[str]:
    """Name the stages that are deployed for others than developers."""
    return [stage for stage in stages(context) if has_users(context.samconfig, stage, context.template)]


def in_each_stage(faults: Faults, *, by_default: bool = False) -> Callable[[DeliveryContext], Broken | None]:
    """Make a check that looks for a fault in the stack of each stage with users, or without one in the template's own.

    A fault that the template's defaults do not have, and that is gone when the stage leaves one parameter at its
    default, lies in ``samconfig.toml``. With ``by_default``, the template's own stack is looked at in any case.
    """

    @wraps(faults)
    def check(context: DeliveryContext) -> Broken | None:
        def fault(values: Mapping[str, str]) -> Fault | None:
            return next(iter(faults(context, context.template.deployed(values))), None)

        config = context.samconfig
        chosen = {stage: config.overrides(stage) for stage in with_users(context)}
        if (by_default or not chosen) and (wrong := fault({})):
            return wrong.broken(context)
        for stage, values in chosen.items():
            try:
                wrong = fault(values)
            except TransformError as error:
                return Broken(f"SAM cannot make the stack of {stage}: {error}", config.path, config.line(stage))
            if wrong is None:
                continue
            for name in values if fault({}) is None else ():
                if fault({other: values[other] for other in values if other != name}) is None:
                    evidence = f"{stage} sets {name}={values[name]}: {wrong.evidence}"
                    return Broken(evidence, config.path, config.line(stage, name), cause=wrong.cause)
            return wrong.broken(context)
        return None

    return check


def of_each_stack(code: str, **words: Any) -> Callable[[Faults], Callable[[DeliveryContext], Broken | None]]:
    """Declare a clause of the template whose faults are looked for in each stage, see ``in_each_stage``."""
    return lambda faults: of_the_template(code, **words)(in_each_stage(faults))
