"""What a column can be that no model should get as it is: an id, a date, a text, numbers written with their unit."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice, pairwise

from handover.draft.words import GAPS_AMONG_NUMBERS, Number

AN_ID = "an id"  # what a reason for leaving a column out begins with, where its values name persons or things
MAX_CATEGORIES = 60  # a contract lists them all, and a person reads the list: the states of a country are such a list
MIN_TO_TELL = 20  # in fewer rows, that all values differ tells nothing
MIN_OF_EACH = 3  # rows of a category, on average
MIN_TO_LEARN = 5  # rows that differ from all others
STRAY = 0.02  # up to this share of other words, a column is one of numbers that somebody should mend
MANY_STRAYS = 0.2  # the same, where the numbers are too many to be classes
MAX_STRAYS = 0.5  # and where they are no more than three words, as 'refused'
SAMPLE = 1000  # different words that are tried as dates

DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
         "%m/%d/%y", "%d/%m/%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %Y",
         "%B %Y", "%b-%Y", "%b-%y", "%Y-%m", "%m/%Y", "%Y%m%d", "%b %d %H:%M:%S %Y")  # fmt: skip
PERIOD = re.compile(  # 2021Q3, Q3 2021, 2021-W05, 2020/21, FY2021
    r"(?i)(19|20)\d\d[ -]?([qtwhs]|kw|cw)[ -]?\d{1,2}|([qth][1-4]|(kw|cw|w) ?\d\d?)[ /-]?((19|20)\d\d|'\d\d)"
    r"|(19|20)\d\d/((19|20)?\d\d)|FY ?((19|20)?\d\d)",
    re.ASCII,
)
WEEKDAY = re.compile(r"(?i)^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? ")
TIME_OF_DAY = re.compile(
    r"(T\d{4,6}|[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?)( ?(Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?$", re.ASCII
)
CLOCK = re.compile(r"(\d+ days?,? )?(\d{1,3}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?|\d{2}\.\d{2}\.\d{2})", re.ASCII)
TRIED = 20  # words that tell in which forms a column writes its dates
NAMES_A_TIME = re.compile(r"(?i)time|date|stamp|epoch|created|modified|login|seen|since|signup|(^|_)(ts|at)$")
NAMES_A_MONTH = re.compile(r"(?i)date|month|period|(^|[^a-z])ym$")
SECONDS = (900_000_000, 2_200_000_000)  # since 1970: the years 1998 to 2039
NAMES_ROWS = re.compile(
    r"(?i)(^|[^a-z])(id|uuid|guid|key|index|nr|no|num|number|code|serial|ssn|mrn)$|^id"
    r"|^(unnamed: \d+|__index_level_\d+__|column 1|row.?names?)$"
    r"|(?-i:[a-z](I[Dd]|Key|Nr|No|Num|Number|Code)$)"
)
NAMES_PEOPLE = re.compile(
    r"(?i)^(name|.*(sur|first|last|full|family|given|user|nick|customer|employee|client)[_ .]?name)$"
)
NAMES_ONE = re.compile(  # what names one person, thing or place, by its form: e-mail, UUID, hash, web and IP address
    r"[^\s@]+@[^\s@]+\.[a-z]{2,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)([0-9a-f]{2}){8,}"
    r"|(https?://|www\.)\S+|(\d{1,3}\.){3}\d{1,3}",
    re.ASCII | re.IGNORECASE,
)
DIGITS_OF_A_NAME = 9  # whole numbers that all have as many digits, or more, and hardly one twice, are no amounts
NAMES_THINGS = re.compile(  # whole numbers under such a header are names, as of customers, districts or telephones
    r"(?i)(^|[^a-z])(id|zip|zip.?code|post.?code|postal.?code|plz|phone|phone.?number|fips)$|^id[^a-z]|(?-i:[a-z]I[Dd]$)"
    r"|(customer|user|client|order|account|product|item|member|person|patient|employee|store|location|vendor)id$"
)
NESTED = re.compile(r"\{.*\}|\[(?![+-]?[\d.]+ ?[,;:] ?[+-]?[\d.]+\]).*\]")  # [0, 5] may be a range
SIGN = r"(?:[$€£¥]|EUR|USD|GBP|CHF|Rs\.?)"
GROUPED = re.compile(r"(?<=\d)[ '](?=\d{3}(\D|$))")  # 12 345 and 12'345
WITH_A_UNIT = re.compile(rf"-?\(?({SIGN}?) ?([+-]?\d[\d.,]*)\)? ?(\D.{{0,11}})?", re.ASCII)


def constant(distinct: Counter[str], absent: int) -> str:
    """Say that the column holds one value, or so few others that nothing can be learnt of them."""
    rows = distinct.total() + absent
    (word, most), *others = distinct.most_common(2)
    if not others:
        where = f" or missing ({absent} of {rows} rows)" if absent else " in every row"
        return f"a constant: '{short(word)}'{where}"
    seen, most = (f"'{short(word)}'", most) if most >= absent else ("missing", absent)
    if rows >= 20 * MIN_TO_LEARN and rows - most < MIN_TO_LEARN:
        return f"nearly a constant: {seen} in {most} of {rows} rows, too few others to learn from"
    return ""


def date(distinct: Iterable[str], header: str) -> bool:
    """Say whether nearly all words are dates or times."""
    sample = list(islice((word for word in distinct if word not in GAPS_AMONG_NUMBERS), SAMPLE))
    if not sample:
        return False
    if all(re.fullmatch(r"\d+(\.0)?", word, re.ASCII) for word in sample):
        seconds = [float(word) for word in sample] if NAMES_A_TIME.search(header) else [0.0]
        if any(SECONDS[0] <= min(seconds) / scale <= max(seconds) / scale <= SECONDS[1] for scale in (1, 1000)):
            return True
        is_named_or_many = len(sample) >= MIN_TO_TELL or "date" in header.lower()
        if all(re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", word, re.ASCII) for word in sample):
            return bool(NAMES_A_MONTH.search(header))
        eight_digits = all(re.fullmatch(r"(19|20)\d{6}", word, re.ASCII) for word in sample)
        return is_named_or_many and eight_digits and all(_is_of(word, "%Y%m%d") for word in sample)
    if all(map(CLOCK.fullmatch, sample)) or all(map(PERIOD.fullmatch, sample)):
        return True
    days = [TIME_OF_DAY.sub("", WEEKDAY.sub("", word)) for word in sample]
    forms = [form for form in DATES if form != "%Y%m%d" or days != sample]
    forms = [form for form in forms if any(_is_of(word, form) for word in days[:TRIED])]
    strays = sum(not any(_is_of(word, form) for form in forms) for word in days) if forms else len(days)
    return strays <= max(STRAY * len(days), len(days) >= MIN_TO_TELL)  # of many, one may be 0000-00-00


def _is_of(word: str, form: str) -> bool:
    try:
        datetime.strptime(word, form)
    except ValueError:
        return False
    return True


def row_number(values: Sequence[float], header: str) -> str:
    """Say that whole numbers only name the rows: all different, and rising, without a gap, or called an id."""
    distinct = len(set(values))
    if len(values) < MIN_TO_TELL or distinct < 0.98 * len(values):
        return ""
    rising = sum(later >= earlier for earlier, later in pairwise(values))
    in_order = rising >= 0.98 * (len(values) - 1) or rising <= 0.02 * (len(values) - 1)
    without_gap = max(values) - min(values) < 1.02 * distinct
    how = ", in order" if in_order else ", without a gap" if without_gap else ""
    digits = {len(f"{value:.0f}") for value in values}
    long = f" of {min(digits)} digits" if len(digits) == 1 and min(digits) >= DIGITS_OF_A_NAME else ""
    if how or long or NAMES_ROWS.search(header):
        return f"{AN_ID}: {distinct} different whole numbers{long} in {len(values)} rows{how}"
    return ""


def no_category(header: str, distinct: Counter[str]) -> str:  # noqa: PLR0911  one way out for each reason
    """Say why the words are no categories; nothing when they are."""
    known = distinct.total()
    names_things = NAMES_THINGS.search(header)
    is_code = names_things or any(re.match(r"0\d", word, re.ASCII) for word in distinct)
    if all(map(NESTED.fullmatch, distinct)):
        return f"lists or structs, as '{short(next(iter(distinct)))}': make columns of what matters in them"
    strays = [word for word in distinct if word not in GAPS_AMONG_NUMBERS and not _either_number(word)]
    is_one_of_many = len(distinct) > MIN_TO_TELL  # and not a scale that ends in '3+'
    few = MAX_STRAYS if is_one_of_many and len(strays) <= 3 else MANY_STRAYS if is_one_of_many else STRAY
    if strays and not is_code and sum(distinct[word] for word in strays) <= few * known:
        some = ", ".join(f"'{short(word)}'" for word in strays[:3])
        return f"numbers but for {some}: mend these, or write NA for them"
    if strays and len(distinct) > 10 and not is_code and _all_with_a_unit(distinct.keys() - GAPS_AMONG_NUMBERS):
        return f"numbers with a sign or a unit, as '{short(strays[0])}': write the numbers alone"
    blanks = sum(word.count(" ") * count for word, count in distinct.items()) / known
    length = sum(len(word) * count for word, count in distinct.items()) / known
    is_mostly_new = known >= MIN_TO_TELL and len(distinct) > 0.9 * known
    if (blanks >= 4 or (blanks >= 1 and length > 40)) and (is_mostly_new or len(distinct) > MAX_CATEGORIES):
        return f"free text: {len(distinct)} different texts of {length:.0f} characters on average"
    is_long = len(distinct) > MAX_CATEGORIES
    is_name = is_mostly_new or (is_long and NAMES_PEOPLE.search(header))
    is_name = is_name or (len(distinct) > 10 and all(map(NAMES_ONE.fullmatch, distinct)))
    if is_name or (is_long and names_things):
        return f"{AN_ID} or a {'name' if is_name else 'code'}: {len(distinct)} different values in {known} rows"
    if len(distinct) > 10 and known < MIN_OF_EACH * len(distinct):
        return f"{len(distinct)} different words in {known} rows: too few of each to learn from; group them"
    if is_long:
        return f"{len(distinct)} different words: this draft lists at most {MAX_CATEGORIES}; group the rare ones"
    return ""


def _all_with_a_unit(distinct: Iterable[str]) -> bool:
    """Say whether each word is a number with one of a few signs or units; ``A12`` and ``12-B`` are codes."""
    units = set()
    for word in distinct:
        parts = WITH_A_UNIT.fullmatch(GROUPED.sub("", word))
        if not parts or not _either_number(parts[2]):
            return False
        units.add((parts[1], parts[3]))
    return len(units) <= 4


def _either_number(word: str) -> bool:
    return Number().fits(word) or Number(decimal_mark=",").fits(word)


def short(word: str, longest: int = 40) -> str:
    """Cut a long word, to be shown."""
    return word if len(word) <= longest else f"{word[: longest - 3]}..."
