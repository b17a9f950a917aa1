"""The command `handover`: what the targets of make call."""

from handover.cli import build, contract, deploy, lesson, local, package, stack, upkeep
from handover.cli.group import main

__all__ = ["build", "contract", "deploy", "lesson", "local", "main", "package", "stack", "upkeep"]
