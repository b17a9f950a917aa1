"""What a body can need, by its contract: no valid one is refused, and a refused one is never the dearest."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.limits import Limits
from predictor.problems import Problem

COST = Path(__file__).parent / "cost.py"
GROWTH_KIB = 400  # what four hundred refusals may leave: pages that the allocators keep, no bodies

TEXTS = st.text(st.sampled_from("ab0 _-.,:;[]{}()<>&\"\\/'\n\x7fé漢😀"), min_size=1, max_size=12)
FIELD = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["number", "flag"])}),
    st.fixed_dictionaries({"kind": st.just("category"), "categories": st.lists(TEXTS, min_size=1, max_size=4)}),
)
FIELDS = st.dictionaries(st.from_regex(r"[a-zé漢_]{1,8}", fullmatch=True), FIELD, min_size=1, max_size=5)


def htmlsafe(row: Any) -> str:
    """Write JSON as encoders do that fear HTML."""
    text = json.dumps(row)
    for character in "<>&'`":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("/", "\\/")


STYLES: list[Callable[[Any], str]] = [
    json.dumps,
    htmlsafe,
    lambda row: json.dumps(row, ensure_ascii=False),
    lambda row: json.dumps(row, indent=4),
    lambda row: json.dumps(row, indent="\t").replace("\n", "\r\n"),
    lambda row: json.dumps(row, separators=(",", ":")),
]


def value(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    if field["kind"] == "number":
        return st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30) | st.none()
    return st.none() | (st.booleans() if field["kind"] == "flag" else st.sampled_from(field["categories"]))


@given(fields=FIELDS, style=st.sampled_from(STYLES), data=st.data())
def test_no_valid_body_is_refused(fields: dict[str, Any], style: Callable[[Any], str], data: st.DataObject) -> None:
    limits = Limits({"name": name, **field} for name, field in fields.items())
    row = st.fixed_dictionaries({}, optional={name: value(field) for name, field in fields.items()})
    rows = data.draw(st.lists(row, min_size=1, max_size=3), label="rows")
    longest = {
        name: max(field.get("categories", [-1.7976931348623157e308]), key=lambda v: len(json.dumps(v)))
        for name, field in fields.items()
    }

    for one in (*rows, longest, {}):
        assert limits.row(style(one)) == style(one).encode()
    for batch in (rows, [*rows, longest, {}] * 20, [longest] * 100, [{}] * 100, [{}] * 99 + [longest]):
        assert limits.batch(style(batch)) == style(batch).encode()


def test_the_limits_are_those_of_the_longest_row() -> None:
    limits = Limits(
        [
            {"name": "n", "kind": "number"},
            {"name": "flag", "kind": "flag"},
            {"name": "c", "kind": "category", "categories": ["a", "é", "😀b"]},
        ]
    )

    # A row's own layout; then name, value and layout of each field. é is \u00e9, 😀 is \ud83d\ude00.
    assert limits.row_bytes == 24 + (3 + 32 + 24) + (6 + 5 + 24) + (3 + (2 + 12 + 1) + 24)
    assert limits.batch_bytes == 24 + 100 * limits.row_bytes


TWENTY = Limits({"name": f"x{i}", "kind": "number"} for i in range(20))
ROW = json.dumps({f"x{i}": i for i in range(20)})


@pytest.mark.parametrize(
    "body",
    [
        "{" + '"y":1,' * 40 + '"y":1}',
        '{"x0":[' + "1," * 40 + "1]}",
        '{"x0":' + "[" * 40 + "]" * 40 + "}",
        f"[{ROW},{ROW}]",
    ],
)
def test_what_no_row_has_is_refused_before_it_is_parsed(body: str) -> None:
    with pytest.raises(Problem, match="send one JSON object, no more in it than the contract's fields"):
        TWENTY.row(body)


@pytest.mark.parametrize(
    "body",
    [
        f"[{ROW}, {{" + '"y":1,' * 200 + '"y":1}]',
        f"[{ROW}, {{" + '"y":{},' * 200 + '"y":{}}]',
        f"[{ROW}, {{" + '"y},{":1,' * 200 + '"y":1}]',
        f'[{ROW}, {{"y":"' + "z" * 4000 + '"}]',
        f'[{ROW}, {{"y":"' + "z},{z" * 1000 + '"}]',
        f'[{ROW}, {{"y":[{",".join([ROW] * 40)}]}}]',
        f'[{ROW}, {{"y":[{{}},{",".join([ROW] * 40)}], "z":[]}}]',
        f'[{ROW}, {{"y":[1,{",".join([ROW] * 40)},1], "z":[]}}]',
        f'{{"rows":[{",".join([ROW] * 40)}]}}',
        f'[{ROW}, {{"y":[{",".join(["[]"] * 40)}]}}]',
        f"[{','.join([ROW] * 120)}]",
        "[" + "{}," * 200 + "{}]",
        "[" + "1," * 200 + "1]",
        "}" * 200,
    ],
)
def test_what_no_batch_has_is_refused_before_it_is_parsed(body: str) -> None:
    with pytest.raises(Problem, match="send a JSON list of 1 to 100 rows, and no more in each"):
        TWENTY.batch(body)


@pytest.mark.parametrize(
    "body", ["", "{", "[", "[{", "}", "{}", '[{"y":[{"x0":1},{"x0":1}]}]', f"[{','.join([ROW] * 101)}]"]
)
def test_what_errs_by_little_is_parsed_so_that_it_is_told_where(body: str) -> None:
    assert TWENTY.batch(body) == body.encode()


@pytest.fixture
def costs(delivery: Path) -> dict[str, Any]:
    """Ask the function of a fresh process for the dearest batch, and for bodies made to cost; see ``cost.py``."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the peak of a process's memory is read from Linux's /proc")
    environment = {
        "PATH": os.defpath,
        "DELIVERY": str(delivery),
        "POWERTOOLS_SERVICE_NAME": "predict",
        "POWERTOOLS_METRICS_NAMESPACE": "handover-test",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    run = subprocess.run([sys.executable, COST], env=environment, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout)
    return figures


def test_a_refusal_costs_no_more_than_twice_the_dearest_answer_and_leaves_nothing(costs: dict[str, Any]) -> None:
    dearest = costs.pop("dearest")

    assert dearest["status"] == 200
    assert {name: cost for name, cost in costs.items() if cost["status"] not in {400, 413, 422}} == {}
    assert {name: cost for name, cost in costs.items() if cost["cpu_us"] > 2 * dearest["cpu_us"]} == {}
    assert {name: cost for name, cost in costs.items() if cost["peak_kib"] > 2 * dearest["peak_kib"]} == {}
    assert {name: cost for name, cost in costs.items() if cost["grown_kib"] > GROWTH_KIB} == {}
