"""The vocabulary of a contract: what can be said, and what is said to whom says more."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ValidationError, computed_field, model_validator

from delivery.contract import CONTRACT
from handover import Budgets, Contract, ContractError, Field, Otherwise, Row, Score
from predictor.delivery import validators
from tests.helpers.flowers import FLOWERS
from tests.helpers.parcels import PARCELS, Parcel
from tests.helpers.strategies import accepted_rows

BUDGETS = Budgets(1, 1, 1e-5, 0)


def contract(row: type[Row] = Parcel, **words: Any) -> Contract:
    defaults: dict[str, Any] = {"version": "1.0.0", "score": Score("s", 0.0, 1.0), "decisions": {"yes": 1.0}}
    return Contract(name="x", row=row, **({"budgets": BUDGETS} | defaults | words))


class Inner(BaseModel):
    value: int


def text() -> type[Row]:
    class Record(Row):
        name: str = Field(description="Free text")

    return Record


def listed() -> type[Row]:
    class Record(Row):
        items: list[int] = Field(description="A list")

    return Record


def nested() -> type[Row]:
    class Record(Row):
        inner: Inner = Field(description="A model")

    return Record


def unbounded() -> type[Row]:
    class Record(Row):
        amount: float = Field(ge=0, description="Amount [DM]")

    return Record


def beyond_float32() -> type[Row]:
    class Record(Row):
        amount: float = Field(ge=0, le=1e300, description="Amount [DM]")

    return Record


def checked_in_python() -> type[Row]:
    class Record(Row):
        amount: Annotated[int, AfterValidator(lambda value: value)] = Field(ge=0, le=9, description="Amount [DM]")

    return Record


def checked_as_a_whole() -> type[Row]:
    class Record(Row):
        amount: int = Field(ge=0, le=9, description="Amount [DM]")

        @model_validator(mode="after")
        def check(self) -> Any:
            return self

    return Record


def made_default() -> type[Row]:
    class Record(Row):
        amount: int = Field(default_factory=int, ge=0, le=9, description="Amount [DM]")

    return Record


def numbered_categories() -> type[Row]:
    class Record(Row):
        band: Literal[1, 2] = Field(description="Band")

    return Record


def called_otherwise() -> type[Row]:
    class Record(Row):
        amount: int = Field(ge=0, le=9, description="Amount [DM]", alias="Amount")

    return Record


def shown_otherwise() -> type[Row]:
    class Record(Row):
        amount: int = Field(ge=0, le=9, description="Amount [DM]", json_schema_extra={"maximum": 5, "unit": "DM"})

    return Record


def computed() -> type[Row]:
    class Record(Row):
        amount: int = Field(ge=0, le=9, description="Amount [DM]")

        @computed_field
        def twice(self) -> int:
            return 2 * self.amount

    return Record


ALLOWED = (
    "cannot be a column of a model; write int, float, bool or Literal[...] of strings, with | None = None where it may "
    "be missing"
)
FIVES = "Field(ge=0, le=100, multiple_of=5)"
BOTH_ENDS = "a number needs both ends, as in Field(ge=0, le=100), within float32"


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (text, f"name: free text {ALLOWED}"),
        (listed, f"items: a list {ALLOWED}"),
        (nested, f"inner: a record of its own {ALLOWED}"),
        (checked_in_python, f"amount: a validator written in Python {ALLOWED}"),
        (checked_as_a_whole, "Record: a validator written in Python cannot ship; make it a heuristic"),
        (unbounded, f"amount: {BOTH_ENDS}"),
        (beyond_float32, f"amount: {BOTH_ENDS}"),
        (made_default, "amount: a default_factory is code, and cannot ship; write the default"),
        (
            called_otherwise,
            "amount: callers read this name, and would have to send 'Amount'; leave the alias away",
        ),
        (
            shown_otherwise,
            "amount: json_schema_extra shows callers another maximum than the function goes by; leave it away",
        ),
        (computed, "Record: the function computes no twice; make it a heuristic"),
        (numbered_categories, "band: write its categories as strings, as in Literal['one', 'two']"),
    ],
)
def test_what_production_could_not_hold_is_refused_with_what_to_write(row: Callable[[], type[Row]], error: str) -> None:
    with pytest.raises(ContractError) as raised:
        contract(row()).compiled()

    assert str(raised.value) == error


WORDS_ABOUT_IT = "its title and description are shown to callers; write text"


@pytest.mark.parametrize(
    ("kind", "words", "sentence"),
    [
        (int, {"le": "72"}, BOTH_ENDS),
        (int, {"le": 10**400}, BOTH_ENDS),
        (float, {"ge": float("nan")}, BOTH_ENDS),
        *(
            (kind, {"multiple_of": step}, f"multiple_of is {step!r}; write a number above 0, as in {FIVES}")
            for kind, step in ((int, 0), (int, -5), (int, "5"), (float, 0.0), (float, float("nan")))
        ),
        (int, {"description": 7}, WORDS_ABOUT_IT),
        (int, {"title": 7}, WORDS_ABOUT_IT),
    ],
)
def test_a_rule_of_another_type_is_refused(kind: Any, words: dict[str, Any], sentence: str) -> None:
    class Record(Row):
        amount: kind = Field(**({"ge": 0, "le": 100} | words))

    with pytest.raises(ContractError) as raised:
        contract(Record).compiled()

    assert str(raised.value) == f"amount: {sentence}"


def test_a_version_is_three_numbers() -> None:
    with pytest.raises(ContractError, match=r"^version '1\.0': write major\.minor\.patch, as in 1\.0\.0$"):
        contract(version="1.0")


@pytest.mark.parametrize(
    "decisions", [{}, {"yes": 0.5}, {"no": 0.6, "yes": 0.5}, {"no": 0.0, "yes": 1.0}, {"yes": 1.5}]
)
def test_a_contract_that_leaves_a_score_undecided_is_refused(decisions: dict[str, float]) -> None:
    with pytest.raises(ContractError) as raised:
        contract(decisions=decisions)

    assert str(raised.value) == (
        f"decisions: the upper edges {list(decisions.values())} must rise from above the score's low 0.0 "
        "to exactly its high 1.0"
    )


@pytest.mark.parametrize("limit", [0, -1.0, 501, float("nan"), "10", True])
def test_a_heuristic_gets_some_time_and_not_half_of_a_second(limit: Any) -> None:
    budgets = Budgets(1, 1, 1e-5, 0, heuristic_ms=limit)

    with pytest.raises(ContractError) as raised:
        contract(budgets=budgets)

    assert str(raised.value) == f"heuristic_ms is {limit!r}; write a number above 0, up to 500"


@pytest.mark.parametrize("agreed", [CONTRACT, PARCELS], ids=lambda agreed: agreed.name)
def test_a_compiled_contract_is_plain_json(agreed: Contract) -> None:
    compiled = agreed.compiled()

    assert json.loads(json.dumps(compiled, allow_nan=False)) == compiled


def test_fields_tell_the_encoder_how_to_lay_them_out() -> None:
    assert PARCELS.compiled()["fields"] == [
        {"name": "weight", "kind": "number"},
        {"name": "zone", "kind": "category", "categories": ["home", "abroad", "island: far"]},
    ]


def judged(validate: Callable[[str], Any], body: str) -> tuple[bool, Any]:
    try:
        return True, dict(validate(body).__dict__)
    except ValidationError as error:
        return False, [(e["type"], e["loc"]) for e in error.errors(include_input=False, include_url=False)]


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["home", "x", "new_car", ""])


@pytest.mark.parametrize("agreed", [CONTRACT, PARCELS], ids=lambda agreed: agreed.name)
@given(data=st.data())
def test_the_compiled_validator_judges_as_pydantic_itself_does(agreed: Contract, data: st.DataObject) -> None:
    row = data.draw(accepted_rows(agreed.compiled()))
    names = st.sampled_from([*row, "unheard_of"])
    changed = row | data.draw(st.dictionaries(names, SIMPLE, max_size=2))
    for name in data.draw(st.sets(names, max_size=1)):
        changed.pop(name, None)
    compiled, _ = validators(json.loads(json.dumps(agreed.compiled())))

    for body in (json.dumps(row), json.dumps(changed)):
        assert judged(compiled.validate_json, body) == judged(agreed.row.model_validate_json, body)
    assert judged(compiled.validate_json, json.dumps(row))[0]


CLASSES = ("red", "green", "blue")
TOO_FEW = (
    'write 3 to 100 names, as in ("red", "green", "blue"); two classes are told apart by one score: write score and '
    "decisions"
)


def of_classes(**words: Any) -> Contract:
    given: dict[str, Any] = {"classes": CLASSES} | words
    return Contract(name="x", version="1.0.0", row=Parcel, budgets=BUDGETS, **given)


@pytest.mark.parametrize(
    ("words", "word", "sentence"),
    [
        (
            {"classes": ("red", "green")},
            "classes",
            TOO_FEW,
        ),
        (
            {"classes": "red"},
            "classes",
            'it is of the type str; write the names, as in ("red", "green", "blue")',
        ),
        (
            {"classes": np.array(CLASSES)},
            "classes",
            'it is of the type ndarray; write the names, as in ("red", "green", "blue")',
        ),
        ({"classes": ("red", "green", "red")}, "classes", 'the class "red" stands there twice'),
        ({"classes": ("red", "green", "Red")}, "classes", 'the classes "red" and "Red" look alike'),
        ({"classes": ("red", "green", " blue")}, "classes", "' blue' is not a name that a caller can compare with"),
        ({"classes": ("red", "green", 3)}, "classes", "3 is not a name that a caller can compare with"),
        (
            {"decisions": {"red": 1.0}},
            "decisions",
            "with classes there are none: the decision is the class of the highest score",
        ),
        ({"score": Score("s", 0.0, 2.0)}, "score", "its range is 0 to 2, and a class's score lies from 0 to 1"),
        (
            {"otherwise": Otherwise("Red", below=0.5)},
            "otherwise",
            "'Red' is no decision of its own, beside the classes",
        ),
        ({"otherwise": Otherwise("", below=0.5)}, "otherwise", "'' is no decision of its own, beside the classes"),
        ({"otherwise": Otherwise("ask", below=0)}, "otherwise", "below is 0; write a number above 0, up to 1"),
        ({"otherwise": Otherwise("ask", below=60)}, "otherwise", "below is 60; write a number above 0, up to 1"),
        ({"otherwise": "ask"}, "otherwise", 'write Otherwise("ask_an_expert", below=0.6)'),
        (
            {"classes": (), "otherwise": Otherwise("ask", below=0.6)},
            "score",
            'write what it means, as in Score("probability of a loss", low=0.0, high=1.0)',
        ),
    ],
)
def test_classes_that_decide_nothing_are_refused(words: dict[str, Any], word: str, sentence: str) -> None:
    with pytest.raises(ContractError) as refused:
        of_classes(**words)

    assert (refused.value.topic, refused.value.word) == ("decisions", word)
    assert str(refused.value) == f"{word}: {sentence}"


def test_the_document_of_classes_has_them_in_place_of_decisions() -> None:
    compiled = FLOWERS.compiled()

    assert "decisions" not in compiled
    assert compiled["classes"] == ["setosa", "virginica", "versicolor"]
    assert compiled["otherwise"] == {"decision": "ask_an_expert", "below": 0.6}
    assert "otherwise" not in of_classes().compiled()


def test_the_document_of_one_score_is_what_it_was() -> None:
    assert list(PARCELS.compiled()) == [
        "format", "name", "version", "fields", "score", "decisions", "budgets", "validator", "schema"
    ]  # fmt: skip


@given(st.lists(st.sampled_from([0.0, 0.3, 0.6, 0.59999996, 0.60000002, 1.0]), min_size=3, max_size=3))
def test_the_contract_decides_as_the_function_does(scores: list[float]) -> None:
    given = np.array(scores, dtype=np.float32)
    for one in (FLOWERS, of_classes()):
        assert one.decide(given) == one.scores.decide(given.tolist())
    assert PARCELS.decide(given[:1]) == PARCELS.scores.decide(given[:1].tolist())


def test_of_equal_scores_the_first_class_is_decided() -> None:
    assert of_classes().decide(np.array([0.1, 0.45, 0.45])) == "green"
