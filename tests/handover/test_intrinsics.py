"""A template with values: what parameters decide is decided, and what only the cloud knows is written in one way."""

from typing import Any

import pytest

from handover.intrinsics import Values, as_text

pytestmark = pytest.mark.quick

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String"}, "Origins": {"Type": "CommaDelimitedList"}, "Size": {"Type": "Number"}},
    "Mappings": {"Memory": {"prod": {"MB": 1024}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsLarge": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, "1"]}]}]},
        "IsOpen": {"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Origins"}]}, ""]}]},
    },
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"Tags": {"Fn::If": ["IsLarge", [], {"Ref": "AWS::NoValue"}]}},
        },
    },
}


def values(stage: str = "prod", origins: str = "", size: int = 1) -> Values:
    return Values(TEMPLATE, {"Stage": stage, "Origins": origins, "Size": size})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "Origins"}, ["a", "b"]),
        ({"Ref": "Queue"}, {"Ref": "Queue"}),
        ({"Fn::GetAtt": "Queue.Arn"}, {"Fn::GetAtt": ["Queue", "Arn"]}),
        ({"Fn::Sub": "${Queue.Arn}"}, {"Fn::GetAtt": ["Queue", "Arn"]}),
        ({"Fn::Sub": "${Stage}-queue"}, "prod-queue"),
        ({"Fn::Sub": ["${Name}:${AWS::Region}", {"Name": {"Ref": "Queue"}}]}, {"Fn::Sub": "${Queue}:${AWS::Region}"}),
        ({"Fn::Sub": "${!Stage}"}, {"Fn::Sub": "${!Stage}"}),
        ({"Fn::Join": ["/", [{"Fn::GetAtt": "Queue.Arn"}, {"Ref": "Stage"}]]}, {"Fn::Sub": "${Queue.Arn}/prod"}),
        ({"Fn::FindInMap": ["Memory", {"Ref": "Stage"}, "MB"]}, 1024),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ({"Fn::If": ["IsOpen", {"Ref": "Size"}, "closed"]}, 1),
        ([{"Ref": "AWS::NoValue"}, {"a": {"Ref": "AWS::NoValue"}}], [{}]),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Stage"}}}}, {"Condition": {"StringEquals": {"a": "prod"}}}),
    ],
)
def test_a_part_of_a_template_is_worked_out_as_far_as_parameters_decide_it(written: Any, meant: Any) -> None:
    assert values(origins="a,b").of(written) == meant


@pytest.mark.parametrize(
    ("given", "resources"),
    [
        (values("prod", size=2), {"Topic", "Queue"}),
        (values("staging", size=2), {"Queue"}),
    ],
)
def test_a_stack_has_what_its_conditions_let_be(given: Values, resources: set[str]) -> None:
    stack = given.stack()["Resources"]

    assert set(stack) == resources
    assert ("Tags" in stack["Queue"]["Properties"]) is ("Topic" in resources)


def test_a_map_that_does_not_have_a_key_stays_as_it_is() -> None:
    written = {"Fn::FindInMap": ["Memory", {"Ref": "Stage"}, "MB"]}

    assert values("staging").of(written) == written


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1.5, "1.5"), ({"Ref": "Queue"}, "${Queue}"), ({"Fn::GetAtt": ["Queue", "Arn"]}, "${Queue.Arn}")],
)
def test_a_value_stands_in_a_text_as_fn_sub_has_it(value: Any, text: str) -> None:
    assert as_text(value) == text
