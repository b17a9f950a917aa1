"""The model's card: its author's words, and between two lines of it what a program writes there."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handover import replacing
from handover.description import as_markdown, described
from handover.project import Project

FIGURES = "figures"
"""The block that ``deliver()`` writes: what the manifest says of the model."""


def place(delivery: Path) -> Path:
    """Name the card of a delivery: the project's, or ``card.md`` beside the folder of one that is no project's."""
    folder = delivery.resolve()
    project = Project(folder.parents[2]) if len(folder.parents) > 2 else None
    return project.card if project and folder == project.delivery else folder.parent / "card.md"


def figures(manifest: Mapping[str, Any]) -> str:
    """Give what the block of the figures has.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the manifest is not as ``deliver()`` writes it.
    """
    return "\n".join(f"#### {table.title}\n\n{as_markdown(table)}" for table in described(manifest))


def read(card: Path) -> str:
    """Read a card, whatever its bytes are, so that ``write`` gives them back."""
    with card.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def write(card: Path, blocks: Mapping[str, str]) -> None:
    """Write blocks into a card, by their names; what stands around them stays, and a block without a place is left out.

    A block begins with a line ``<!-- NAME: ... -->`` and ends with ``<!-- NAME: end -->``.
    """
    text = read(card)
    newline = "\r\n" if "\r\n" in text else "\n"
    for name, content in blocks.items():
        if match := _block(text, name):
            inside = f"\n{content.strip()}\n\n".replace("\n", newline)
            text = text[: match.start("inside")] + inside + text[match.end("inside") :]
    replacing.replace(card.parent, {card.name: text.encode(errors="surrogateescape")})


def block(text: str, name: str) -> str | None:
    """Give what a block of a card has, with the line ends of Unix; ``None`` where it has no such block."""
    match = _block(text, name)
    return match["inside"].replace("\r\n", "\n").strip() if match else None


def _block(text: str, name: str) -> re.Match[str] | None:
    pattern = rf"^<!-- {re.escape(name)}: (?!end -->)[^\n]*-->\r?\n(?P<inside>.*?)^<!-- {re.escape(name)}: end -->"
    return re.search(pattern, text, re.MULTILINE | re.DOTALL)
