"""The command `handover`: what the targets of make call."""

from handover.cli import contract, local, stack
from handover.cli.group import main

__all__ = ["contract", "local", "main", "stack"]
