"""Files of text that are filled in: pages in Markdown, and the sources that a workload consists of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from handover.templates import environment


def render(template: Path, values: dict[str, Any], filters: dict[str, Callable[..., str]] | None = None) -> str:
    """Fill a template in; nothing is escaped, for all values are this project's own, and none of it is HTML.

    Raises
    ------
    jinja2.UndefinedError
        When the template asks for a value that is not there.
    """
    return environment(template.parent, html=False, filters=filters).get_template(template.name).render(values)
