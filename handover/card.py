"""The model's card: its author's words, and between two lines of it what a program writes there."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from handover import replacing
from handover.description import FIGURES as NAMES
from handover.description import as_markdown, described
from handover.project import Project

FIGURES = "figures"
"""The block that ``deliver()`` writes: what the manifest says of the model."""
HEAD = "head"
"""The block that it writes into the YAML head of a card as Hugging Face has it; no card needs one."""
# What Hugging Face calls a figure of merit otherwise than the manifest does.
METRICS = {"auc": "roc_auc", "brier": "brier_score", "r2": "r_squared"}


def path(delivery: Path) -> Path:
    """Name the card of a delivery: the project's, or ``card.md`` beside the folder of one that is no project's."""
    folder = delivery.resolve()
    project = Project(folder.parents[2]) if len(folder.parents) > 2 else None
    return project.card if project and folder == project.delivery else folder.parent / "card.md"


def figures(manifest: Mapping[str, Any]) -> str:
    """Give what the block of the figures has; see ``described``."""
    return "\n".join(f"#### {table.title}\n\n{as_markdown(table)}" for table in described(manifest))


def head(manifest: Mapping[str, Any]) -> str:
    """Give what the block of the head has: the library, the task and the figures, as registries read them.

    It raises what ``described`` raises.
    """
    written: dict[str, Any] = {"library_name": "onnx"}
    if quality := manifest.get("quality"):  # a stand-in has none
        task = "tabular-regression" if "r2" in quality else "tabular-classification"
        data = manifest["training"].get("data", manifest["contract"]["name"])
        held_out = {"type": str(data), "name": f"{quality['rows']:d} held-out rows of {data}"}
        metrics = [
            {"type": METRICS.get(name, name), "name": title, "value": quality[name]}
            for name, (title, *_) in NAMES.items()
            if quality.get(name) is not None
        ]
        result = {"task": {"type": task}, "dataset": held_out, "metrics": metrics}
        written |= {"pipeline_tag": task, "model-index": [{"name": manifest["contract"]["name"], "results": [result]}]}
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True)


def blocks(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Give the blocks that ``deliver()`` writes, by their names."""
    return {HEAD: head(manifest), FIGURES: figures(manifest)}


def read(card: Path) -> str:
    """Read a card, whatever its bytes are, so that ``write`` gives them back."""
    return card.read_text(encoding="utf-8", errors="surrogateescape", newline="")


def write(card: Path, blocks: Mapping[str, str]) -> None:
    """Write blocks into a card, by their names; what stands around them stays, and a block without a place is left out.

    A block begins with a line ``<!-- NAME: ... -->`` and ends with ``<!-- NAME: end -->``; that of the head, which is
    YAML, with ``# head: ...`` and ``# head: end``.
    """
    text = read(card)
    newline = "\r\n" if "\r\n" in text else "\n"
    for name, content in blocks.items():
        if match := _block(text, name):
            inside = f"\n{content.strip()}\n\n".replace("\n", newline)
            text = text[: match.start("inside")] + inside + text[match.end("inside") :]
    replacing.replace_files(card.parent, {card.name: text.encode(errors="surrogateescape")})


def block(text: str, name: str) -> str | None:
    """Give what a block of a card has, with the line ends of Unix; ``None`` where it has no such block."""
    match = _block(text, name)
    return match["inside"].replace("\r\n", "\n").strip() if match else None


def _block(text: str, name: str) -> re.Match[str] | None:
    before, after = ("# ", "") if name == HEAD else ("<!-- ", " ?-->")
    mark = f"^{before}{re.escape(name)}: "
    pattern = rf"{mark}(?!end{after})[^\n]*{after}\r?\n(?P<inside>.*?){mark}end{after}"
    return re.search(pattern, text, re.MULTILINE | re.DOTALL)
