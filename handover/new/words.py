"""The words of a table become the values of a row: numbers, flags, categories, or nothing where a word says so."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from handover.contract import Contract

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

    @cached_property
    def _form(self) -> re.Pattern[str]:
        mark = re.escape(self.decimal_mark)
        group = "," if self.decimal_mark == "." else r"\."
        digits = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)"
        return re.compile(rf"[+-]?({digits}({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", re.ASCII)

    def fits(self, word: str) -> bool:
        """Say whether the word is a number written so."""
        return self._form.fullmatch(word) is not None

    def __call__(self, word: str) -> float | None:
        """Read a word.

        Raises
        ------
        ValueError
            When the word is neither a number written so nor a gap.
        """
        if word in GAPS_AMONG_NUMBERS:
            return None
        if not self.fits(word):
            raise ValueError(f"'{word}' is not a number")
        plain = word.replace(",", "") if self.decimal_mark == "." else word.replace(".", "").replace(",", ".")
        number = float(plain)
        return int(number) if self.whole and number.is_integer() else number


whole, decimal = Number(whole=True), Number()


def flag(word: str) -> bool | None:
    """Read a yes or a no, however it is written.

    Raises
    ------
    ValueError
        When the word is neither, and no gap.
    """
    if word in GAPS_AMONG_NUMBERS:
        return None
    if word.lower() not in FLAGS:
        raise ValueError(f"'{word}' is neither yes nor no")
    return FLAGS[word.lower()]


def category(word: str) -> str | None:
    """Take the word as it is; nothing where it says that there is none."""
    return None if missing(word) else word


@dataclass(frozen=True)
class Spelling:
    """How the contract spells the categories of a field, which the data writes now in capitals and now not.

    Called with a word, it gives the contract's spelling, or ``None`` for a gap. A word that is none of the categories
    stays as it is: the contract refuses it.
    """

    contract: "Contract"
    field: str

    @cached_property
    def _agreed(self) -> dict[str, str]:
        fields = {field["name"]: field for field in self.contract.compiled()["fields"]}
        return {word.casefold(): word for word in fields.get(self.field, {}).get("categories", ())}

    def __call__(self, word: str) -> str | None:
        """Read a word."""
        return None if missing(word) else self._agreed.get(word.casefold(), word)


def missing(word: str) -> bool:
    """Say whether the word stands for no value."""
    return word in GAPS


def as_numbers(words: Iterable[str], usual: DecimalMark = ".") -> Number | None:
    """Work out how the column writes numbers; nothing when it holds something else, or codes with leading zeros.

    ``usual`` is the mark that the rest of the table writes: it decides where both would do, as of 1.234 and 12.345.
    """
    distinct = set(words)
    known = distinct - GAPS_AMONG_NUMBERS
    if not known or any(LEADING_ZERO.fullmatch(word) for word in known):
        return None
    for mark in _marks(known, usual):
        number = Number(decimal_mark=mark)
        if all(map(number.fits, known)):
            # 3.0 beside gaps is how pandas writes the whole number 3.
            may_be_whole = len(known) < len(distinct) or not any(mark in word for word in known)
            is_whole = may_be_whole and all("e" not in word.lower() and _is_integer(number(word)) for word in known)
            return Number(whole=is_whole, decimal_mark=mark)
    return None


def _marks(known: set[str], usual: DecimalMark) -> tuple[DecimalMark, ...]:
    """Give the decimal marks to try, the likelier first."""
    dotted, grouped = ([word for word in known if mark in word] for mark in ".,")
    if usual == "," and dotted + grouped and all(map(THOUSANDS_BY_DOT.fullmatch, dotted)):
        return (",", ".")
    # 1,234 alone is a thousand in English and little more than one elsewhere; 1,5 or 0,123 anywhere settles it.
    return (".", ",") if all(map(THOUSANDS_BY_COMMA.fullmatch, grouped)) else (",", ".")


def usual_mark(columns: Iterable[list[str]]) -> DecimalMark:
    """Say which decimal mark a table writes: a comma where columns need it, and none needs a dot."""
    settled = set()
    for words in columns:
        sample = set(islice((word for word in words if word not in GAPS_AMONG_NUMBERS), SAMPLE))
        number = as_numbers(sample)
        if number and not all(map(Number(decimal_mark="," if number.decimal_mark == "." else ".").fits, sample)):
            settled.add(number.decimal_mark)
    return "," if settled == {","} else "."


def _is_integer(value: float | None) -> bool:
    return value is not None and float(value).is_integer()
