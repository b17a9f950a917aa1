"""Categories that have an order: low to high, never to always, 1-4 to 10+, Monday to Sunday."""

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache

from handover.wording import has_words

# A scale from its low end to its high end; words of one place are parted by "|". No accents, no capitals.
SCALES = """
none|no|zero; very low; low|lo; medium|moderate|mid|med|middle|average|avg|normal|typical; high|hi; very high
l; m; h
none|no|absent; minimal|trace; mild|slight|minor|light; moderate; severe|serious|major|heavy; very severe|critical
xxs; xs; s; m; l; xl; xxl|2xl; xxxl|3xl
tiny; extra small; small; medium|mid; large|big; extra large|very large; huge
short; medium|mid|middle; long
young; middle aged|middle age|adult; old|senior|elderly
never; almost never; rarely|seldom; occasionally; sometimes; often|frequently; usually|very often; almost always; always
very poor|very bad|terrible; poor|bad; fair|average|ok|okay; good; very good; excellent|great
po; fa; ta; gd; ex
fair; good; very good; premium; ideal
strongly disagree; disagree; neutral|undecided|neither agree nor disagree; agree; strongly agree
very dissatisfied; dissatisfied|unsatisfied; neutral; satisfied; very satisfied
very unlikely; unlikely; possible|neutral; likely; very likely
negligible; minor; moderate; major; catastrophic
lowest; lower; middle; upper|higher; highest
beginner|novice; intermediate; advanced; expert
entry|trainee|intern; junior; mid|intermediate|mid level; senior; lead|principal
basic; standard; premium
bronze; silver; gold; platinum; diamond
first; second; third; fourth; fifth; sixth
i; ii; iii; iv; v; vi; vii; viii
uneducated; primary|elementary; secondary|high school; tertiary|college|bachelor; master|masters; doctorate|phd
aaa; aa+; aa; aa-; a+; a; a-; bbb+; bbb; bbb-; bb+; bb; bb-; b+; b; b-; ccc+; ccc; ccc-; cc; c+; c; c-; d; e; f
kein|keine; sehr niedrig|sehr gering; niedrig|gering|leicht; mittel|massig|normal; hoch|schwer; sehr hoch
sehr klein; klein; mittel|mittelgross; gross; sehr gross
nie; selten; manchmal|gelegentlich; oft|haufig; meistens; immer
ungenugend|sehr schlecht; schlecht|mangelhaft; ausreichend; befriedigend|mittel; gut; sehr gut
aucun|aucune; tres faible|tres bas; faible|bas|basse; moyen|moyenne|modere; eleve|elevee|haut|haute|fort; tres eleve
tres petit; petit|petite; moyen|moyenne; grand|grande; tres grand
jamais; rarement; parfois|quelquefois; souvent; toujours
mauvais; passable; moyen; bien|bon; tres bien|tres bon; excellent
ninguno|ninguna; muy bajo|muy baja; bajo|baja|leve; medio|media|moderado; alto|alta|grave; muy alto|muy alta
pequeno|pequena; mediano|mediana|medio|media; grande; muy grande
nunca; rara vez|raramente; a veces|as vezes; a menudo|frecuentemente|frequentemente; casi siempre; siempre|sempre
nessuno|nessuna; molto basso|molto bassa; basso|bassa|lieve; medio|media|moderato; alto|alta|grave; molto alto
piccolo|piccola; medio|media; grande; molto grande
mai; raramente; a volte|talvolta; spesso; sempre
nenhum|nenhuma; muito baixo|muito baixa; baixo|baixa; medio|media; alto|alta; muito alto|muito alta
geen; zeer laag; laag; gemiddeld|middel|matig; hoog; zeer hoog
klein; middel|middelgroot; groot; zeer groot
nooit; zelden; soms; vaak; altijd
""".strip().splitlines()
# Rounds whose every place will come, be it in the data or not: in full, or by the first letters.
ROUNDS = """
january february march april may june july august september october november december
januar februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
monday tuesday wednesday thursday friday saturday sunday
montag dienstag mittwoch donnerstag freitag samstag sonntag
lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo
lunedì martedì mercoledì giovedì venerdì sabato domenica
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
q1 q2 q3 q4
""".strip().splitlines()
NOTHING = {"none", "no", "never", "nil", "keine", "kein", "nie", "aucun", "aucune", "jamais", "ninguno", "nunca"}
OFF_THE_SCALE = {
    "unknown", "other", "others", "missing", "not stated", "not available", "not applicable", "refused", "unspecified",
    "unbekannt", "sonstige", "keine angabe", "inconnu", "autre", "desconocido", "otro", "sconosciuto", "altro",
    "desconhecido", "outro", "onbekend", "overig",
}  # fmt: skip
RANKED = (
    "education", "educational", "schooling", "grade", "level", "rating", "severity", "priority", "size", "tier",
    "stage", "quality", "frequency", "bildung", "schulabschluss", "stufe", "niveau", "nivel", "livello", "opleiding",
    "etudes", "estudios", "istruzione", "escolaridade",
)  # fmt: skip

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
    alphabet = Order(tuple(sorted(words)))
    order = _round(words) or _scale(words) or _numbered(words)
    if all(map(LETTERS.fullmatch, words)) and (not order or order.categories == alphabet.categories):
        return alphabet
    if order:
        return order
    is_asked = len(words) > 2 and has_words(header, RANKED)
    return replace(alphabet, question=HAS_AN_ORDER if is_asked else "")


def _round(words: Collection[str]) -> Order | None:
    for names in map(str.split, ROUNDS):
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


@cache
def _places() -> list[dict[str, int]]:
    return [
        {word.strip(): place for place, level in enumerate(scale.split(";")) for word in level.split("|")}
        for scale in SCALES
    ]


def _scale(words: Collection[str]) -> Order | None:
    plain = {word: re.sub(r"[\s_/.-]+(?=\w)", " ", _folded(word)).strip() for word in words}
    rest = [word for word in words if plain[word] not in OFF_THE_SCALE]
    for places in _places():
        known = {word: places[plain[word]] for word in rest if plain[word] in places}
        fewest = 2 if max(map(len, rest), default=0) > 2 else 3  # S and M may be single and married
        if len(known) == len(rest) >= fewest and len(set(known.values())) == len(known):
            return _with(sorted(known, key=known.__getitem__), words)
    return None


def _numbered(words: Collection[str]) -> Order | None:
    """Order by the numbers in the words, where these say the same beside them."""
    spans = {word: span for word in words if (span := _span(word))}
    others = [word for word in words if word not in spans]
    is_all = len(spans) > 1 and (
        not others or (len(others) == 1 < len(spans) - 1) or {*map(_folded, others)} <= OFF_THE_SCALE
    )
    keys = {span[1:] for span in spans.values()}
    if not is_all or len({rest for rest, *_ in spans.values()}) > 1 or len(keys) < len(spans):
        return None
    ordered = sorted(spans, key=lambda word: spans[word][1:])
    if any(low != high for low, high in keys) or any(re.search(r"\d(st|nd|rd|th)\b", _folded(word)) for word in spans):
        return _with(ordered, words)
    return None if others else Order(tuple(ordered))


def _with(ordered: list[str], words: Collection[str]) -> Order:
    """Place what is not on the scale: nothing at its beginning, anything else at its end, and ask."""
    others = sorted(set(words) - set(ordered))
    first = [word for word in others if _folded(word) in NOTHING]
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
