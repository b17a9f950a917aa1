"""What came of running a file that somebody delivered."""

import traceback
from pathlib import Path

from handover.finding import Broken
from handover.limit import TooLongError
from handover.source import RefusedSourceError


def failure(path: Path, error: BaseException, purpose: str = "") -> Broken:
    """Say how a file could not be read or run: it is somebody's code, and may raise anything.

    Parameters
    ----------
    purpose
        A sentence for one that was read and refused: what such a file is for.
    """
    match error:
        case RefusedSourceError(fault=fault):
            evidence = f"Line {fault.line} {fault.sentence}, so it was not run. {purpose}".rstrip()
            return Broken(evidence, path, fault.line)
        case SyntaxError():
            return Broken(f"Python cannot read it: {error.msg}.", path, error.lineno)
        case OSError():
            return Broken(f"There is no {path.name} in the delivery.", path)
        case TooLongError():
            evidence = f"Running it does not end: {error}."
        case _:
            evidence = f"Running it ends in {type(error).__name__}: {' '.join(str(error).split())}"
    return Broken(evidence, path, _line_in(path, error))


def _line_in(path: Path, error: BaseException) -> int | None:
    """Find the line of a file that an error came out of, the innermost."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)
