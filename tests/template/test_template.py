"""The stack, as CloudFormation gets it and as its people configure it."""

import json
import os
import re
import subprocess
from typing import Any

import pytest

from handover.cloudformation import Template

from .transform import ROOT, SAMCONFIG, source, transformed


def resources(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {k: r["Properties"] for k, r in template["Resources"].items() if r["Type"] == kind}


def one(template: dict[str, Any], kind: str) -> Any:
    (properties,) = resources(template, kind).values()
    return properties


def named(template: dict[str, Any], name: str) -> Any:
    return template["Resources"][name]["Properties"]


def versions(template: dict[str, Any]) -> set[str]:
    return set(resources(template, "AWS::Lambda::Version"))


def parameters_in(part: Any) -> set[str]:
    """Name the parameters that a part of the template refers to."""
    match part:
        case {"Ref": str(name)}:
            return {name} & set(source()["Parameters"])
        case {"Fn::Sub": str(text)}:
            return set(re.findall(r"\$\{(\w+)\}", text)) & set(source()["Parameters"])
        case dict():
            return set().union(*map(parameters_in, part.values()))
        case list():
            return set().union(*map(parameters_in, part))
        case _:
            return set()


@pytest.mark.parametrize("changed", ["RuntimeLayer", "PredictFunction"])  # the model's layer is T402's
def test_the_alias_moves_when_only_one_part_changes(changed: str) -> None:
    before, after = transformed(), transformed({changed: "new"})

    assert versions(before) != versions(after)
    alias = one(after, "AWS::Lambda::Alias")
    assert alias["Name"] == "live"
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [*versions(after), "Version"]}


def test_the_alias_stays_when_nothing_changes() -> None:
    assert versions(transformed()) == versions(transformed())


def test_the_alias_moves_when_only_a_parameter_of_the_function_changes() -> None:
    template = transformed()

    # SAM itself does not see such a change, so the version's description has to: another one is another version.
    assert versions(template) == versions(transformed(MemorySize="1024"))
    assert parameters_in(one(template, "AWS::Lambda::Version")["Description"]) == (
        parameters_in(
            {k: v for k, v in named(template, "PredictFunction").items() if k != "ReservedConcurrentExecutions"}
        )
        | {"MemorySize", "Architecture"}
        | {"Stage"}  # for people who look at the versions
    )


def test_stacks_that_share_an_account_share_no_name() -> None:
    template = transformed()

    for kind, key in (("AWS::Lambda::LayerVersion", "LayerName"), ("AWS::Logs::LogGroup", "LogGroupName")):
        for properties in resources(template, kind).values():
            assert "${AWS::StackName}" in properties[key]["Fn::Sub"]


def test_who_may_call_is_a_parameter_that_asks_for_signed_requests_unless_told_otherwise() -> None:
    auth = source()["Parameters"]["Auth"]

    assert auth["Default"] == "AWS_IAM"
    assert auth["AllowedValues"] == ["AWS_IAM", "JWT", "NONE"]
    template = transformed()
    assert named(template, "Route")["AuthorizationType"] == {"Ref": "Auth"}
    assert "AuthorizerId" not in named(template, "Route")
    assert named(template, "JwtRoute")["AuthorizerId"] == {"Ref": "JwtAuthorizer"}
    assert {name: template["Resources"][name]["Condition"] for name in ("Route", "JwtRoute", "JwtAuthorizer")} == {
        "Route": "UsesNoJwt",
        "JwtRoute": "UsesJwt",
        "JwtAuthorizer": "UsesJwt",
    }


def test_the_page_is_open_only_where_it_is_asked_for_and_callers_have_tokens() -> None:
    page = transformed()["Resources"]["PageRoute"]

    assert (page["Condition"], page["Properties"]["RouteKey"]) == ("ShowsPageToAll", "GET /")
    assert page["Properties"]["AuthorizationType"] == "NONE"
    shown = [
        (auth, try_it)
        for auth in ("AWS_IAM", "JWT", "NONE")
        for try_it in ("true", "false")
        if "PageRoute" in Template(ROOT / "template.yaml").deployed({"Auth": auth, "TryIt": try_it})["Resources"]
    ]
    assert shown == [("JWT", "true")]
    assert all(SAMCONFIG.overrides(stage)["TryIt"] == "false" for stage in ("staging", "prod"))


