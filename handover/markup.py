"""A sentence as HTML."""

import re

from markupsafe import Markup, escape


def coded(text: str) -> Markup:
    """Set what stands between backticks as code, and escape all of it."""
    plain = escape(text)
    if plain.count("`") % 2:  # one backtick is alone: none is a pair for certain
        return plain
    return Markup(re.sub("`(.*?)`", r"<code>\1</code>", plain, flags=re.DOTALL))  # noqa: S704  it is escaped, above
