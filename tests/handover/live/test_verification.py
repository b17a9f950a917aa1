"""The command `handover verify`, against the built function behind a door that knows who may come in."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug import Request, Response

from handover.cli import main
from handover.live.clauses import CLAUSES
from tests.helpers.live import (
    BEARER,
    BUILD,
    NAME,
    Done,
    Door,
    bearing,
    json_answer,
    run,
    serving,
    signed,
    stack_is_there,
)

TIMES = "p50 # ms, p95 # ms, p99 # ms over HTTP"
REPORTS = Path(__file__).parent / "reports"


def verify(build: Path, *more: str) -> Done:
    return run("verify", "--stack", NAME, "--build", str(build), *more)


def timeless(text: str) -> str:
    return re.sub(r"[\d.]+ ms", "# ms", text)


def scoreless(text: str) -> str:
    return re.sub(r"\b0\.\d+ \(", "# (", text)


def golden(build: Path) -> list[Any]:
    lines = (build / "ModelLayer" / "delivery" / "golden.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def manifest(build: Path) -> Any:
    return json.loads((build / "ModelLayer" / "delivery" / "manifest.json").read_text())


def live() -> dict[str, str]:
    """Give the model and the contract's version that answer, whatever a test makes of the build that it compares."""
    built = manifest(BUILD)
    return {"MODEL": built["files"]["model.onnx"][:12], "VERSION": built["contract"]["version"]}


