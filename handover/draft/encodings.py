"""The bytes of a file as text: UTF-8, else the code page that its letters are likely written in."""

import re
import unicodedata
from itertools import pairwise

from charset_normalizer import from_bytes

from handover.errors import CannotRunError

# Words with other letters than ASCII's: with fewer different ones a code page is a guess, and more tell nothing new.
MIN_WORDS, MAX_WORDS = 3, 2000
# What offices write. Among all of Python's, Mac's Cyrillic is as likely as Windows', and UTF-16 reads words of Latin-1.
CODE_PAGES = ["cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp866", "koi8_r",
              "big5", "cp932", "cp949", "gb18030"]  # fmt: skip
TOGETHER = ({"CJK", "HIRAGANA"}, {"CJK", "KATAKANA"}, {"HIRAGANA", "KATAKANA"})  # scripts that share a word
MAX_LATIN = 0.3  # share of Latin letters in such words; more, and it is Western European, which cp1252 reads


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """Read a file as text; give it with the encoding that it was read by, as Python names it.

    ``CannotRunError`` when the file is UTF-8 but for some lines, or in an encoding that cannot be told.
    """
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else _encoding(content, name)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        if encoding != "cp1252":  # which leaves five bytes undefined
            raise CannotRunError(f"{name} is in an encoding that cannot be told: save it as UTF-8") from None
        return content.decode("latin-1"), "latin-1"


def _encoding(content: bytes, name: str) -> str:
    """Name a file's encoding. A line in another than UTF-8 is UTF-8 by chance at times, most of them never are."""
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
    """Name the code page: of Latin letters cp1252, for nothing in the words tells one Latin page from another."""
    words = dict.fromkeys(word for word in re.split(rb'[\s,;0-9."]+', content) if not word.isascii())
    if len(words) < MIN_WORDS:
        return "cp1252"
    candidates = from_bytes(b"\n".join([*words][:MAX_WORDS]), cp_isolation=CODE_PAGES)
    best = min(candidates, key=lambda candidate: _misspelt(str(candidate)), default=None)  # the likeliest of equals
    scripts = [_script(letter) for letter in str(best) if letter.isalpha()]
    is_latin = scripts.count("LATIN") > MAX_LATIN * len(scripts)
    return "cp1252" if best is None or is_latin else best.encoding


def _misspelt(text: str) -> int:
    """Count where nobody writes so: a capital after a small letter, a letter of another script in one word.

    In the wrong code page the accents of Greek are Cyrillic capitals, and Chinese is Korean and Chinese by turns.
    """
    faults = 0
    for before, after in pairwise(text):
        if before.isalpha() and after.isalpha():
            scripts = {_script(before), _script(after)}
            faults += (before.islower() and after.isupper()) or (len(scripts) > 1 and scripts not in TOGETHER)
    return faults


def _script(letter: str) -> str:
    return re.split("[ -]", unicodedata.name(letter, ""))[0]
