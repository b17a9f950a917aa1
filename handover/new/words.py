"""The words of a table become the values of a row: numbers, flags, categories, or nothing where a word says so."""

import math
import re
from dataclasses import dataclass
from typing import Literal

GAPS = {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "NaT", "NULL", "Null", "null", "?"}
# Among numbers these say that there is none; among categories they may be one ("none": no guarantor).
GAPS_AMONG_NUMBERS = GAPS | {"-", "--", ".", "na", "None", "none", "inf", "-inf", "Infinity", "-Infinity"}
FLAGS = {
    "true": True, "yes": True, "y": True, "t": True, "1": True, "1.0": True,
    "false": False, "no": False, "n": False, "f": False, "0": False, "0.0": False,
}  # fmt: skip
PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"1", "0"}, {"1.0", "0.0"})

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
        mark = re.escape(self.decimal_mark)
        group = "," if self.decimal_mark == "." else r"\."
        digits = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)"
        return re.fullmatch(rf"[+-]?({digits}({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", word, re.ASCII) is not None

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


def missing(word: str) -> bool:
    """Say whether the word stands for no value."""
    return word in GAPS


def as_numbers(words: list[str]) -> Number | None:
    """Work out how the column writes numbers; nothing when it holds something else, or codes with leading zeros."""
    known = {word for word in words if word not in GAPS_AMONG_NUMBERS}
    if not known or any(re.fullmatch(r"0\d+", word, re.ASCII) for word in known):
        return None
    grouped = [word for word in known if "," in word]
    # 1,234 alone is a thousand in English and little more than one elsewhere; 1,5 or 0,123 anywhere settles it.
    comma_first = bool(grouped) and not all(re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", w) for w in grouped)
    for mark in (",", ".") if comma_first else (".", ","):
        number = Number(decimal_mark=mark)
        if all(number.fits(word) for word in known):
            values = [value for word in known if (value := number(word)) is not None]
            integral = all(math.isfinite(value) and value.is_integer() for value in map(float, values))
            # 3.0 beside gaps is how pandas writes the whole number 3.
            plain = all(re.fullmatch(r"[+-]?[\d,.]+", word) for word in known)
            pointed = any(mark in word for word in known)
            absent = any(word in GAPS_AMONG_NUMBERS for word in words)
            is_whole = integral and plain and (not pointed or absent)
            return Number(whole=is_whole, decimal_mark=mark)
    return None
