"""A real browser without a window: Debian's Chromium, driven by its own WebDriver; it reaches this machine alone."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

SWITCHES = (
    "--headless=new",
    "--hide-scrollbars",
    # In a container people are root, where Chromium has no sandbox, and shared memory is too small for it.
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    # It asks for nothing of its own, and gets no other machine's name.
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
)
WIDTHS = (390, 1280)  # of a phone, of a desk [CSS px]
WAIT_S = 60.0
"""How long a page may take to become what a test waits for [s]; it takes hundredths."""
FOCUS = """
const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
if (one === document.body) return ["", true];
const seen = box.width > 0 && box.left >= 0 && box.right <= innerWidth && box.bottom > 0 && box.top < innerHeight;
const label = one.labels && one.labels.length ? one.labels[0].textContent : one.textContent;
return [(one.getAttribute("aria-label") || label).trim(), seen && style.outlineStyle !== "none"];
"""


class Focus(NamedTuple):
    """What the keyboard is at."""

    name: str
    """Its label, or its text; empty where it is the page itself."""
    seen: bool
    """Whether it is on the screen, and marked as focused."""


class Browser:
    """One tab. A test opens a page in it, acts by key or click as people do, and asks the page by JavaScript."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.resize(1280)

    def resize(self, width: int) -> None:
        """Give the page a width [CSS px]; below 600 it is a phone's."""
        self.width = width
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, url: str, *, scheme: str = "light") -> None:
        """Open a page anew, for who prefers ``light`` or ``dark``; what was said of the page before is forgotten."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get("about:blank")
        self.console(), self.requests()
        self.driver.get(url)

    def script(self, javascript: str, *arguments: Any) -> Any:
        """Run the body of a function in the page, and give what it returns."""
        return self.driver.execute_script(javascript, *arguments)

    def until(self, expression: str, *arguments: Any) -> Any:
        """Wait until an expression is true of the page, and give its value."""
        until = time.monotonic() + WAIT_S
        while not (value := self.script(f"return {expression}", *arguments)):
            assert time.monotonic() < until, f"{expression} was not so within {WAIT_S:.0f} s:\n{self.text()}"
            time.sleep(0.02)
        return value

    def text(self, selector: str = "body") -> str:
        """Give the text of an element, as it is seen."""
        shown: str = self.script("return document.querySelector(arguments[0]).innerText", selector)
        return shown

    def click(self, selector: str) -> None:
        """Click on an element, which must be there to be clicked on."""
        self.driver.find_element("css selector", selector).click()

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        ActionChains(self.driver).send_keys(text).perform()

    def press(self, *keys: str) -> None:
        """Press keys by their names, one after the other: ``tab``, ``enter``, ``arrow_down``."""
        ActionChains(self.driver).send_keys(*(getattr(Keys, key.upper()) for key in keys)).perform()

    def tab(self) -> Focus:
        """Press Tab, and say where that leads."""
        self.press("tab")
        return Focus(*self.script(FOCUS))

    def fits(self) -> bool:
        """Whether the page is as wide as the window, so that nobody has to scroll sideways."""
        widths = self.script("return [innerWidth, document.scrollingElement.scrollWidth]")
        return bool(widths == [self.width, self.width])

    def screenshot(self, file: Path) -> None:
        """Write what is seen as a PNG."""
        self.driver.save_screenshot(str(file))

    def console(self) -> list[str]:
        """Give what has been written to the console since it was asked last; a refused request leaves a line too."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """Give the addresses that have been asked for since this was asked last."""
        logged = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]  # type: ignore[no-untyped-call]
        return [entry["params"]["request"]["url"] for entry in logged if entry["method"] == "Network.requestWillBeSent"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser with a new, empty profile, and end it.

    A test that has none is skipped, and says how to get one.
    """
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if missing := [name for name, path in programs.items() if path is None]:
        pytest.skip(f"{' and '.join(missing)} not found; to get both: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"] or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with TemporaryDirectory(prefix="handover-browser-", ignore_cleanup_errors=True) as profile:
        for switch in (*SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(programs["chromedriver"]))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
