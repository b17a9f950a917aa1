"""What changed between two deliveries for their callers, and which part of the version that raises."""

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from handover.wording import same_unit, units
from predictor.files import Json, decisions

type Level = Literal["major", "minor", "patch"]
type Bound = tuple[float, bool]  # the end of a range, and whether it is left out

LEVELS: tuple[Level, ...] = ("major", "minor", "patch")
PARTS = frozenset({"name", "version", "format", "validator", "schema", "score", "budgets"})
DECIDING = frozenset({"decisions", "classes"})
"""The parts of a compiled contract that are compared; one of the latter, as it has one score or classes."""
KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "literal": "one of its categories"}
COMPARED = {"type", "ge", "gt", "le", "lt", "multiple_of", "expected"}
NUMBERS = {"integer", "number"}


@dataclass(frozen=True)
class Change:
    """One change: ``major`` breaks a caller, ``minor`` adds something new, ``patch`` no caller has to know."""

    level: Level
    sentence: str


def changes(old: Json, new: Json, reasons: tuple[Sequence[str], Sequence[str]] = ((), ())) -> list[Change]:
    """List what changed from one compiled contract (``contract.json``) to another, the gravest first.

    ``reasons`` are the heuristics of the old delivery and of the new: what ``?reasons=`` may answer, beside the fields.
    """
    every = chain(
        _identity(old, new), _fields(old, new), _answer(old, new), _reasons(old, new, *reasons), _words(old, new)
    )
    return sorted(every, key=lambda change: LEVELS.index(change.level))


def heuristics(manifest: Any) -> tuple[str, ...]:
    """Read the names of the heuristics off a manifest, whatever is wrong with it."""
    columns = manifest.get("columns") if isinstance(manifest, dict) else None
    rows = [column for column in columns if isinstance(column, dict)] if isinstance(columns, list) else []
    return tuple(str(column.get("name")) for column in rows if column.get("kind") == "heuristic")


def least_version(old: str, level: Literal["major", "minor", "patch", "none"]) -> str:
    """Give the lowest version that may follow ``old`` after a change of this level.

    Below 1.0.0 nothing is promised to last (Semantic Versioning 2.0.0, clause 4): a major change raises the second part
    there, as package managers read it, and any other the third.
    """
    if level == "none":
        return old
    parts = list(map(int, old.split(".")))
    raised = LEVELS.index(level) if parts[0] else min(LEVELS.index(level) + 1, 2)
    return ".".join(map(str, [*parts[:raised], parts[raised] + 1, *[0] * (len(parts) - raised - 1)]))


def reaches(version: str, least: str) -> bool:
    """Say whether a version is at least another."""
    return tuple(map(int, version.split("."))) >= tuple(map(int, least.split(".")))


def generation(version: str) -> str:
    """Give the part of a version that every major change raises: ``2``, or below 1.0.0 ``0.3``."""
    major, minor, _ = version.split(".")
    return major if int(major) else f"{major}.{minor}"


def _identity(old: Json, new: Json) -> Iterator[Change]:
    for part, sentence in (("name", "the contract is named"), ("format", "the format of contract.json is")):
        if old[part] != new[part]:
            yield Change("major", f"{sentence} {new[part]}, was {old[part]}")
    # The rules of a row that are not those of a field.
    rules = [
        (
            _without(validator, "schema", "config"),
            _without(validator.get("config", {}), "title"),
            _without(validator["schema"], "fields", "model_name"),
        )
        for validator in (old["validator"], new["validator"])
    ]
    if rules[0] != rules[1]:
        yield Change("major", "the row as a whole must keep other rules (unknown fields, strict types)")


def _without(mapping: Json, *keys: str) -> Json:
    return {key: value for key, value in mapping.items() if key not in keys}


# --- what a caller sends


def _fields(old: Json, new: Json) -> Iterator[Change]:
    before, after = old["validator"]["schema"]["fields"], new["validator"]["schema"]["fields"]
    for name in _except(before, after):
        yield Change("major", f"{name}: removed; a caller who sends it is refused")
    for name, field in after.items():
        if name not in before and "default" in field["schema"]:
            yield Change("minor", f"{name}: added, may be left out")
        elif name not in before:
            yield Change("major", f"{name}: added, and every caller must send it")
        else:
            yield from (Change(level, f"{name}: {what}") for level, what in _field(before[name], field))
    if _common(before, after) != _common(after, before):
        yield Change("patch", "the fields stand in another order")


