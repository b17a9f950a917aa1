"""What docs/models.md says of these set-ups is so."""

import pytest

from tests.handover.conversion.setups import page

SECTIONS = ["xgboost", "lightgbm", "catboost", "classes", "foreign"]


@pytest.mark.parametrize(
    ("section", "name"), [(section, name) for section in SECTIONS for name in page.SECTIONS[section].setups]
)
def test_it_is_as_the_table_says(section: str, name: str) -> None:
    page.check(section, name)
