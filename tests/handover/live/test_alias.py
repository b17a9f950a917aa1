"""The commands `handover rollback` and `handover live-version`; AWS is stubbed, every request compared."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from handover.live import LiveError, deployments, version
from tests.helpers import live
from tests.helpers.live import ALIAS, NAME, Done, stack_is_there

IS = "model 0123456789ab, contract 2.0.1"
PROVEN = f"has {IS}, and answers its golden rows as in training"
APPLICATION, GROUP = f"{NAME}-ServerlessDeploymentApplication-A", f"{NAME}-PredictFunctionDeploymentGroup-B"

NEXT = "The stack's template does not know of it: the next deployment that publishes a version moves the alias there.\n"


def run(*words: str) -> Done:
    command, *more = words
    return live.run(command, "--stack", NAME, *more)


def alias_points(functions: Stubber, version: str, left: str = "", **weights: float) -> None:
    routing = {"AdditionalVersionWeights": {name.removeprefix("v"): share for name, share in weights.items()}}
    alias: dict[str, Any] = {"FunctionVersion": version, "RevisionId": "as-read", "Description": left}
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


def moves(functions: Stubber, to: str, left: str) -> None:
    functions.add_response(
        "update_alias",
        {},
        {
            "FunctionName": "predict",
            "Name": "live",
            "FunctionVersion": to,
            "RoutingConfig": {"AdditionalVersionWeights": {}},
            "RevisionId": "as-read",
            "Description": f"Users were moved back from version {left}" if left else "",
        },
    )


@pytest.fixture(autouse=True)
def deployed(cloudformation: Stubber) -> None:
    stack_is_there(cloudformation, Alias=ALIAS)


@pytest.fixture
def codedeploy(cloudformation: Stubber, session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """Give CodeDeploy, and a stack that it deploys."""
    of_stack(cloudformation, ("AWS::CodeDeploy::Application", APPLICATION), ("AWS::CodeDeploy::DeploymentGroup", GROUP))
    monkeypatch.setattr(deployments, "PAUSE_S", 0.0)
    stubber = Stubber(session.client("codedeploy"))
    stubber.activate()
    return stubber


@pytest.fixture
def without_codedeploy(cloudformation: Stubber) -> None:
    """Give a stack whose alias moves by itself."""
    of_stack(cloudformation, ("AWS::Lambda::Alias", ALIAS))


@pytest.fixture
def proven(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every version answer as in training, and note which were asked."""
    asked: list[str] = []

    def prove(one: version.Version, *_: Any) -> str:
        asked.append(one.number)
        return IS

    monkeypatch.setattr(version, "prove", prove)
    return asked


def of_stack(cloudformation: Stubber, *resources: tuple[str, str]) -> None:
    listed = [
        {
            "LogicalResourceId": "Resource",
            "ResourceType": kind,
            "PhysicalResourceId": name,
            "LastUpdatedTimestamp": datetime.now(UTC),
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for kind, name in resources
    ]
    cloudformation.add_response("list_stack_resources", {"StackResourceSummaries": listed}, {"StackName": NAME})


def were_deployed(codedeploy: Stubber, **statuses: str) -> None:
    """Say how the deployment of each version ended, by an AppSpec as CloudFormation writes it."""
    codedeploy.add_response(
        "list_deployments",
        {"deployments": [f"d-{name}" for name in statuses]},
        {"applicationName": APPLICATION, "deploymentGroupName": GROUP},
    )
    listed = [
        {
            "deploymentId": f"d-{name}",
            "status": status,
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {
                    "content": json.dumps(
                        {
                            "version": 0.0,
                            "Resources": [
                                {
                                    "PredictFunction": {
                                        "Type": "AWS::Lambda::Function",
                                        "Properties": {
                                            "Name": "predict",
                                            "Alias": "live",
                                            "CurrentVersion": "1",
                                            "TargetVersion": name.removeprefix("v"),
                                        },
                                    }
                                }
                            ],
                        }
                    )
                },
            },
        }
        for name, status in statuses.items()
    ]
    codedeploy.add_response(
        "batch_get_deployments", {"deploymentsInfo": listed}, {"deploymentIds": [f"d-{name}" for name in statuses]}
    )


def test_it_moves_to_the_version_published_before(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "10")
    published(functions, ["$LATEST", "10", "2"], ["9", "11"])
    moves(functions, "9", left="10")
    done = run("rollback")
    assert done.exit_code == 0
    assert done.output == (
        f"{NAME}: the alias live moves from version 10 (release 10) back to version 9 (release 9); version 9 "
        f"{PROVEN}.\n{NEXT}"
    )


