"""The commands that start other programs: which, with which words, and when. No program is started here."""

import io
import os
import subprocess
import sys
import sysconfig
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from handover import stage as stages
from handover.cli import contract, deploy, main, tools, upkeep
from handover.live import callers

pytestmark = pytest.mark.quick

SAM = str(Path(sysconfig.get_path("scripts"), "sam"))
UV = str(Path(sysconfig.get_path("scripts"), "uv"))
BUILDING = "Building the function and its layers (sam build) ...\n"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
PIP += ["--only-binary", ":all:", "--requirement"]


@dataclass
class Started:
    """What would have been started, in order."""

    commands: list[list[str]] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    """How a command ends that has this word in it."""

    def run(self, command: tuple[str, ...], *, env: dict[str, str], **more: Any) -> subprocess.CompletedProcess[bytes]:
        self.commands.append(list(command))
        self.environments.append(env)
        if more["stdout"]:
            more["stdout"].write(b"what it printed\n")
        status = next((status for word, status in self.statuses.items() if word in command), 0)
        return subprocess.CompletedProcess(command, status)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()
    monkeypatch.setattr(tools, "subprocess", SimpleNamespace(run=started.run))
    monkeypatch.setenv("ARCHITECTURE", "x86_64")
    monkeypatch.setenv("MAKEFLAGS", "s -- ARCHITECTURE=arm64")
    return started


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project that is set up, with a delivery, in which nothing is built."""
    for path in (".venv/lib", "layers/model/delivery/manifest.json", "modelling/train.py", "template.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def handover(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, words)


BUILD = [SAM, "build", "--parameter-overrides", "Architecture=x86_64"]


def test_build_says_the_processor_to_sam_and_to_the_layers(started: Started) -> None:
    assert handover("build", "--architecture", "arm64").exit_code == 0

    assert started.commands == [[SAM, "build", "--parameter-overrides", "Architecture=arm64"]]
    (environment,) = started.environments
    assert (environment["ARCHITECTURE"], environment["SAM_CLI_TELEMETRY"]) == ("arm64", "0")
    assert "MAKEFLAGS" not in environment  # in which another processor stood


def test_there_are_two_processors(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHITECTURE", "mips")
    done = handover("build")

    assert (done.exit_code, done.stderr) == (2, "handover: ARCHITECTURE is x86_64 or arm64, not 'mips'\n")
    assert started.commands == []


@pytest.mark.parametrize("command", ["run", "serve", "test"])
def test_what_asks_the_built_function_builds_it_first(started: Started, command: str) -> None:
    done = handover(command)

    assert started.commands[0] == BUILD
    assert done.stdout.startswith(BUILDING)


@pytest.mark.parametrize("command", ["run", "serve"])
def test_what_is_built_may_be_taken_as_it_is(started: Started, command: str) -> None:
    done = handover(command, "--built")

    assert (done.exit_code, done.stdout) == (2, "")
    assert started.commands == []


def test_a_project_that_is_not_set_up_is_not_built(started: Started, project: Path) -> None:
    (project / ".venv" / "lib").unlink()
    (project / ".venv").rmdir()

    assert "nothing is built" in handover("serve").stderr
    assert started.commands == []


def test_a_build_that_fails_is_shown(started: Started) -> None:
    started.statuses = {"build": 1}
    done = handover("run")

    assert (done.exit_code, done.stdout, done.stderr) == (1, BUILDING, "what it printed\n")
    assert started.commands == [BUILD]


def test_a_model_that_was_never_trained_is_trained_before(started: Started, project: Path) -> None:
    (project / "layers/model/delivery/manifest.json").unlink()
    started.statuses = {"modelling.train": 3}

    assert handover("run").exit_code == 3  # its own lines say why
    assert started.commands == [[sys.executable, "-m", "modelling.train"]]


def test_a_check_judges_what_is_built_as_it_is(started: Started) -> None:
    assert handover("check", "--only", "C", "--quiet").exit_code != 0  # this project has no contract
    assert started.commands == []


def test_train_says_where_there_is_no_training(started: Started, project: Path) -> None:
    (project / "modelling/train.py").unlink()
    done = handover("train")

    assert done.exit_code == 2
    assert done.stderr == (
        "handover: there is no modelling/train.py yet, which trains a model (README.md shows one): handover stub "
        "(make stub) writes what stands in for it\n"
    )
    assert started.commands == []


@pytest.mark.parametrize(
    ("words", "given"),
    [([], ["tests"]), (["-k", "golden"], ["-k", "golden"]), (["--", "--cov", "tests"], ["--cov", "tests"])],
)
def test_test_hands_its_words_to_pytest(started: Started, words: list[str], given: list[str]) -> None:
    started.statuses = {"pytest": 1}

    assert handover("test", "--built", *words).exit_code == 1
    assert started.commands == [[sys.executable, "-m", "pytest", *given]]


def test_lint_asks_sam(started: Started) -> None:
    assert handover("lint").exit_code == 0
    assert started.commands == [[SAM, "validate", "--lint"]]


def test_sam_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find", lambda name: None)
    done = handover("lint")

    assert done.exit_code == 2
    assert done.stderr == (
        "handover: sam is not installed beside this handover: install the wheel of handover-ml with its extra, as in "
        "pip install 'WHEEL[sam]'\n"
    )


# --- what was built as one file


def test_what_was_built_is_archived_and_restored(project: Path) -> None:
    built = {".aws-sam/build/template.yaml": "the template", ".aws-sam/build.toml": "of sam"}
    for path, text in built.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)

    assert handover("archive").exit_code == 0
    for path in built:
        (project / path).unlink()
    assert handover("restore").exit_code == 0
    assert {path: (project / path).read_text() for path in built} == built


def test_a_file_that_leaves_its_folder_is_not_restored(project: Path) -> None:
    with tarfile.open("built.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../elsewhere"), io.BytesIO())
    done = handover("restore")

    assert done.exit_code == 2
    assert done.stderr.startswith("handover: built.tar.gz is not what handover archive wrote: ")
    assert not (project.parent / "elsewhere").exists()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("archive", "nothing is built: run make build (handover build)"),
        ("restore", "there is no built.tar.gz: handover archive (make archive) writes it"),
    ],
)
def test_nothing_to_archive_or_restore_is_one_sentence(command: str, sentence: str) -> None:
    done = handover(command)

    assert (done.exit_code, done.stderr) == (2, f"handover: {sentence}\n")


# --- what is installed, and what is locked


@pytest.fixture
def environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an environment of its own, and three locks."""
    monkeypatch.setattr(sys, "prefix", str(project / ".venv"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(project / ".venv"))
    for name in ("run", "lambda", "modelling"):
        (project / "requirements").mkdir(exist_ok=True)
        (project / "requirements" / f"{name}.txt").write_text("a==1 --hash=sha256:0\nb==2 ; x == 'y'\n")
    return project / ".venv"


def test_setup_installs_each_lock_once(started: Started, environment: Path) -> None:
    done = handover("setup")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "Installing what run needs (2 packages) ...\nInstalling what modelling needs (2 packages) ...\n"
    )
    locked = {name: str(Path("requirements", f"{name}.txt")) for name in ("run", "lambda", "modelling")}
    assert started.commands == [
        [*PIP, locked["run"]],
        [*PIP, locked["lambda"], "--target", str(environment / "lambda"), "--upgrade"],
        [*PIP, locked["modelling"]],
    ]
    folders = ["", "function", "layers/model", "hook"]
    written = (environment / "rooms.pth").read_text().splitlines()
    assert written == [str((environment.parent / folder).resolve()) for folder in folders]

    assert handover("setup").stderr == ""
    assert len(started.commands) == 3
    (environment / "run").touch()
    os.utime("requirements/lambda.txt", (2e9, 2e9))  # newer than what was installed
    handover("setup", "--quiet", "run")
    assert len(started.commands) == 5


