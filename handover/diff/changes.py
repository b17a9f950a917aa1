"""What changed between two contracts, and which part of the version that raises."""

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from predictor.files import decisions

type Json = dict[str, Any]
type Level = Literal["major", "minor", "patch"]
type Bound = tuple[float, bool]  # the end of a range, and whether it is left out

LEVELS: tuple[Level, ...] = ("major", "minor", "patch")
PARTS = frozenset({"name", "version", "format", "validator", "schema", "score", "budgets"})
DECIDING = frozenset({"decisions", "classes"})
"""The parts of a compiled contract that are compared; one of the latter, as it has one score or classes."""
KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "literal": "one of its categories"}
COMPARED = {"type", "ge", "gt", "le", "lt", "multiple_of", "expected"}


@dataclass(frozen=True)
class Change:
    """One change: ``major`` breaks a caller, ``minor`` takes more than before, ``patch`` no caller has to know."""

    level: Level
    sentence: str


def changes(old: Json, new: Json) -> list[Change]:
    """List what changed from one compiled contract (``contract.json``) to another, the gravest first."""
    listed = [*_identity(old, new), *_fields(old, new), *_answer(old, new), *_words(old, new)]
    return sorted(listed, key=lambda change: LEVELS.index(change.level))


def required_version(old: Json, new: Json) -> Literal["major", "minor", "patch", "none"]:
    """Say which part of the version the change from one compiled contract to another raises at least."""
    return next((change.level for change in changes(old, new)), "none")


def least_version(old: str, level: Literal["major", "minor", "patch", "none"]) -> str:
    """Give the lowest version that may follow ``old`` after a change of this level; 0.x is treated like any other."""
    if level == "none":
        return old
    parts, raised = list(map(int, old.split("."))), LEVELS.index(level)
    return ".".join(map(str, [*parts[:raised], parts[raised] + 1, *[0] * (len(parts) - raised - 1)]))


def reaches(version: str, least: str) -> bool:
    """Say whether a version is at least another."""
    return tuple(map(int, version.split("."))) >= tuple(map(int, least.split(".")))


def _identity(old: Json, new: Json) -> Iterator[Change]:
    for part, sentence in (("name", "the contract is named"), ("format", "the format of contract.json is")):
        if old[part] != new[part]:
            yield Change("major", f"{sentence} {new[part]}, was {old[part]}")
    if _rules(old["validator"]) != _rules(new["validator"]):
        yield Change("major", "the row as a whole must keep other rules (unknown fields, strict types)")


def _rules(validator: Json) -> tuple[Json, ...]:
    """Give the rules of a row that are not those of a field."""
    return (
        _without(validator, "schema", "config"),
        _without(validator.get("config", {}), "title"),
        _without(validator["schema"], "fields", "model_name"),
    )


def _without(mapping: Json, *keys: str) -> Json:
    return {key: value for key, value in mapping.items() if key not in keys}


# --- what a caller sends


def _fields(old: Json, new: Json) -> Iterator[Change]:
    before, after = old["validator"]["schema"]["fields"], new["validator"]["schema"]["fields"]
    for name in before:
        if name not in after:
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
        yield from _steps(old.get("multiple_of"), new.get("multiple_of"))
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
            only = "only " if narrower else ""
            yield "major" if narrower else "minor", f"is taken {only}{end} {_end(now)} now, was {end} {_end(was)}"


def _bound(schema: Json, closed: str, opened: str, sign: int) -> Bound:
    ends: list[Bound] = []
    if schema.get(closed) is not None:
        ends.append((schema[closed], False))
    if schema.get(opened) is not None:
        is_whole = schema["type"] == "int" and float(schema[opened]).is_integer()
        ends.append((schema[opened] + sign, False) if is_whole else (schema[opened], True))
    return max(ends, key=lambda end: (end[0] * sign, end[1]), default=(-math.inf * sign, False))


def _end(bound: Bound) -> str:
    return f"{bound[0]}{' (left out)' * bound[1]}"


def _steps(old: float | None, new: float | None) -> Iterator[tuple[Level, str]]:
    if old == new:
        return
    if new is None:
        yield "minor", f"need not be a multiple of {old} any more"
    elif old is not None and math.isclose(old / new, round(old / new)):
        yield "minor", f"may be any multiple of {new} now, was of {old}"
    else:
        yield "major", f"must be a multiple of {new} now"


# --- what a caller is answered


def _answer(old: Json, new: Json) -> Iterator[Change]:
    was, now = old["score"], new["score"]
    if (was["low"], was["high"]) != (now["low"], now["high"]):
        yield Change("major", f"score: from {now['low']} to {now['high']} now, was {was['low']} to {was['high']}")
    if was["meaning"] != now["meaning"]:
        yield Change("patch", f"score: described as {_json(now['meaning'])} now, was {_json(was['meaning'])}")
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
    edges_before, edges = old["decisions"], new["decisions"]
    for name in common:
        if edges[name] != edges_before[name] and not (name == after[-1] == before[-1]):
            yield Change(
                "minor", f"decisions: {name} is answered up to {edges[name]} now, was up to {edges_before[name]}"
            )


def _classes(old: Json, new: Json) -> Iterator[Change]:
    """Compare what no decision shows: a caller reads scores by name, so their order is nobody's affair."""
    before, after = old["classes"], new["classes"]
    if before != after and sorted(before) == sorted(after):
        yield Change("patch", f"classes: they stand in another order, {', '.join(after)}")
    was, now = old.get("otherwise"), new.get("otherwise")
    if was and now and was["decision"] == now["decision"] and was["below"] != now["below"]:
        yield Change(
            "minor", f"decisions: {now['decision']} is answered below {now['below']} now, was below {was['below']}"
        )


# --- what no caller has to know


def _words(old: Json, new: Json) -> Iterator[Change]:
    before, after = old["schema"]["properties"], new["schema"]["properties"]
    for name in _common(after, before):
        if _words_of(before[name]) != _words_of(after[name]):
            yield Change("patch", f"{name}: described as {_json(after[name].get('description', ''))} now")
    if _words_of(old["schema"]) != _words_of(new["schema"]):
        yield Change("patch", "the row is described otherwise")
    for name, limit in new["budgets"].items():
        if limit != old["budgets"].get(name):
            yield Change("patch", f"budgets: {name} is {limit} now, was {old['budgets'].get(name)}")
    for name in _except(old["budgets"], new["budgets"]):
        yield Change("patch", f"budgets: {name} is gone")


def _words_of(schema: Json) -> tuple[Any, ...]:
    return tuple(schema.get(word) for word in ("title", "description", "examples"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
