"""The words of a table: how a column writes its numbers, and which words say that there is none."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal

GAPS = {"", "NA", "N/A", "n/a", "N.A.", "n.a.", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "NaT",
        "NULL", "Null", "null", "(null)", r"\N", "?"}  # fmt: skip
# Among numbers these say that there is none; among categories they may be one ("none": no guarantor).
GAPS_AMONG_NUMBERS = GAPS | {
    "-", "--", ".", "na", "None", "none", "inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity", "#DIV/0!",
    "#VALUE!", "#REF!", "#NUM!", "#NAME?", "missing", "Missing", "unknown", "Unknown",
}  # fmt: skip
FLAGS = {
    "true": True, "yes": True, "y": True, "t": True, "1": True, "1.0": True,
    "false": False, "no": False, "n": False, "f": False, "0": False, "0.0": False,
}  # fmt: skip
PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"1", "0"}, {"1.0", "0.0"})

NUMBER = {
    mark: re.compile(rf"[+-]?((\d+|\d{{1,3}}({group}\d{{3}})+)({point}\d*)?|{point}\d+)([eE][+-]?\d+)?", re.ASCII)
    for mark, point, group in ((".", r"\.", ","), (",", ",", r"\."))
}
LEADING_ZERO = re.compile(r"0\d+", re.ASCII)
THOUSANDS_BY_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
THOUSANDS_BY_DOT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?", re.ASCII)
SAMPLE = 1000  # words of a column that its table's decimal mark is judged by

type DecimalMark = Literal[".", ","]


@dataclass(frozen=True)
class Number:
    """How a column writes its numbers: called with a word, it gives the number, or ``None`` for a gap.

    A dot or a comma that is not the decimal mark parts thousands.
    """

    whole: bool = False
    decimal_mark: DecimalMark = "."

    def fits(self, word: str) -> bool:
        """Say whether the word is a number written so."""
        return NUMBER[self.decimal_mark].fullmatch(word) is not None

    def __call__(self, word: str) -> float | None:
        """Read a word that fits, or a gap."""
        if word in GAPS_AMONG_NUMBERS:
            return None
        plain = word.replace(",", "") if self.decimal_mark == "." else word.replace(".", "").replace(",", ".")
        number = float(plain)
        return int(number) if self.whole and number.is_integer() else number


@dataclass(frozen=True)
class Column:
    """A column of a table. What its words say is worked out once, for all that ask."""

    header: str
    words: Sequence[str]
    """One for each row, blanks around it removed and blanks inside it made one."""
    usual_mark: DecimalMark = "."
    """The mark that the rest of the table writes: it decides where both would do, as of 1.234 and 12.345."""
    blanks: Mapping[str, str] = field(default_factory=dict)
    """The words that stand in the file with other blanks: as they stand there, and as they are here."""

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each word stands in it."""
        return Counter(self.words)

    @cached_property
    def number(self) -> Number | None:
        """How the column writes numbers; nothing when it holds something else, or codes with leading zeros."""
        return _number(set(self.counts), self.usual_mark)

    def at(self, rows: Sequence[int]) -> "Column":
        """Give the column of these rows alone."""
        if len(rows) == len(self.words):
            return self
        return Column(self.header, [self.words[row] for row in rows], self.usual_mark, self.blanks)


def _number(distinct: set[str], usual: DecimalMark) -> Number | None:
    known = distinct - GAPS_AMONG_NUMBERS
    if not known or any(LEADING_ZERO.fullmatch(word) for word in known):
        return None
    dotted, grouped = ([word for word in known if mark in word] for mark in ".,")
    is_comma = usual == "," and dotted + grouped and all(map(THOUSANDS_BY_DOT.fullmatch, dotted))
    # 1,234 alone is a thousand in English and little more than one elsewhere; 1,5 or 0,123 anywhere settles it.
    is_comma = is_comma or not all(map(THOUSANDS_BY_COMMA.fullmatch, grouped))
    marks: tuple[DecimalMark, ...] = (",", ".") if is_comma else (".", ",")  # the likelier first
    for mark in marks:
        number = Number(decimal_mark=mark)
        if all(map(number.fits, known)):
            # 3.0 beside gaps is how pandas writes the whole number 3.
            may_be_whole = len(known) < len(distinct) or not any(mark in word for word in known)
            is_whole = may_be_whole and not any("e" in word.lower() or (number(word) or 0) % 1 for word in known)
            return Number(whole=is_whole, decimal_mark=mark)
    return None


def usual_mark(columns: Iterable[Iterable[str]]) -> DecimalMark:
    """Say which decimal mark a table writes: a comma where columns need it, and none needs a dot."""
    settled = set()
    for words in columns:
        sample = set(islice((word for word in words if word not in GAPS_AMONG_NUMBERS), SAMPLE))
        number = _number(sample, ".")
        if number and not all(map(Number(decimal_mark="," if number.decimal_mark == "." else ".").fits, sample)):
            settled.add(number.decimal_mark)
    return "," if settled == {","} else "."


def quoted(word: str) -> str:
    """Write a word as Python source; letters of any script stand as they are, other odd characters by their number."""
    quote = "'" if '"' in word and "'" not in word else '"'
    return quote + "".join(f"\\{c}" if c in {quote, "\\"} else plain(c) for c in word) + quote


def plain(character: str) -> str:
    """Give the character itself where it can be read and told from others, else its number, as Python writes it."""
    readable = (character.isascii() and character.isprintable()) or character.isalpha() or character in "°²³€"
    return character if readable else character.encode("unicode_escape").decode()