def test_what_could_not_be_installed_is_tried_again(started: Started, environment: Path) -> None:
    started.statuses = {"pip": 1}

    assert handover("setup", "modelling").exit_code == 1
    assert not (environment / "modelling").exists()


@pytest.mark.usefixtures("environment")
def test_a_lock_that_is_not_there_is_one_sentence() -> None:
    done = handover("setup", "cooking")

    assert (done.exit_code, done.stderr) == (
        2,
        "handover: there is no requirements/cooking.txt, which names what to install\n",
    )


@pytest.mark.parametrize("upgrade", [[], ["--upgrade"]])
def test_lock_resolves_all_together_and_some_apart(started: Started, project: Path, upgrade: list[str]) -> None:
    for path in ("requirements/run", "requirements/modelling", "requirements/deploy", "layers/runtime/requirements"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / f"{path}.in").write_text("a\n")
        (project / f"{path}.txt").write_text("a==1\n")

    assert handover("lock", *upgrade).exit_code == 0

    compiled = [
        command[3 : command.index("--quiet")] for command in started.commands if command[:3] == [UV, "pip", "compile"]
    ]
    (together, *each) = [[word for word in words if not word.startswith("--") and word != "3.13"] for words in compiled]
    runtime, modelling, run = "layers/runtime/requirements", "requirements/modelling", "requirements/run"
    everything = together[-1]
    assert together == [f"{runtime}.in", f"{modelling}.in", f"{run}.in", everything]
    assert each == [
        *([f"{name}.in", everything, f"{name}.txt"] for name in (runtime, modelling, run)),
        ["requirements/deploy.in", "requirements/deploy.txt"],
    ]
    assert (project / "requirements/deploy.txt").exists() != bool(upgrade)  # uv keeps what it finds there
    asked = [command for command in started.commands if "install" in command]
    assert [command[command.index("--python-platform") + 1] for command in asked] == list(upkeep.SYSTEMS)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (1, "x86_64-pc-windows-msvc lacks a wheel of what is locked for it"),
        (2, "the package index could not be asked for wheels"),
    ],
)
def test_a_wheel_that_a_system_lacks_is_one_sentence(started: Started, status: int, sentence: str) -> None:
    started.statuses = {"x86_64-pc-windows-msvc": status}
    done = handover("lock", "--check")

    assert (done.exit_code, done.stderr) == (status, f"handover: {sentence}\n")


