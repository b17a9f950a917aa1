"""What runs the workflows runs them as GitHub would, and refuses what it would run otherwise."""

import json
import os
import subprocess
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.workflows.expressions import condition, filled
from tests.workflows.runner import Event, Job, UnknownWorkflowError, in_order, read, run, runs_here

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))
CHECKOUT = "{uses: actions/checkout@v5}"


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Runner:
    """Runs workflows on a small repository, and keeps what was said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.defaults = ""
        source = folder / "source"
        source.mkdir()
        git(source, "init", "--quiet", "--initial-branch", "main")
        (source / ".gitignore").write_text("kept.txt\n")
        for number in ("one", "two"):
            (source / "file").write_text(number)
            git(source, "add", ".")
            git(source, "commit", "--quiet", "-m", number)
        git(source, "update-ref", "refs/pull/1/merge", "HEAD")
        git(source, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.push = Event("push", "refs/heads/main", git(source, "rev-parse", "HEAD"), source)
        self.pull_request = Event("pull_request", "refs/pull/1/merge", self.push.sha, source, base="main")

    def run(self, jobs: str, event: Event | None = None) -> dict[str, Job]:
        path = self.folder / f"workflow-{time.monotonic_ns()}.yml"
        path.write_text(f"on: push\n{self.defaults}jobs:\n" + textwrap.indent(textwrap.dedent(jobs), "  "))
        cloud = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test"}
        return run(path, event or self.push, self.folder / path.stem, lambda: cloud, self.lines.append)

    def steps(self, *steps: str, event: Event | None = None, more: str = "") -> Job:
        """Run one job of these steps, each written as YAML in a line."""
        listed = "".join(f"    - {step}\n" for step in (CHECKOUT, *steps))
        return self.run(f"only:\n{more}  steps:\n{listed}", event)["only"]

    def printed(self, *steps: str, **how: Any) -> str:
        """Run one job that writes to ``kept.txt``, and give that."""
        job = self.steps(*steps, **how)
        assert job.conclusion == "success", self.lines
        return (job.workspace / "kept.txt").read_text().strip()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def conclusions(job: Job) -> list[str]:
    return [step.conclusion for step in job.steps[1:]]


def test_a_step_gets_its_turn_as_its_condition_says(runner: Runner) -> None:
    job = runner.steps(
        "{run: 'false'}",
        "{run: 'true'}",
        "{run: 'true', if: '${{ !cancelled() }}'}",
        "{run: 'true', if: failure()}",
        "{run: 'true', if: success()}",
    )

    assert conclusions(job) == ["failure", "skipped", "success", "success", "skipped"]
    assert job.conclusion == "failure"


def test_a_step_that_may_fail_fails_nothing(runner: Runner) -> None:
    job = runner.steps("{id: a, run: 'false', continue-on-error: true}", "{run: 'true'}")

    assert (job.steps[1].outcome, job.steps[1].conclusion) == ("failure", "success")
    assert job.known["a"] == {"outcome": "failure", "conclusion": "success", "outputs": {}}
    assert job.conclusion == "success"


def test_a_shell_ends_at_the_first_command_that_fails(runner: Runner) -> None:
    assert conclusions(runner.steps('{run: "false\\ntrue"}')) == ["failure"]
    assert conclusions(runner.steps('{run: "false | true"}')) == [
        "success"
    ]  # without `shell: bash` there is no pipefail


def test_a_steps_outputs_are_there_for_later_ones(runner: Runner) -> None:
    assert (
        runner.printed(
            "{id: a, run: 'echo version=7 >> $GITHUB_OUTPUT'}",
            "{run: 'echo $GIVEN ${{ steps.a.outputs.version }} > kept.txt', env: {GIVEN: '${{ steps.a.conclusion }}'}}",
            "{run: 'false', if: steps.a.outputs.version != '7'}",
        )
        == "success 7"
    )


def test_a_workflow_of_a_folder_runs_its_commands_there(runner: Runner) -> None:
    (runner.push.origin / "in" / "side").mkdir(parents=True)
    (runner.push.origin / "in" / "side" / "file").write_text("inside")
    git(runner.push.origin, "add", ".")
    git(runner.push.origin, "commit", "--quiet", "-m", "three")
    event = Event("push", "refs/heads/main", git(runner.push.origin, "rev-parse", "HEAD"), runner.push.origin)
    runner.defaults = "defaults: {run: {working-directory: in/side}}\n"

    assert runner.printed("{run: 'cp file ../../kept.txt'}", event=event) == "inside"


def test_jobs_come_after_what_they_need_and_are_skipped_when_that_failed(runner: Runner) -> None:
    jobs = runner.run(
        f"""
        last: {{needs: [first, broken], steps: [{{run: 'true'}}]}}
        after: {{needs: last, steps: [{{run: 'true'}}]}}
        first: {{steps: [{CHECKOUT}, {{run: 'true'}}]}}
        broken: {{needs: first, steps: [{CHECKOUT}, {{run: 'false'}}]}}
        """
    )

    assert list(jobs) == ["first", "broken", "last", "after"]
    assert [len(job.steps) for job in jobs.values()] == [2, 2, 0, 0]
    with pytest.raises(UnknownWorkflowError, match=r"^jobs need each other: a, b$"):
        list(in_order({"a": {"needs": "b"}, "b": {"needs": "a"}}))


def test_a_job_for_another_system_is_not_run_and_that_is_said(runner: Runner) -> None:
    jobs = runner.run("""\
        here: {runs-on: ubuntu-24.04, steps: [{uses: actions/checkout@v5}]}
        there: {runs-on: "${{ matrix.system }}", strategy: {}, steps: [{run: exit 1}]}
        """)

    assert {name: job.conclusion for name, job in jobs.items()} == {"here": "success"}
    assert runner.lines[0] == "there: not run, for it is not for Linux"


def test_a_pull_request_is_checked_out_detached_and_a_push_on_its_branch(runner: Runner) -> None:
    step = "{run: 'git status --branch --porcelain > kept.txt'}"

    assert runner.printed(step, event=runner.pull_request) == "## HEAD (no branch)"
    assert runner.printed(step) == "## main...origin/main"


@pytest.mark.parametrize(("given", "commits"), [("", 1), ("with: {fetch-depth: 0}", 2)])
@pytest.mark.parametrize("name", ["push", "pull_request"])
def test_as_many_commits_are_there_as_were_asked_for(runner: Runner, name: str, given: str, commits: int) -> None:
    job = f"a:\n  steps:\n  - uses: actions/checkout@v5\n    {given}\n  - run: git rev-list --count HEAD > kept.txt\n"
    made = runner.run(job, getattr(runner, name))["a"]

    assert (made.workspace / "kept.txt").read_text() == f"{commits}\n"
    branches = git(made.workspace, "branch", "--remotes", "--format", "%(refname:short)").splitlines()
    assert ("origin/main" in branches) is (name == "push" or commits == 2)  # what a shallow pull request lacks


def test_a_job_begins_with_an_empty_home_and_nothing_of_who_runs_it(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "VIRTUAL_ENV", "PYTHONPATH", "GIT_DIR", "MAKEFLAGS", "GITHUB_TOKEN", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("PIP_INDEX_URL", "the machine's own")

    printed = runner.printed("{run: 'env > kept.txt; ls -A ~ >> kept.txt'}", event=runner.pull_request)

    assert "=mine" not in printed
    assert {"PIP_INDEX_URL=the machine's own", "GITHUB_BASE_REF=main", "CI=true"} <= set(printed.splitlines())
    assert "=" in printed.splitlines()[-1]  # the home has no file


def test_the_python_that_is_asked_for_is_the_first_one(runner: Runner) -> None:
    (runner.push.origin / ".python-version").write_text("3.13\n")
    git(runner.push.origin, "add", ".")
    git(runner.push.origin, "commit", "--quiet", "-m", "three")
    event = Event("push", "refs/heads/main", git(runner.push.origin, "rev-parse", "HEAD"), runner.push.origin)
    setup = "{uses: actions/setup-python@v5, with: {python-version-file: .python-version}}"

    which = "{run: 'python3.13 -c \"import sys; print(sys.version_info[:2])\" > kept.txt'}"
    assert runner.printed(setup, which, event=event) == "(3, 13)"

    (runner.push.origin / ".python-version").write_text("3.1\n")
    git(runner.push.origin, "commit", "--quiet", "--all", "-m", "four")
    event = Event("push", "refs/heads/main", git(runner.push.origin, "rev-parse", "HEAD"), runner.push.origin)
    assert conclusions(runner.steps(setup, event=event)) == ["failure"]


def test_artifacts_go_from_job_to_job_without_their_permissions(runner: Runner) -> None:
    jobs = runner.run(
        f"""
        one: {{steps: [{CHECKOUT}, {{run: 'echo 1 > kept.txt; chmod 755 kept.txt'}},
                       {{uses: actions/upload-artifact@v4, with: {{name: it, path: kept.txt}}}}]}}
        two: {{needs: one, steps: [{CHECKOUT}, {{uses: actions/download-artifact@v4, with: {{name: it}}}},
                       {{run: 'test -f kept.txt && test ! -x kept.txt'}}]}}
        three: {{needs: one, steps: [{CHECKOUT},
                                     {{uses: actions/download-artifact@v4, with: {{name: it, path: ./in}}}},
                                     {{run: mv in/kept.txt kept.txt}}]}}
        lost: {{steps: [{CHECKOUT}, {{uses: actions/download-artifact@v4, with: {{name: other}}}}]}}
        quiet: {{steps: [{CHECKOUT}, {{uses: actions/upload-artifact@v4, with: {{name: no, path: no}}}}]}}
        loud: {{steps: [{CHECKOUT}, {{uses: actions/upload-artifact@v4,
                                     with: {{name: no, path: no, if-no-files-found: error}}}}]}}
        """
    )

    assert {name: job.conclusion for name, job in jobs.items()} == {
        "one": "success",
        "two": "success",
        "three": "success",
        "lost": "failure",
        "quiet": "success",
        "loud": "failure",
    }


def test_aws_is_the_emulator_and_only_for_a_job_that_may_ask_for_a_token(runner: Runner) -> None:
    action = "aws-actions/configure-aws-credentials@v5"
    step = f"{{uses: {action}, with: {{role-to-assume: '${{{{ vars.AWS_ROLE }}}}', aws-region: eu-west-3}}}}"
    look = "{run: 'echo $AWS_ENDPOINT_URL $AWS_REGION $AWS_DEFAULT_REGION > kept.txt'}"

    assert runner.printed(look) == ""
    assert conclusions(runner.steps(step)) == ["failure"]
    allowed = "  permissions: {id-token: write}\n"
    assert runner.printed(step, look, more=allowed) == "http://127.0.0.1:9 eu-west-3 eu-west-3"
    assert conclusions(runner.steps(step.replace("${{ vars.AWS_ROLE }}", "''"), more=allowed)) == ["failure"]


def test_a_summary_is_shown_and_a_file_that_is_left_in_the_tree_is_no_success(runner: Runner) -> None:
    assert runner.steps("{run: 'echo Kept. > $GITHUB_STEP_SUMMARY'}").conclusion == "success"
    assert "only: summary: Kept." in runner.lines

    assert runner.steps("{run: 'echo 1 > left.txt'}").conclusion == "failure"
    assert runner.lines[-1] == "only: left in the tree:\n?? left.txt\n"
    assert runner.steps("{run: 'echo 1 > file'}").conclusion == "failure"


def test_what_a_step_has_started_ends_with_it(runner: Runner) -> None:
    number = int(runner.printed("{run: 'sleep 600 > /dev/null & echo $! > kept.txt'}"))

    until = time.monotonic() + 60
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)
    with pytest.raises(OSError, match="process"):  # it is gone, or waits for nobody but the system
        os.waitpid(number, 0)


UNKNOWN = {
    "env: {A: 1}\njobs: {}": "'env' is not known here",
    "defaults: {shell: {}}\njobs: {}": ", defaults: 'shell' is not known here",
    "defaults: {run: {shell: bash}}\njobs: {}": ", defaults: 'shell' is not known here",
    "jobs: {a: {if: always(), steps: []}}": ", a: 'if' is not known here",
    "jobs: {a: {strategy: {}, steps: []}}": ", a: 'strategy' is not known here",
    "jobs: {a: {steps: [{run: x, shell: python}]}}": ", a, step 1: 'shell' is not known here",
    "jobs: {a: {steps: [{run: x}, {uses: actions/cache@v4}]}}": ", a, step 2: actions/cache is not known here",
    "jobs: {a: {steps: [{uses: actions/checkout@v5, with: {ref: x}}]}}": "actions/checkout: 'ref' is not known here",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_workflow_that_would_run_otherwise_here_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "new.yml"
    path.write_text(f"on: push\n{text}\n")

    with pytest.raises(UnknownWorkflowError) as refused:
        read(path)

    assert str(refused.value).startswith("new.yml")
    assert str(refused.value).endswith(UNKNOWN[text])


@pytest.mark.parametrize("line", ["name", "name<<END", "a b=c"])
def test_an_output_of_another_form_is_refused(runner: Runner, line: str) -> None:
    with pytest.raises(UnknownWorkflowError, match="is not of the form name=value"):
        runner.steps(f"{{run: 'echo \"{line}\" >> $GITHUB_OUTPUT'}}")


@pytest.mark.parametrize("name", ["GITHUB_ENV", "GITHUB_PATH"])
def test_a_step_that_changes_what_later_ones_see_is_refused(runner: Runner, name: str) -> None:
    with pytest.raises(UnknownWorkflowError, match="writes to GITHUB_ENV or GITHUB_PATH"):
        runner.steps(f"{{run: 'echo A=1 >> ${name}'}}")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_workflow_of_this_project_is_understood(path: Path, runner: Runner) -> None:
    for name, definition in read(path)["jobs"].items():
        if not runs_here(definition):
            continue
        job = Job(name, definition, runner.push, runner.folder / name, runner.folder, runner.folder, dict)
        for step in definition["steps"]:
            condition(str(step.get("if", "success()")), job.context)
            filled(json.dumps(step), job.context)
    assert WORKFLOWS
