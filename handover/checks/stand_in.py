"""M and T, what stands in for a model: nobody takes the one for the other, or deploys it by accident."""

from handover.checks.stages import READABLE, Fault, of_the_template, stages
from handover.checks.template import made_of, variables_of, with_model
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.stage import ALLOWANCE, PRODUCTION
from handover.stand_in import is_stand_in
from predictor import files

VARIABLE = "ALLOW_STAND_IN"


@clause(
    "M123",
    topic="stand-in",
    requires=("M101", "M102"),
    rule="a stand-in says that it is one, and a model does not",
    broken="a stand-in passes for a model, or a model for a stand-in",
)
def says_what_it_is(context: DeliveryContext) -> Broken | None:
    made_up = is_stand_in(context.graph)
    if made_up == bool(context.stand_in):
        return None
    evidence = (
        "model.onnx is what handover stub wrote, whose scores are made up, and manifest.json does not say so."
        if made_up
        else "manifest.json says that a stand-in answers, and model.onnx is none that handover stub wrote: what judges "
        "a model would not be asked."
    )
    cause = f"The manifest was edited or merged by hand: deliver the model ({context.delivers}), or run handover stub."
    return Broken(evidence, context.folder / files.MANIFEST, cause=cause)


@of_the_template(
    "T421",
    topic="allowance",
    requires=(*READABLE, "T406"),
    rule="only a stage that names it takes a stand-in",
    broken="a stage would answer with a stand-in that it has not named",
)
def only_where_it_is_named(context: DeliveryContext) -> Broken | None:
    for stage in ("", *stages(context)):
        values = context.samconfig.overrides(stage) if stage else {}
        predicting = with_model(context, context.template.deployed(values))
        for name in (name for name in made_of(context, "function") if name in predicting):
            if variables_of(predicting[name]).get(VARIABLE) == "true" and values.get(ALLOWANCE) != "true":
                where = f"in {stage}, which does" if stage else "in a stage that does"
                evidence = f"{name} gets {VARIABLE}=true {where} not name {ALLOWANCE}=true."
                cause = f"{VARIABLE} should be !Ref {ALLOWANCE}, and false the default of that."
                return Fault(evidence, name, ("Properties", "Environment", "Variables"), cause).broken(context)
    return None


@of_the_template(
    "T422", topic="production", rule="production takes no stand-in", broken="a stand-in could be deployed to production"
)
def none_in_production(context: DeliveryContext) -> Broken | None:
    config = context.samconfig
    for stage in stages(context):
        values = config.overrides(stage)
        is_production = any(map(PRODUCTION.match, (stage, values.get("Stage", ""))))
        if is_production and values.get(ALLOWANCE) == "true":
            evidence = f"{stage} sets {ALLOWANCE}=true: scores that were made up could decide about people there."
            return Broken(evidence, config.path, config.line(stage, ALLOWANCE))
    return None
