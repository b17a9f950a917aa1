"""The page, by HTTP: what it shows of branches and builds, what its buttons do, and whom it refuses."""

import json
from collections.abc import Iterator

import pytest

from handover.errors import CannotRunError
from handover.lesson.ground import Ground
from handover.lesson.hosting import Outcome
from handover.lesson.page import opened
from handover.lesson.repository import MAIN
from handover.lesson.service import Service
from tests.helpers.lesson import Visitor, paged, typed

COMMITTED = "echo >> layers/model/delivery/heuristics.py && git commit --quiet --all --message 'More <b>haste</b>'"
PUSHED = "git push --quiet --set-upstream origin haste"


def built(ground: Ground, branch: str, outcome: Outcome, report: str = "<p>the report</p>") -> None:
    """Note a build that ended."""
    record = ground.remote.record(ground.remote.branches[branch])
    record.folder.mkdir(parents=True)
    (record.folder / "status").write_text(outcome.status)
    (record.folder / "report.txt").write_text("M101 BROKEN")
    (record.folder / "report.html").write_text(report)


@pytest.fixture
def visitor(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """Open the page of a ground with a branch; nothing is built while it is open."""
    monkeypatch.setattr(Service, "step", lambda service: None)
    for command in ("git switch --quiet -c haste", COMMITTED, PUSHED):
        typed(ground, command)
    built(ground, MAIN, Outcome.KEPT)
    with paged(ground) as url:
        yield Visitor(url)


def test_a_branch_waits_for_its_build_and_then_has_a_report(ground: Ground, visitor: Visitor) -> None:
    _, page = visitor.get("/")
    assert '<span class="badge waiting">waiting</span>' in page
    assert "More &lt;b&gt;haste&lt;/b&gt;" in page

    built(ground, "haste", Outcome.BROKEN)
    head = ground.remote.branches["haste"]
    assert '<span class="badge broken">red</span>' in visitor.get("/")[1]
    assert not ground.remote.record(head).opened
    assert visitor.get(f"/reports/{head}") == (200, "<p>the report</p>")
    assert ground.remote.record(head).opened


def test_a_build_without_a_report_shows_what_it_printed(ground: Ground, visitor: Visitor) -> None:
    built(ground, "haste", Outcome.FAILED, report="")
    _, page = visitor.get(f"/reports/{ground.remote.branches['haste']}")

    assert "the build could not check it" in page
    assert "M101 BROKEN" in page


def test_a_pull_request_is_opened_approved_and_merged(ground: Ground, visitor: Visitor) -> None:
    haste = {"branch": "haste"}
    page = visitor.press("/open", haste)
    assert "Its build has not ended yet." in page
    assert '<span class="added">+</span>' in page

    built(ground, "haste", Outcome.KEPT)
    assert "Nobody has approved it yet." in visitor.get("/pull?branch=haste")[1]
    assert '<button class="main">Merge</button>' in visitor.press("/approve", haste)
    assert "haste is merged. main is built now, and then deployed." in visitor.press("/merge", haste)
    assert ground.remote.subject(MAIN) == "Merge haste: More <b>haste</b>"
    assert '<span class="badge kept">merged</span>' in visitor.get("/pull?branch=haste")[1]
    assert "There is no open pull request of haste" in visitor.press("/merge", haste)


def test_an_approval_is_for_what_was_read(ground: Ground, visitor: Visitor) -> None:
    built(ground, "haste", Outcome.KEPT)
    visitor.press("/open", {"branch": "haste"})
    visitor.press("/approve", {"branch": "haste"})
    typed(ground, COMMITTED, "git push --quiet")
    built(ground, "haste", Outcome.KEPT)

    assert "Nobody has approved it yet." in visitor.press("/merge", {"branch": "haste"})


def test_what_cannot_be_merged_says_why(ground: Ground, visitor: Visitor) -> None:
    built(ground, "haste", Outcome.BROKEN)
    visitor.press("/open", {"branch": "haste"})

    assert "Its build is red." in visitor.press("/merge", {"branch": "haste"})
    assert "There is no branch nowhere at the remote: push it first" in visitor.press("/open", {"branch": "nowhere"})
    assert ground.remote.subject(MAIN) == "A project, as handover init writes it"


def test_a_branch_without_a_commit_of_its_own_is_no_proposal(ground: Ground, visitor: Visitor) -> None:
    typed(ground, "git push --quiet origin main:refs/heads/empty")

    page = visitor.press("/open", {"branch": "empty"})
    assert "There is nothing to propose yet: empty has no commit that main has not" in page


def test_a_button_puts_the_start_back(ground: Ground, visitor: Visitor) -> None:
    page = visitor.press("/back")

    assert "This is the start of exercise 1. What was there is kept:" in page
    assert typed(ground, "git branch --show-current") == "main\n"


def test_the_deployed_models_are_listed(ground: Ground, visitor: Visitor) -> None:
    ground.remote.record(ground.remote.branches[MAIN]).answered("abc", json.dumps({"score": 0.5}))

    assert "<code>abc</code>" in visitor.get("/")[1]


def test_its_state_changes_with_what_it_shows_and_not_without(ground: Ground, visitor: Visitor) -> None:
    before = visitor.get("/")[1]
    assert visitor.get("/")[1] == before
    built(ground, "haste", Outcome.KEPT)
    assert visitor.get("/")[1].partition('name="state"')[2][:40] != before.partition('name="state"')[2][:40]


@pytest.mark.parametrize("path", ["/nowhere", "/pull?branch=nowhere", "/pull", "/reports/0000", "/reports/../main"])
def test_what_is_not_there_is_404(visitor: Visitor, path: str) -> None:
    assert visitor.get(path)[0] == 404


def test_other_sites_are_refused(ground: Ground, visitor: Visitor) -> None:
    assert visitor.get("/", Host="example.org")[0] == 403
    assert visitor.press("/back", Origin="http://example.org") == "403"
    assert visitor.get("/", Host=f"localhost:{ground.port}")[0] == 200


def test_a_port_that_is_taken_is_one_sentence(ground: Ground, visitor: Visitor) -> None:
    sentence = (
        f"port {ground.port} of 127.0.0.1 is not available (Address already in use): is the page open in another "
        "terminal? If not, choose another port, as in --port 4100"
    )
    with pytest.raises(CannotRunError) as raised, opened(ground):
        pass
    assert str(raised.value) == sentence


def test_the_report_of_an_earlier_commit_is_still_there(ground: Ground, visitor: Visitor) -> None:
    built(ground, "haste", Outcome.BROKEN)
    red = ground.remote.branches["haste"]
    typed(ground, COMMITTED, "git push --quiet")

    assert f'<a href="/reports/{red}">' in visitor.get("/")[1]


def test_a_branch_of_another_history_is_told(ground: Ground, visitor: Visitor) -> None:
    typed(ground, "git checkout --quiet --orphan other && git commit --quiet -m other && git push --quiet origin other")

    assert "It cannot be merged: refusing to merge unrelated histories." in visitor.press("/open", {"branch": "other"})
