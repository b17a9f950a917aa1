"""L, latency: what a caller waits for, cold and warm, as ratios to the least that could answer with this model."""

import ast
from collections.abc import Callable
from functools import partial

import numpy as np

from handover.context import DeliveryContext
from handover.conversion import FRAMEWORKS
from handover.finding import Broken, Skipped, clause
from handover.latency import Latency, NotMeasuredError, Times, modules, slowest_imports
from handover.local.emulator import EnvironmentDiedError

COLD_TO_FLOOR = 1.30
WARM_TO_FLOOR = 9.0
of_both = partial(clause, owner="both teams")
MEASURED = 3  # times, before "too slow" is a verdict: the machine may have been busy
# Each costs what no cold start should pay, or has no business in production at all.
FORBIDDEN = {
    "asyncio": "the standard library's event loop",
    "boto3": "the AWS SDK",
    "botocore": "the AWS SDK",
    "email": "a parser of mail",
    "handover": "the build's own code",
    "hypothesis": "a test library",
    "matplotlib": "a plotting library",
    "modelling": "the training's own code",
    "multiprocessing": "processes, which Lambda gives no room for",
    "onnx": "the tools to make models, not to run them",
    "pandas": "a library of tables",
    "pydantic": "the schema code; the contract is compiled so that its core alone is enough",
    "requests": "an HTTP client",
    "scipy": "a library of numerics",
    "ssl": "encryption, which API Gateway does",
    "unittest": "a test library",
    "urllib3": "an HTTP client",
    "yaml": "a parser",
    **{framework.package: "a training library" for framework in FRAMEWORKS},
}


@of_both(
    "L601",
    topic="imports",
    requires=("P206",),
    rule="production imports nothing that it must never import",
    broken="production imports what it must never import",
)
def imports_nothing_forbidden(context: DeliveryContext) -> Broken | None:
    try:
        imported = {name.partition(".")[0] for name in modules(context.function)}
    except NotMeasuredError as error:
        raise Skipped(f"the function did not start in a process of its own: {error}") from None
    forbidden = sorted(imported & FORBIDDEN.keys())
    if not forbidden:
        return None
    evidence = f"INIT imports {'; '.join(f'{name} ({FORBIDDEN[name]})' for name in forbidden)}."
    for node in ast.walk(context.heuristics_tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            if any(name.partition(".")[0] in forbidden for name in names):
                return Broken(evidence, context.folder / "heuristics.py", node.lineno)
    cause = "A module of function/ or of heuristics.py brings it along, or a package of the layer does."
    return Broken(evidence, context.project.function.parent, cause=cause)


@of_both(
    "L602",
    topic="cold start",
    requires=("L601",),
    rule="a cold start takes little more than the least that could answer",
    broken="a cold start takes too long",
)
def starts_fast(context: DeliveryContext) -> Broken | None:
    try:
        ratios = _above(COLD_TO_FLOOR, context, lambda latency: latency.cold_ms / latency.cold_floor_ms)
    except (EnvironmentDiedError, NotMeasuredError) as error:
        raise Skipped(f"it could not be measured: {error}") from None
    if ratios is None:
        return None
    slowest = ", ".join(f"{name} {own:.1f} ms" for name, own in slowest_imports(context.function))
    evidence = f"{_quartiles(ratios)} times the floor, {COLD_TO_FLOOR:.2f} are allowed. Slowest imports: {slowest}."
    latency = context.latency
    details = f"ours [ms]   {_listed(latency.cold_ms)}\nfloor [ms]  {_listed(latency.cold_floor_ms)}"
    return Broken(evidence, context.project.function.parent, details=details)


@of_both(
    "L603",
    topic="warm request",
    requires=("L602",),
    rule="a warm request takes little more than the model alone",
    broken="a warm request takes too long",
)
def answers_fast(context: DeliveryContext) -> Broken | None:
    # Like with like: both have their slow tenth.
    ratios = _above(WARM_TO_FLOOR, context, lambda latency: np.sort(latency.warm_ms) / np.sort(latency.warm_floor_ms))
    if ratios is None:
        return None
    evidence = f"{_quartiles(ratios)} times one run of the model, {WARM_TO_FLOOR:.0f} are allowed."
    cause = "A heuristic takes long, or the handler does more for a request than it did."
    return Broken(evidence, context.folder / "heuristics.py", cause=cause)


def _above(limit: float, context: DeliveryContext, ratios_of: Callable[[Latency], Times]) -> Times | None:
    """Give the ratios to the floor where three of four are above the limit each time that it is measured."""
    for time in range(MEASURED):
        if time:
            del context.latency  # which is measured anew when it is asked for
        ratios = ratios_of(context.latency)
        if np.quantile(ratios, 0.25) <= limit:
            return None
    return ratios


def _quartiles(ratios: Times) -> str:
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return f"Median {middle:.2f} (half of them {low:.2f} to {high:.2f})"


def _listed(times: Times) -> str:
    return " ".join(f"{time:.0f}" for time in times)
