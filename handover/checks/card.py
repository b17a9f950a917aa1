"""M, the model's card: what it says of the model is what the manifest says."""

from itertools import zip_longest

from handover import card
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from predictor import files

BLOCK = f"<!-- {card.FIGURES}: written by deliver() --> and <!-- {card.FIGURES}: end -->"


@clause(
    "M117",
    topic="card",
    requires=("M111",),
    suppressed_by=("P203",),
    looks_at="card",
    rule="the model's card says what the manifest says",
    broken="the model's card does not say what the manifest says",
)
def card_agrees(context: DeliveryContext) -> Broken | None:
    try:
        blocks = card.blocks(context.manifest)
    except (KeyError, TypeError, ValueError) as error:
        cause = f"The manifest was edited by hand; deliver again: {context.delivers}."
        evidence = f"manifest.json has no figures to compare it with ({type(error).__name__}: {error})."
        return Broken(evidence, context.folder / files.MANIFEST, cause=cause)
    if not context.card.is_file():
        cause = "Every model has a card: who reads it should know what the model is for, and what it is not for."
        return Broken("There is none.", context.card, cause=cause)
    text = card.read(context.card).replace("\r\n", "\n")
    if card.block(text, card.FIGURES) is None:
        cause = f"deliver() writes them between two lines: {BLOCK}."
        return Broken("It has no place for the figures.", context.card, cause=cause)
    return next(filter(None, (_difference(context, text, name, blocks[name].strip()) for name in blocks)), None)


def _difference(context: DeliveryContext, text: str, name: str, expected: str) -> Broken | None:
    """Compare one block; that of the head need not be there."""
    shown = card.block(text, name)
    if shown is None:
        return None
    lines = list(zip_longest(shown.splitlines(), expected.splitlines(), fillvalue=""))
    differ = [place for place, (actual, expected_line) in enumerate(lines) if actual != expected_line]
    if not differ:
        return None
    actual, expected_line = lines[differ[0]]
    line = text[: text.index(shown, text.index(f" {name}: "))].count("\n") + 1 + differ[0]
    evidence = f"{_quoted(actual)} stands where {_quoted(expected_line)} belongs."
    cause = f"It was edited by hand, or is the card of another delivery; deliver again: {context.delivers}."
    details = "\n".join(f"card:     {lines[place][0]}\nmanifest: {lines[place][1]}" for place in differ)
    return Broken(evidence, context.card, line, cause, details)


def _quoted(line: str) -> str:
    return f'"{line}"' if line else "nothing"
