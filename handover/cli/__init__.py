"""The command `handover`: what the targets of make call."""

from handover.cli import contract, export, lesson, local, package, stack
from handover.cli.group import main

__all__ = ["contract", "export", "lesson", "local", "main", "package", "stack"]
