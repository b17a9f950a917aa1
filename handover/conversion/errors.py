"""What cannot be converted, in one sentence, and the name by which its author knows a model."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


class ConversionError(ValueError):
    """The model cannot become a graph of the agreed shape; the message names the model or setting, and what can."""


NEAREST: dict[str, dict[str, str]] = {
    kind: {name: instead for names, instead in listed.items() for name in names.split()}
    for kind, listed in tomllib.loads(Path(__file__).with_name("nearest.toml").read_text(encoding="utf-8")).items()
}
"""What can be delivered instead of packages, classes and files that cannot, by their names."""


def refused(whose: str, setting: str, can: str) -> ConversionError:
    """Name a setting with which something cannot be converted, and the one with which it can be."""
    return ConversionError(f"{whose} cannot be converted with {setting}; it can be {can}")


def line_of(error: BaseException) -> str:
    """Give what a library says first: what it adds fills pages."""
    return str(error).strip().partition("\n")[0].rstrip(".")


def title(model: Any) -> str:
    """Name a model as its author knows it, a pipeline with its steps."""
    steps = [step for _, step in getattr(model, "steps", [])]
    names = ", ".join(step if isinstance(step, str) else type(step).__name__ for step in steps)
    return getattr(model, "file_name", type(model).__name__) + (f" of {names}" if names else "")


def require_codes(model: Any, categories: Iterable[Sequence[Any] | None], how: str) -> None:
    """Require that a DataFrame's categories, by whose places a model tells them apart, are codes; None stands for text.

    The sentence says ``how`` such a model is trained on codes.
    """
    if any(known is None or list(known) != list(range(len(known))) for known in categories):
        raise ConversionError(
            f"{title(model)} was trained on a DataFrame whose categories are not the codes 0, 1, 2 and so on, all of "
            f"them: train it on matrix(...).values with {how}"
        )
