"""The life of a stack, in order: what it needs, deployed, another model, other heuristics, held back, taken down.

Each step begins where the one before it ended, as it does with a real stack; the first that fails ends the run.
"""

import json
import re
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.helpers.cloud import REGION, ROOT, STACK, Cloud, Project

HEURISTICS = "layers/model/delivery/heuristics.py"
GOES_ON = "every golden row is answered as in training, and in time: the deployment goes on"
GOLDEN = 25
"""Golden rows that are asked for after each deploy."""


def answers_of_training(cloud: Cloud, project: Project) -> None:
    """Hold the alias to the golden rows, and to the model that was delivered."""
    event = project.event("predict")
    for row in project.golden(GOLDEN):
        response = cloud.invoke(event | {"body": json.dumps(row["row"])})
        assert response["statusCode"] == 200, response
        assert response["headers"]["x-model"] == project.model
        answer = json.loads(response["body"])
        assert answer["score"] == pytest.approx(row["score"], abs=1e-5)
        assert answer["decision"] == row["decision"]


def over_http(cloud: Cloud, event: dict[str, Any], *, signed: bool) -> Any:
    """Send the event's request to the stack's address, as an application does."""
    headers = {"content-type": "application/json"}
    request = AWSRequest("POST", cloud.outputs()["Url"] + event["rawPath"], headers, event["body"])
    if signed:
        SigV4Auth(Credentials("test", "test"), "execute-api", REGION).add_auth(request)
    return URLLib3Session().send(request.prepare())


def of_the_guide(begins: str) -> str:
    """Give the command of docs/operate.md that begins so."""
    text = (ROOT / "docs" / "operate.md").read_text()
    (command,) = re.findall(rf"^ *\$ ({re.escape(begins)}(?:.*\\\n)*.*)$", text, re.MULTILINE)
    return str(command)


def test_what_the_stage_needs_is_made_as_the_guide_says(cloud: Cloud, project: Project) -> None:
    # The emulator knows no OIDC provider, and nobody is there to confirm the change set.
    made = project.typed(
        of_the_guide(".venv/bin/sam deploy").replace("OWNER/NAME", "them/theirs ProviderExists=true")
        + " --no-confirm-changeset"
    )

    assert made.returncode == 0, made.stdout
    assert f"Account 000000000000, region {REGION}" in made.stdout
    assert cloud.stacks() == ["aws-sam-cli-managed-default", f"deploys-{STACK}"]
    policies = cloud.client("iam").list_policies(Scope="Local")["Policies"]
    assert f"bounds-{STACK}" in [policy["PolicyName"] for policy in policies]


def test_sam_deploys_the_stack_as_samconfig_says(cloud: Cloud, project: Project) -> None:
    output = project.made("deploy", "STAGE=staging")

    assert output.startswith(f"Account 000000000000, region {REGION}\n")
    assert "0 broken" in output
    assert "this first deployment has no callers yet" in output
    assert f"Successfully created/updated stack - {STACK} in {REGION}" in output
    assert set(cloud.outputs()) >= {"Url", "Alias", "FunctionLogGroup"}
    assert cloud.live() == "1"


def test_the_stack_says_which_model_was_deployed(cloud: Cloud, project: Project) -> None:
    assert cloud.outputs()["Model"] == project.model
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert {"Key": "model", "Value": project.model} in stack["Tags"]


def test_the_alias_answers_as_the_model_did_in_training(cloud: Cloud, project: Project) -> None:
    answers_of_training(cloud, project)


@pytest.mark.parametrize(("name", "status"), [("predict", 200), ("batch", 200), ("health", 200), ("broken", 422)])
def test_the_alias_answers_the_events(cloud: Cloud, project: Project, name: str, status: int) -> None:
    response = cloud.invoke(project.event(name))

    assert (response["statusCode"], response["headers"]["x-model"]) == (status, project.model)


def test_the_address_answers_who_signs(cloud: Cloud, project: Project) -> None:
    event = project.event("predict")

    assert over_http(cloud, event, signed=False).status_code == 403
    answer = over_http(cloud, event, signed=True)
    assert (answer.status_code, answer.headers["x-model"]) == (200, project.model)
    assert answer.content.decode() == cloud.invoke(event)["body"]


def test_the_live_stack_is_held_to_what_was_built(cloud: Cloud, project: Project) -> None:
    output = project.made("verify", "STAGE=staging")

    where, *notes, last = output.strip().splitlines()
    contract = project.manifest["contract"]["version"]
    assert where == f"Account 000000000000, region {REGION}"
    assert notes[0] == f"V801 kept: {STACK} answers with the model {project.model}"
    assert f"V802 kept: its version is {contract}" in notes
    assert last == "5 kept, 0 broken, 0 skipped"


def test_the_hook_asks_the_new_version_and_tells_codedeploy(cloud: Cloud) -> None:
    event = json.dumps({"DeploymentId": "d", "LifecycleEventHookExecutionId": "e"})
    reply = cloud.client("lambda").invoke(FunctionName=f"CodeDeployHook_{STACK}", Payload=event)

    lines = cloud.client("logs").filter_log_events(logGroupName=f"/{STACK}/pre-traffic")["events"]
    proved = {"level": "INFO", "message": GOES_ON}
    assert json.dumps(proved) in [line["message"] for line in lines]
    # CodeDeploy itself is what the emulator has not: the call that tells it is made, and gets no answer.
    assert "PutLifecycleEventHookExecutionStatus" in json.loads(reply["Payload"].read())["errorMessage"]


