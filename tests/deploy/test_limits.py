"""What the emulator cannot show is held by something else, which is there."""

import re

from handover.checks import CLAUSES
from handover.live.clauses import CLAUSES as LIVE
from tests.helpers.cloud import ROOT

PAGE = ROOT / "docs" / "decisions" / "2026-11-25-what-the-emulator-cannot-show.md"


def test_what_the_page_says_holds_each_part_is_there() -> None:
    rows = re.findall(r"^\| (.*) \| .* \| (.*) \|$", PAGE.read_text(), re.MULTILINE)[1:]
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE)) | {clause.code for clause in (*CLAUSES, *LIVE)}
    known |= {"L", "handover/local"}

    for part, by in rows:
        named = set(re.findall(r"\b(?:test_\w+|[A-Z]\d{3}|L|handover/local)(?=\W|$)", by))
        assert named, part
        assert named <= known, part