def test_there_is_one_route_for_what_the_function_answers() -> None:
    template = transformed()

    assert named(template, "Route")["RouteKey"] == "$default"
    assert one(template, "AWS::ApiGatewayV2::Integration")["PayloadFormatVersion"] == "2.0"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SAM's own parts
def test_sam_local_start_api_finds_the_function_behind_every_path() -> None:
    from samcli.lib.providers.api_provider import ApiProvider
    from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

    stacks, _ = SamLocalStackProvider.get_stacks(str(ROOT / "template.yaml"))

    routes = {route.path: (route.function_name, route.payload_format_version) for route in ApiProvider(stacks).routes}
    assert routes == dict.fromkeys(["$default", "/", "/{proxy+}"], ("PredictFunction", "2.0"))  # it knows no condition


def test_a_browser_may_ask_whether_it_may_without_saying_who_it_is() -> None:
    preflight = transformed()["Resources"]["PreflightRoute"]

    assert preflight["Condition"] == "AllowsOrigins"
    assert preflight["Properties"]["RouteKey"] == "OPTIONS /{proxy+}"
    assert preflight["Properties"]["AuthorizationType"] == "NONE"


def test_the_access_log_has_the_id_that_the_caller_got() -> None:
    settings = one(transformed(), "AWS::ApiGatewayV2::Stage")["AccessLogSettings"]

    assert settings["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    written = json.loads(settings["Format"])
    assert written["requestId"] == "$context.requestId"
    assert written["functionRequestId"] == "$context.integration.requestId"
    assert written["integrationError"] == "$context.integrationErrorMessage"
    # A signature has no claims, and a token no principal of IAM: the other of the two is a hyphen.
    assert (written["caller"], written["subject"]) == ("$context.identity.caller", "$context.authorizer.claims.sub")


def test_a_stage_chooses_how_long_each_log_is_kept() -> None:
    logs = resources(transformed(), "AWS::Logs::LogGroup")

    assert set(logs) == {"FunctionLog", "HookLog", "AccessLog"}
    assert all(log["RetentionInDays"] == {"Ref": "LogRetentionDays"} for log in logs.values())


def test_the_function_may_write_its_own_log_and_nothing_else() -> None:
    (policy,) = named(transformed(), "PredictRole")["Policies"]

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": ["FunctionLog", "Arn"]},
        }
    ]


def test_no_permission_is_for_everything() -> None:
    template = transformed()
    roles = [named(template, "PredictRole"), named(template, "HookRole")]
    document = json.dumps([*roles, one(template, "AWS::Lambda::Permission")])

    assert re.findall(r'[^"]*\*[^"]*', document) == [
        "${PredictFunction.Arn}:*",  # any version of this very function
        "arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:${AWS::StackName}-*/*",
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*",  # any route of this API
    ]


def test_every_parameter_has_a_default_and_a_sentence() -> None:
    for name, parameter in source()["Parameters"].items():
        assert "Default" in parameter, name
        assert re.fullmatch(r"[A-Z].*\.", parameter["Description"]), name


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_a_stage_says_every_parameter_but_those_of_one_deployment(stage: str) -> None:
    assert set(SAMCONFIG.overrides(stage)) == set(source()["Parameters"]) - {"Commit", "Model"}


