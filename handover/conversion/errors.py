"""What cannot be converted, in one sentence, and the name by which its author knows a model."""

from typing import Any


class ConversionError(ValueError):
    """The model cannot become a graph of the agreed shape; the message names the model or setting, and what can."""


def title(model: Any) -> str:
    """Name a model as its author knows it, a pipeline with its steps."""
    steps = [step for _, step in getattr(model, "steps", [])]
    names = ", ".join(step if isinstance(step, str) else type(step).__name__ for step in steps)
    return getattr(model, "file_name", type(model).__name__) + (f" of {names}" if names else "")
