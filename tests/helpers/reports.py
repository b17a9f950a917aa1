"""Reports as people read them: a file for each clause under ``reports/``, a section for each way to break it.

The counts of the last line, and what was proved, are left out, so that a new clause changes no other file.
``HANDOVER_REWRITE=1`` writes the sections anew, to be read before they are committed.
"""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

REPORTS = Path(__file__).parents[1] / "handover" / "checks" / "reports"
PROVED = re.compile(r"^Proved: .*$", re.MULTILINE)
SUMMARY = re.compile(r"^(\d+) kept, (\d+) broken, (\d+) skipped.*$", re.MULTILINE)


def check(case: str, report: str, *, but: Callable[[str], str] = str) -> None:
    """Compare a report with the section of its case, as ``C101`` or ``C101-exits``.

    Parameters
    ----------
    but
        Makes alike what differs from run to run in both.
    """
    text = uncounted(report)
    if os.environ.get("HANDOVER_REWRITE"):
        sections = _sections(case) | {case: text}
        blocks = [f"### {name}\n\n{section}\n" for name, section in sorted(sections.items())]
        REPORTS.mkdir(exist_ok=True)
        _file(case).write_text("\n".join(blocks))
    assert but(text) == but(_sections(case)[case])


def uncounted(report: str) -> str:
    """Leave out the last lines: what was proved, and the count of the clauses."""
    return PROVED.sub("", SUMMARY.sub("", report)).strip()


def check_alone(cases: Iterable[str]) -> None:
    """Require that each case is reported by its own clause and by no other, and that no clause failed."""
    for case in cases:
        section = _sections(case)[case]
        broken = [line.split()[0] for line in section.splitlines() if line[5:11] == "BROKEN"]
        assert broken == [_code(case)], case
        assert "could not be" not in section, case


def codes(cases: Iterable[str]) -> set[str]:
    """Give the clauses that the cases break."""
    return set(map(_code, cases))


def is_all_kept(report: str) -> bool:
    """Say whether a report has no finding but kept ones."""
    counts = SUMMARY.fullmatch(PROVED.sub("", report).strip())
    return bool(counts) and int(counts[1]) > 0 and counts[2] == counts[3] == "0"


def _sections(case: str) -> dict[str, str]:
    file = _file(case)
    blocks = file.read_text().split("### ")[1:] if file.is_file() else []
    return {block.partition("\n")[0]: block.partition("\n")[2].strip() for block in blocks}


def _file(case: str) -> Path:
    return REPORTS / f"{_code(case)}.txt"


def _code(case: str) -> str:
    return case.partition("-")[0]
