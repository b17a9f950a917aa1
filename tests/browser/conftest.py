"""Fixtures: a page at each width, which must need nobody else and complain of nothing."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.helpers.browser import WIDTHS, Browser


@pytest.fixture(params=WIDTHS)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Give a tab of each width; a test may provoke refusals (4xx), and nothing else may be in the console."""
    browser.resize(request.param)
    yield browser
    complaints = [line for line in browser.console() if "the server responded with a status of 4" not in line]
    assert complaints == []
    strangers = {urlsplit(url).hostname for url in browser.requests() if not url.startswith(("data:", "about:"))}
    assert strangers <= {"127.0.0.1", None}
