"""The alias that users reach: which version it points at, and the way back to an earlier one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handover.live import LiveError
from handover.live.aws import asked
from handover.live.deployments import Deployments
from handover.live.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class Alias:
    """An alias of a function, as it stands."""

    function: str
    name: str
    version: str
    weights: Mapping[str, float]
    """Shares of the requests that go to other versions, while a deployment shifts them."""
    revision: str
    """Lambda's id of this state: a change is refused when somebody else made one meanwhile."""


def read(client: "LambdaClient", stack: Stack) -> Alias:
    """Ask Lambda for the alias that the stack's output ``Alias`` names.

    Raises
    ------
    LiveError
        When there is none, or Lambda cannot be asked.
    """
    function, name = stack.output("Alias").split(":")[-2:]
    with asked():
        alias = client.get_alias(FunctionName=function, Name=name)
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return Alias(function, name, alias["FunctionVersion"], weights, alias["RevisionId"])


def roll_back(
    client: "LambdaClient",
    stack: Stack,
    deployments: Deployments,
    prove: Callable[[str, str], str] | None,
    *,
    to: str | None = None,
    dry_run: bool = False,
) -> str:
    """Point the alias at an earlier version, and send every request there.

    Without ``to`` that is the version published before the one it points at, but for those whose deployment was taken
    back; or, while a deployment still shifts requests to a newer version, the one it points at: what is taken back is
    the newest that users meet. A deployment that is under way is stopped first: it would move the alias on.

    Parameters
    ----------
    prove
        Asks a function's version for its golden rows, says what it is, and raises ``LiveError`` where users must not
        get it; ``None`` moves them unproven.

    Returns
    -------
    What moved, in a few sentences.

    Raises
    ------
    LiveError
        When there is no such version, it is not proven, or AWS refuses.
    """
    alias = read(client, stack)
    published = _published(client, alias.function)
    taken_back = deployments.taken_back
    target = to or _earlier(alias, published, taken_back)
    if target not in published:
        versions = ", ".join(sorted(published, key=int))
        raise LiveError(f"{alias.function} has no version {target}; published are {versions}")
    if alias.version == target and not alias.weights and not deployments.under_way:
        return f"The alias {alias.name} of {stack.name} points at version {_described(target, published)} already."
    proof = _proven(prove, alias.function, target) if prove else "was not asked for its golden rows"
    change = f"{_change(alias, target, published)}; version {target} {proof}"
    if not to and (passed := [one for one in taken_back if int(target) < int(one) < int(alias.version)]):
        change += f"; passed over: {', '.join(f'{one} ({taken_back[one]})' for one in sorted(passed, key=int))}"
    if dry_run:
        stops = "".join(f"deployment {id_} is stopped, and " for id_ in deployments.under_way)
        return f"Nothing is changed; without --dry-run: {stops}{change}."
    for id_ in deployments.under_way:
        deployments.stop(id_)
        alias = read(client, stack)
    with asked():
        try:
            client.update_alias(
                FunctionName=alias.function,
                Name=alias.name,
                FunctionVersion=target,
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=alias.revision,
            )
        except client.exceptions.PreconditionFailedException:
            raise LiveError("somebody else moved the alias meanwhile: look, and run it again") from None
    return (
        f"{stack.name}: {change}.\n"
        "The stack's template does not know of it: the next deployment that publishes a version moves the alias there."
    )


def _proven(prove: Callable[[str, str], str], function: str, version: str) -> str:
    try:
        return f"has {prove(function, version)}, and answers its golden rows as in training"
    except LiveError as error:
        raise LiveError(
            f"nothing is moved: {error}. --to names another version (TO= to make), --unproven moves the users all the "
            "same (UNPROVEN=1)"
        ) from None


def _change(alias: Alias, target: str, published: Mapping[str, str]) -> str:
    new = _described(target, published)
    if alias.version == target:
        change = f"the alias {alias.name} stays at version {new}"
    else:
        way = "back" if int(target) < int(alias.version) else "on"
        change = (
            f"the alias {alias.name} moves from version {_described(alias.version, published)} {way} to version {new}"
        )
    shares = ", ".join(f"{share:.0%} to version {_described(one, published)}" for one, share in alias.weights.items())
    return f"{change}, which gets all requests (until now, {shares})" if shares else change


def _earlier(alias: Alias, published: Mapping[str, str], taken_back: Mapping[str, str]) -> str:
    if any(int(version) > int(alias.version) for version in alias.weights):
        return alias.version
    earlier = [version for version in published if int(version) < int(alias.version) and version not in taken_back]
    if not earlier:
        refused = "".join(f", but {version}, whose {why}" for version, why in sorted(taken_back.items()))
        raise LiveError(
            f"there is no version of {alias.function} before {alias.version}, which {alias.name} points at{refused}: "
            "nothing to go back to"
        )
    return max(earlier, key=int)


def _published(client: "LambdaClient", function: str) -> dict[str, str]:
    """Give the published versions with their descriptions."""
    with asked():
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        versions = [version for page in pages for version in page["Versions"]]
    return {one["Version"]: one.get("Description", "") for one in versions if one["Version"].isdecimal()}


def _described(version: str, published: Mapping[str, str]) -> str:
    description = published.get(version)
    return f"{version} ({description})" if description else version
