"""The template as CloudFormation gets it."""

from pathlib import Path
from typing import Any

from handover.cloudformation import Template

ROOT = Path(__file__).parents[2]


def source() -> dict[str, Any]:
    """Give template.yaml as data."""
    return Template(ROOT / "template.yaml").source


def transformed(content: dict[str, str] | None = None, **parameters: str) -> dict[str, Any]:
    """Transform the template; ``content`` names what was uploaded for a resource, as ``sam package`` would."""
    return Template(ROOT / "template.yaml").transformed(content, **parameters)
