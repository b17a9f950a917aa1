"""A check that ended before its verdict, for each reader who was to have one."""

from handover.reporters import annotations, html, markdown

WRITTEN = {"github": annotations.cut_short, "markdown": markdown.cut_short, "html": html.cut_short}
