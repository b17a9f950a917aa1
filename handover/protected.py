"""Attributes of a person that laws protect, told by a column's header in the languages that headers are written in."""

from handover.vocabulary import WORDS
from handover.wording import has_words, words

PROTECTED: dict[str, list[str]] = WORDS["protected"]
OF_THINGS: dict[str, list[str]] = WORDS["of_things"]
"""What has an age, or a race, and is no person."""


def question(header: str) -> str:
    """Ask whether a column may decide, naming what laws protect; nothing where the header names no such thing."""
    kinds = [
        kind
        for kind, phrases in PROTECTED.items()
        if has_words(header, phrases) and set(words(header)).isdisjoint(OF_THINGS.get(kind, ()))
    ]
    return f"It says {' and '.join(kinds)}, which many laws protect: may it decide?" if kinds else ""