def test_numbers_may_lack_and_so_may_a_description(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "7")
    published(functions, ["$LATEST", "3", "7"])
    moves(functions, "3", left="7")
    assert (
        run("rollback").output
        == f"{NAME}: the alias live moves from version 7 (release 7) back to version 3; version 3 {PROVEN}.\n{NEXT}"
    )


def test_it_moves_to_the_version_that_is_named_also_a_later_one(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "2")
    published(functions, ["$LATEST", "1", "2", "4"])
    moves(functions, "4", left="")
    done = run("rollback", "--to", "4")
    assert done.output == (
        f"{NAME}: the alias live moves from version 2 (release 2) on to version 4 (release 4); version 4 "
        f"{PROVEN}.\n{NEXT}"
    )


def test_while_a_deployment_shifts_requests_the_newest_version_is_what_is_taken_back(
    functions, without_codedeploy, proven
) -> None:
    alias_points(functions, "4", v5=0.1)
    published(functions, ["$LATEST", "4", "5"])
    moves(functions, "4", left="5")
    assert run("rollback").output == (
        f"{NAME}: the alias live stays at version 4 (release 4), which gets all requests "
        f"(until now, 10% to version 5 (release 5)); version 4 {PROVEN}.\n{NEXT}"
    )


def test_weights_go_too_when_it_moves(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "5", v4=0.25)
    published(functions, ["$LATEST", "4", "5"])
    moves(functions, "4", left="5")
    assert run("rollback").output == (
        f"{NAME}: the alias live moves from version 5 (release 5) back to version 4 (release 4), which gets all "
        f"requests (until now, 25% to version 4 (release 4)); version 4 {PROVEN}.\n{NEXT}"
    )


