"""Units that are one, and names that look alike."""

import pytest

from handover.wording import alike, same_unit, units

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("EUR", "ct", False),
        ("EUR", "USD", False),
        ("EUR", "€", True),
        ("eur", "EUR", True),
        ("months", "month", True),
        ("months", "Monate", True),
        ("months", "ヶ月", True),
        ("months", "years", False),
        ("EUR", "円", False),
        ("kg", "g", False),
        ("kg", "公斤", False),  # which it is; what is not known is asked for
        ("mW", "MW", False),
        ("mHz", "MHz", False),
        ("km/h", "km/h ", True),
        ("m²", "m2", True),
        ("m²", "m", False),
        ("%", "percent", True),
        ("%", "1", False),
        ("Pieces", "pieces", True),
        ("1/year", "1/month", False),
    ],
)
def test_a_unit_is_the_same_in_other_letters_and_languages(old: str, new: str, same: bool) -> None:
    assert same_unit(old, new) is same
    assert same_unit(new, old) is same


def test_units_stand_in_brackets_of_any_width() -> None:
    assert units("Amount [EUR]") == units("金額\uff3bEUR\uff3d") == units("金额【EUR】") == ["EUR"]
    assert units("Amount [unit?]") == units("Amount [ ]") == units("Amount") == []


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["home", "away"], ""),
        (["caf\u00e9", "cafe"], ""),
        (["\u2764\ufe0f", "\U0001f469\u200d\U0001f680"], ""),  # a heart in colour, an astronaut
        (["more than 9", "more than 90"], ""),
        (["a-b", "a_b"], ""),
        (["home", "HOME"], 'the zones "home" and "HOME" look alike'),
        (
            ["caf\u00e9", "cafe\u0301"],
            (
                'the zones "caf\\u00e9" and "cafe\\u0301" look alike: an accent is one character with its letter here, '
                "and one of its own there"
            ),
        ),
        (["home", "\uff48ome"], 'the zones "home" and "\\uff48ome" look alike'),
        (["home", "ho\u200bme"], 'the zones "home" and "ho\\u200bme" look alike: one has a character that nobody sees'),
        (["new car", "new\u00a0car"], 'the zones "new car" and "new\\u00a0car" look alike'),
        (["new car", "new  car"], 'the zones "new car" and "new  car" look alike'),
        (["a-b", "a\u2013b"], 'the zones "a-b" and "a\\u2013b" look alike'),
        (["it's", "it\u2019s"], 'the zones "it\'s" and "it\\u2019s" look alike'),
        (["home", "away\u00a0"], 'the zone "away\\u00a0" begins or ends with a blank'),
        (["\ufeffhome"], 'the zone "\\ufeffhome" begins or ends with a character that nobody sees'),
        (["home", " "], 'the zone " " is blank; what is missing is | None = None'),
    ],
)
def test_names_that_people_cannot_tell_apart_are_named(names: list[str], fault: str) -> None:
    assert alike(names, "zone", "zones") == fault
