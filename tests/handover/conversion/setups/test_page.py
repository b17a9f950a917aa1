"""docs/models.md is what the tests write: its head, its sections, and a row for each set-up."""

import pytest

from tests.handover.conversion.setups import page

pytestmark = pytest.mark.quick


def test_the_page_is_whole() -> None:
    assert page.PAGE.read_text() == page.rendered(page.parsed())


@pytest.mark.parametrize("section", page.SECTIONS)
def test_each_set_up_has_its_row(section: str) -> None:
    assert list(page.parsed()[section]) == list(page.SECTIONS[section].setups)
