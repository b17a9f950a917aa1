"""The command `handover`: what the targets of make call."""

from handover.cli import contract, lesson, local, package, stack
from handover.cli.group import main

__all__ = ["contract", "lesson", "local", "main", "package", "stack"]
