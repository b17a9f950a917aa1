"""The clauses, in the order in which they are checked: what is read, answers, trains and ships, how fast, the stack."""

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module

from handover.context import DeliveryContext
from handover.errors import CannotRunError
from handover.finding import DECLARED, Broken, Clause, Finding, Kept, Skipped, Verdict

GROUPS = {
    "C": "the contract",
    "H": "heuristics",
    "M": "manifest and model",
    "P": "parity",
    "R": "training again",
    "S": "what ships",
    "L": "latency",
    "T": "the template",
}
"""What the first letter of a code is, in the order of the groups."""

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")  # it declares its clauses

CLAUSES: tuple[Clause, ...] = tuple(
    sorted(DECLARED.values(), key=lambda clause: (list(GROUPS).index(clause.code[0]), clause.code))
)


class UnknownCodeError(CannotRunError):
    """No clause has that code, or one that begins like it; the message names near ones, and the groups."""

    def __init__(self, sentence: str, code: str) -> None:
        near = get_close_matches(code.upper(), [clause.code for clause in CLAUSES])
        question = f"did you mean {', '.join(near)}? The" if near else "the"
        groups = ", ".join(f"{letter} ({meaning})" for letter, meaning in GROUPS.items())
        super().__init__(f"{sentence}; {question} groups are {groups}")


def selected(only: Iterable[str]) -> list[Clause]:
    """Choose clauses by the beginnings of their codes; all of them when nothing is asked for.

    Raises
    ------
    UnknownCodeError
        When a beginning fits no clause.
    """
    wanted = tuple(code.strip().upper() for code in only)
    for code in wanted:
        if not code or not any(clause.code.startswith(code) for clause in CLAUSES):
            raise UnknownCodeError(f"no clause begins with '{code}'", code)
    return [clause for clause in CLAUSES if not wanted or clause.code.startswith(wanted)]


def evaluate(
    context: DeliveryContext,
    wanted: Iterable[Clause],
    clauses: Iterable[Clause] = CLAUSES,
    begin: Callable[[Clause], None] = lambda clause: None,
) -> Iterator[Finding]:
    """Check a delivery against the wanted clauses, in order, giving each finding as it is made.

    ``begin`` is called with each clause before its check. Clauses that a wanted one requires are checked too,
    silently; where one of them is not kept, the wanted one is skipped. A wanted one that is broken is skipped as well
    where another wanted one, of which it only follows, is broken.
    """
    wanted = list(wanted)
    known = {clause.code: clause for clause in clauses}
    found: dict[str, Finding] = {}

    def settle(clause: Clause) -> Finding:
        if clause.code not in found:
            missing = [
                finding
                for finding in (settle(known[code]) for code in clause.requires)
                if finding.verdict is not Verdict.KEPT
            ]
            if not missing:
                begin(clause)
            finding = _skipped_for(clause, missing) if missing else _checked(clause, context)
            if finding.verdict is Verdict.BROKEN and clause.suppressed_by:
                roots = [settle(other) for other in wanted if other.code.startswith(clause.suppressed_by)]
                broken = [root for root in roots if root.verdict is Verdict.BROKEN]
                finding = _skipped_for(clause, broken) if broken else finding
            found[clause.code] = finding
        return found[clause.code]

    for clause in wanted:
        yield settle(clause)


def _skipped_for(clause: Clause, missing: list[Finding]) -> Finding:
    """Skip a clause, and name what is at the root of it: not what was itself skipped for want of something.

    What the project allows at every root it allows here.
    """
    roots: dict[str, None] = {}
    for finding in missing:
        roots.update(dict.fromkeys(finding.blocked_by or [finding.clause.code]))
    blocked_by = tuple(sorted(roots))
    allowed = "" if any(not finding.allowed for finding in missing) else missing[0].allowed
    return Finding(
        clause, Verdict.SKIPPED, reason=f"requires {', '.join(blocked_by)}", blocked_by=blocked_by, allowed=allowed
    )


def _checked(clause: Clause, context: DeliveryContext) -> Finding:
    try:
        outcome = clause.check(context)
    except Skipped as skipped:
        outcome = skipped
    except (Exception, SystemExit) as error:  # what no clause has foreseen must not hide what the others found
        reason = f"could not be checked, {type(error).__name__}: {error}"
        return Finding(clause, Verdict.SKIPPED, reason=reason.splitlines()[0], failed=True)
    if isinstance(outcome, Broken):
        return Finding(clause, Verdict.BROKEN, broken=outcome)
    if isinstance(outcome, Skipped):
        allowed = "" if outcome.blocked_by else context.allowed.get(clause.code, "")
        return Finding(clause, Verdict.SKIPPED, reason=outcome.reason, blocked_by=outcome.blocked_by, allowed=allowed)
    return Finding(clause, Verdict.KEPT, note=outcome.note if isinstance(outcome, Kept) else "")
