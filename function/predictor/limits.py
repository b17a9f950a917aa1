"""How much a body can need, by its contract: what is larger is refused before it is parsed.

JSON costs more than its bytes. pydantic builds every value before it refuses one: an empty list takes three bytes and
becomes some hundred. It looks for each field among all names of its row, and notes for each that is missing what the
row holds. So commas, lists and rows are counted first, which takes a hundredth of a request. Those inside of a category
count too, and the contract says how many there can be.
"""

import re
from collections.abc import Iterable
from typing import Any

from predictor import problems
from predictor.problems import MAX_BATCH_ROWS

NUMBER_BYTES = 32  # float64 in its shortest digits takes 24 at most, a decimal of 28 digits 30
WORD_BYTES = 5  # false, and null for what is missing
LAYOUT_BYTES = 24  # colon, comma, a line break, indentation and spaces: what pretty printing takes beside a field
SPARE = 8  # commas, lists and rows more than a valid body can have: a small mistake gets an exact answer

# Where a row ends and the next one begins, and where the next one has a name. No string looks like the latter from
# inside: no letter follows the quotation mark that ends it. A row without a name goes with the one before it.
NEXT_ROW = re.compile(rb"\}\s*,\s*\{")
NEXT_NAMED_ROW = re.compile(rb'\}\s*,\s*(?=\{\s*"[\w\\\x80-\xff])')


class Limits:
    """The limits of one contract, by its ``fields``."""

    row_bytes: int
    """The longest row: the longest category of each field, escaped, and the layout of a pretty printer [bytes]."""
    batch_bytes: int
    """As many of the longest rows as a batch may have [bytes]."""

    def __init__(self, fields: Iterable[dict[str, Any]]) -> None:
        fields = list(fields)
        self.row_bytes = LAYOUT_BYTES + sum(_field_bytes(field) for field in fields)
        self.batch_bytes = LAYOUT_BYTES + MAX_BATCH_ROWS * self.row_bytes
        self._commas = len(fields) + _most(",", fields) + SPARE
        self._lists = _most("[", fields)
        self._braces = _most("}", fields)

    def row(self, body: bytes | str) -> bytes:
        """Give a body that may be one row as bytes.

        Raises
        ------
        Problem
            When it is longer than the longest row, or has more values than one row could have.
        """
        document = _encoded(body, self.row_bytes)
        if document.count(b",") > self._commas or _lists_beyond(self._lists + SPARE, document):
            raise problems.overfull(batch=False)
        return document

    def batch(self, body: bytes | str) -> bytes:
        """Give a body that may be a batch as bytes: no row of it has more than a row alone could have. See ``row``.

        Objects inside of a row would look like rows of the batch. They leave a closing brace after which no row begins,
        as the last row does: only a body that is no longer than a row may have more of these, and gets to know where.
        """
        document = _encoded(body, self.batch_bytes)
        closed, in_categories = document.count(b"}"), MAX_BATCH_ROWS * self._braces
        if closed > MAX_BATCH_ROWS + in_categories + SPARE:
            raise problems.overfull(batch=True)
        rows = NEXT_NAMED_ROW.split(document)
        if (
            max(map(len, rows)) > self.row_bytes + MAX_BATCH_ROWS * LAYOUT_BYTES
            or max([row.count(b",") for row in rows]) > self._commas + MAX_BATCH_ROWS
            or _lists_beyond(1 + MAX_BATCH_ROWS * self._lists + SPARE, document)
            or (
                closed - len(rows) > in_categories
                and closed - len(NEXT_ROW.findall(document)) > 1 + in_categories
                and len(document) > self.row_bytes
            )
        ):
            raise problems.overfull(batch=True)
        return document


def _encoded(body: bytes | str, limit_bytes: int) -> bytes:
    """Give the body's bytes; a character takes at least one, so what is far too long is not even encoded."""
    if len(body) <= limit_bytes:
        document = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
        if len(document) <= limit_bytes:
            return document
    raise problems.too_large(limit_bytes)


def _lists_beyond(most: int, document: bytes) -> bool:
    """Whether a document opens more lists than ``most``; nearly all open none or one, which is soon found."""
    return document.find(b"[", 1 + document.find(b"[")) >= 0 and document.count(b"[") > most


def _field_bytes(field: dict[str, Any]) -> int:
    longest = NUMBER_BYTES if field["kind"] == "number" else WORD_BYTES
    if field["kind"] == "category":
        longest = max(WORD_BYTES, *map(_text_bytes, field["categories"]))
    return _text_bytes(field["name"]) + longest + LAYOUT_BYTES


def _text_bytes(text: str) -> int:
    r"""Count the bytes of a JSON string, with all but letters, digits, space and _ as \uXXXX, some as a pair of them.

    Encoders differ in what they escape: those of Python what is not ASCII, others also what HTML would take for a tag.
    """
    plain = sum(character.isascii() and (character.isalnum() or character in " _") for character in text)
    return 2 + plain + 6 * (len(text.encode("utf-16-le", "surrogatepass")) // 2 - plain)


def _most(character: str, fields: list[dict[str, Any]]) -> int:
    """Count a character in the categories of a row, at most."""
    categories = [field["categories"] for field in fields if field["kind"] == "category"]
    return sum(max(category.count(character) for category in each) for each in categories)
