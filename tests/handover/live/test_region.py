"""Where a command looks: what is named, AWS_REGION, AWS_DEFAULT_REGION, the profile's region, or one sentence."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from handover.cli import main
from handover.live import LiveError, aws
from tests.handover.live.test_alias import alias_points
from tests.helpers.live import ACCOUNT, ALIAS, BUILD, NAME, stack_is_there

ROOT = Path(__file__).parents[3]
NO_REGION = "no region is named: give --region (REGION= to make), or set AWS_REGION, or the region of your profile"
TARGETS = ("deploy", "verify", "live-version", "rollback", "undeploy")


@pytest.fixture(autouse=True)
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give AWS's tools two profiles, and no region otherwise."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text("[default]\n[profile bare]\n[profile there]\nregion = us-west-2\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("named", "variables", "expected"),
    [
        ("eu-north-1", {"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b", "AWS_PROFILE": "there"}, "eu-north-1"),
        (None, {"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "b", "AWS_PROFILE": "there"}, "sa-east-1"),
        (None, {"AWS_DEFAULT_REGION": "ca-west-1", "AWS_PROFILE": "there"}, "ca-west-1"),
        (None, {"AWS_PROFILE": "there"}, "us-west-2"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "there"}, "us-west-2"),
        ("", {"AWS_REGION": "sa-east-1"}, "sa-east-1"),
    ],
)
def test_the_first_that_names_a_region_has_it(
    named: str | None, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert aws.region(named) == expected


@pytest.mark.parametrize("profile", [None, "bare"])
def test_there_is_no_default(profile: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)

    with pytest.raises(LiveError, match=f"^{re.escape(NO_REGION)}$"):
        aws.region(None)


def command(*words: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(aws, "account", lambda session: ACCOUNT)
    return CliRunner(mix_stderr=False).invoke(main, words)


def test_the_region_is_printed_alone_and_account_and_region_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "there")
    done = command("region", monkeypatch=monkeypatch)

    assert (done.exit_code, done.stdout) == (0, "us-west-2\n")
    assert done.stderr == f"Account {ACCOUNT}, region us-west-2\n"


def test_live_prints_the_version_alone_and_account_and_region_beside_it(
    cloudformation: Stubber, functions: Stubber
) -> None:
    stack_is_there(cloudformation, Alias=ALIAS)
    alias_points(functions, "10")
    done = CliRunner(mix_stderr=False).invoke(main, ["live-version", "--stack", NAME])

    assert (done.stdout, done.stderr) == ("10\n", f"Account {ACCOUNT}, region eu-west-1\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--stage", "prod"], "ap-south-1"),
        (["--stage", "prod", "--region", "eu-north-1"], "eu-north-1"),
        (["--stage", "staging"], "sa-east-1"),
        ([], "sa-east-1"),
    ],
)
def test_a_stage_may_name_its_region(
    words: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "samconfig.toml").write_text(
        '[prod.deploy.parameters]\nregion = "ap-south-1"\n[staging.deploy.parameters]\nstack_name = "x"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "sa-east-1")

    assert command("region", *words, monkeypatch=monkeypatch).stdout == f"{expected}\n"


def test_an_account_that_cannot_be_asked() -> None:
    done = CliRunner(mix_stderr=False).invoke(main, ["region", "--region", "eu-west-1"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "handover: there are no AWS credentials: run aws configure, or set AWS_PROFILE\n"


# --- the targets of make


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project with the real Makefile, that may be deployed; `sam` only notes how it is called."""
    if not BUILD.is_dir():
        pytest.skip("nothing is built: run make build")
    root = tmp_path / "project"
    binaries = root / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name in ("Makefile", "develop.mk", "samconfig.toml", "template.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copytree(ROOT / "events", root / "events")
    (root / ".venv" / "run").touch()
    noting = '#!/bin/sh\necho "$0 $*" >>called\n'
    (binaries / "sam").write_text(noting)
    # The real command, until it would ask AWS: no call leaves this machine.
    (binaries / "handover").write_text(
        f"#!{ROOT}/.venv/bin/python\nimport sys, sysconfig\nfrom handover import stage\n"
        "from handover.live import aws, callers, stack\n"
        f"sysconfig.get_path = lambda name: {str(binaries)!r}\n"
        "stage.require_as_built = stage.require_committed = lambda *asked: None\n"
        "stage.deploy_arguments = lambda *asked: []\n"
        "callers.compatible = lambda *asked, **more: (True, 'they get along')\n"
        f"aws.account = lambda session: '{ACCOUNT}'\n"
        "def stop(cloudformation, name):\n    sys.exit(f'asks in {cloudformation.meta.region_name}')\n"
        "stack.read = stop\n"
        "from handover.cli import main\nmain()\n"
    )
    (binaries / "python").symlink_to(ROOT / ".venv" / "bin" / "python")
    for binary in ("sam", "handover"):
        (binaries / binary).chmod(0o755)
    shutil.copytree(BUILD / "ModelLayer", root / ".aws-sam" / "build" / "ModelLayer")
    return root


def make(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "GITHUB_"))}
    return subprocess.run(
        ["make", *words], cwd=project, env=environment | variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_that_reaches_aws_ends_in_one_sentence_without_a_region(project: Path, target: str) -> None:
    done = make(project, target, "STAGE=staging", "BUILT=1", "YES=1")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"handover: {NO_REGION}\nmake: *** [")
    assert not (project / "called").exists()


@pytest.mark.parametrize(
    ("target", "words", "variables", "expected"),
    [
        ("live-version", [], {"AWS_PROFILE": "there"}, "us-west-2"),
        ("live-version", [], {"AWS_PROFILE": "there", "AWS_REGION": "sa-east-1"}, "sa-east-1"),
        # Each target hands REGION on in a line of its own.
        *(
            (
                target,
                ["REGION=eu-north-1"],
                {"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "sa-east-1"},
                "eu-north-1",
            )
            for target in TARGETS
        ),
    ],
)
def test_all_targets_look_in_the_same_region_and_say_so_first(
    project: Path, target: str, words: list[str], variables: dict[str, str], expected: str
) -> None:
    done = make(project, target, "STAGE=staging", "BUILT=1", "YES=1", *words, **variables)

    first, *rest = done.stderr.splitlines()
    assert first == f"Account {ACCOUNT}, region {expected}"
    assert done.stdout == ("handover: they get along\n" if target == "deploy" else "")
    called = (project / "called").read_text() if (project / "called").exists() else ""
    if target in {"deploy", "undeploy"}:
        assert f"--config-env staging --region {expected}" in called
    else:
        assert rest[0] == f"asks in {expected}"


def test_make_gives_the_other_targets_no_region() -> None:
    assert "AWS_DEFAULT_REGION" not in (ROOT / "Makefile").read_text()
