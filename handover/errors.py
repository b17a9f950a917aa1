"""What every command tells in one sentence, with exit status 2."""


class CannotRunError(Exception):
    """What was asked for cannot be done here and now; the message says why, to the person who asked."""


class DeliverError(ValueError):
    """What was to be delivered breaks the contract already; the message names the row or figure, and what to do."""
