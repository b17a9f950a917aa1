"""C, the contract itself: what both teams agreed can be read, shipped and understood."""

import keyword
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from handover import protected
from handover.checks.running import damage, failure
from handover.context import DeliveryContext
from handover.contract import Budgets, ContractError
from handover.diff.changes import Level, changes, heuristics, least_version, reaches
from handover.diff.revisions import Agreed, NoBaseError
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.limit import TooLongError
from handover.skips import BUDGETS, FILE
from handover.wording import UNIT, UNIT_UNKNOWN

MAX_EXACT_INTEGER = 2**24  # above it float32 skips integers (IEEE 754 binary32 has 24 significant bits)
PURPOSE = "A contract declares, with typing, pydantic and handover; it reads no file, asks nobody and ends nothing."
FLOOR = "least_"
"""How the name of a budget begins that is looser where it is lower."""
MEANINGS: dict[Level, str] = {
    "major": "a caller of the old contract breaks",
    "minor": "requests of before still work, and answers or requests may have something new",
    "patch": "no caller breaks, but what they read is not the same",
}

COMPILES = ("C101", "C102", "C103", "C104", "C105", "C111", "C112")
of_the_file = partial(clause, requires=("C101",))
"""Declares a clause that needs no more than a contract that can be read."""
of_the_contract = partial(clause, requires=COMPILES)
"""Declares one that needs a contract that compiles."""
# What is wrong with contract.py itself is the root; that it was not delivered since is only what follows.
IN_CONTRACT = ("C106", "C107", "C108", "H105", "H107")


@clause(
    "C101", topic="contract", owner="modelling", rule="contract.py can be read", broken="contract.py cannot be read"
)
def readable(context: DeliveryContext) -> Broken | None:
    path = context.folder / "contract.py"
    try:
        context.contract  # noqa: B018  opening it is the check
    except ContractError as error:
        if error.topic != "names":
            return None  # readable, and wrong: the clause whose rule it breaks says so
        return _at(context, str(error.field), f"{error}.")
    except (Exception, SystemExit, TooLongError) as error:
        if isinstance(error, AttributeError) and "has no attribute 'CONTRACT'" in str(error):
            return Broken("It does not define CONTRACT = Contract(...).", path)
        return failure(path, error, PURPOSE)
    return None


def _compiles(topic: str) -> Callable[[DeliveryContext], Broken | None]:
    """Make the check of what the compiler of contracts requires on a topic."""

    def check(context: DeliveryContext) -> Broken | None:
        try:
            context.compiled  # noqa: B018  compiling it is the check
        except ContractError as error:
            if error.topic == topic:
                return _at(context, error.field or error.word, f"{error}.")
        return None

    return check


def _at(context: DeliveryContext, name: str, evidence: str) -> Broken:
    """Point at the line of contract.py that has this name."""
    return Broken(evidence, context.folder / "contract.py", context.contract_line(name))


of_the_file(
    "C102",
    topic="version",
    rule="the contract's version is major.minor.patch",
    broken="the contract's version is not major.minor.patch",
)(_compiles("version"))

of_the_file(
    "C103",
    topic="decisions",
    owner="both teams",
    rule="every score in the range has a decision",
    broken="the decisions do not cover the score's range",
)(_compiles("decisions"))

of_the_file(
    "C104",
    topic="types",
    rule="every field is a number, a flag or a closed list of categories",
    broken="a field is of a type that no column of a model can have",
)(_compiles("type"))

of_the_file(
    "C105",
    topic="bounds",
    rule="every number has a lowest and a highest value",
    broken="a number has no range, or no steps, that it can have",
)(_compiles("bounds"))

of_the_file(
    "C111",
    topic="strict",
    rule="a row holds what the contract says, or it is refused",
    broken="the contract lets in what it does not say",
)(_compiles("strict"))


@of_the_file(
    "C112", topic="budgets", owner="both teams", rule="every budget is a limit", broken="a budget limits nothing"
)
def budgets_limit(context: DeliveryContext) -> Broken | None:
    try:
        unlimited = context.contract.unlimited
    except ContractError:
        return _compiles("budgets")(context)
    return _at(context, unlimited[0], f"{unlimited[1]}.") if unlimited else None


