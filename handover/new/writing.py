"""The scaffold's files as text: ``contract.py``, ``heuristics.py`` and ``train.py``, laid out as ruff lays them out."""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from handover.new.examples import Example, plain, quoted
from handover.new.fields import Field, LeftOut
from handover.new.naming import UNIT_UNKNOWN, unit
from handover.new.outcome import Outcome
from handover.new.words import Number

TEMPLATES = Path(__file__).parent / "templates"
WIDTH = 120
LONGEST_DESCRIPTION = 60
RELATIVE_PARITY = 1e-5  # float32 has 7 digits, and sums of trees lose one or two of them

EVENT_MODEL = """\
    model = xgboost.XGBClassifier(
        n_estimators=100, learning_rate=0.1, max_depth=2, subsample=0.8, random_state=SEED, n_jobs=1
    )"""
NUMBER_MODEL = """\
    # A forest: the mean of trees grown side by side, each on a part of the rows and columns. Unlike boosted trees, it
    # never leaves the range of the labels that it saw, which is the range that the contract promises.
    model = xgboost.XGBRegressor(
        n_estimators=1,
        num_parallel_tree=60,
        learning_rate=1.0,
        max_depth=5,
        min_child_weight=2,
        subsample=0.6,
        colsample_bynode=0.6,
        base_score=float(labels[known].mean()),
        random_state=SEED,
        n_jobs=1,
    )"""


def contract(
    name: str, data: str, fields: Sequence[Field], left_out: Iterable[LeftOut], outcome: Outcome, *, example: str
) -> str:
    """Write ``contract.py``; ``example`` names its heuristics' file for the reader."""
    categories = [field for field in fields if field.kind == "category"]
    lines = [
        f'"""What both teams agree on for {name}: a first draft, read off the data. Both sign every change to it."""',
        "",
        *(["from typing import Literal", ""] if categories else []),
        "from handover import contract",
        "from handover.contract import Budgets, Contract, Field, Score",
        "",
        *_comment(
            f"Read off {data}. Most ranges are a little wider than what was seen; make them what callers may send."
        ),
        *(
            _comment(f"Where a unit is [{UNIT_UNKNOWN}], say it; a count or a ratio is [1].")
            if any(_unit_unknown(field) for field in fields)
            else []
        ),
    ]
    for column in left_out:
        lines += _comment(f"Left out: {column.header}: {column.why}{'' if column.why.endswith('?') else '.'}")
    for field in categories:
        if not _fits(field):
            lines += ["", f"{field.name.upper()}_WORDS = Literal["]
            lines += [*(f"    {quoted(word)}," for word in field.categories), "]"]
    lines += [
        "",
        "",
        "class Row(agreement.Row):",
        f'    """One row to score by {name}; {example} makes more of it."""',
        "",
    ]
    for field in fields:
        lines += [*_comment(f"{field.evidence} {field.question}".strip(), "    "), *_field(field)]
    edges = ", ".join(f'"{decision}": {_figure(edge)}' for decision, edge in outcome.decisions.items())
    largest = max(abs(outcome.low), abs(outcome.high))
    parity = max(RELATIVE_PARITY, float(f"{RELATIVE_PARITY * largest:.1g}"))
    if outcome.event is None:
        parity = float(f"{RELATIVE_PARITY * largest:.1g}")
    lines += [
        "",
        "",
        "CONTRACT = Contract(",
        f"    name={quoted(name)},",
        '    version="0.1.0",',
        "    row=Row,",
        *_comment(outcome.evidence, "    "),
        *_call(
            "    score=Score",
            [quoted(_one_line(outcome.meaning, 80)), f"low={_figure(outcome.low)}", f"high={_figure(outcome.high)}"],
        ),
        "    # Upper edges, a first guess: agree on them with those who act on the decision.",
        f"    decisions={{{edges}}},",
        f"    budgets=Budgets(model_kib=512, layers_mib=100, parity={_figure(parity)}, flipped_decisions=0),",
        ")",
        "",
    ]
    return "\n".join(lines)


def heuristics(name: str, examples: Iterable[Example]) -> str:
    """Write ``heuristics.py``."""
    chosen = list(examples)
    row = """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from delivery.contract import Row
"""
    head = f'''"""What the rows of {name} say beyond their fields: each function is a column of the model's input.

The standard library only, one row in, one number out; `None` where it cannot be known. These are examples: write what
a person who knows the data would work out, say what it is and, in square brackets, its unit.
"""

from __future__ import annotations
{row if chosen else ""}'''
    return "\n\n".join([head, *(example.source for example in chosen)])


