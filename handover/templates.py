"""Templates of text, HTML or programs, as files that are filled in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(folder: Path, *, html: bool, filters: Mapping[str, Any] | None = None) -> Environment:
    """Open a folder of templates: a value that is not there is an error, and a line of logic leaves no line.

    Where a browser reads what is made, ``html``, values are escaped.
    """
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=html,  # noqa: S701  text and programs are read by no browser
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= filters or {}
    return made