@of_the_contract(
    "C106",
    topic="integers",
    rule="float32 holds every whole number exactly",
    broken="a whole number is too large for float32",
)
def integers_exact(context: DeliveryContext) -> Broken | None:
    for name, schema in context.compiled["schema"]["properties"].items():
        for kind in chain([schema], schema.get("anyOf", [])):
            ends = [kind.get(end, 0) for end in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")]
            if kind.get("type") == "integer" and max(map(abs, ends)) > MAX_EXACT_INTEGER:
                rule = f"from {MAX_EXACT_INTEGER} on two whole numbers can become the same float32"
                remedy = "Take a larger unit, or leave it out if it is an identifier."
                return _at(context, name, f"{name} may be as large as {max(ends, key=abs)}, and {rule}. {remedy}")
    return None


@of_the_contract(
    "C107",
    topic="descriptions",
    rule="every field says what it is and in which unit",
    broken="a field does not say what it is",
)
def described(context: DeliveryContext) -> Broken | Kept:
    kinds = {field["name"]: field["kind"] for field in context.compiled["fields"]}
    schemas = context.compiled["schema"]["properties"]
    descriptions = {name: schema.get("description", "").strip() for name, schema in schemas.items()}
    undescribed = [name for name, text in descriptions.items() if not text]
    numbers = {name: text for name, text in descriptions.items() if text and kinds[name] == "number"}
    unitless = [name for name, text in numbers.items() if not UNIT.search(text)]
    evidence = [f"No description: {', '.join(undescribed)}."] if undescribed else []
    if unitless:
        how = "Write it in square brackets, as in [DM] or [months]; a count is [1]."
        evidence.append(f"No unit: {', '.join(unitless)}. {how}")
    if evidence:
        return _at(context, (undescribed + unitless)[0], " ".join(evidence))
    texts = descriptions | {"score": context.contract.score.meaning}
    to_come = units_to_come(texts, context.folder / "contract.py", context.contract_line)
    return Kept(warnings=(*to_come, *_protected(context, descriptions)))


def units_to_come(texts: Mapping[str, str], path: Path, line_of: Callable[[str], int | None]) -> Iterator[Warned]:
    """Warn of units that nobody has written yet: a draft has marked them in the texts that describe things by name."""
    names = [name for name, text in texts.items() if f"[{UNIT_UNKNOWN}]" in text]
    if names:
        yield Warned(
            f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} [{UNIT_UNKNOWN}] for a unit, as the draft left "
            "it.",
            path,
            line_of(names[0]),
            "Whoever reads it cannot know what it is in. Write the unit there; a count, a ratio or a share is [1].",
            headline="a unit is still to come",
        )


def _protected(context: DeliveryContext, names: Iterable[str]) -> Iterator[Warned]:
    """Ask about fields that laws protect: nobody but people can say whether they may decide."""
    questions = {name: question for name in names if (question := protected.question(name))}
    if questions:
        yield Warned(
            " ".join(f"`{name}`: {question[0].lower()}{question[1:]}" for name, question in questions.items()),
            context.folder / "contract.py",
            context.contract_line(next(iter(questions))),
            "A name is all that was looked at. Where it may, the model's card is the place to say why.",
            headline="a field says what laws protect",
        )


@of_the_contract(
    "C108",
    topic="names",
    rule="fields are named in small letters, digits and underscores, and no two categories or decisions look alike",
    broken="a field, a category or a decision has a name that callers will trip over",
)
def well_named(context: DeliveryContext) -> Broken | None:
    names = context.compiled["schema"]["properties"]
    odd = [name for name in names if keyword.iskeyword(name) or not re.fullmatch(r"[a-z][a-z0-9_]*", name)]
    if odd:
        words = f"{', '.join(odd)}: write small letters, digits and underscores, starting with a letter."
        return _at(context, odd[0], words)
    for name, fault in context.contract.lookalikes:
        return _at(context, name, f"{fault}.")
    return None


@of_the_contract(
    "C109",
    topic="contract.json",
    suppressed_by=(*IN_CONTRACT, "C110", "C117"),
    rule="contract.json is what contract.py compiles to",
    broken="contract.json is not what contract.py says",
)
def compiled_afresh(context: DeliveryContext) -> Broken | None:
    path, compiled = context.folder / "contract.json", context.compiled
    try:
        recorded = context.contract_json
    except OSError:
        return Broken("There is no contract.json.", path, cause="The model was not delivered yet.")
    except ValueError as error:
        cause, remedy = damage(path.read_bytes(), shlex.quote(context.relative(path)))
        return Broken(f"contract.json is not JSON: {error}.", path, cause=cause, remedy=remedy)
    if not isinstance(recorded, dict):
        return Broken("contract.json is not a JSON object.", path)
    differ = sorted(key for key in recorded.keys() | compiled.keys() if recorded.get(key) != compiled.get(key))
    in_turn = [list(document.get("decisions", ())) for document in (recorded, compiled)]  # as production tries them
    if not differ and in_turn[0] == in_turn[1]:
        return None
    cause = "contract.py was changed after the model was delivered, or contract.json was edited by hand."
    return Broken(f"They differ in {', '.join(differ) or 'the order of the decisions'}.", path, cause=cause)