def test_clean_leaves_what_people_wrote_and_the_environment(project: Path) -> None:
    for path in (".aws-sam/build/x", ".mypy_cache/x", ".coverage", "hook/__pycache__/x", ".venv/__pycache__/x"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("")

    assert handover("clean").exit_code == 0

    left = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert left == {
        *(".venv/__pycache__/x", ".venv/lib", "layers/model/delivery/manifest.json"),
        *("modelling/train.py", "template.yaml"),
    }


def test_clean_deletes_nothing_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other" / ".cache").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "other")
    done = handover("clean")

    assert (done.exit_code, done.stderr) == (2, "handover: this folder is no project: nothing is deleted\n")
    assert (tmp_path / "other" / ".cache").exists()


# --- to a stage


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is asked before a deployment, and have all of it pass."""
    asked: list[str] = []

    def note(what: str, answer: Any) -> Any:
        def noted(*_: Any, **__: Any) -> Any:
            asked.append(what)
            return answer

        return noted

    monkeypatch.setattr(deploy, "boto3_session", note("where", SimpleNamespace(region_name="eu-north-1")))
    monkeypatch.setattr(stages, "architecture", lambda project, stage: "arm64")
    monkeypatch.setattr(contract, "shown", note("the contract", {"status": 0, "text": "", "annotations": ""}))
    monkeypatch.setattr(stages, "require_as_built", note("as built", None))
    monkeypatch.setattr(stages, "require_committed", note("committed", None))
    monkeypatch.setattr(deploy, "stack_name", lambda stack, stage: "loans-staging")
    monkeypatch.setattr(callers, "compatible", note("the callers", (True, "they get along")))
    monkeypatch.setattr(stages, "deploy_arguments", lambda project, stage: ["--tags", "model=0"])
    return asked


DEPLOY = [SAM, "deploy", "--config-env", "staging", "--region", "eu-north-1", "--tags", "model=0"]


def test_deploy_builds_for_the_stage_checks_and_asks_before_sam_deploys(started: Started, asked: list[str]) -> None:
    done = handover("deploy", "--stage", "staging")

    assert (done.exit_code, done.stdout) == (0, f"{BUILDING}handover: they get along\n")
    assert asked == ["where", "the contract", "as built", "committed", "the callers"]
    assert started.commands == [[*BUILD[:-1], "Architecture=arm64"], DEPLOY]


def test_what_is_built_and_checked_is_deployed_as_it_is(started: Started, asked: list[str]) -> None:
    assert handover("deploy", "--stage", "staging", "--built", "--dirty").exit_code == 0
    assert asked == ["where", "as built", "the callers"]
    assert started.commands == [DEPLOY]


def test_a_broken_contract_is_not_deployed(started: Started, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"status": 1, "text": "", "annotations": ""}
    monkeypatch.setattr(contract, "shown", lambda work, description, **more: broken)

    assert handover("deploy", "--stage", "staging").exit_code == 1
    assert asked == ["where"]
    assert DEPLOY not in started.commands


def test_what_breaks_callers_is_not_deployed(
    started: Started, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "compatible", lambda *asked, **more: (False, "a field is gone"))
    done = handover("deploy", "--stage", "staging", "--built")

    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "handover: a field is gone\n")
    assert (asked[-1], started.commands) == ("committed", [])


@pytest.mark.usefixtures("asked")
def test_a_deployment_that_fails_ends_as_sam_ended(started: Started) -> None:
    started.statuses = {"deploy": 1}

    assert handover("deploy", "--stage", "staging", "--built").exit_code == 1


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("words", "more"), [([], []), (["--yes"], ["--no-prompts"])])
def test_undeploy_asks_first(started: Started, words: list[str], more: list[str]) -> None:
    assert handover("undeploy", "--stage", "staging", *words).exit_code == 0
    assert started.commands == [[SAM, "delete", "--config-env", "staging", "--region", "eu-north-1", *more]]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("deploy", "say where: --stage and an environment of samconfig.toml (STAGE= to make)"),
        ("undeploy", "say where: --stage and an environment of samconfig.toml (STAGE= to make)"),
        ("compatible", "say where: --stage and an environment of samconfig.toml (STAGE= to make)"),
        ("explain", "say which clause, as in handover explain P203 (make explain CODE=P203)"),
        ("diff", "say what to compare with, as in handover diff main (make diff OLD=main)"),
    ],
)
def test_what_is_not_named_is_asked_for(started: Started, command: str, sentence: str) -> None:
    done = handover(command)

    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"handover: {sentence}\n")
    assert started.commands == []
