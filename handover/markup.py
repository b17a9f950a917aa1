"""A sentence as HTML."""

from markupsafe import Markup, escape


def coded(text: str) -> Markup:
    """Set what stands between backticks as code, and escape all of it."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # one backtick is alone: none is a pair for certain
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part) for position, part in enumerate(parts)
    )