def _common(one: Collection[str], other: Collection[str]) -> list[str]:
    return [name for name in one if name in other]


def _except(one: Collection[str], other: Collection[str]) -> list[str]:
    return [name for name in one if name not in other]


def _field(old: Json, new: Json) -> Iterator[tuple[Level, str]]:
    if _without(old, "schema") != _without(new, "schema"):
        yield "major", "is read by other rules (its alias, or whether it is frozen)"
    was, now = old["schema"], new["schema"]
    if "default" in was and "default" not in now:
        yield "major", "every caller must send it now, it could be left out"
    elif "default" in now and "default" not in was:
        yield "minor", "may be left out now"
    elif now.get("default") != was.get("default"):
        yield "major", f"left out it is {_json(now['default'])} now, was {_json(was['default'])}"
    was, now = was.get("schema", was), now.get("schema", now)
    if was["type"] == "nullable" != now["type"]:
        yield "major", "may not be null any more"
    elif now["type"] == "nullable" != was["type"]:
        yield "minor", "may be null now"
    yield from _value(was.get("schema", was), now.get("schema", now))


def _value(old: Json, new: Json) -> Iterator[tuple[Level, str]]:
    if (old["type"], new["type"]) == ("int", "float"):
        yield "minor", "need not be a whole number any more"
    elif old["type"] != new["type"]:
        yield "major", f"is {KINDS.get(new['type'], new['type'])} now, was {KINDS.get(old['type'], old['type'])}"
        return
    if old["type"] == "literal":
        yield from _categories(old["expected"], new["expected"])
    elif old["type"] in {"int", "float"}:
        yield from _range(old, new)
        yield from _steps(old, new)
    if _without(old, *COMPARED) != _without(new, *COMPARED):
        yield "major", "must keep other rules"


def _categories(old: list[str], new: list[str]) -> Iterator[tuple[Level, str]]:
    removed, added = _except(old, new), _except(new, old)
    if removed:
        yield "major", f"may not be {_listed(removed)} any more"
    if added:
        yield "minor", f"may be {_listed(added)} now"
    if not removed and not added and old != new:
        yield "patch", "its categories stand in another order"


def _listed(words: list[str]) -> str:
    return " or ".join(map(_json, words))


def _range(old: Json, new: Json) -> Iterator[tuple[Level, str]]:
    for closed, opened, sign, end in (("ge", "gt", 1, "from"), ("le", "lt", -1, "up to")):
        was, now = _bound(old, closed, opened, sign), _bound(new, closed, opened, sign)
        if (was[0] * sign, was[1]) != (now[0] * sign, now[1]):
            narrower = (now[0] * sign, now[1]) > (was[0] * sign, was[1])
            taken = f"{'only ' if narrower else ''}{end} {now[0]}{' (left out)' * now[1]}"
            yield "major" if narrower else "minor", f"is taken {taken} now, was {end} {was[0]}{' (left out)' * was[1]}"


def _bound(schema: Json, closed: str, opened: str, sign: int) -> Bound:
    ends: list[Bound] = []
    if schema.get(closed) is not None:
        ends.append((schema[closed], False))
    if schema.get(opened) is not None:
        is_whole = schema["type"] == "int" and float(schema[opened]).is_integer()
        ends.append((schema[opened] + sign, False) if is_whole else (schema[opened], True))
    return max(ends, key=lambda end: (end[0] * sign, end[1]), default=(-math.inf * sign, False))


def _steps(old: Json, new: Json) -> Iterator[tuple[Level, str]]:
    was, now = _step(old), _step(new)
    if was == now or (was == 1 and now is None and "multiple_of" not in old):  # the type says it
        return
    if now is None:
        yield "minor", f"need not be a multiple of {was} any more"
    elif was is not None and math.isclose(was / now, round(was / now)):
        yield "minor", f"may be any multiple of {now} now, was of {was}"
    else:
        yield "major", f"must be a multiple of {now} now"


def _step(schema: Json) -> float | None:
    step: float | None = schema.get("multiple_of")
    return 1 if step is None and schema["type"] == "int" else step


