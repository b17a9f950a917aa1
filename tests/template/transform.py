"""The template as CloudFormation gets it: SAM's own transform, offline."""

from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]


def source() -> dict[str, Any]:
    """Give template.yaml as data."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


def transformed(content: dict[str, str] | None = None, **parameters: str) -> dict[str, Any]:
    """Transform the template; ``content`` names what was uploaded for a resource, as ``sam package`` would."""
    template = source()
    for resource, properties in template["Resources"].items():
        for key in ("CodeUri", "ContentUri"):
            if key in properties.get("Properties", {}):
                uploaded = (content or {}).get(resource, f"{resource}-1")
                properties["Properties"][key] = f"s3://bucket/{uploaded}.zip"
    values = {name: parameter["Default"] for name, parameter in template["Parameters"].items()} | parameters
    translator = Translator(
        managed_policy_map={}, sam_parser=Parser(), boto_session=boto3.Session(region_name="eu-central-1")
    )
    result: dict[str, Any] = translator.translate(template, parameter_values=values)
    return result
