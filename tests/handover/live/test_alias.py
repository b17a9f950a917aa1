"""The commands `handover rollback` and `handover live-version`; Lambda is stubbed, every request compared."""

from typing import Any

import pytest
from botocore.stub import Stubber

from tests.helpers import live
from tests.helpers.live import ALIAS, NAME, Done, stack_is_there

NEXT = "The stack's template does not know of it: the next deployment that publishes a version moves the alias there.\n"


def run(*words: str) -> Done:
    command, *more = words
    return live.run(command, "--stack", NAME, *more)


def alias_points(functions: Stubber, version: str, **weights: float) -> None:
    routing = {"AdditionalVersionWeights": {name.removeprefix("v"): share for name, share in weights.items()}}
    alias: dict[str, Any] = {"FunctionVersion": version, "RevisionId": "as-read"}
    functions.add_response(
        "get_alias",
        alias | ({"RoutingConfig": routing} if weights else {}),
        {"FunctionName": "predict", "Name": "live"},
    )


def published(functions: Stubber, *pages: list[str]) -> None:
    """Say which versions there are, page by page, as Lambda does: not in order of their numbers."""
    for number, page in enumerate(pages):
        versions = [
            {"Version": version, "Description": "" if version == "3" else f"release {version}"} for version in page
        ]
        marker = {"NextMarker": f"page-{number + 1}"} if number + 1 < len(pages) else {}
        asked = {"FunctionName": "predict"} | ({"Marker": f"page-{number}"} if number else {})
        functions.add_response("list_versions_by_function", {"Versions": versions, **marker}, asked)


def moves(functions: Stubber, to: str) -> None:
    functions.add_response(
        "update_alias",
        {},
        {
            "FunctionName": "predict",
            "Name": "live",
            "FunctionVersion": to,
            "RoutingConfig": {"AdditionalVersionWeights": {}},
            "RevisionId": "as-read",
        },
    )


@pytest.fixture(autouse=True)
def deployed(cloudformation: Stubber) -> None:
    stack_is_there(cloudformation, Alias=ALIAS)


def test_it_moves_to_the_version_published_before(functions) -> None:
    alias_points(functions, "10")
    published(functions, ["$LATEST", "10", "2"], ["9", "11"])
    moves(functions, "9")
    done = run("rollback")
    assert done.exit_code == 0
    assert done.output == (
        f"{NAME}: the alias live moves from version 10 (release 10) back to version 9 (release 9).\n{NEXT}"
    )


def test_numbers_may_lack_and_so_may_a_description(functions) -> None:
    alias_points(functions, "7")
    published(functions, ["$LATEST", "3", "7"])
    moves(functions, "3")
    assert (
        run("rollback").output == f"{NAME}: the alias live moves from version 7 (release 7) back to version 3.\n{NEXT}"
    )


def test_it_moves_to_the_version_that_is_named_also_a_later_one(functions) -> None:
    alias_points(functions, "2")
    published(functions, ["$LATEST", "1", "2", "4"])
    moves(functions, "4")
    done = run("rollback", "--to", "4")
    assert (
        done.output == f"{NAME}: the alias live moves from version 2 (release 2) on to version 4 (release 4).\n{NEXT}"
    )


def test_while_a_deployment_shifts_requests_the_newest_version_is_what_is_taken_back(functions) -> None:
    alias_points(functions, "4", v5=0.1)
    published(functions, ["$LATEST", "4", "5"])
    moves(functions, "4")
    assert run("rollback").output == (
        f"{NAME}: the alias live stays at version 4 (release 4), which gets all requests "
        f"(until now, 10% to version 5 (release 5)).\n{NEXT}"
    )


def test_weights_go_too_when_it_moves(functions) -> None:
    alias_points(functions, "5", v4=0.25)
    published(functions, ["$LATEST", "4", "5"])
    moves(functions, "4")
    assert run("rollback").output == (
        f"{NAME}: the alias live moves from version 5 (release 5) back to version 4 (release 4), which gets all "
        f"requests (until now, 25% to version 4 (release 4)).\n{NEXT}"
    )


def test_a_dry_run_moves_nothing(functions) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    done = run("rollback", "--dry-run")
    assert done.exit_code == 0
    assert done.output == (
        "Nothing is changed; without --dry-run: the alias live moves from version 5 (release 5) back to version 4 "
        "(release 4).\n"
    )


def test_named_where_it_is_already_it_moves_nothing(functions) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    done = run("rollback", "--to", "5")
    assert (done.exit_code, done.output) == (0, f"The alias live of {NAME} points at version 5 (release 5) already.\n")


def test_there_is_no_earlier_version(functions) -> None:
    alias_points(functions, "1")
    published(functions, ["$LATEST", "1"])
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: there is no version of predict before 1, which live points at: nothing to go back to\n",
    )


@pytest.mark.parametrize("version", ["3", "$LATEST", "one"])
def test_there_is_no_such_version(functions, version: str) -> None:
    alias_points(functions, "10")
    published(functions, ["$LATEST", "9", "10"])
    done = run("rollback", "--to", version)
    assert (done.exit_code, done.output) == (2, f"handover: predict has no version {version}; published are 9, 10\n")


def test_somebody_else_moved_it_meanwhile(functions) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    functions.add_client_error("update_alias", "PreconditionFailedException", "The RevisionId provided does not match")
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: somebody else moved the alias meanwhile: look, and run it again\n",
    )


def test_credentials_that_may_not(functions) -> None:
    functions.add_client_error("get_alias", "AccessDeniedException", "not authorized to perform: lambda:GetAlias")
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: AWS refuses GetAlias: not authorized to perform: lambda:GetAlias\n",
    )


def test_live_prints_the_version_and_nothing_else(functions) -> None:
    alias_points(functions, "10", v11=0.1)
    done = run("live-version")
    assert (done.exit_code, done.output) == (0, "10\n")
