"""Whether the build is compatible with the contract that a deployed API has."""

from pathlib import Path
from typing import TYPE_CHECKING

from handover.diff.changes import DECIDING, PARTS, changes, least_version, reaches
from handover.live import LiveError, stack
from handover.live.built import delivery_in
from handover.live.client import Client
from predictor import files
from predictor.files import Json

if TYPE_CHECKING:
    import boto3


NEVER_LIVE = {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE"}
"""Statuses of a stack that has answered nobody yet: its first deployment was not begun, or failed."""


def compatible(
    name: str, build: Path, session: "boto3.Session", *, url: str | None = None, force: bool
) -> tuple[bool, str]:
    """Compare what callers of a stack have with what was built, by the rules of C110; say whether it passes, and why.

    The API answers at ``url``, or at the stack's output ``Url``. With ``force`` one passes that cannot be asked; one
    that can is compared all the same.
    """
    built = files.contract(delivery_in(build))
    try:
        deployed = stack.read(session.client("cloudformation"), name)
    except stack.NoStackError as error:
        return True, f"{error}: this first deployment has no callers yet"
    if deployed.status in NEVER_LIVE:
        return True, f"the stack {name} has answered nobody yet ({deployed.status}): this deployment has no callers yet"
    try:
        live = _live(deployed, session, url)
    except LiveError as error:
        if force:
            return True, f"what callers have is not known ({error}); it is deployed all the same, by FORCE=1"
        raise LiveError(
            f"what callers have is not known, and may break: {error}; see to the live API, or deploy all the same with "
            f"FORCE=1"
        ) from None
    return _compared(name, live, built)


def _compared(name: str, live: Json, built: Json) -> tuple[bool, str]:
    was, now = live["version"], built["version"]
    changed = changes(live, built)
    least = least_version(was, changed[0].level if changed else "none")
    if reaches(now, least):
        level = f", {changed[0].level}" if changed else ""
        return True, f"compatible with callers of {name}: the contract is {was} there and {now} here{level}"
    listed = "\n".join(f"  {change.level}  {change.sentence}" for change in changed)
    return False, (
        f"callers of {name} have the contract {was}; what was built must be at least {least} for them, and is {now}"
        f"{':' if changed else ''}\n{listed}\n"
        f"  Owner: modelling. Raise the version in contract.py, or take the change back; then make model"
    )


def _live(deployed: stack.Stack, session: "boto3.Session", url: str | None) -> Json:
    with Client.of(deployed, session, url) as client:
        response = client.ask("GET", "/contract")
    if response.status != 200:
        raise LiveError(f"GET /contract of {deployed.name} is answered {response.status}")
    live: Json = response.document if isinstance(response.document, dict) else {}
    live |= {"schema": live["row"]} if "row" in live else {}
    if not live.keys() >= PARTS or not live.keys() & DECIDING:
        raise LiveError(f"GET /contract of {deployed.name} is not answered with a contract")
    return live
