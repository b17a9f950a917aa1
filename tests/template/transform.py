"""The template as CloudFormation gets it."""

from pathlib import Path
from typing import Any

from handover.cloudformation import Template
from handover.project import Project
from handover.samconfig import Samconfig

ROOT = Path(__file__).parents[2]
PROJECT = Project(ROOT)
SAMCONFIG = Samconfig(PROJECT.samconfig)


def source() -> dict[str, Any]:
    """Give template.yaml as data."""
    return Template(PROJECT.template).source


def transformed(content: dict[str, str] | None = None, **parameters: str) -> dict[str, Any]:
    """Transform the template; ``content`` names what was uploaded for a resource, as ``sam package`` would."""
    return Template(PROJECT.template).transformed(content, **parameters)
