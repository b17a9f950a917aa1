"""What failed, as one line in the log. Never the row, and nothing of another's message that may quote it."""

import traceback
from contextlib import suppress

from aws_lambda_powertools import Logger

from predictor.encoder import HeuristicError
from predictor.prediction import ModelError


def log_fatal(message: str) -> None:
    """Log why the function does not start; without the settings, which may be what is wrong."""
    Logger().critical(message)


def log_failure(error: Exception, ids: dict[str, str], version: str) -> None:
    """Log what failed, where and for which request. Messages of others may quote the row: those are left out.

    The template counts these lines by the function's version.
    """
    with suppress(Exception):
        frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
        Logger().error(
            str(error) if isinstance(error, HeuristicError | ModelError) else type(error).__name__,
            version=version,
            where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            extra=ids,
        )
