"""The subset of GitHub's expressions that the workflows use."""

from collections import defaultdict
from typing import Any

import pytest

from tests.workflows.expressions import Context, UnknownExpressionError, condition, evaluate, filled

pytestmark = pytest.mark.quick

SPOTLESS = {"success": lambda: True, "failure": lambda: False, "cancelled": lambda: False, "always": lambda: True}
FAILED = SPOTLESS | {"success": lambda: False, "failure": lambda: True}
VALUES: dict[str, Any] = {
    "github": {"ref": "refs/heads/main"},
    "steps": {
        "before": {"conclusion": "success", "outputs": defaultdict(str, {"version": "7"})},
        "verify": {"conclusion": "failure", "outputs": defaultdict(str)},
    },
}


def context(functions: Any = None, **values: Any) -> Context:
    hash_files = {"hashFiles": lambda path: "abc" if path == "there" else ""}
    return Context(VALUES | values, (functions or SPOTLESS) | hash_files)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("github.ref", "refs/heads/main"),
        ("true", True),
        ("null", None),
        ("!cancelled()", True),
        ("!!failure()", False),
        ("'a' == 'A'", True),  # GitHub compares without regard to case
        ("'a' != 'b'", True),
        ("null == ''", True),
        ("steps.before.outputs.version", "7"),
        ("hashFiles('there') != ''", True),
        ("hashFiles('not there') != ''", False),
        ("failure() || 'else'", "else"),
        ("success() && 'then' || 'else'", "then"),
        ("failure() || success() && failure()", False),  # && binds more
        ("(failure() || success()) && failure()", False),
        ("(true || false) && 'x'", "x"),
        ("true || false && false", True),
        ("! true == 'a' || true", UnknownExpressionError),
    ],
)
def test_an_expression_has_githubs_value(expression: str, value: Any) -> None:
    if value is UnknownExpressionError:
        with pytest.raises(UnknownExpressionError):
            evaluate(expression, context())
    else:
        assert evaluate(expression, context()) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("secrets.TOKEN", "'secrets.TOKEN' is not known here"),
        ("steps.verfy.conclusion", "'steps.verfy.conclusion' is not known here"),
        ("github.ref.name", "'github.ref.name' is not known here"),
        ("fromJSON('1')", "fromJSON() is not known here"),
        ("1 < 2", "'1' is not known here"),
        ("steps.*.outcome", "'.' is not known here"),
        ("github['ref']", "'[' is not known here"),
        ("'open", '"\'" is not known here'),
        ("true == 'true'", "only strings are compared here"),
        ("'a' 'b'", "\"'b'\" was not expected"),
        ("('a'", "a ')' was expected"),
        ("'a' &&", "it ends too early"),
        ("", "it ends too early"),
    ],
)
def test_what_is_not_known_is_refused(expression: str, why: str) -> None:
    with pytest.raises(UnknownExpressionError) as refused:
        evaluate(expression, context())

    assert str(refused.value) == f"{expression.strip()!r}: {why}"


@pytest.mark.parametrize(
    ("text", "spotless", "failed"),
    [
        ("success()", True, False),
        ("always()", True, True),
        ("failure()", False, True),
        ("${{ !cancelled() }}", True, True),
        ("github.ref == 'refs/heads/main'", True, False),  # asks for success, too
        ("${{ !cancelled() && hashFiles('there') != '' }}", True, True),
        ("failure() && steps.verify.conclusion == 'failure' && steps.before.outputs.version != ''", False, True),
        ("failure() && steps.verify.outputs.version != ''", False, False),
    ],
)
def test_a_condition_asks_for_success_unless_it_asks_for_a_status(text: str, spotless: bool, failed: bool) -> None:
    assert (condition(text, context()), condition(text, context(FAILED))) == (spotless, failed)


def test_texts_are_filled() -> None:
    text = "check-${{ github.ref }} ${{steps.before.outputs.version}} ${{ true }}${{ null }} $HOME"

    assert filled(text, context()) == "check-refs/heads/main 7 true $HOME"