def report(name: str, build: Path) -> str:
    """Read a report, with the counts of this delivery: golden rows, those and the batch of 20, and every tenth."""
    rows = len(golden(build))
    words = live() | {"ROWS": rows, "REST": rows - 1, "ALL": rows + 20, "TENTH": rows // 10}
    return re.sub("|".join(words), lambda word: str(words[word[0]]), (REPORTS / name).read_text())


def change(build: Path, part: str, name: str, to: str) -> None:
    """Change one value of the manifest that was built."""
    built = manifest(build)
    built[part][name] = to
    (build / "ModelLayer" / "delivery" / "manifest.json").write_text(json.dumps(built))


def change_golden(build: Path, number: int, **changes: Any) -> None:
    path = build / "ModelLayer" / "delivery" / "golden.jsonl"
    lines = path.read_text().splitlines()
    lines[number - 1] = json.dumps(json.loads(lines[number - 1]) | changes)
    path.write_text("\n".join(lines))


def by_another(build: Path) -> Door:
    """Answer every tenth golden row as a version with another model would."""
    tenth = [line["row"] for line in golden(build)[9::10]]

    def answer(request: Request) -> Response | None:
        if request.path != "/predict" or request.json not in tenth:
            return None
        return Response('{"score": 0.1, "decision": "approve"}', headers={"x-model": "another"})

    return answer


def test_a_deployment_that_answers_as_it_was_built_is_kept_and_its_latencies_shown(build, cold, cloudformation) -> None:
    with serving(cold, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        done = verify(build, "--limit", "3")

    first, then = (int(count) for count in re.findall(r"of (\d+) answers? that met", done.output))
    rows = len(golden(build))
    assert (done.exit_code, first + then) == (0, rows)
    assert 1 <= first <= 3
    assert timeless(done.output) == (
        f"V801 kept: credit-risk-staging answers with the model {live()['MODEL']}\n\n"
        f"V802 kept: its version is {live()['VERSION']}\n\n"
        f"V803 kept: {rows} golden rows one by one, 20 of them in a batch too.\n"
        f"  Cold   {TIMES}, of {first} answer{'' if first == 1 else 's'} that met a cold start.\n"
        f"  Warm   {TIMES}, of {then} answers that met none.\n\n"
        "V804 kept: every score is within 1e-05 of training's\n\n"
        "5 kept, 0 broken, 0 skipped\n"
    )
    assert len(api.connections) == 3
    assert sorted(api.paths) == ["/health", *["/predict"] * rows, "/predict/batch"]


BEHAVIOURS = """
from handover.behaviours import always, drawn

TINY = {ROW} | {{"amount": 250, "months": 4}}


@always("a mark more hardly moves the score", unless=lambda row: row.amount == 20_000)
def no_cliffs(score, row):
    assert abs(score(row | {{"amount": row.amount + 1}}) - score(row)) < 0.1


@always("the smallest loan is {DECISION}", rows=[TINY])
def small(decide, row):
    assert row.amount > 250 or decide(row) == "{DECISION}"


@always("this is only for the check", rows=drawn(5))
def elsewhere(decide, row):
    assert decide(row) == "approve"
"""


@pytest.fixture
def behaving(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stand in a project whose behaviours expect one decision of a small loan."""
    folder = tmp_path / "project" / "layers" / "model" / "delivery"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")

    def expect(decision: str) -> None:
        (folder / "behaviours.py").write_text(BEHAVIOURS.format(ROW=golden(build)[0]["row"], DECISION=decision))

    return expect


def test_behaviours_are_asked_of_the_live_api(build, warm, cloudformation, behaving) -> None:
    behaving("decline")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--behaviours")

    assert done.exit_code == 1
    assert scoreless(timeless(done.output)) == report("other-behaviours.txt", build)


def test_a_live_api_that_behaves_is_kept(build, warm, cloudformation, behaving) -> None:
    behaving("approve")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--behaviours")

    assert done.exit_code == 0
    assert (
        "V806 kept: 2 behaviours, those on drawn rows left to make check\n"
        "  a mark more hardly moves the score: 154 of 154 golden rows\n"
        "  the smallest loan is approve: 1 of 1 row by hand\n"
    ) in done.output


def test_behaviours_that_are_not_there_are_named(build, warm, cloudformation, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--behaviours")

    assert done == Done(
        2, "handover: there is no layers/model/delivery/behaviours.py, so --behaviours asks for nothing\n"
    )


def test_another_model_is_named_with_what_became_of_the_deployment(build, warm, cloudformation) -> None:
    change(build, "files", "model.onnx", to="0123456789abcdef")
    change(build, "contract", "version", to="99.0.0")
    change_golden(build, 7, score=0.5)
    change_golden(build, 9, decision="refer")
    with serving(warm) as api:
        stack_is_there(cloudformation, "UPDATE_ROLLBACK_COMPLETE", Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 1
    assert timeless(done.output) == report("another-model.txt", build)


def test_the_same_model_that_answers_otherwise_is_told_by_its_worst_row(build, warm, cloudformation) -> None:
    change_golden(build, 7, score=0.5)
    change_golden(build, 31, score=0.9, decision="refer")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 1
    assert timeless(done.output) == report("other-answers.txt", build)


def test_of_classes_the_one_score_that_differs_is_told(build, flowers, flowers_warm, cloudformation) -> None:
    shutil.copytree(flowers, build / "ModelLayer" / "delivery", dirs_exist_ok=True)
    trained = golden(build)[4]["scores"]
    change_golden(build, 5, scores=trained | {"setosa": 0.5})
    with serving(flowers_warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "1")

    assert done.exit_code == 1
    assert f"V801 kept: credit-risk-staging answers with the model {manifest(build)['files']['model.onnx'][:12]}" in (
        done.output
    )
    assert "V804 BROKEN" in done.output
    assert "golden row 5 alone, should be setosa 0.5" in done.output


def test_a_contract_that_refuses_golden_rows_is_told(build, warm, cloudformation) -> None:
    change_golden(build, 40, row={})
    change(build, "contract", "version", to="99.0.0")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 1
    assert timeless(done.output) == report("refused-rows.txt", build)


def test_while_two_versions_answer_the_shares_are_told(build, warm, cloudformation) -> None:
    """As under a canary: every tenth row meets another version."""
    with serving(warm, by_another(build)) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "1")

    assert done.exit_code == 1
    assert timeless(done.output) == report("two-models.txt", build)


def test_an_api_that_answers_nothing_is_broken_not_out_of_reach(build, cloudformation) -> None:
    with serving(None, lambda request: json_answer(503, "Service Unavailable")) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build)

    assert done.exit_code == 1
    assert done.output == report("nothing-answered.txt", build)


def test_health_alone_may_fail(build, warm, cloudformation) -> None:
    def no_health(request: Request) -> Response | None:
        return json_answer(500, "Internal Server Error") if request.path == "/health" else None

    with serving(warm, no_health) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 1
    assert timeless(done.output) == report("no-health.txt", build)


def test_too_many_requests_are_waited_out_and_counted(build, warm, cloudformation) -> None:
    left = iter(range(3))

    def throttling(request: Request) -> Response | None:
        return json_answer(429, "Too Many Requests", **{"retry-after": "0"}) if next(left, None) is not None else None

    with serving(warm, throttling) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 0
    assert (
        f"  Warm   {TIMES}, of {len(golden(build))} answers that met none.\n"
        "  3 requests were answered 429, and sent again after a pause.\n"
    ) in timeless(done.output)


def test_with_jwt_the_token_is_sent_and_never_printed(build, warm, cloudformation, monkeypatch) -> None:
    monkeypatch.setenv("HANDOVER_TOKEN", BEARER)
    with serving(warm, bearing) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="JWT")
        done = verify(build, "--limit", "2")

    assert done.exit_code == 0
    assert BEARER not in done.output


def test_the_url_can_be_another_than_the_stacks_with_a_path_of_its_own(build, warm, cloudformation) -> None:
    def below(environ: Any, start_response: Any) -> Any:
        assert environ["PATH_INFO"].startswith("/v1/")
        return warm(environ | {"PATH_INFO": environ["PATH_INFO"].removeprefix("/v1")}, start_response)

    with serving(below, signed) as api:
        stack_is_there(cloudformation, Auth="AWS_IAM")
        done = verify(build, "--limit", "2", "--url", f"{api.url}/v1/")

    assert done.exit_code == 0
    assert set(api.paths) == {"/v1/health", "/v1/predict", "/v1/predict/batch"}


# --- the reports of `handover check` are those of `handover verify`


def test_clauses_are_chosen_by_the_beginnings_of_their_codes(build, warm, cloudformation, behaving) -> None:
    behaving("approve")
    change_golden(build, 7, score=0.5)
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--only", "v801,V806", "--json")

    assert done.exit_code == 0
    assert [finding["code"] for finding in json.loads(done.output)] == ["V801", "V806"]


def test_every_clause_is_broken_in_some_report() -> None:
    reports = "".join(path.read_text() for path in REPORTS.iterdir())

    assert set(re.findall(r"^(\w+) BROKEN", reports, re.MULTILINE)) == {clause.code for clause in CLAUSES}


def test_json_says_what_the_report_says(build, warm, cloudformation) -> None:
    change_golden(build, 7, score=0.5)
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--json")

    findings = {finding["code"]: finding for finding in json.loads(done.output)}
    assert done.exit_code == 1
    assert {code: finding["verdict"] for code, finding in findings.items()} == {
        "V801": "KEPT",
        "V802": "KEPT",
        "V803": "KEPT",
        "V804": "BROKEN",
        "V805": "KEPT",
    }
    broken = findings["V804"]
    assert (broken["path"], broken["line"]) == ("the layers of the live version", None)
    assert broken["page"] == "docs/checks/V804.md"
    assert "golden row 7 alone, should be 0.5" in broken["evidence"]


def test_markdown_and_annotations_say_it_too(build, warm, cloudformation, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    change(build, "contract", "version", to="99.0.0")
    (tmp_path / "summary.md").write_text("of an earlier step\n")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2", "--github", "--markdown", str(tmp_path / "summary.md"))

    evidence = f"The build has 99.0.0; /health says {live()['VERSION']}."
    command = "make deploy STAGE=staging REGION=eu-west-1 && make verify STAGE=staging REGION=eu-west-1"
    assert done.exit_code == 1
    assert done.output.endswith(
        "\n4 kept, 1 broken, 0 skipped\n"
        f"::error title=V802 another contract answers than was built::{evidence}%0AOwner: deployment. "
        f"Run: {command} (deploys what was built here)\n"
    )
    assert (tmp_path / "outputs").read_text() == "verdict=broken\n"
    assert (
        (tmp_path / "summary.md")
        .read_text()
        .startswith(
            "of an earlier step\n"
            "## The contract of credit&#45;risk&#45;staging is broken\n"
            "\n"
            "4 kept, 1 broken, 0 skipped\n"
            "\n"
            "### V802 contract: another contract answers than was built\n"
            "\n"
            f"{evidence}\n"
            "\n"
            "- Owner: **deployment**\n"
            "- Fix: `the stack's last deployment`\n"
            f"- Run: `{command}` deploys what was built here\n"
            "- More: `make explain CODE=V802`, [docs/checks/V802.md](docs/checks/V802.md)\n"
        )
    )


def test_what_could_not_be_verified_is_no_silence_in_a_summary(
    build, cloudformation, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    cloudformation.add_client_error("describe_stacks", "ExpiredToken", "expired")
    done = verify(build, "--github", "--markdown", str(tmp_path / "summary.md"))

    sentence = "AWS refuses DescribeStacks: expired"
    assert done == (2, f"::error title=The contract could not be checked::{sentence}\nhandover: {sentence}\n")
    assert (tmp_path / "summary.md").read_text() == f"## The contract could not be checked\n\n{sentence}\n"
    assert not (tmp_path / "outputs").exists()  # users are moved back only where other answers were seen


@pytest.mark.parametrize(("status", "moved"), [(503, False), (500, True)])
def test_users_are_not_moved_back_where_requests_were_only_turned_away(  # noqa: PLR0917  fixtures
    build, cloudformation, tmp_path: Path, monkeypatch, status: int, moved: bool
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    with serving(None, lambda request: json_answer(status, "No")) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--github")

    assert done.exit_code == 1
    assert (tmp_path / "outputs").exists() is moved


def test_a_stack_that_no_stage_deploys_is_asked_for_by_its_name(
    build, warm, cloudformation, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change(build, "contract", "version", to="99.0.0")
    with serving(warm) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        done = verify(build, "--limit", "2")

    assert f"make deploy STAGE=... REGION=eu-west-1 && make verify STACK={NAME} REGION=eu-west-1" in done.output


def test_explain_gives_the_page_and_asks_no_stack() -> None:
    done = CliRunner().invoke(main, ["explain", "v803"])

    assert done.exit_code == 0
    assert done.output.startswith("# V803: every request gets an answer\n\nOwner: deployment\n")
