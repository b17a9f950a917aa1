"""The alias that users reach: which version it points at, and the way back to an earlier one."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from handover.live import LiveError, version
from handover.live.aws import aws_errors
from handover.live.deployments import Deployments
from handover.live.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from rich.progress import Progress


LEFT = "Users were moved back from version "
"""How the alias's description begins that a rollback writes."""
MAX_NOTED = 20


class Alias(NamedTuple):
    """An alias of a function, as it stands."""

    function: str
    name: str
    version: str
    weights: Mapping[str, float]
    """Shares of the requests that go to other versions, while a deployment shifts them."""
    left: tuple[str, ...]
    """Versions that users were moved back from, as the rollbacks before noted."""
    revision: str
    """Lambda's id of this state: a change is refused when somebody else made one meanwhile."""


def read(client: "LambdaClient", stack: Stack) -> Alias:
    """Ask Lambda for the alias that the stack's output ``Alias`` names."""
    function, name = stack.output("Alias").split(":")[-2:]
    with aws_errors():
        alias = client.get_alias(FunctionName=function, Name=name)
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    noted = alias.get("Description", "")
    left = tuple(re.findall(r"\d+", noted)) if noted.startswith(LEFT) else ()
    return Alias(function, name, alias["FunctionVersion"], weights, left, alias["RevisionId"])


def roll_back(
    client: "LambdaClient",
    stack: Stack,
    deployments: Deployments,
    progress: "Progress",
    *,
    to: str | None = None,
    unproven: bool = False,
    dry_run: bool = False,
) -> str:
    """Point the alias at an earlier version, and send every request there; say what moved, in a few sentences.

    Without ``to`` that is the version published before the one it points at, but for those that no users stayed with
    and those that users were moved back from; or, while a deployment is under way to a newer version, the one it points
    at: what is taken back is the newest that users meet. That deployment is stopped first: it would move the alias on.

    That version must answer the golden rows of its own delivery first; ``unproven`` moves users to it all the same.
    """
    alias = read(client, stack)
    published = _published(client, alias.function)
    moved_back = dict.fromkeys(alias.left, "users were moved back from it")
    left_out = {} if to else deployments.never_live(published) | moved_back
    target = to or _earlier(alias, published, left_out, begun=bool(deployments.under_way))
    if target not in published:
        versions = ", ".join(sorted(published, key=int))
        raise LiveError(f"{alias.function} has no version {target}; published are {versions}")
    if alias.version == target and not alias.weights and not deployments.under_way:
        return f"The alias {alias.name} of {stack.name} points at version {published[target]} already."
    asked_for = version.Version(client, alias.function, target)
    proof = "was not asked for its golden rows" if unproven else _proven(asked_for, stack, progress)
    change = f"{_change(alias, target, published)}; version {target} {proof}"
    if passed := [one for one in left_out if int(target) < int(one) < int(alias.version)]:
        change += f"; passed over: {', '.join(f'{one} ({left_out[one]})' for one in sorted(passed, key=int))}"
    if dry_run:
        stops = "".join(f"deployment {id_} is stopped, and " for id_ in deployments.under_way)
        return f"Nothing is changed; without --dry-run: {stops}{change}."
    for id_ in deployments.under_way:
        deployments.stop(id_)
        alias = read(client, stack)
    with aws_errors():
        try:
            client.update_alias(
                FunctionName=alias.function,
                Name=alias.name,
                FunctionVersion=target,
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=alias.revision,
                Description=_left(alias, target),
            )
        except client.exceptions.PreconditionFailedException:
            raise LiveError("somebody else moved the alias meanwhile: look, and run it again") from None
    return (
        f"{stack.name}: {change}.\n"
        "The stack's template does not know of it: the next deployment that publishes a version moves the alias there."
    )


def _proven(one: version.Version, stack: Stack, progress: "Progress") -> str:
    try:
        return f"has {version.prove(one, stack, progress)}, and answers its golden rows as in training"
    except LiveError as error:
        raise LiveError(
            f"nothing is moved: {error}. --to names another version (TO= to make), --unproven moves the users all the "
            "same (UNPROVEN=1)"
        ) from None


def _change(alias: Alias, target: str, published: Mapping[str, str]) -> str:
    was, new = published[alias.version], published[target]
    way = "back" if int(target) < int(alias.version) else "on"
    moves = f"stays at version {new}" if alias.version == target else f"moves from version {was} {way} to version {new}"
    change = f"the alias {alias.name} {moves}"
    shares = ", ".join(f"{share:.0%} to version {published[one]}" for one, share in alias.weights.items())
    return f"{change}, which gets all requests (until now, {shares})" if shares else change


def _left(alias: Alias, target: str) -> str:
    """Note the versions that users were moved back from, where the next rollback reads it: in the alias itself."""
    left = {*alias.left, *(one for one in (alias.version, *alias.weights) if int(one) > int(target))} - {target}
    newest = sorted(left, key=int)[-MAX_NOTED:]
    return f"{LEFT}{', '.join(newest)}" if newest else ""


def _earlier(alias: Alias, published: Mapping[str, str], left_out: Mapping[str, str], *, begun: bool) -> str:
    if begun or any(int(one) > int(alias.version) for one in alias.weights):
        return alias.version
    earlier = [one for one in published if int(one) < int(alias.version) and one not in left_out]
    if not earlier:
        before = {one: why for one, why in left_out.items() if int(one) < int(alias.version)}
        refused = "".join(f", but {one} ({why})" for one, why in sorted(before.items()))
        raise LiveError(
            f"there is no version of {alias.function} before {alias.version}, which {alias.name} points at{refused}: "
            "nothing to go back to"
        )
    return max(earlier, key=int)


def _published(client: "LambdaClient", function: str) -> dict[str, str]:
    """Give the published versions, each with its description as people read it."""
    with aws_errors():
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        versions = [one for page in pages for one in page["Versions"]]
    described = {one["Version"]: one.get("Description") for one in versions if one["Version"].isdecimal()}
    return {number: f"{number} ({text})" if text else number for number, text in described.items()}