def test_sam_finds_nothing_to_say_about_the_template() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run(
        [ROOT / ".venv/bin/sam", "validate", "--lint"],
        cwd=ROOT,
        env=environment | {"SAM_CLI_TELEMETRY": "0", "AWS_CONFIG_FILE": os.devnull},  # and no region
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == f"{ROOT / 'template.yaml'} is a valid SAM Template"


# --- how users come to a new version


def test_without_codedeploy_the_alias_moves_at_once() -> None:
    template = transformed(CodeDeploy="false")

    assert not [resource for resource in template["Resources"].values() if "CodeDeploy::" in resource["Type"]]
    assert "UpdatePolicy" not in template["Resources"]["PredictFunctionAliaslive"]


def test_a_stage_chooses_how_its_users_move_and_the_new_versions_alarms_move_them_back() -> None:
    template = transformed(DeploymentPreference="Canary10Percent5Minutes")

    group = one(template, "AWS::CodeDeploy::DeploymentGroup")
    assert json.dumps(group["DeploymentConfigName"]).count("Canary10Percent5Minutes") == 1
    # One that the version before rings would keep out the version that mends it.
    assert [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]] == [
        "VersionFails",
        "VersionIsSlow",
    ]
    assert group["AutoRollbackConfiguration"]["Enabled"] is True


def test_two_alarms_are_of_the_new_version_alone() -> None:
    template = transformed()
    (version,) = versions(template)

    of_version = [
        name
        for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items()
        if {"Fn::GetAtt": [version, "Version"]} in dimensions(alarm)
    ]
    assert of_version == ["VersionFails", "VersionIsSlow"]


def dimensions(part: Any) -> list[Any]:
    """List the values of all dimensions that a part of the template names."""
    match part:
        case {"Dimensions": list(named)}:
            return [dimension["Value"] for dimension in named]
        case dict():
            return [value for inner in part.values() for value in dimensions(inner)]
        case list():
            return [value for inner in part for value in dimensions(inner)]
        case _:
            return []


def test_a_500_counts_against_the_version_that_answered_it() -> None:
    template = transformed()
    (version,) = versions(template)

    (counted,) = one(template, "AWS::Logs::MetricFilter")["MetricTransformations"]
    metrics = [entry.get("MetricStat", {}).get("Metric") for entry in named(template, "VersionFails")["Metrics"]]
    assert {
        "Namespace": counted["MetricNamespace"],
        "MetricName": counted["MetricName"],
        "Dimensions": [{"Name": counted["Dimensions"][0]["Key"], "Value": {"Fn::GetAtt": [version, "Version"]}}],
    } in metrics


def test_a_slow_version_shows_at_ten_requests_a_minute() -> None:
    alarm = named(transformed(), "VersionIsSlow")

    assert (alarm["ExtendedStatistic"], alarm["EvaluateLowSampleCountPercentile"]) == ("p90", "evaluate")
    # A canary of ten a minute gets about one: a minute without any must not keep the alarm quiet.
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (2, 5)
    canary = re.search(r"Canary10Percent(\d+)Minutes", SAMCONFIG.overrides("prod")["DeploymentPreference"])
    assert canary
    assert int(canary[1]) >= 2 * alarm["EvaluationPeriods"] * alarm["Period"] // 60


def test_an_alarm_of_a_version_begins_with_it() -> None:
    template = transformed()
    (version,) = versions(template)

    for name in ("VersionFails", "VersionIsSlow"):
        written = json.dumps(named(template, name)["AlarmName"])
        assert f"${{{version}.Version}}" in written


def test_what_can_wait_wakes_nobody() -> None:
    passed = named(transformed(), "Monitoring")["Parameters"]

    assert passed["AlarmTopic"] == {"Ref": "DriftTopic"}


def test_a_token_is_for_somebody() -> None:
    (rule,) = source()["Rules"]["TokensHaveAnIssuer"]["Assertions"]

    assert "JwtIssuer" in str(rule["Assert"])
    assert "JwtAudience" in str(rule["Assert"])


def test_each_alarm_has_a_question_that_logs_insights_keeps() -> None:
    kept = resources(transformed(), "AWS::Logs::QueryDefinition")

    assert {name: query["LogGroupNames"] for name, query in kept.items()} == {
        "WhatFails": [{"Ref": "FunctionLog"}],
        "WhatCallersMet": [{"Ref": "AccessLog"}],
        "WhatIsSlow": [{"Ref": "FunctionLog"}],
        "WhatIsScored": [{"Ref": "FunctionLog"}],
    }


