from pathlib import Path

import pytest

from handover.local.stack import BuiltFunction, NothingBuiltError, built_function

pytestmark = pytest.mark.quick


def test_the_template_says_all_of_the_function(build, folder: Path) -> None:
    assert build("") == BuiltFunction(
        name="PredictFunction",
        root=folder / "PredictFunction",
        layers=(folder / "RuntimeLayer", folder / "ModelLayer"),
        handler="app.handler",
        variables={"DELIVERY": "/opt/delivery", "NAMESPACE": "handover-dev"},
        memory_mb=512,
        timeout_s=2,
    )


def test_without_a_build_it_says_what_to_run(folder: Path) -> None:
    with pytest.raises(NothingBuiltError) as refused:
        built_function(folder)
    assert str(refused.value) == "nothing is built: run make build"


def test_a_build_for_another_processor_is_told(build, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build("")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    header = b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little")
    (folder / "RuntimeLayer" / "fast.so").write_bytes(header)
    (folder / "RuntimeLayer" / "script.so").write_bytes(b"INPUT(fast.so)")

    with pytest.raises(NothingBuiltError) as refused:
        built_function(folder)

    assert str(refused.value) == "what is built is for x86_64, and this machine is arm64: run make build"


def test_a_template_without_its_artifacts_names_the_missing_one(build, folder: Path) -> None:
    build("")
    (folder / "ModelLayer").rename(folder / "moved")
    with pytest.raises(NothingBuiltError) as refused:
        built_function(folder)
    assert str(refused.value) == f"{folder / 'ModelLayer'} of ModelLayer is missing: run make build"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("!Sub '${AWS::Region}-${Stage}'", "eu-central-1-dev"),
        ("true", "true"),
        ("1", "1"),
        ("{Ref: Stage}", "dev"),
    ],
)
def test_a_variable_is_resolved_from_the_parameters_defaults(build, folder: Path, value: str, meant: str) -> None:
    build("")
    template = folder / "template.yaml"
    template.write_text(template.read_text().replace("!Sub handover-${Stage}", value))
    assert built_function(folder).variables["NAMESPACE"] == meant


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("!Ref Topic", "NAMESPACE in template.yaml is {'Ref': 'Topic'}, which only the cloud can resolve"),
        (
            "!GetAtt Topic.Arn",
            "NAMESPACE in template.yaml is {'Fn::GetAtt': ['Topic', 'Arn']}, which only the cloud can resolve",
        ),
    ],
)
def test_what_only_the_cloud_knows_is_named(build, folder: Path, value: str, refusal: str) -> None:
    build("")
    template = folder / "template.yaml"
    template.write_text(template.read_text().replace("!Sub handover-${Stage}", value))
    with pytest.raises(NothingBuiltError) as refused:
        built_function(folder)
    assert str(refused.value) == refusal
