"""The bytes of a file as text: UTF-8, else the code page that its letters are likely written in."""

import re
import unicodedata

from charset_normalizer import from_bytes

from handover.errors import CannotRunError

# Words with other letters than ASCII's: with fewer different ones a code page is a guess, and more tell nothing new.
FEWEST_WORDS, MOST_WORDS = 3, 2000
MOST_LATIN = 0.3  # share of Latin letters in such words; more, and it is Western European, which cp1252 reads


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """Read a file as text.

    Returns
    -------
    The text, and the encoding that it was read by, as Python names it.

    Raises
    ------
    CannotRunError
        When the file is UTF-8 but for some lines, or in an encoding that cannot be told.
    """
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else _encoding(content, name)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        if encoding != "cp1252":  # which leaves five bytes undefined
            raise CannotRunError(f"{name} is in an encoding that cannot be told: save it as UTF-8") from None
        return content.decode("latin-1"), "latin-1"


def _encoding(content: bytes, name: str) -> str:
    """Name a file's encoding; refuse one that is UTF-8 but for some lines.

    A line in another encoding is UTF-8 by chance at times, most of them never are.
    """
    faults, sound = [], 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode()
            sound += not line.isascii()
        except UnicodeDecodeError as error:
            faults.append((number, line[error.start]))
    if not faults:
        return "utf-8-sig"
    if sound > len(faults):
        (number, byte), *others = faults
        more = f" ({len(others)} more lines have such bytes)" if others else ""
        raise CannotRunError(
            f"{name}, line {number}: byte 0x{byte:02x} is not UTF-8, as the rest of the file is; mend the line{more}"
        )
    return _code_page(content)


def _code_page(content: bytes) -> str:
    """Name the code page of a text that is not UTF-8: another than cp1252 only where the words are of another script.

    What tells Cyrillic from Greek does not tell one Latin page from another.
    """
    words = dict.fromkeys(word for word in re.split(rb'[\s,;0-9."]+', content) if not word.isascii())
    if len(words) < FEWEST_WORDS:
        return "cp1252"
    best = from_bytes(b"\n".join([*words][:MOST_WORDS]), cp_exclusion=["utf_7", "utf_16", "utf_32"]).best()
    letters = [unicodedata.name(letter, "") for letter in str(best) if letter.isalpha()]
    is_latin = sum(name.startswith("LATIN") for name in letters) > MOST_LATIN * len(letters)
    return "cp1252" if best is None or is_latin else best.encoding
