"""What was built goes to a stage only as it is now, and only to its processor."""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover import stage as stages
from handover.cli import main
from handover.project import Project

pytestmark = pytest.mark.quick

SAMCONFIG = """
version = 0.1
[default.build.parameters]
cached = true
[default.deploy.parameters]
stack_name = "d"
[staging.deploy.parameters]
parameter_overrides = "Stage=staging Architecture=x86_64"
[small.deploy.parameters]
parameter_overrides = ["Stage=small", "Architecture=arm64"]
[early.deploy.parameters]
parameter_overrides = "Stage=early AllowStandIn=true"
[trial.build.parameters]
cached = true
"""
TEMPLATE = """
Parameters: {Architecture: {Type: String, Default: x86_64}}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  ModelLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: CONTENT, LayerName: model}}
  Monitoring: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: WATCHED}}
"""
MONITORING = """
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project that was built for x86_64."""
    header = b"\x7fELF".ljust(18, b"\0") + struct.pack("<H", 62)
    for path, content in {
        "samconfig.toml": SAMCONFIG.encode(),
        "template.yaml": TEMPLATE.encode(),
        "layers/model/delivery/model.onnx": b"model",
        "layers/model/delivery/contract.py": b"never ships",
        "function/predictor/handler.py": b"handler",
        "function/predictor/files.py": b"files",
        "hook/pre_traffic.py": b"hook",
        "monitoring.yaml": MONITORING.encode(),
        ".aws-sam/build/template.yaml": TEMPLATE.replace("CONTENT", "ModelLayer")
        .replace("WATCHED", "Monitoring/template.yaml")
        .encode(),
        ".aws-sam/build/PreTrafficHook/pre_traffic.py": b"hook",
        ".aws-sam/build/PreTrafficHook/predictor/files.py": b"files",
        ".aws-sam/build/Monitoring/template.yaml": MONITORING.encode(),
        ".aws-sam/build/ModelLayer/delivery/model.onnx": b"model",
        ".aws-sam/build/PredictFunction/predictor/handler.py": b"handler",
        ".aws-sam/build/PredictFunction/predictor/files.py": b"files",
        ".aws-sam/build/PredictFunction/predictor/__pycache__/handler.cpython-313.pyc": b"compiled",
        ".aws-sam/build/RuntimeLayer/python/numpy/core.so": header,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preflight(*words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(main, ["preflight", *words])
    return ended.exit_code, ended.output


@pytest.mark.parametrize("stage", ["default", "staging"])
def test_what_was_built_goes_where_its_processor_is(stage: str) -> None:
    assert preflight(stage) == (0, "")


@pytest.mark.parametrize(("stage", "processor"), [("default", "x86_64"), ("staging", "x86_64"), ("small", "arm64")])
def test_a_stage_says_its_processor_or_the_template_does(stage: str, processor: str) -> None:
    assert stages.architecture(Project(Path()), stage) == processor


@pytest.mark.parametrize("region", [[], ["--region", "eu-north-1"]])
@pytest.mark.parametrize(
    "command", ["deploy", "compatible", "undeploy", "verify", "rollback", "live-version", "region"]
)
@pytest.mark.parametrize("stage", ["trial", "nope"])
def test_a_stage_that_is_not_deployed_is_none_and_that_is_said_first(
    command: str, stage: str, region: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a region, credentials or what is built: there are none of them here."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    shutil.rmtree(".aws-sam")
    sentence = f"handover: samconfig.toml has no stage '{stage}' to deploy to; it has default, staging, small, early\n"

    ended = CliRunner().invoke(main, [command, "--stage", stage, *region])

    assert (ended.exit_code, ended.output) == (2, sentence)
    assert preflight(stage) == (2, sentence)


@pytest.mark.parametrize(
    "command", ["deploy", "compatible", "undeploy", "verify", "rollback", "live-version", "region"]
)
def test_a_samconfig_that_is_no_toml_is_one_sentence(command: str) -> None:
    Path("samconfig.toml").write_text("this is [ not toml")

    ended = CliRunner().invoke(main, [command, "--stage", "staging"])

    assert ended.exit_code == 2
    assert re.fullmatch(r"handover: samconfig\.toml cannot be read: .*\(at line 1, column 6\)\n", ended.output)


def committed(project: Path) -> None:
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-qm", "All"],
    ):
        subprocess.run(["git", *words], cwd=project, check=True)


def test_what_is_not_committed_reaches_no_users(project: Path) -> None:
    committed(project)
    assert preflight("staging") == (0, "")
    (project / "new.py").write_text("")
    (project / "README.md").write_text("")

    refused = (
        "handover: users are on staging, and README.md and 1 more is not committed: commit first, or deploy it all the "
        "same with DIRTY=1\n"
    )
    assert preflight("staging") == (2, refused)
    assert preflight("--dirty", "staging") == (0, "")
    assert preflight("default") == (0, "")  # nobody but developers calls there


def test_sam_is_told_the_commit_and_the_model_beside_what_the_stage_says(project: Path) -> None:
    (project / "layers/model/delivery/manifest.json").write_text('{"files": {"model.onnx": "0123456789abcdef"}}')
    (project / "template.yaml").write_text(TEMPLATE.replace("Parameters: {", "Parameters: {Commit: {}, Model: {}, "))
    text = (
        SAMCONFIG.replace('Architecture=x86_64"', 'Architecture=x86_64 Empty="""')
        .replace('"Stage=staging', "'Stage=staging")
        .replace('Empty="""', 'Empty=""\'')
    )
    (project / "samconfig.toml").write_text(text.replace("[small.", 'tags = "team=credit"\n[small.'))

    def arguments() -> list[str]:
        return stages.deploy_arguments(Project(Path()), "staging")

    assert arguments() == [
        *("--parameter-overrides", 'Stage="staging"', 'Architecture="x86_64"', 'Empty=""', 'Commit=""'),
        *('Model="0123456789ab"', "--tags", 'team="credit"', 'model="0123456789ab"'),
    ]
    committed(project)
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert f'commit="{commit}"' in arguments()
    (project / "new.py").write_text("")
    assert f'Commit="{commit}-dirty"' in arguments()


def test_another_processor_is_held_back() -> None:
    assert preflight("small") == (
        2,
        "handover: small deploys for arm64, and what was built is for x86_64: run make build ARCHITECTURE=arm64\n",
    )


def test_nothing_built_is_held_back(project: Path) -> None:
    (project / ".aws-sam/build/RuntimeLayer/python/numpy/core.so").unlink()

    assert preflight("staging") == (2, "handover: nothing is built: run make build ARCHITECTURE=x86_64\n")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("layers/model/delivery/model.onnx", lambda path: path.write_bytes(b"newer")),
        ("layers/model/delivery/model.onnx", Path.unlink),
        ("function/predictor/handler.py", lambda path: path.write_bytes(b"newer")),
        ("function/predictor/new.py", lambda path: path.write_bytes(b"new")),
        ("function/predictor/files.py", lambda path: path.write_bytes(b"newer")),
        ("hook/pre_traffic.py", lambda path: path.write_text("another")),
        ("monitoring.yaml", lambda path: path.write_text(MONITORING.replace("Topic", "Other"))),
        ("template.yaml", lambda path: path.write_text(TEMPLATE.replace("LayerName: model", "LayerName: other"))),
    ],
)
def test_what_has_changed_since_is_held_back(project: Path, file: str, change: Callable[[Path], object]) -> None:
    change(project / file)

    assert preflight("staging") == (
        2,
        f"handover: {file} is not what was built: run make build ARCHITECTURE=x86_64\n",
    )


def test_a_hook_that_was_built_with_another_reader_is_held_back(project: Path) -> None:
    (project / ".aws-sam/build/PreTrafficHook/predictor/files.py").unlink()

    assert preflight("staging") == (
        2,
        "handover: function/predictor/files.py is not what was built: run make build ARCHITECTURE=x86_64\n",
    )


def test_a_stand_in_goes_only_where_it_is_named(project: Path) -> None:
    manifest = project / ".aws-sam/build/ModelLayer/delivery/manifest.json"
    manifest.write_text('{"stand_in": "scores are made up"}')
    (project / "layers/model/delivery/manifest.json").write_bytes(manifest.read_bytes())

    assert preflight("early") == (0, "")
    sentence = (
        "handover: what was built is a stand-in, whose scores are made up, and staging does not name AllowStandIn=true "
        "in samconfig.toml: deliver a model (make model), or name it where nobody acts on the answers\n"
    )
    assert preflight("staging") == (2, sentence)
