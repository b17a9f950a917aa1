"""Categories that have an order: low to high, never to always, 1-4 to 10+, Monday to Sunday."""

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from handover.vocabulary import WORDS
from handover.wording import has_words

CATEGORIES: dict[str, Any] = WORDS["categories"]
OFF_THE_SCALE = set(CATEGORIES["off_the_scale"])
SCALES = [  # the place of each word
    {word.strip(): place for place, level in enumerate(scale.split(";")) for word in level.split("|")}
    for scale in CATEGORIES["scales"].splitlines()
]

LETTERS = re.compile(r"[A-Z]\d?")  # A to G, A1 to G5: the alphabet is their order
NUMBER = re.compile(r"((?:(?<=[(\[,<=])|^)-)?(\d{1,3}(?:,\d{3})+(?!\d)|\d+)(\.\d+)?\s?([km](?![a-z]))?(?:st|nd|rd|th)?")
BELOW = (
    r"<|≤|\b(under|below|less than|fewer than|up to|at most|unter|weniger als|bis|moins de|jusqu'a|menos de|hasta"
    r"|meno di|fino a|ate|minder dan|tot)\b"
)
ABOVE = (
    r">|≥|\+|\b(over|above|more than|at least|(and|or) (more|over|above|older|up)|uber|ueber|mehr als|und mehr|ab"
    r"|plus de|et plus|mas de|y mas|piu di|oltre|mais de|e mais|meer dan|en meer|vanaf)\b"
)
BETWEEN = re.compile(r"[-\u2013\u2014~()\[\],=.$€£%]|\b(to|and|bis|a|y|e|et|und|en|tot|between|from)\b")
HAS_AN_ORDER = "Have its values an order? Then list them in it: a category reaches the model as its place."


@dataclass(frozen=True)
class Order:
    """The categories of a field in their order."""

    categories: tuple[str, ...]
    is_scale: bool = False
    """Whether they go from little to much, and not only by their numbers."""
    question: str = ""


def order_of(header: str, words: Collection[str]) -> Order:
    """Put categories in their order, the alphabet's where they have no other; ask where they seem to have one."""
    alphabet, are_letters = tuple(sorted(words)), all(map(LETTERS.fullmatch, words))
    order = _round(words) or _scale(words) or _numbered(words)
    if order and not (are_letters and order.categories == alphabet):
        return order
    is_asked = len(words) > 2 and not are_letters and has_words(header, CATEGORIES["ranked"])
    return Order(alphabet, question=HAS_AN_ORDER if is_asked else "")


def _round(words: Collection[str]) -> Order | None:
    for names in map(str.split, CATEGORIES["rounds"].splitlines()):
        for length, fewest in ((max(map(len, names)), 2), (3, 3), (2, 4)):  # MO and MI are states, too
            if len(words) < fewest:
                continue
            for cased in (str.lower, str.title, str.upper):
                places = [cased(name[:length]) for name in names]
                if set(words) <= set(places) and len(set(places)) == len(places):
                    return Order(tuple(places), is_scale=True)
    return None


def is_round(words: Collection[str]) -> bool:
    """Whether categories are a whole round, as the days of the week: each lies between two others."""
    order = _round(words)
    return order is not None and set(order.categories) == set(words)


def _scale(words: Collection[str]) -> Order | None:
    plain = {word: re.sub(r"[\s_/.-]+(?=\w)", " ", _folded(word)).strip() for word in words}
    rest = [word for word in words if plain[word] not in OFF_THE_SCALE]
    for places in SCALES:
        known = {word: places[plain[word]] for word in rest if plain[word] in places}
        fewest = 2 if max(map(len, rest), default=0) > 2 else 3  # S and M may be single and married
        if len(known) == len(rest) >= fewest and len(set(known.values())) == len(known):
            return _with(sorted(known, key=known.__getitem__), words)
    return None


def _numbered(words: Collection[str]) -> Order | None:
    """Order by the numbers in the words, where these say the same beside them."""
    spans = {word: span for word in words if (span := _span(word))}
    others = [word for word in words if word not in spans]
    is_all = {*map(_folded, others)} <= OFF_THE_SCALE or len(others) == 1 < len(spans) - 1
    keys = {span[1:] for span in spans.values()}
    if len(spans) < 2 or not is_all or len({rest for rest, *_ in spans.values()}) > 1 or len(keys) < len(spans):
        return None
    ordered = sorted(spans, key=lambda word: spans[word][1:])
    if any(low != high for low, high in keys) or any(re.search(r"\d(st|nd|rd|th)\b", _folded(word)) for word in spans):
        return _with(ordered, words)
    return None if others else Order(tuple(ordered))


def _with(ordered: list[str], words: Collection[str]) -> Order:
    """Place what is not on the scale: nothing at its beginning, anything else at its end, and ask."""
    others = sorted(set(words) - set(ordered))
    first = [word for word in others if _folded(word) in CATEGORIES["nothing"]]
    last = [word for word in others if word not in first]
    named = ", ".join(f"'{word}'" for word in last)
    asked = f"Its order ends with {named}: is that the place, or a gap (NA)?" if last else ""
    return Order((*first, *ordered, *last), is_scale=True, question=asked)


def _span(word: str) -> tuple[str, float, float] | None:
    """Give what a word says beside its numbers, and the least and the most that it stands for."""
    text = re.sub(r"^\+(?=\d)|(?<=[\d)\]]),(?=\s)|(?<=\d),(?=-?\d+(\.\d+)?[)\]])", " , ", _folded(word))
    numbers = [_value(*match.groups()) for match in NUMBER.finditer(text)]
    rest = NUMBER.sub(" ", text)
    below, above = re.search(BELOW, rest), re.search(ABOVE, rest)
    rest = BETWEEN.sub(" ", re.sub(ABOVE, " ", re.sub(BELOW, " ", rest)))
    rest = " ".join(part.removesuffix("s") for part in rest.split())
    match numbers:
        case [number]:
            return rest, -math.inf if below else number, math.inf if above else number
        case [low, high] if low < high:
            return rest, low, high
    return None


def _value(sign: str | None, whole: str, fraction: str | None, thousands: str | None) -> float:
    scale = {"k": 1e3, "m": 1e6}.get(thousands or "", 1.0)
    return float(f"{sign or ''}{whole.replace(',', '')}{fraction or ''}") * scale


def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).strip()
