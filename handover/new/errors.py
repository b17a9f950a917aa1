"""What no delivery can be drafted of."""

from handover.errors import CannotRunError


class NewError(CannotRunError):
    """No delivery can be drafted of this; one sentence says why. Nothing has been written."""