def test_a_dry_run_moves_nothing(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    done = run("rollback", "--dry-run")
    assert done.exit_code == 0
    assert done.output == (
        "Nothing is changed; without --dry-run: the alias live moves from version 5 (release 5) back to version 4 "
        f"(release 4); version 4 {PROVEN}.\n"
    )


def test_named_where_it_is_already_it_moves_nothing(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    done = run("rollback", "--to", "5")
    assert (done.exit_code, done.output) == (0, f"The alias live of {NAME} points at version 5 (release 5) already.\n")


def test_there_is_no_earlier_version(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "1")
    published(functions, ["$LATEST", "1"])
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: there is no version of predict before 1, which live points at: nothing to go back to\n",
    )


@pytest.mark.parametrize("version", ["3", "$LATEST", "one"])
def test_there_is_no_such_version(functions, without_codedeploy, proven, version: str) -> None:
    alias_points(functions, "10")
    published(functions, ["$LATEST", "9", "10"])
    done = run("rollback", "--to", version)
    assert (done.exit_code, done.output) == (2, f"handover: predict has no version {version}; published are 9, 10\n")


def test_somebody_else_moved_it_meanwhile(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    functions.add_client_error("update_alias", "PreconditionFailedException", "The RevisionId provided does not match")
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: somebody else moved the alias meanwhile: look, and run it again\n",
    )


def test_credentials_that_may_not(functions, without_codedeploy, proven) -> None:
    functions.add_client_error("get_alias", "AccessDeniedException", "not authorized to perform: lambda:GetAlias")
    done = run("rollback")
    assert (done.exit_code, done.output) == (
        2,
        "handover: AWS refuses GetAlias: not authorized to perform: lambda:GetAlias\n",
    )


def test_a_version_that_was_never_the_users_is_passed_over(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v7="Succeeded", v6="Failed", v5="Stopped", v4="Succeeded", v3="Failed")
    alias_points(functions, "7")
    published(functions, ["$LATEST", "3", "4", "5", "6", "7"])
    moves(functions, "4", left="7")

    assert run("rollback").output == (
        f"{NAME}: the alias live moves from version 7 (release 7) back to version 4 (release 4); version 4 {PROVEN}; "
        f"passed over: 5 (deployment d-v5 stopped), 6 (deployment d-v6 failed).\n{NEXT}"
    )
    assert proven == ["4"]


def test_where_all_before_were_taken_back_there_is_nothing_to_go_back_to(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v2="Failed", v3="Succeeded")
    alias_points(functions, "3")
    published(functions, ["$LATEST", "2", "3"])

    done = run("rollback")

    assert done.exit_code == 2
    assert done.output == (
        "handover: there is no version of predict before 3, which live points at, but 2 (deployment d-v2 failed): "
        "nothing to go back to\n"
    )


def test_one_that_failed_once_and_was_deployed_again_is_not(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v3="Succeeded", v2="Failed")
    codedeploy._queue[-1]["response"][1]["deploymentsInfo"].append(
        codedeploy._queue[-1]["response"][1]["deploymentsInfo"][1] | {"status": "Succeeded"}
    )
    alias_points(functions, "3")
    published(functions, ["$LATEST", "2", "3"])
    moves(functions, "2", left="3")

    assert run("rollback").exit_code == 0


def test_a_deployment_under_way_is_stopped_before_the_alias_moves(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v5="InProgress", v4="Succeeded")
    alias_points(functions, "4", v5=0.1)
    published(functions, ["$LATEST", "4", "5"])
    codedeploy.add_response(
        "stop_deployment", {"status": "Pending"}, {"deploymentId": "d-v5", "autoRollbackEnabled": True}
    )
    back = {"rollbackInfo": {"rollbackDeploymentId": "d-back"}}
    for id_, status, more in (
        ("d-v5", "InProgress", {}),
        ("d-v5", "Stopped", back),
        ("d-back", "InProgress", {}),  # users are moved back by a deployment of its own
        ("d-back", "Succeeded", {}),
    ):
        codedeploy.add_response("get_deployment", {"deploymentInfo": {"status": status, **more}}, {"deploymentId": id_})
    alias_points(functions, "4")
    moves(functions, "4", left="")

    done = run("rollback")

    assert done.exit_code == 0, done.output
    codedeploy.assert_no_pending_responses()


def test_one_that_has_moved_nobody_yet_takes_no_version_back(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v5="InProgress", v4="Succeeded")
    alias_points(functions, "4")
    published(functions, ["$LATEST", "3", "4", "5"])

    assert run("rollback", "--dry-run").output.startswith(
        "Nothing is changed; without --dry-run: deployment d-v5 is stopped, and the alias live stays at version 4"
    )


def test_a_version_that_users_were_moved_back_from_is_not_gone_back_to(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v7="Succeeded", v6="Succeeded", v5="Succeeded")
    alias_points(functions, "7", left="Users were moved back from version 6")
    published(functions, ["$LATEST", "5", "6", "7"])
    moves(functions, "5", left="6, 7")

    assert "passed over: 6 (users were moved back from it)" in run("rollback").output


def test_a_version_of_an_update_that_failed_before_a_deployment_began_was_never_live(
    functions, codedeploy, proven
) -> None:
    were_deployed(codedeploy, v7="Succeeded", v5="Succeeded")
    alias_points(functions, "7")
    published(functions, ["$LATEST", "5", "6", "7"])
    moves(functions, "5", left="7")

    assert "passed over: 6 (never deployed)" in run("rollback").output


def test_a_record_that_does_not_say_is_no_record(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v7="Succeeded")
    codedeploy._queue[-1]["response"][1]["deploymentsInfo"][0]["revision"] = {"revisionType": "AppSpecContent"}
    alias_points(functions, "7")
    published(functions, ["$LATEST", "6", "7"])

    done = run("rollback")

    assert done.exit_code == 2
    assert done.output == (
        "handover: CodeDeploy does not say between which versions deployment d-v7 moved users: name the version, with "
        "--to (TO= to make)\n"
    )


def test_a_dry_run_stops_none(functions, codedeploy, proven) -> None:
    were_deployed(codedeploy, v5="InProgress")
    alias_points(functions, "4", v5=0.1)
    published(functions, ["$LATEST", "4", "5"])

    assert run("rollback", "--dry-run").output.startswith(
        "Nothing is changed; without --dry-run: deployment d-v5 is stopped, and the alias live stays at version 4"
    )


def test_a_version_that_is_not_proven_is_not_moved_to(functions, without_codedeploy, monkeypatch) -> None:
    def prove(*_: Any) -> str:
        raise LiveError("version 4 does not answer as in training (V804): 3 of 155 answers differ")

    monkeypatch.setattr(version, "prove", prove)
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])

    done = run("rollback")

    assert done.exit_code == 2
    assert done.output == (
        "handover: nothing is moved: version 4 does not answer as in training (V804): 3 of 155 answers differ. "
        "--to names another version (TO= to make), --unproven moves the users all the same (UNPROVEN=1)\n"
    )


def test_unproven_it_moves_all_the_same_and_says_so(functions, without_codedeploy, proven) -> None:
    alias_points(functions, "5")
    published(functions, ["$LATEST", "4", "5"])
    moves(functions, "4", left="5")

    assert run("rollback", "--unproven").output == (
        f"{NAME}: the alias live moves from version 5 (release 5) back to version 4 (release 4); version 4 "
        f"was not asked for its golden rows.\n{NEXT}"
    )
    assert proven == []


def test_live_prints_the_version_and_nothing_else(functions) -> None:
    alias_points(functions, "10", v11=0.1)
    done = run("live-version")
    assert (done.exit_code, done.output) == (0, "10\n")
