"""A deployed stack: whether it answers as it was built, and the way back."""

from handover.errors import CannotRunError


class LiveError(CannotRunError):
    """The cloud, or the way to it, did not allow what was asked; the message is one sentence.

    Any function of this package that asks may raise it, and no other error of AWS's or of the network's.
    """
