"""Clauses chosen, and checked in order; where several break by one fault, it is shown once, where it begins."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache

from handover.errors import CannotRunError, lacking
from handover.finding import DECLARED, Broken, Clause, Context, Finding, Kept, Skipped, Verdict


class UnknownCodeError(CannotRunError):
    """No clause has that code, or one that begins like it; the message names near ones, and the groups."""

    def __init__(self, sentence: str, code: str, clauses: Iterable[Clause], groups: Mapping[str, str]) -> None:
        near = get_close_matches(code.upper(), [clause.code for clause in clauses])
        question = f"did you mean {', '.join(near)}? The" if near else "the"
        listed = ", ".join(f"{letter} ({meaning})" for letter, meaning in groups.items())
        super().__init__(f"{sentence}; {question} groups are {listed}")


def selected(only: Iterable[str], clauses: Sequence[Clause], groups: Mapping[str, str]) -> list[Clause]:
    """Choose clauses by the beginnings of their codes, all of them when nothing is asked for.

    ``UnknownCodeError`` when a beginning fits no clause.
    """
    wanted = tuple(code.strip().upper() for code in only)
    for code in wanted:
        if not code or not any(clause.code.startswith(code) for clause in clauses):
            raise UnknownCodeError(f"no clause begins with '{code}'", code, clauses, groups)
    return [clause for clause in clauses if not wanted or clause.code.startswith(wanted)]


def evaluate(
    context: Context, wanted: Iterable[Clause], begin: Callable[[Clause], None] = lambda clause: None
) -> Iterator[Finding]:
    """Check the wanted clauses, in order, giving each finding as it is made.

    ``begin`` is called with each clause before its check. Clauses that a wanted one requires are checked too,
    silently; where one of them is not kept, the wanted one is skipped. A wanted one that is broken is skipped as well
    where another wanted one, of which it only follows, is broken. What looks at something that is not
    there is left out, and in a check for one team what only the other looks at, or has to fix before.
    """
    wanted = list(wanted)
    known = DECLARED | {clause.code: clause for clause in wanted}
    checked = [clause for clause in wanted if not _of_the_other_team(clause, context)]

    @cache
    def settle(clause: Clause) -> Finding:
        if reason := context.left_out(clause):
            return Finding(clause, Verdict.LEFT_OUT, reason=reason)
        required = [settle(known[code]) for code in clause.requires]
        if missing := [finding for finding in required if finding.verdict is not Verdict.KEPT]:
            return skip(clause, missing)
        begin(clause)
        finding = _checked(clause, context)
        if finding.verdict is Verdict.BROKEN:
            roots = [settle(other) for other in checked if other.code.startswith(clause.suppressed_by)]
            if broken := [root for root in roots if root.verdict is Verdict.BROKEN]:
                return skip(clause, broken)
        return finding

    def skip(clause: Clause, missing: list[Finding]) -> Finding:
        """Skip a clause, and name what is at the root of it: not what was itself skipped for want of something.

        What the project allows at every root it allows here.
        """
        codes = {code for finding in missing for code in finding.blocked_by or [finding.clause.code]}
        blocked_by = tuple(sorted(codes))
        roots = [known[code] for code in blocked_by]
        if all(_of_the_other_team(root, context) for root in roots):
            first = f"{_other(context)} has to fix {' and '.join(blocked_by)} first"
            return Finding(clause, Verdict.LEFT_OUT, reason=first, blocked_by=blocked_by)
        allowed = missing[0].allowed if all(finding.allowed for finding in missing) else ""
        return Finding(clause, Verdict.SKIPPED, reason=_requires(roots), blocked_by=blocked_by, allowed=allowed)

    for clause in wanted:
        reason = left_out(clause, context)
        yield Finding(clause, Verdict.LEFT_OUT, reason=reason) if reason else settle(clause)


def left_out(clause: Clause, context: Context) -> str:
    """Say why a clause is left out; nothing where it is looked at."""
    return context.left_out(clause) or (f"{_other(context)} looks at it" if _of_the_other_team(clause, context) else "")


def _of_the_other_team(clause: Clause, context: Context) -> bool:
    return context.team is not None and not clause.concerns(context.team)


def _other(context: Context) -> str:
    return "deployment" if context.team == "modelling" else "modelling"


def _requires(clauses: Iterable[Clause]) -> str:
    return f"requires {', and '.join(f'{clause.code}, that {clause.rule}' for clause in clauses)}"


def _checked(clause: Clause, context: Context) -> Finding:
    try:
        outcome = clause.check(context)
    except Skipped as skipped:
        outcome = skipped
    except (Exception, SystemExit) as error:  # what no clause has foreseen must not hide what the others found
        why = isinstance(error, Exception) and lacking(error)
        reason = f"could not be checked, {why or f'{type(error).__name__}: {error}'}"
        return Finding(clause, Verdict.SKIPPED, reason=reason.splitlines()[0], failed=True)
    if isinstance(outcome, Broken):
        return Finding(clause, Verdict.BROKEN, broken=outcome)
    if isinstance(outcome, Skipped):
        reasons = [context.allowed.get(code, "") for code in outcome.blocked_by or [clause.code]]
        allowed = reasons[0] if all(reasons) else ""  # what the project allows at every root it allows here
        reason = outcome.reason or _requires(DECLARED[code] for code in outcome.blocked_by)
        return Finding(clause, Verdict.SKIPPED, reason=reason, blocked_by=outcome.blocked_by, allowed=allowed)
    kept = outcome or Kept()
    return Finding(clause, Verdict.KEPT, note=kept.note, proved=kept.proved, warnings=kept.warnings)
