"""What is pushed is built, and main is deployed where it is green; make and the check are stubs here."""

import os
from pathlib import Path

import pytest

from handover.lesson.ground import Ground
from handover.lesson.hosting import Outcome
from handover.lesson.repository import MAIN
from handover.lesson.service import Live, Service
from tests.helpers.lesson import program, typed

CHECK = """
grep --quiet BROKEN layers/model/delivery/heuristics.py && status=1
grep --quiet UNCHECKED layers/model/delivery/heuristics.py && status=2
while test "$1" != --html; do shift; done
echo "<p>report</p>" > "$2"
echo "the report"
exit ${status:-0}
"""


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is deployed, in place of deploying it."""
    commits: list[str] = []

    def deploy(live: Live, record, built) -> None:
        live.commit = record.commit
        commits.append(record.commit)

    monkeypatch.setattr(Live, "deploy", deploy)
    return commits


@pytest.fixture
def service(ground: Ground, tmp_path: Path, deployed: list[str], monkeypatch: pytest.MonkeyPatch) -> Service:
    (ground.environment / "bin").unlink()
    program(ground.environment / "bin", "python", CHECK)
    program(tmp_path / "bin", "make", "! grep UNBUILT layers/model/delivery/heuristics.py")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return Service(ground)


def pushed(ground: Ground, word: str) -> str:
    """Push a branch whose heuristics have a word in them; give its commit."""
    typed(
        ground,
        "git switch --quiet -c haste",
        f"echo '# {word}' >> layers/model/delivery/heuristics.py",
        f"git commit --quiet --all --message {word}",
        "git push --quiet --set-upstream origin haste",
    )
    return typed(ground, "git rev-parse HEAD").strip()


def test_main_is_built_first_and_deployed_and_then_the_branch(
    service: Service, ground: Ground, deployed: list[str]
) -> None:
    head = pushed(ground, "GREEN")
    main = ground.remote.branches[MAIN]
    service.step()
    assert (service.hosting.record(main).outcome, service.hosting.record(head).outcome) == (
        Outcome.KEPT,
        Outcome.UNKNOWN,
    )
    service.step()
    assert service.hosting.record(head).outcome is Outcome.KEPT
    assert service.hosting.record(head).read("report.html") == "<p>report</p>\n"
    service.step()
    assert deployed == [main]


@pytest.mark.parametrize(
    ("word", "outcome", "text"),
    [
        ("BROKEN", Outcome.BROKEN, "the report\n"),
        ("UNCHECKED", Outcome.FAILED, "the report\n"),
        ("UNBUILT", Outcome.FAILED, "# UNBUILT\n"),
    ],
)
def test_a_build_is_red_or_could_not_check(
    service: Service, ground: Ground, word: str, outcome: Outcome, text: str
) -> None:
    record = service.hosting.record(pushed(ground, word))
    service.step()
    service.step()

    assert (record.outcome, record.read("report.txt")) == (outcome, text)


def test_a_main_that_is_not_green_is_not_deployed(service: Service, ground: Ground, deployed: list[str]) -> None:
    service.step()
    before = list(deployed)
    red = pushed(ground, "BROKEN")
    ground.remote.do("update-ref", "refs/heads/main", red)
    service.step()
    service.step()

    assert service.hosting.record(red).outcome is Outcome.BROKEN
    assert deployed == before


def test_what_was_deployed_before_comes_back_with_main(service: Service, ground: Ground, deployed: list[str]) -> None:
    service.step()
    (first,) = deployed
    head = pushed(ground, "GREEN")
    ground.remote.do("update-ref", "refs/heads/main", head)
    service.step()
    ground.remote.do("update-ref", "refs/heads/main", first)
    service.step()

    assert deployed == [first, head, first]


def test_a_build_that_is_stopped_leaves_no_record(
    service: Service, ground: Ground, tmp_path: Path, deployed: list[str]
) -> None:
    program(tmp_path / "bin", "make", "touch begun && sleep 60")
    service.start()
    while not (ground.hosting / "checkout" / "begun").exists():
        assert service.is_alive()
    service.stop()

    assert list((ground.hosting / "builds").iterdir()) == []
    assert deployed == []
