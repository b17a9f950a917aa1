"""The stack's template as CloudFormation gets it: SAM's own transform, without AWS."""

import copy
import logging
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from handover.intrinsics import Values

type Json = dict[str, Any]

CONTENT = ("CodeUri", "ContentUri")


class TransformError(ValueError):
    """SAM cannot transform the template; the message is SAM's."""


class Template:
    """A SAM template, ``template.yaml``, read and transformed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._deployed: dict[frozenset[tuple[str, str]], Json] = {}

    @cached_property
    def source(self) -> Json:
        """The template as people wrote it, each short tag as the intrinsic function that it stands for: to be read."""
        return _read(self.path.read_text(encoding="utf-8"))

    @cached_property
    def plain(self) -> Json:
        """The template as CloudFormation gets it."""
        return self.transformed()

    def transformed(self, content: dict[str, str] | None = None, **parameters: str) -> Json:
        """Transform the template with values other than the defaults; ``TransformError`` when SAM refuses it.

        ``content`` names what ``sam package`` uploaded for a resource; another name is another content.
        """
        translator = _translator()
        from samtranslator.model.exceptions import InvalidDocumentException

        # At its end, the translator complains that nobody published its own metrics.
        logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
        template = copy.deepcopy(self.source)
        for name, resource in template["Resources"].items():
            for key in CONTENT:
                if key in resource.get("Properties", {}):
                    resource["Properties"][key] = f"s3://bucket/{(content or {}).get(name, name)}.zip"
        values = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
        try:
            result: Json = translator().translate(template, parameter_values=values | parameters)
        except InvalidDocumentException as error:
            raise TransformError("; ".join(cause.message for cause in error.causes)) from None
        return result

    def of_kind(self, kind: str, template: Json | None = None) -> dict[str, Json]:
        """Give the properties of each resource of a kind, by logical id; of the plain template by default."""
        resources = (template or self.plain)["Resources"].items()
        return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}

    def deployed(self, values: Mapping[str, str]) -> Json:
        """Give the template as a stack with these values in place of the defaults has it, see ``intrinsics.Values``.

        Those of parameters that the template does not have are left out.
        """
        parameters = self.source.get("Parameters", {})
        chosen = {name: value for name, value in values.items() if name in parameters}
        key = frozenset(chosen.items())
        if key not in self._deployed:
            defaults = {name: parameter.get("Default", "") for name, parameter in parameters.items()}
            template = self.transformed(None, **chosen) if chosen else self.plain
            self._deployed[key] = Values(template, defaults | chosen).stack()
        return self._deployed[key]

    def line(self, name: str, *inside: str) -> int | None:
        """Find the line that begins a resource or a parameter, or the deepest key inside of it that is written there.

        What SAM makes of a resource has a name that begins with the resource's. Where what is written there is a
        parameter's value, it is the line of the parameter's default.
        """
        sections = {section: self.source.get(section, {}) for section in ("Resources", "Parameters")}
        begins = [(key, section) for section, keys in sections.items() for key in keys if name.startswith(key)]
        if not begins:
            return None
        key, section = max(begins, key=lambda known: len(known[0]))
        line, node = None, self._nodes
        for step in (section, key, *inside):
            pairs = node.value if node.id == "mapping" else ()
            keys = {at.value: (at, value) for at, value in pairs}
            if node.id == "sequence":  # the n-th of a list
                keys = {str(index): (value, value) for index, value in enumerate(node.value)}
            if step not in keys:
                break
            at, node = keys[step]
            line = at.start_mark.line + 1
        if node.id == "scalar" and node.tag == "!Ref" and node.value in sections["Parameters"]:
            return self.line(node.value, "Default")
        return line

    @cached_property
    def _nodes(self) -> Any:
        import yaml

        return yaml.compose(self.path.read_text(encoding="utf-8"), Loader=_loader())


@lru_cache(maxsize=8)  # a check opens some of its templates twice
def _read(text: str) -> Json:
    import yaml

    source: Json = yaml.load(text, Loader=_loader())  # noqa: S506  it is a safe one
    return source


@cache
def _loader() -> Any:
    """Give a loader that knows SAM's short tags: libyaml's where PyYAML has it, which takes a tenth of the time."""
    import yaml
    from samtranslator.yaml_helper import intrinsics_multi_constructor

    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.add_multi_constructor("!", intrinsics_multi_constructor)
    return loader


@cache
def _translator() -> Any:
    """Give SAM's translator, which holds the templates of policies that SAM has to their schema once.

    It does so each time that it begins, which is half of what a transform takes; they are a file of SAM's own.
    """
    import boto3  # first: where it is missing, this is what a message names
    from samtranslator.parser.parser import Parser
    from samtranslator.translator import translator

    session = boto3.Session(region_name="eu-central-1")  # some region; nobody is asked
    translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
    return partial(translator.Translator, managed_policy_map={}, sam_parser=Parser(), boto_session=session)
