"""What every command tells in one sentence, with exit status 2."""

from handover.project import DISTRIBUTION

# What comes with the extra `sam` (requirements/run.in); a delivery alone does without.
OF_THE_STACK = {"boto3", "botocore", "psutil", "samcli", "samtranslator", "urllib3"}
WITH_THE_EXTRA = f"install the wheel of {DISTRIBUTION} with its extra, as in pip install 'WHEEL[sam]'"


class CannotRunError(Exception):
    """What was asked for cannot be done here and now; the message says why, to the person who asked."""


class DeliverError(ValueError):
    """What was to be delivered breaks the contract already; the message names the row or figure, and what to do."""


def lacking(error: Exception) -> str:
    """Say what to install, where an error is that a module is missing which only the stack needs; nothing of others."""
    name = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return f"{name} is not installed: {WITH_THE_EXTRA}" if name in OF_THE_STACK else ""
