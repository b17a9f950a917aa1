"""What people read: the unit of a number, a number's figures, and names that they must be able to tell apart."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

from handover.vocabulary import WORDS

# Square brackets, and those that are typed in their place in Chinese, Japanese and Korean.
OPENING, CLOSING = r"\[\uff3b\u3010\u3014", r"\]\uff3d\u3011\u3015"
UNIT = re.compile(rf"[{OPENING}]([^{CLOSING}]*[^{CLOSING}\s][^{CLOSING}]*)[{CLOSING}]")  # not only blanks between them
UNIT_UNKNOWN = "unit?"
SPELT: dict[str, str] = WORDS["units"]["spelt"]
"""The same unit, written in other ways."""
TRANSLATED = {word: unit for unit, words in WORDS["units"]["times"].items() for word in words}
HARDLY_SEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
VARIANT = re.compile(r"[\ufe00-\ufe0f]")  # which picture a character is shown as
_shown = json.dumps  # in ASCII: what cannot be told apart is escaped
LOOKS_LIKE = str.maketrans({"\u2018": "'", "\u2019": "'", "\u00b4": "'", "`": "'", "\u201c": '"', "\u201d": '"'})


def units(description: str) -> list[str]:
    """List what a description has in square brackets, but for the mark of a draft that the unit is not known yet."""
    return [unit.strip() for unit in UNIT.findall(description) if unit.strip() != UNIT_UNKNOWN]


def same_unit(old: str, new: str) -> bool:
    """Say whether two units are one, written in two ways or two languages."""
    old, new = _plain(old), _plain(new)
    if old == new or _translated(old, new) or _translated(new, old):
        return True
    # mW is no MW and mHz no MHz; sek and SEK, Pieces and pieces are what they are in other letters.
    lower, upper = old.casefold(), new.upper()
    return lower == new.casefold() and ({old, new} == {lower, upper} or len(old) > 4)


def _plain(unit: str) -> str:
    unit = " ".join(unicodedata.normalize("NFKC", unit).split())
    return unicodedata.normalize("NFKC", (SPELT | TRANSLATED).get(unit.casefold(), unit))


def _translated(word: str, other: str) -> bool:
    """Say whether one is a plain word and the other is written in another script: EUR and kg are not translated."""
    is_latin = any("LATIN" in unicodedata.name(letter, "") for letter in other if letter.isalpha())
    return word.isascii() and word.islower() and len(word) > 3 and bool(re.search(r"\w", other)) and not is_latin


def alike(names: Iterable[str], one: str, several: str) -> str:
    """Say which name people could not see whole, or which two they could not tell apart; nothing where there is none.

    Such names are called ``one``, or ``several``.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not name.strip():
            return f"the {one} {_shown(name)} is blank; what is missing is | None = None"
        if name != name.strip():
            return f"the {one} {_shown(name)} begins or ends with a blank"
        if HARDLY_SEEN.match(name) or HARDLY_SEEN.match(name[-1]):
            return f"the {one} {_shown(name)} begins or ends with a character that nobody sees"
        before = seen.get(look(name))
        if before == name:
            return f"the {one} {_shown(name)} stands there twice"
        if before:
            return f"the {several} {_shown(before)} and {_shown(name)} look alike{_how(before, name)}"
        seen[look(name)] = name
    return ""


def _how(one: str, other: str) -> str:
    """Say in what two names differ that look alike, where that is not plain to see."""
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return ": an accent is one character with its letter here, and one of its own there"
    return ": one has a character that nobody sees" if HARDLY_SEEN.sub("", one) == HARDLY_SEEN.sub("", other) else ""


def look(name: str) -> str:
    """Give what a name looks like: alike for names that differ in capitals, blanks, dashes, quotes and forms only."""
    seen = HARDLY_SEEN.sub("", VARIANT.sub("", unicodedata.normalize("NFKC", name))).translate(LOOKS_LIKE)
    seen = "".join("-" if unicodedata.category(letter) == "Pd" else letter for letter in seen)
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


def listed(words: Sequence[str]) -> str:
    """List all words, the last one after an *and*."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def shortly(words: Sequence[str], most: int, separator: str = ", ") -> str:
    """List the first words, and say how many more there are."""
    more = f"{separator.strip(', ')} and {len(words) - most} more" if len(words) > most else ""
    return separator.join(words[:most]) + more


def figure(number: float) -> str:
    """Write a number to be read: six digits of it, or a million and more in full."""
    return f"{number:.10g}" if abs(number) >= 10**6 else f"{number:.6g}"


def words(header: str) -> list[str]:
    """Part a header into words, in small letters of ASCII."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)
    return re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", split.casefold()).encode("ascii", "ignore").decode())


def has_words(header: str, phrases: Iterable[str]) -> bool:
    """Say whether a header has one of the phrases in it as whole words, or as one; with ``=``, is all of it."""
    plain = f" {' '.join(words(header))} "
    accented = f" {' '.join(re.findall(r'[^\W_]+', unicodedata.normalize('NFC', header.casefold())))} "
    return any(
        plain.strip() == phrase[1:] if phrase[0] == "=" else f" {spelt} " in plain or f" {spelt} " in accented
        for phrase in phrases
        for spelt in (phrase, phrase.replace(" ", ""))
    )