@of_the_contract(
    "C110",
    topic="version raised",
    suppressed_by=(*IN_CONTRACT, "C117"),
    rule="the version is raised as far as the change since the base branch demands",
    broken="the contract changed more than its version says",
)
def version_raised(context: DeliveryContext) -> Broken | None:
    try:
        agreed = context.agreed_before
    except NoBaseError as error:
        raise Skipped(context.as_typed(str(error))) from None
    return next(filter(None, (_not_raised(context, before) for before in agreed)), None)


def _not_raised(context: DeliveryContext, agreed: Agreed) -> Broken | None:
    """Say that the version is too low to follow one that was agreed before."""
    before, version, (then, is_) = agreed.contract, context.contract.version, _then(agreed)
    changed = changes(before, context.compiled, (agreed.heuristics, _heuristics(context)))
    least = least_version(before["version"], changed[0].level if changed else "none")
    if reaches(version, least):
        return None
    if _not_agreed(context, agreed) and not changes(before, context.compiled | {"budgets": before["budgets"]}):
        raise Skipped(blocked_by=("C113",))
    gravest = [change.sentence for change in changed if change.level == changed[0].level]
    more = f" (and {len(gravest) - 1} more)" if len(gravest) > 1 else ""
    what = "The contract is the same, its version fell"
    if changed:
        what = f"{gravest[0]}{more}: {MEANINGS[changed[0].level]}"
    must = f"its version must be at least {least}, and is {version}"
    evidence = f"{what}. {then} the contract {is_} {before['version']}, so {must}."
    details = "\n".join(f"{change.level}  {change.sentence}" for change in changed)
    return Broken(evidence, context.folder / "contract.py", context.contract_line("version"), details=details)


def _heuristics(context: DeliveryContext) -> tuple[str, ...]:
    """Name the heuristics as they were delivered; what is wrong with the manifest is another clause's."""
    try:
        return heuristics(context.manifest)
    except (OSError, ValueError):
        return ()


def _then(agreed: Agreed) -> tuple[str, str]:
    return ("Earlier on this branch", "was") if agreed.earlier else ("On the base branch", "is")


@of_the_contract(
    "C113",
    topic="looser budgets",
    owner="both teams",
    rule="no budget is looser than before, unless both teams agree",
    broken="a budget is looser, and only one team has agreed",
)
def budgets_kept(context: DeliveryContext) -> Broken | Kept | None:
    try:
        before = context.agreed_before
    except NoBaseError:
        raise Skipped(blocked_by=("C110",)) from None
    for agreed in before:
        if looser := _not_agreed(context, agreed):
            return _loosened(context, agreed, looser)
    changed = {name: limits for agreed in before for name, limits in _looser(agreed.contract, context.compiled).items()}
    notes = (f"{name} was {was:g} and is {now:g}: {context.looser[name].why}" for name, (was, now) in changed.items())
    return Kept(f"agreed in {FILE}: {'; '.join(notes)}") if changed else None


def _not_agreed(context: DeliveryContext, agreed: Agreed) -> dict[str, tuple[float, float]]:
    """Give the budgets that are looser than before, other than as ``handover.toml`` has them."""
    return {
        name: (was, now)
        for name, (was, now) in _looser(agreed.contract, context.compiled).items()
        if name not in context.looser or context.looser[name].to != now
    }


def _looser(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Give the budgets that allow more than before, each with what it was and what it is."""
    usual = {field.name: field.default for field in fields(Budgets)}  # of a contract that was compiled without it
    both = {name: (old["budgets"].get(name, usual.get(name)), limit) for name, limit in new["budgets"].items()}
    return {
        name: (was, now)
        for name, (was, now) in both.items()
        if was is not None and (now < was if name.startswith(FLOOR) else now > was)
    }


def _loosened(context: DeliveryContext, agreed: Agreed, looser: dict[str, tuple[float, float]]) -> Broken:
    then = " ".join(_then(agreed)).lower()
    seen = "; ".join(f"{name} is {now:g}, and {then} {was:g}" for name, (was, now) in looser.items())
    # In full, for it must equal the contract's: six digits of 0.00123456789 are another number.
    lines = [f'{name} = {{ to = {now}, why = "the reason in words" }}' for name, (_, now) in looser.items()]
    least, raised = least_version(agreed.contract["version"], "patch"), ""
    if not reaches(context.contract.version, least):
        raised = f" modelling raises the version, to {least} at least, and"
    remedy = f"Write what it was; or, where both teams mean it,{raised} deployment adds to {FILE}, below [{BUDGETS}]:"
    evidence = f"{seen}: the check lets through more than both teams signed. {remedy}"
    return _at(context, next(iter(looser)), "\n  ".join([evidence, *lines]))


@clause("C114", topic="in git", rule="git ignores no file of the delivery", broken="git ignores a file of the delivery")
def in_git(context: DeliveryContext) -> Broken | None:
    ignored = context.ignored
    return Broken(f"{ignored}.", ignored.file, ignored.line) if ignored else None
