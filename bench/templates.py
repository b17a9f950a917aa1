"""Files of text that are filled in: pages in Markdown, and the sources that a workload consists of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: Path, values: dict[str, Any], filters: dict[str, Callable[..., str]] | None = None) -> str:
    """Fill a template in; nothing is escaped, for all values are this project's own, and none of it is HTML.

    Raises
    ------
    jinja2.UndefinedError
        When the template asks for a value that is not there.
    """
    environment = Environment(  # noqa: S701  no value is anybody else's, and none of it is HTML
        loader=FileSystemLoader(template.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters or {}
    return environment.get_template(template.name).render(values)