# --- what a caller is answered


def _score(old: Json, new: Json) -> Iterator[Change]:
    was, now = old["score"], new["score"]
    if (was["low"], was["high"]) != (now["low"], now["high"]):
        yield Change("major", f"score: from {now['low']} to {now['high']} now, was {was['low']} to {was['high']}")
    if was["meaning"] != now["meaning"]:
        yield Change("major", f"score: it means {_json(now['meaning'])} now, was {_json(was['meaning'])}")
    if was.get("probability", True) != now.get("probability", True):
        kind = "a probability now" if now["probability"] else "no probability any more"
        yield Change("major", f"score: it is {kind}")


def _answer(old: Json, new: Json) -> Iterator[Change]:
    yield from _score(old, new)
    if ("classes" in old) != ("classes" in new):
        answered = "scores, one for each class," if "classes" in new else "one score"
        yield Change("major", f"the answer has {answered} now, and had {'one' if 'classes' in new else 'several'}")
        return
    before, after = decisions(old), decisions(new)
    removed, added = _except(before, after), _except(after, before)
    if removed:
        yield Change("major", f"decisions: {_listed(removed)} is never answered any more")
    if added:
        yield Change("major", f"decisions: {_listed(added)} may be answered now, which no caller knows yet")
    common = _common(after, before)
    if "classes" in new:
        yield from _classes(old, new)
        return
    if common != _common(before, after):
        yield Change("major", f"decisions: they stand in another order, {', '.join(after)}")
    for name in common:
        was, now = old["decisions"][name], new["decisions"][name]
        if was != now and not (name == after[-1] == before[-1]):
            yield Change("minor", f"decisions: {name} is answered up to {now} now, was up to {was}")


def _classes(old: Json, new: Json) -> Iterator[Change]:
    """Compare what no decision shows; of equal scores the first class is answered, and lists show them in order."""
    before, after = old["classes"], new["classes"]
    if before != after and sorted(before) == sorted(after):
        yield Change("minor", f"classes: they stand in another order, {', '.join(after)}")
    was, now = old.get("otherwise"), new.get("otherwise")
    if was and now and was["decision"] == now["decision"] and was["below"] != now["below"]:
        below = f"below {now['below']} now, was below {was['below']}"
        yield Change("minor", f"decisions: {now['decision']} is answered {below}")


def _reasons(old: Json, new: Json, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Name the heuristics that are gone: callers show reasons by their names. One more is nothing that they miss."""
    if removed := _except(before, [*after, *new["validator"]["schema"]["fields"]]):
        added = _except(after, [*before, *old["validator"]["schema"]["fields"]])
        instead = f", and {_listed(added)} is one" if added else ""
        yield Change("minor", f"?reasons=: {_listed(removed)} is no name of a reason any more{instead}")


# --- what is written for callers to read


def _words(old: Json, new: Json) -> Iterator[Change]:
    before, after = old["schema"]["properties"], new["schema"]["properties"]
    for name in _common(after, before):
        was, now = (_unit(document[name]) for document in (before, after))
        if was and now and not (len(was) == len(now) and all(map(same_unit, was, now))):
            now_in, was_in = (", ".join(f"[{unit}]" for unit in named) for named in (now, was))
            yield Change("major", f"{name}: its unit is {now_in} now, was {was_in}")
        elif _words_of(before[name]) != _words_of(after[name]):
            yield Change("patch", f"{name}: described as {_json(after[name].get('description', ''))} now")
    if _words_of(old["schema"]) != _words_of(new["schema"]):
        yield Change("patch", "the row is described otherwise")
    for name, limit in new["budgets"].items():
        if limit != old["budgets"].get(name):
            yield Change("patch", f"budgets: {name} is {limit} now, was {old['budgets'].get(name)}")
    for name in _except(old["budgets"], new["budgets"]):
        yield Change("patch", f"budgets: {name} is gone")


def _unit(schema: Json) -> list[str]:
    """Read the unit of a number off its description."""
    types = {kind.get("type") for kind in (schema, *schema.get("anyOf", ()))}
    return units(schema.get("description", "")) if types & NUMBERS else []


def _words_of(schema: Json) -> tuple[Any, ...]:
    return tuple(schema.get(word) for word in ("title", "description", "examples"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
