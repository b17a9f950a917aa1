"""The bytes of a file as text: UTF-8, else the code page that its letters are likely written in."""

import re
import unicodedata
from pathlib import Path

from charset_normalizer import from_bytes

from handover.errors import CannotRunError

# Words with other letters than ASCII's: with fewer different ones a code page is a guess, and more tell nothing new.
FEWEST_WORDS, MOST_WORDS = 3, 2000
MOST_LATIN = 0.3  # share of Latin letters in such words; more, and it is Western European, which cp1252 reads


def decoded(path: Path) -> tuple[str, str]:
    """Read a file as text.

    Returns
    -------
    The text, and the encoding that it was read by, as Python names it.

    Raises
    ------
    CannotRunError
        When the file cannot be read, is empty, is not text, or is UTF-8 but for some lines.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise CannotRunError(f"{path.name} is empty")
    is_utf_16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    if not is_utf_16 and (b"\0" in content or content[:2] in {b"PK", b"\x1f\x8b"}):
        raise CannotRunError(f"{path.name} is not text: save it as CSV first (an Excel sheet: as 'CSV UTF-8')")
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", _code_page(content), "latin-1"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            if encoding == "utf-8-sig":
                _refuse_stray_bytes(content, path.name)
    raise CannotRunError(f"{path.name} is in an encoding that cannot be told: save it as UTF-8")


def _refuse_stray_bytes(content: bytes, name: str) -> None:
    """Name the first line that is not UTF-8 where most lines with other letters than ASCII's are.

    A line in another encoding is UTF-8 by chance at times, most of them never are.
    """
    faults, sound = [], 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode()
            sound += not line.isascii()
        except UnicodeDecodeError as error:
            faults.append((number, line[error.start]))
    if sound > len(faults):
        others = f" in {len(faults)} lines" if len(faults) > 1 else ""
        raise CannotRunError(
            f"{name}, line {faults[0][0]}: byte 0x{faults[0][1]:02x} is not UTF-8, as the rest of the file is"
            f"{', but for such bytes' + others if others else ''}; mend the line"
        )


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
