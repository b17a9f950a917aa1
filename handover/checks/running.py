"""What came of running a file that somebody delivered."""

import codecs
import keyword
import re
from pathlib import Path

from handover.finding import Broken
from handover.limit import TooLongError
from handover.source import RefusedSourceError, line_in

NAMED = re.compile(r"\s*(?:def\s+(\w+)\s*\(|(\w+)\s*:\s*(?:int|float|bool|str|Literal|Annotated|Optional)\b)")
"""The beginning of a line that names a function, or a field."""


def failure(path: Path, error: BaseException, purpose: str = "") -> Broken:
    """Say how a file could not be read or run: it is somebody's code, and may raise anything.

    ``purpose`` is a sentence for one that was read and refused: what such a file is for.
    """
    match error:
        case RefusedSourceError(fault=fault):
            evidence = f"Line {fault.line} {fault.sentence}, so it was not run. {purpose}".rstrip()
            return Broken(evidence, path, fault.line)
        case SyntaxError():
            return Broken(f"Python cannot read it: {_syntax(error)}.", path, error.lineno)
        case OSError():
            return Broken(f"There is no {path.name} in the delivery.", path)
        case TooLongError():
            evidence = f"Running it does not end: {error}."
        case _:
            evidence = f"Running it ends in {type(error).__name__}: {' '.join(str(error).split())}"
    return Broken(evidence, path, line_in(path, error))


def _syntax(error: SyntaxError) -> str:
    """Say what Python says, or which of its own words stands where a name should."""
    named = NAMED.match(error.text or "")
    word = next(filter(None, named.groups()), "") if named else ""
    if keyword.iskeyword(word):
        return f"{word} is a word of Python's own and cannot be a name; call it {word}_, here and wherever it is read"
    return error.msg


def damage(content: bytes, typed: str = "") -> tuple[str, tuple[str, str] | None]:
    """Say what git or an editor made of a file, where it can be seen, and the remedy; ``typed`` names the file."""
    if content.startswith(b"version https://git-lfs"):
        cause = "It is only the pointer of git LFS to the file: git lfs pull fetches the file itself."
        return cause, ("git lfs pull", "fetches the file itself")
    if content.startswith(codecs.BOM_UTF8):
        cause = "It begins with a byte order mark: saved by an editor. Save it as UTF-8 without one."
        return cause, (f"sed -i '1s/^\\xef\\xbb\\xbf//' {typed}", "takes the mark out")
    if b"<<<<<<< " in content:
        return "It holds a conflict of a merge (<<<<<<<): take one side's delivery whole, or deliver again.", None
    return "", None
