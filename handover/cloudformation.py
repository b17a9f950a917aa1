"""The stack's template as CloudFormation gets it: SAM's own transform, without AWS."""

import copy
import logging
import re
from functools import cached_property
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

CONTENT = ("CodeUri", "ContentUri")


class TransformError(ValueError):
    """SAM cannot transform the template; the message is SAM's."""


class Template:
    """A SAM template, read and transformed.

    Parameters
    ----------
    path
        ``template.yaml``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def source(self) -> Json:
        """The template as people wrote it, each short tag as the intrinsic function that it stands for."""
        from samtranslator.yaml_helper import yaml_parse

        source: Json = yaml_parse(self.path.read_text(encoding="utf-8"))
        return source

    @cached_property
    def plain(self) -> Json:
        """The template as CloudFormation gets it."""
        return self.transformed()

    def transformed(self, content: dict[str, str] | None = None, **parameters: str) -> Json:
        """Transform the template.

        Parameters
        ----------
        content
            What ``sam package`` uploaded for a resource; another name is another content.
        parameters
            Values other than the defaults.

        Raises
        ------
        TransformError
            When SAM refuses it.
        """
        import boto3
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator

        # At its end, the translator complains that nobody published its own metrics.
        logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
        template = copy.deepcopy(self.source)
        for name, resource in template["Resources"].items():
            for key in CONTENT:
                if key in resource.get("Properties", {}):
                    resource["Properties"][key] = f"s3://bucket/{(content or {}).get(name, name)}.zip"
        values = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
        session = boto3.Session(region_name="eu-central-1")
        translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=session)
        try:
            result: Json = translator.translate(template, parameter_values=values | parameters)
        except InvalidDocumentException as error:
            raise TransformError("; ".join(cause.message for cause in error.causes)) from None
        return result

    def of_kind(self, kind: str, template: Json | None = None) -> dict[str, Json]:
        """Give the properties of each resource of a kind, by logical id; of the plain template by default."""
        resources = (template or self.plain)["Resources"]
        return {
            name: resource.get("Properties", {}) for name, resource in resources.items() if resource["Type"] == kind
        }

    def line(self, name: str) -> int | None:
        """Find the line that begins a resource or a parameter."""
        for number, text in enumerate(self.path.read_text().splitlines(), start=1):
            if re.match(rf"  {re.escape(name)}:", text):
                return number
        return None
