"""CloudFormation's intrinsic functions: what a template comes to, as far as its parameters decide it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

type Json = dict[str, Any]

NOTHING = {"Ref": "AWS::NoValue"}


class Values:
    """A template of CloudFormation's with a value for each of its parameters.

    What only the cloud knows stays, and is written in one way: ``Ref``, ``Fn::GetAtt`` with a list, ``Fn::Sub`` with
    a text.
    """

    def __init__(self, template: Json, parameters: Mapping[str, Any]) -> None:
        self._template = template
        lists = {name for name, known in template.get("Parameters", {}).items() if "List" in known.get("Type", "")}
        self._parameters = {name: str(one).split(",") if name in lists else one for name, one in parameters.items()}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: self._parameters.get(name, {"Ref": name}),
            "Condition": self._is_true,
            "Fn::GetAtt": lambda named: {"Fn::GetAtt": named.split(".", 1) if isinstance(named, str) else named},
            "Fn::If": lambda given: self.of(given[1 if self._is_true(given[0]) else 2]),
            "Fn::Equals": lambda given: as_text(self.of(given[0])) == as_text(self.of(given[1])),
            "Fn::Contains": lambda given: as_text(self.of(given[1])) in map(as_text, self.of(given[0])),
            "Fn::Not": lambda given: not self.of(given[0]),
            "Fn::And": lambda given: all(map(self.of, given)),
            "Fn::Or": lambda given: any(map(self.of, given)),
            "Fn::Sub": self._filled,
            "Fn::Join": self._joined,
            "Fn::FindInMap": self._mapped,
        }

    def stack(self) -> Json:
        """Give the resources that the conditions let be."""
        resources = self._template["Resources"].items()
        present = {name: resource for name, resource in resources if self._is_true(resource.get("Condition"))}
        return {"Resources": {name: self.of(resource) for name, resource in present.items()}}

    def of(self, value: Any) -> Any:
        """Work out a part of the template."""
        if isinstance(value, list):
            return [inner for inner in map(self.of, value) if inner != NOTHING]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and name in self._functions and not (name == "Condition" and isinstance(value[name], dict)):
            return self._functions[name](value[name])
        parts = ((key, self.of(inner)) for key, inner in value.items())
        return {key: inner for key, inner in parts if inner != NOTHING}

    def _is_true(self, name: str | None) -> bool:
        return name is None or bool(self.of(self._template["Conditions"][name]))

    def _filled(self, given: Any) -> Any:
        text, names = (given, {}) if isinstance(given, str) else given
        known = {**self._parameters, **self.of(names)}
        return _one(re.sub(r"\$\{([^!}]+)\}", lambda at: as_text(known[at[1]]) if at[1] in known else at[0], text))

    def _joined(self, given: Any) -> Any:
        between, parts = given[0], self.of(given[1])
        return _one(between.join(map(as_text, parts))) if isinstance(parts, list) else {"Fn::Join": [between, parts]}

    def _mapped(self, given: Any) -> Any:
        value: Any = self._template.get("Mappings", {})
        for key in map(as_text, self.of(given)):
            if not isinstance(value, dict) or key not in value:
                return {"Fn::FindInMap": given}
            value = value[key]
        return value


def as_text(value: Any) -> str:
    """Write a value as it stands in a text: what only the cloud knows as ``Fn::Sub`` has it."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": list(parts)}:
            return f"${{{'.'.join(map(str, parts))}}}"
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list | bool) else str(value)


def _one(text: str) -> Any:
    """Write a text in which something may be the cloud's in the shortest way."""
    alone = re.fullmatch(r"\$\{([\w:]+)(?:\.([\w.]+))?\}", text)
    if alone:
        return {"Fn::GetAtt": [alone[1], alone[2]]} if alone[2] else {"Ref": alone[1]}
    return {"Fn::Sub": text} if "${" in text else text
