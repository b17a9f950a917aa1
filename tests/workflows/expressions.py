"""GitHub's expressions, as far as this project's workflows use them; what is not known here is refused.

The rules are those of https://docs.github.com/actions/reference/workflows-and-actions/expressions.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*|&&|\|\||==|!=|[!(),])")
STATUS = ("success", "failure", "cancelled", "always")
WORDS = {"true": True, "false": False, "null": None}


class UnknownExpressionError(ValueError):
    """The expression uses what is not known here; the message names it."""


@dataclass(frozen=True)
class Context:
    """What an expression can ask for."""

    values: Mapping[str, Any]
    """By the contexts' names, nested; a name that is in none of them is refused."""
    functions: Mapping[str, Callable[..., Any]]


def filled(text: str, context: Context) -> str:
    """Put the values of the expressions into a text."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda matched: _written(evaluate(matched[1], context)), text)


def condition(text: str, context: Context) -> bool:
    """Evaluate what stands after ``if:``; one that asks for no status asks for success, too."""
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text)
    expression = inner[1] if inner else text
    if not any(re.search(rf"\b{name}\s*\(", expression) for name in STATUS):
        expression = f"success() && ({expression})"
    return bool(evaluate(expression, context))


def evaluate(expression: str, context: Context) -> Any:
    """Give an expression's value: a string, a truth value, or nothing.

    Raises
    ------
    UnknownExpressionError
        When there is something in it that is not known here.
    """
    reader = _Reader(list(_tokens(expression)), expression, context)
    value = reader.alternatives()
    if reader.tokens:
        raise UnknownExpressionError(f"{expression.strip()!r}: {reader.tokens[0]!r} was not expected")
    return value


def _tokens(expression: str) -> Iterator[str]:
    position, text = 0, expression.rstrip()
    while position < len(text):
        matched = TOKEN.match(text, position)
        if not matched:
            raise UnknownExpressionError(f"{text.strip()!r}: {text[position:].strip()[:1]!r} is not known here")
        yield matched[1]
        position = matched.end()


def _written(value: Any) -> str:
    return {True: "true", False: "false", None: ""}.get(value, value)


@dataclass
class _Reader:
    tokens: list[str]
    expression: str
    context: Context

    def alternatives(self) -> Any:
        value = self.both()
        while self.next_is("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.equality()
        while self.next_is("&&"):
            other = self.equality()
            value = value and other
        return value

    def equality(self) -> Any:
        value = self.negation()
        if self.next_is("=="):
            return self.same(value, self.negation())
        if self.next_is("!="):
            return not self.same(value, self.negation())
        return value

    def negation(self) -> Any:
        return not self.negation() if self.next_is("!") else self.single()

    def single(self) -> Any:
        token = self.taken()
        if token == "(":  # noqa: S105  a token of the grammar
            value = self.alternatives()
            self.must_be(")")
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in WORDS:
            return WORDS[token]
        if self.next_is("("):
            return self.called(token)
        value: Any = self.context.values
        for name in token.split("."):
            try:
                value = value[name]
            except (KeyError, TypeError):
                raise UnknownExpressionError(f"{self.expression.strip()!r}: {token!r} is not known here") from None
        return value

    def called(self, name: str) -> Any:
        if name not in self.context.functions:
            raise UnknownExpressionError(f"{self.expression.strip()!r}: {name}() is not known here")
        arguments = []
        while not self.next_is(")"):
            arguments.append(self.alternatives())
            if not self.next_is(","):
                self.must_be(")")
                break
        return self.context.functions[name](*arguments)

    def same(self, one: Any, other: Any) -> bool:
        one, other = ("" if side is None else side for side in (one, other))
        if not (isinstance(one, str) and isinstance(other, str)):
            raise UnknownExpressionError(f"{self.expression.strip()!r}: only strings are compared here")
        return one.casefold() == other.casefold()

    def next_is(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            del self.tokens[0]
            return True
        return False

    def must_be(self, token: str) -> None:
        if not self.next_is(token):
            raise UnknownExpressionError(f"{self.expression.strip()!r}: a {token!r} was expected")

    def taken(self) -> str:
        if not self.tokens:
            raise UnknownExpressionError(f"{self.expression.strip()!r}: it ends too early")
        return self.tokens.pop(0)
