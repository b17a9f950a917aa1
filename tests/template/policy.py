"""What an IAM policy allows: AWS's evaluation, of as much of the language as .github/oidc-role.yaml uses.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .transform import ROOT, Template

type Statement = dict[str, Any]
type Context = Mapping[str, str | list[str]]

NOTHING: Context = {}

TEMPLATE = Template(ROOT / ".github" / "oidc-role.yaml").source
ACCOUNT, REGION = "123456789012", "eu-west-1"


class Deployer:
    """The role of .github/oidc-role.yaml, deployed with some parameters.

    Parameters
    ----------
    parameters
        Values other than the defaults.
    """

    def __init__(self, **parameters: str) -> None:
        defaults = {name: parameter.get("Default", "OWNER/NAME") for name, parameter in TEMPLATE["Parameters"].items()}
        pseudo = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
        self._values = defaults | parameters | pseudo
        self._values["AWS::StackName"] = f"deploys-{self._values['StackName']}"
        self.role = self._filled(TEMPLATE["Resources"]["Role"]["Properties"])
        self.never = self._filled(TEMPLATE["Resources"]["Never"]["Properties"]["PolicyDocument"])
        self.boundary = self._filled(TEMPLATE["Resources"]["Boundary"]["Properties"]["PolicyDocument"])
        (inline,) = self.role["Policies"]
        self.inline = inline["PolicyDocument"]

    def _filled(self, part: Any) -> Any:
        """Put the parameters' values in."""
        match part:
            case {"Ref": str(name)}:
                return self._values.get(name, name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda matched: self._values[matched[1]], text)
            case dict():
                return {key: self._filled(value) for key, value in part.items()}
            case list():
                return [self._filled(value) for value in part]
            case _:
                return part

    def may(self, action: str, resource: str, context: Context = NOTHING) -> bool:
        """Say whether the role may: something allows it, and nothing denies it.

        Parameters
        ----------
        resource
            An ARN, of which ``arn:aws:`` may be left out.
        context
            Condition keys and their values.
        """
        allowed = any(applies(statement, action, resource, context) for statement in self.inline["Statement"])
        return allowed and not self.denied(action, resource, context)

    def denied(self, action: str, resource: str, context: Context = NOTHING) -> bool:
        """Say whether the call is denied by name, whatever else may come to allow it."""
        return any(applies(statement, action, resource, context) for statement in self.never["Statement"])


def applies(statement: Statement, action: str, resource: str, context: Context = NOTHING) -> bool:
    """Say whether a statement speaks of this call."""
    resource = resource if resource == "*" else f"arn:aws:{resource}"
    return (
        any(fnmatchcase(action.lower(), known.lower()) for known in listed(statement["Action"]))
        and any(like(resource, known) for known in listed(statement["Resource"]))
        and all(
            _holds(operator, context.get(key), listed(expected))
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def like(value: str, pattern: str) -> bool:
    """Compare as IAM does: ``*`` is any text, slashes and colons too, and a bracket is a bracket."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def listed(value: Any) -> list[str]:
    """Give one value as a list, as IAM does."""
    return value if isinstance(value, list) else [value]


def _holds(operator: str, actual: str | list[str] | None, expected: Iterable[str]) -> bool:
    kind = operator.removeprefix("ForAnyValue:").removesuffix("IfExists")
    if actual is None:
        return operator.endswith("IfExists")
    if kind in {"StringEquals", "ArnEquals"}:
        return any(one in expected for one in listed(actual))
    assert kind == "StringLike", f"teach this file {operator}"
    return any(like(one, pattern) for one in listed(actual) for pattern in expected)
