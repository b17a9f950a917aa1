"""What every command tells in one sentence, with exit status 2."""


class CannotRunError(Exception):
    """What was asked for cannot be done here and now; the message says why, to the person who asked."""