def test_every_alarm_says_what_happened_and_what_to_do_first() -> None:
    for name, alarm in resources(transformed(), "AWS::CloudWatch::Alarm").items():
        happened, first = alarm["AlarmDescription"].split(". ", 1)
        assert len(happened) > 40, name
        assert re.match(r"(Look|Compare) ", first), name
        assert len(alarm["AlarmDescription"]) <= 1024  # CloudWatch's limit
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert alarm["AlarmActions"]["Fn::If"][0] == "TellsTopic", name


# --- options


def test_every_option_is_off_or_safe_by_default() -> None:
    defaults = {name: parameter["Default"] for name, parameter in source()["Parameters"].items()}

    off = {
        "JwtIssuer",
        "JwtAudience",
        "CorsOrigins",
        "DomainName",
        "CertificateArn",
        "LogKey",
        "AlarmTopic",
        "DriftTopic",
        "PermissionsBoundary",
        "Commit",
        "Model",
    }
    assert {name for name, value in defaults.items() if value == ""} == off
    assert defaults["SnapStart"] == "None"
    assert defaults["TryIt"] == "false"
    assert (defaults["ProvisionedConcurrency"], defaults["ReservedConcurrency"]) == (0, -1)
    assert (defaults["CodeDeploy"], defaults["DeploymentPreference"]) == ("true", "AllAtOnce")


@pytest.mark.parametrize(
    ("property_", "condition"),
    [
        (("Api", "CorsConfiguration"), "AllowsOrigins"),
        (("PredictFunction", "ReservedConcurrentExecutions"), "Reserves"),
        (("PredictFunctionAliaslive", "ProvisionedConcurrencyConfig"), "Provisions"),
    ],
)
def test_what_is_off_leaves_no_property(property_: tuple[str, str], condition: str) -> None:
    resource, name = property_

    chosen, _, otherwise = named(transformed(), resource)[name]["Fn::If"]
    assert (chosen, otherwise) == (condition, {"Ref": "AWS::NoValue"})


def test_options_that_need_each_other_or_exclude_each_other_are_refused_before_anything_is_made() -> None:
    descriptions = [rule["Assertions"][0]["AssertDescription"] for rule in source()["Rules"].values()]

    assert descriptions == [
        "Auth=JWT needs JwtIssuer and JwtAudience.",
        "TryIt=true needs Auth=JWT or NONE, for a browser cannot sign requests.",
        "Lambda takes SnapStart or ProvisionedConcurrency, not both.",
        "ReservedConcurrency=0 lets no request in; -1 reserves none.",
        "DomainName needs CertificateArn.",
    ]


def test_a_domain_can_be_the_only_way_in() -> None:
    template = transformed()

    assert named(template, "Api")["DisableExecuteApiEndpoint"] == {"Fn::If": ["ClosesDefaultUrl", True, False]}
    assert source()["Conditions"]["ClosesDefaultUrl"] == {
        "Fn::And": [{"Condition": "HasDomain"}, {"Fn::Equals": [{"Ref": "DisableDefaultUrl"}, "true"]}]
    }


def test_every_log_can_have_a_key_and_be_kept_for_ten_years() -> None:
    logs = resources(transformed(), "AWS::Logs::LogGroup").values()

    key = {"Fn::If": ["HasLogKey", {"Ref": "LogKey"}, {"Ref": "AWS::NoValue"}]}
    assert [log["KmsKeyId"] for log in logs] == [key] * 3
    assert max(source()["Parameters"]["LogRetentionDays"]["AllowedValues"]) == 3653


def test_a_stack_says_what_was_deployed() -> None:
    outputs = transformed()["Outputs"]

    assert (outputs["Commit"]["Value"], outputs["Model"]["Value"]) == ({"Ref": "Commit"}, {"Ref": "Model"})
