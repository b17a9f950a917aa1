"""The stack, as CloudFormation gets it and as its people configure it."""

import json
import os
import re
import subprocess
import tomllib
from typing import Any

import pytest

from .transform import ROOT, source, transformed


def resources(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {k: r["Properties"] for k, r in template["Resources"].items() if r["Type"] == kind}


def one(template: dict[str, Any], kind: str) -> Any:
    (properties,) = resources(template, kind).values()
    return properties


def versions(template: dict[str, Any]) -> set[str]:
    return set(resources(template, "AWS::Lambda::Version"))


@pytest.mark.parametrize("changed", ["ModelLayer", "RuntimeLayer", "PredictFunction"])
def test_the_alias_moves_when_only_one_part_changes(changed: str) -> None:
    before, after = transformed(), transformed({changed: "new"})

    assert versions(before) != versions(after)
    alias = one(after, "AWS::Lambda::Alias")
    assert alias["Name"] == "live"
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [*versions(after), "Version"]}


def test_the_alias_stays_when_nothing_changes() -> None:
    assert versions(transformed()) == versions(transformed())


def test_the_function_takes_the_new_layer_when_only_the_model_changes() -> None:
    before, after = (one(transformed(c), "AWS::Lambda::Function")["Layers"] for c in ({}, {"ModelLayer": "new"}))

    assert before[0] == after[0]
    assert before[1] != after[1]


def test_layers_are_kept_for_a_rollback() -> None:
    layers = [r for r in transformed()["Resources"].values() if r["Type"] == "AWS::Lambda::LayerVersion"]

    assert [layer["DeletionPolicy"] for layer in layers] == ["Retain", "Retain"]


def test_who_may_call_is_a_parameter_that_asks_for_signed_requests_unless_told_otherwise() -> None:
    auth = source()["Parameters"]["Auth"]

    assert auth["Default"] == "AWS_IAM"
    assert auth["AllowedValues"] == ["AWS_IAM", "NONE"]
    assert one(transformed(), "AWS::ApiGatewayV2::Route")["AuthorizationType"] == {"Ref": "Auth"}


def test_there_is_one_route_and_it_leads_to_the_alias() -> None:
    template = transformed()

    route, integration = one(template, "AWS::ApiGatewayV2::Route"), one(template, "AWS::ApiGatewayV2::Integration")
    assert route["RouteKey"] == "$default"
    assert integration["IntegrationUri"]["Fn::Sub"].endswith("functions/${PredictFunction.Arn}:live/invocations")
    assert integration["PayloadFormatVersion"] == "2.0"
    assert one(template, "AWS::Lambda::Permission")["FunctionName"] == {"Ref": "PredictFunctionAliaslive"}


def test_the_api_is_throttled_and_writes_an_access_log() -> None:
    stage = one(transformed(), "AWS::ApiGatewayV2::Stage")

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "RateLimit"},
        "ThrottlingBurstLimit": {"Ref": "BurstLimit"},
    }
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    assert "requestId" in json.loads(stage["AccessLogSettings"]["Format"])


def test_every_log_is_kept_for_a_time_that_the_stage_chooses() -> None:
    logs = resources(transformed(), "AWS::Logs::LogGroup")

    assert len(logs) == 2
    assert all(log["RetentionInDays"] == {"Ref": "LogRetentionDays"} for log in logs.values())


def test_the_function_may_write_its_own_log_and_nothing_else() -> None:
    (policy,) = one(transformed(), "AWS::IAM::Role")["Policies"]

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": ["FunctionLog", "Arn"]},
        }
    ]


def test_the_function_sends_no_telemetry_and_starts_no_needless_thread() -> None:
    variables = one(transformed(), "AWS::Lambda::Function")["Environment"]["Variables"]

    assert variables["ORT_DISABLE_TELEMETRY"] == "1"
    assert variables["OMP_NUM_THREADS"] == variables["OPENBLAS_NUM_THREADS"] == "1"


def test_the_function_is_small_and_gives_up_before_the_api_does() -> None:
    template = transformed()
    function = one(template, "AWS::Lambda::Function")

    assert source()["Parameters"]["MemorySize"]["Default"] <= 512
    assert function["Timeout"] * 1000 < one(template, "AWS::ApiGatewayV2::Integration")["TimeoutInMillis"]


def test_every_parameter_has_a_default_and_a_sentence() -> None:
    for name, parameter in source()["Parameters"].items():
        assert "Default" in parameter, name
        assert re.fullmatch(r"[A-Z].*\.", parameter["Description"]), name


def test_staging_and_prod_set_the_same_keys() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())

    def keys(environment: str) -> set[tuple[str, str]]:
        return {(c, k) for c, section in config[environment].items() for k in section["parameters"]}

    def overridden(environment: str) -> set[str]:
        overrides = config[environment]["deploy"]["parameters"]["parameter_overrides"]
        return {pair.partition("=")[0] for pair in overrides.split()}

    assert keys("staging") == keys("prod")
    assert overridden("staging") == overridden("prod")
    assert overridden("prod") <= set(source()["Parameters"])


def test_sam_finds_nothing_to_say_about_the_template() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    found = subprocess.run(
        [ROOT / ".venv/bin/sam", "validate", "--lint"],
        cwd=ROOT,
        env=environment | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.strip() == f"{ROOT / 'template.yaml'} is a valid SAM Template"