def train(name: str, folder: str, data: str, fields: Sequence[Field], outcome: Outcome) -> str:
    """Write ``train.py``; ``data`` is the CSV's path from the folder."""
    readers = {_reader(field).partition("(")[0] for field in fields}
    if outcome.number is None:
        target = [f"TARGET = {quoted(outcome.header)}", f"EVENT = {quoted(outcome.event or '')}  # what is predicted"]
        readers.add("missing")
    else:
        target = [
            f"TARGET = {quoted(outcome.header)}",
            f"NUMBER = {_number(Number(decimal_mark=outcome.number.decimal_mark))}",
        ]
        readers.add(target[1].removeprefix("NUMBER = ").partition("(")[0])
    is_event = outcome.number is None
    return Template((TEMPLATES / "train.txt").read_text()).substitute(
        name=name,
        folder=folder,
        data=quoted(data),
        target="\n".join(target),
        readers=", ".join(sorted(readers, key=lambda reader: (reader.islower(), reader))),
        fields="\n".join(line for field in fields for line in _source(field)),
        has_target="not missing(record[TARGET])" if is_event else "NUMBER(record[TARGET]) is not None",
        label="float(record[TARGET] == EVENT)" if is_event else "NUMBER(record[TARGET])",
        stratify="stratify=labels, " if is_event else "",
        model=EVENT_MODEL if is_event else NUMBER_MODEL,
        figures='"auc", "log_loss"' if is_event else '"r2", "mae"',
    )


def _field(field: Field) -> list[str]:
    words = f"Literal[{', '.join(map(quoted, field.categories))}]" if _fits(field) else f"{field.name.upper()}_WORDS"
    kind = {"whole": "int", "decimal": "float", "flag": "bool", "category": words}[field.kind]
    default = ["default=None"] if field.optional else []
    ends = [f"ge={_figure(field.low)}", f"le={_figure(field.high)}"] if field.number else []
    named = f"    {field.name}: {kind}{' | None' if field.optional else ''} = Field"
    return [
        line.removesuffix(",") if line.startswith("    )") else line
        for line in _call(named, [*default, *ends, _description(field)], end="")
    ]


def _description(field: Field) -> str:
    said = _one_line(field.header, LONGEST_DESCRIPTION)
    if field.number:
        known = unit(field.header)
        bare = said.replace(f"({known})", "").replace(f"[{known}]", "").strip() or field.name
        said = f"{bare} [{known}]"
    return f"description={quoted(said)}"


def _unit_unknown(field: Field) -> bool:
    return field.number is not None and unit(field.header) == UNIT_UNKNOWN


def _fits(field: Field) -> bool:
    """Say whether the categories can stand in the field's own line."""
    return len(field.name) + sum(len(quoted(word)) + 2 for word in field.categories) < WIDTH - 50


def _source(field: Field) -> list[str]:
    head, reader = f"    {quoted(field.name)}: (", _reader(field)
    line = f"{head}{quoted(field.header)}, {reader}),"
    return [line] if len(line) <= WIDTH else [head, f"        {quoted(field.header)},", f"        {reader},", "    ),"]


def _reader(field: Field) -> str:
    if field.spelt_variously:
        return f"Spelling(CONTRACT, {quoted(field.name)})"
    return _number(field.number) if field.number else field.kind


def _number(number: Number) -> str:
    if number.decimal_mark == ".":
        return "whole" if number.whole else "decimal"
    return f'Number({"whole=True, " if number.whole else ""}decimal_mark=",")'


def _call(head: str, arguments: Sequence[str], end: str = ",") -> list[str]:
    """Write a call on one line, or where that is too long, each argument on a line of its own."""
    line = f"{head}({', '.join(arguments)}){end}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    return [f"{head}(", *(f"{indent}    {argument}," for argument in arguments), f"{indent}){end}"]


def _figure(number: float) -> str:
    return repr(number).replace("e+", "e")


def _comment(text: str, indent: str = "") -> list[str]:
    said = "".join(map(plain, text))
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in said)
    return textwrap.wrap(
        said, WIDTH - wide, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_on_hyphens=False
    )


def _one_line(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