def test_the_function_writes_to_the_stacks_own_log(cloud: Cloud) -> None:
    logs, group = cloud.client("logs"), cloud.outputs()["FunctionLogGroup"]

    (log_group,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert log_group["retentionInDays"] == 14
    lines = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert any("CloudWatchMetrics" in line for line in lines)


def test_an_empty_change_deploys_nothing_and_says_so(cloud: Cloud, project: Project) -> None:
    project.made("archive")
    project.made("restore")  # as from one job of a workflow to the next
    output = project.made("deploy", "STAGE=staging", "BUILT=1")

    assert f"No changes to deploy. Stack {STACK} is up to date" in output
    assert cloud.live() == "1"


def test_a_new_value_alone_moves_the_alias(cloud: Cloud, project: Project) -> None:
    project.change("samconfig.toml", "MemorySize=512 LogRetentionDays=14", "MemorySize=1024 LogRetentionDays=14")
    project.made("deploy", "STAGE=staging", "BUILT=1")

    assert cloud.live() == "2"
    live = cloud.client("lambda").get_function_configuration(FunctionName=cloud.function, Qualifier="live")
    described = "staging, x86_64, 1024 MB, SnapStart None, TryIt false, AllowStandIn false, Auth AWS_IAM"
    assert (live["MemorySize"], live["Description"].strip()) == (1024, described)


def test_the_users_go_back_to_the_version_before_and_forth_again(cloud: Cloud, project: Project) -> None:
    noted = project.made("live-version", "STAGE=staging").splitlines()[-1]

    moved = project.made("rollback", "STAGE=staging")
    assert (noted, cloud.live()) == ("2", "1")
    assert f"version 1 has model {project.model}, contract" in moved
    assert "answers its golden rows as in training" in moved

    project.made("rollback", "STAGE=staging", f"TO={noted}")
    assert cloud.live() == noted


def test_a_new_model_alone_moves_the_alias(cloud: Cloud, project: Project) -> None:
    before = project.model
    project.change("modelling/train.py", "TREES, RATE = 250, 0.1", "TREES, RATE = 240, 0.1")
    project.made("model")
    assert project.model != before
    held_back = project.make("deploy", "STAGE=staging", "BUILT=1")
    assert held_back.returncode == 2
    assert "is not what was built: run make build ARCHITECTURE=x86_64" in held_back.stdout
    assert cloud.live() == "2"

    project.made("build", "ARCHITECTURE=x86_64")
    project.made("deploy", "STAGE=staging", "BUILT=1")

    assert cloud.live() == "3"
    answers_of_training(cloud, project)
    assert cloud.invoke(project.event("predict"), "2")["headers"]["x-model"] == before


def test_new_heuristics_alone_move_the_alias(cloud: Cloud, project: Project) -> None:
    before = project.model
    project.change(HEURISTICS, "row.age + row.months / 12", "row.age * 12 + row.months")
    project.change(HEURISTICS, "Age when the last instalment is due [years]", "Age at the last instalment [months]")
    project.made("model")
    assert project.model != before

    project.made("build", "ARCHITECTURE=x86_64")
    project.made("deploy", "STAGE=staging", "BUILT=1")

    assert cloud.live() == "4"
    answers_of_training(cloud, project)


def test_a_contract_that_breaks_callers_is_not_deployed(cloud: Cloud, project: Project) -> None:
    built = project.root / ".aws-sam/build/ModelLayer/delivery/contract.json"
    agreed = built.read_text()
    narrower = agreed.replace('"television"', '"wireless"')
    for file in (built, project.root / "layers/model/delivery/contract.json"):
        file.write_text(narrower)

    held_back = project.make("deploy", "STAGE=staging", "BUILT=1")

    for file in (built, project.root / "layers/model/delivery/contract.json"):
        file.write_text(agreed)
    assert held_back.returncode == 2
    assert "must be at least" in held_back.stdout
    assert "Initiating deployment" not in held_back.stdout
    assert cloud.live() == "4"


def test_a_broken_delivery_is_not_deployed(cloud: Cloud, project: Project) -> None:
    project.change(HEURISTICS, "row.age * 12 + row.months", "row.age * 12 - row.months")

    held_back = project.make("deploy", "STAGE=staging")

    assert held_back.returncode == 2
    assert "BROKEN" in held_back.stdout
    assert "Initiating deployment" not in held_back.stdout
    assert cloud.live() == "4"


def test_a_broken_delivery_that_is_deployed_anyhow_answers_nothing(cloud: Cloud, project: Project) -> None:
    project.made("build", "ARCHITECTURE=x86_64")
    project.made("deploy", "STAGE=staging", "BUILT=1")

    assert cloud.live() == "5"  # nothing holds the alias here: that is CodeDeploy's, see the page in docs/decisions
    assert "statusCode" not in cloud.invoke(project.event("predict"))
    assert cloud.invoke(project.event("predict"), "4")["statusCode"] == 200


def test_taken_down_the_stack_leaves_only_its_layers(cloud: Cloud, project: Project) -> None:
    output = project.made("undeploy", "STAGE=staging", "YES=1")

    assert "Deleted successfully" in output
    gone = project.typed(of_the_guide(".venv/bin/sam delete") + " --no-prompts")
    assert gone.returncode == 0, gone.stdout
    assert cloud.stacks() == ["aws-sam-cli-managed-default"]  # sam's own bucket, which all stacks of a region share
    functions = cloud.client("lambda")
    assert functions.list_functions()["Functions"] == []
    assert cloud.client("apigatewayv2").get_apis()["Items"] == []
    assert cloud.client("logs").describe_log_groups()["logGroups"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
    left = {
        layer["LayerName"]: len(functions.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"])
        for layer in functions.list_layers()["Layers"]
    }
    assert left == {f"{STACK}-runtime": 1, f"{STACK}-model": 4}  # RetentionPolicy: Retain
