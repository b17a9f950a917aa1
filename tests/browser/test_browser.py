"""The browser that the other tests look through: it is shut in on this machine, and hides nothing from them."""

from pathlib import Path

from tests.helpers.browser import Browser


def test_no_page_reaches_another_machine_and_the_attempt_shows(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<title>lonely</title><img src=http://example.org/a.png>")

    browser.open(file.as_uri())

    assert browser.requests() == [file.as_uri(), "http://example.org/a.png"]
    assert [line.partition(" ")[2] for line in browser.console()] == [
        "- Failed to load resource: net::ERR_NAME_NOT_RESOLVED"
    ]


def test_a_tab_is_as_wide_as_a_phone_and_as_a_desk(page: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<meta name=viewport content='width=device-width'><label>Age <input id=age></label>")

    page.open(file.as_uri())

    assert page.fits()
    assert page.tab() == ("Age", True)
    page.type("25")
    assert page.until("document.querySelector('#age').value") == "25"
