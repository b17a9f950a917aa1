"""The page to try a model on, as people use it: of a score, of classes, with what may be missing."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from handover.local.cors import Cors
from tests.helpers.browser import Browser
from tests.helpers.parcels import REAL
from tests.helpers.served import asked, served

ROOT = Path(__file__).parents[2]
NODE = Path(sys.prefix) / "bin" / "node"
HINT = "document.querySelector('#took').textContent"
WIDGETS = "[...document.querySelectorAll('#fields input, #fields select')]"
type PageOf = Callable[..., str]


@pytest.fixture(scope="module")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageOf]:
    """Give a way to serve the built function on a delivery, and get the page's address."""
    with ExitStack() as running:

        @cache
        def address(delivery: Path, **variables: str) -> str:
            return running.enter_context(served(delivery, tmp_path_factory.mktemp("layer") / "model", **variables))

        yield address


@pytest.fixture
def credit(page_of: PageOf) -> str:
    return page_of(REAL)


def answered(url: str, row: Any, reasons: int = 5) -> Any:
    return asked(url, f"/predict?reasons={reasons}", row)


def row_in(page: Browser) -> Any:
    """Give the row that the page shows how to send."""
    command = page.script("return document.querySelector('#code-curl').textContent")
    return json.loads(command.partition("-d '")[2].removesuffix("'").replace(r"'\''", "'"))


def opened(page: Browser, url: str, **how: str) -> Browser:
    page.open(url, **how)
    page.until(HINT)
    return page


def enter(page: Browser, name: str, text: str) -> None:
    """Take a field by its label, and type over what is in it."""
    page.script(
        "[...document.querySelectorAll('label')].find(one => one.textContent == arguments[0]).control.focus()", name
    )
    page.script("document.activeElement.select()")
    page.type(text)


def rounded(score: float) -> str:
    return f"{float(f'{score:.4g}'):g}"


# --- fill, predict


def test_the_answer_comes_as_one_types(page: Browser, credit: str) -> None:
    opened(page, credit)
    before = page.text("#result")
    row = row_in(page)

    enter(page, "Amount", "18000")
    page.until("document.querySelector('#result').innerText != arguments[0]", before)

    answer = answered(credit, row | {"amount": 18000})
    assert page.text("#result").split() == [rounded(answer["score"]), answer["decision"]]
    assert row_in(page) == row | {"amount": 18000}
    assert page.text(".legend [aria-current]").startswith(answer["decision"])
    left = page.script("return parseFloat(document.querySelector('.marker').style.left)")
    assert left == pytest.approx(100 * answer["score"], abs=0.001)  # [%] of the scale, which is from 0 to 1
    assert (
        page.script("return [...document.querySelectorAll('#reasons code')].map(one => one.textContent)")
        == answer["reasons"]
    )
    assert re.fullmatch(r"[\d.]+ ms from here and back(, with the function's cold start)?", page.text("#took"))


def test_each_field_has_its_meaning_its_unit_and_its_bounds(page: Browser, credit: str) -> None:
    opened(page, credit)
    shown = page.script(
        "return [...document.querySelectorAll('#fields .field')].map(one => one.innerText.replace(/\\n+/g, '|'))"
    )
    contract = json.loads((REAL / "contract.json").read_text())

    assert len(shown) == len(contract["fields"])
    assert shown[0] == "Months|months|Duration of the loan; 4 to 72"
    kinds = page.script(f"return {WIDGETS}.map(one => [one.type, one.min, one.max, one.step, one.length])")
    assert kinds[0][:4] == ["number", "4", "72", "1"]
    purposes = next(field["categories"] for field in contract["fields"] if field["name"] == "purpose")
    assert kinds[2] == ["select-one", None, None, None, len(purposes)]
    assert page.script(f"return {WIDGETS}.every(one => one.labels.length == 1)")
    described = "one.getAttribute('aria-describedby').split(' ').every(id => document.getElementById(id))"
    assert page.script(f"return {WIDGETS}.every(one => {described})")


def test_what_may_be_missing_can_be_left_empty(page: Browser, page_of: PageOf, parcels: Path) -> None:
    url = page_of(parcels)
    opened(page, url)
    assert "may be left empty" in page.text("#fields")

    page.script("document.querySelector('select').value = ''")
    enter(page, "Weight", "2.5")
    page.until("document.querySelector('#code-curl').textContent.includes('2.5')")

    assert row_in(page) == {"weight": 2.5}
    answer = answered(url, {"weight": 2.5}, 0)
    page.until("document.querySelector('#result').innerText.startsWith(arguments[0])", rounded(answer["score"]))


def test_each_class_has_a_bar(page: Browser, page_of: PageOf, flowers: Path) -> None:
    url = page_of(flowers)
    opened(page, url)

    answer = answered(url, row_in(page), 0)
    ranked = sorted(answer["scores"], key=answer["scores"].__getitem__, reverse=True)
    assert page.text("#result") == answer["decision"]
    bars = page.script(
        "return [...document.querySelectorAll('.bars li')].map(one => one.innerText.split('\\n').filter(Boolean))"
    )
    assert bars == [[name, rounded(answer["scores"][name])] for name in ranked]
    assert "Below 0.6, the line, it is ask_an_expert." in page.text("#scale")


def test_start_again_brings_the_first_row_back(page: Browser, credit: str) -> None:
    opened(page, credit)
    row, shown = row_in(page), page.text("#result")
    enter(page, "Amount", "18000")
    page.until("document.querySelector('#result').innerText != arguments[0]", shown)

    page.script("document.querySelector('[type=reset]').click()")
    page.until("document.querySelector('#result').innerText == arguments[0]", shown)

    assert row_in(page) == row


# --- a bad value


@pytest.mark.parametrize(("text", "sent"), [("900", 900), ("2.5", 2.5), ("", None), ("1e", "no number")])
def test_a_bad_value_is_explained_at_its_field_in_the_words_of_the_api(
    page: Browser, credit: str, text: str, sent: Any
) -> None:
    opened(page, credit)
    row = row_in(page)
    enter(page, "Months", text or "1")
    if not text:
        page.press("backspace")
    page.until("document.querySelector('.wrong')")
    page.until("document.querySelector('.wrong .error').innerText == arguments[0]", rule(credit, row, sent))

    assert page.script("return document.querySelectorAll('.wrong').length") == 1
    assert page.script("return [document.activeElement.id, document.activeElement.getAttribute('aria-invalid')]") == [
        "field-0",
        "true",
    ]
    assert page.text("#result") == "The body: 1 field breaks its rule."

    enter(page, "Months", "24")
    page.until("!document.querySelector('.wrong')")
    assert page.text("#result").split()[0] == rounded(answered(credit, row | {"months": 24})["score"])


def rule(url: str, row: Any, months: Any) -> str:
    sent = {name: value for name, value in (row | {"months": months}).items() if value is not None}
    (error,) = answered(url, sent)["errors"]
    assert error["field"] == "months"
    return str(error["rule"])


def test_a_server_that_is_gone_is_told(browser: Browser, credit: str) -> None:
    opened(browser, credit)
    browser.script("window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))")

    enter(browser, "Months", "12")

    browser.until("document.querySelector('#result').innerText == 'There is no answer: does the server still run?'")


# --- by keyboard, on any screen


def test_all_of_it_is_reached_and_done_by_key(page: Browser, credit: str) -> None:
    opened(page, credit)
    fields = json.loads((REAL / "contract.json").read_text())["fields"]
    before = page.text("#result")

    assert page.tab() == ("Skip to the answer", True)
    reached = [page.tab() for _ in fields]
    assert [at.name for at in reached] == [field["name"].replace("_", " ").capitalize() for field in fields]
    page.press("arrow_up")  # another job, of the last field
    page.until("document.querySelector('#result').innerText != arguments[0]", before)
    rest = [page.tab() for _ in range(4)]
    assert [at.name for at in rest] == ["Start again", "curl", "The request in curl", "Copy curl"]
    assert page.tab().name == "Python"
    page.press("enter")
    rest += [page.tab(), page.tab()]
    assert [at.name for at in rest[-2:]] == ["The request in Python", "Copy Python"]
    assert all(at.seen for at in reached + rest)
    page.press("enter")
    page.until("['Copied', 'Marked: press Ctrl+C'].includes(document.activeElement.textContent)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_its_words_can_be_read(page: Browser, credit: str, scheme: str) -> None:
    opened(page, credit, scheme=scheme)
    page.script("for (const one of document.querySelectorAll('details')) { one.name = ''; one.open = true }")

    assert page.fits()
    faint = page.script(CONTRAST)
    assert faint == []


CONTRAST = """
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
const light = colour => {
  const linear = one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4;
  const [r, g, b] = numbers(colour).map(one => linear(one / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
const ground = one => {
  for (; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (numbers(colour)[3] !== 0) return colour;
  }
  return getComputedStyle(document.body).backgroundColor;
};
const texts = "h1, h1 small, h2, p, label, input, select, button, summary, pre, code, li, output, .unit";
return [...document.querySelectorAll(texts)]
  .filter(one => one.checkVisibility() && one.innerText !== "")
  .map(one => [one, ...[getComputedStyle(one).color, ground(one)].map(light).sort((a, b) => a - b)])
  .filter(([, dark, bright]) => (bright + .05) / (dark + .05) < 4.5)
  .map(([one, dark, bright]) => `${one.tagName} ${one.textContent.slice(0, 20)}: ${(bright + .05) / (dark + .05)}`);
"""


# --- the same request elsewhere


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_what_is_copied_asks_the_same(browser: Browser, credit: str, language: str) -> None:
    programs = {"curl": shutil.which("sh"), "Python": sys.executable, "JavaScript": str(NODE)}
    opened(browser, credit)
    enter(browser, "Age", "47")
    browser.until("document.querySelector('#code-curl').textContent.includes('47')")

    text = browser.script("return document.querySelector(`#code-${arguments[0]}`).textContent", language)
    if language == "curl" and not shutil.which("curl"):
        pytest.skip("curl is not found; to get it: apt-get install curl")
    flags = ["--input-type=module"] if language == "JavaScript" else []
    done = subprocess.run(
        [programs[language] or "", *flags, "-"], input=text, capture_output=True, text=True, check=True
    )

    answer = answered(credit, row_in(browser))
    for part in (answer["decision"], *answer["reasons"]):
        assert part in done.stdout
    assert str(answer["score"])[:8] in done.stdout


# --- what it asks for


def test_it_asks_nobody_but_the_api_that_it_came_from(page: Browser, credit: str) -> None:
    opened(page, credit)

    assert page.requests() == [credit, f"{credit}predict?reasons=5"]
    assert len(page.script("return document.documentElement.outerHTML").encode()) < 100_000


def test_where_callers_have_tokens_it_asks_for_one_and_sends_it(page: Browser, page_of: PageOf) -> None:
    opened(page, page_of(REAL, AUTH="JWT"))
    page.script("window.fetch = (url, options) => { window.sent = options.headers; return new Promise(() => {}) }")

    enter(page, "Token", "a.b.c")

    page.until("window.sent && window.sent.authorization == 'Bearer a.b.c'")
    assert "authorization: Bearer $TOKEN" in page.text("#code-curl")
    assert "a.b.c" not in page.script("return document.querySelector('#snippets').textContent")


def test_pages_of_other_origins_are_let_in_if_cors_origins_names_them(
    browser: Browser, credit: str, tmp_path: Path
) -> None:
    mine = credit.rstrip("/")
    configured = Cors.of(ROOT / ".aws-sam" / "build", {"CorsOrigins": mine})
    ask = """
    const [address, row] = arguments;
    window.came = "";
    fetch(address, {method: "POST", headers: {"content-type": "application/json"}, body: row})
      .then(answer => { window.came = `${answer.status} ${answer.headers.get("x-model")}` })
      .catch(error => { window.came = error.name });
    """
    row = (REAL / "golden.jsonl").read_text().split("\n")[0]
    for at, cors in enumerate((configured, Cors())):
        with served(REAL, tmp_path / f"model-{at}", cors) as other:
            browser.open(f"{credit}health")  # a page of the first server's origin
            browser.script(ask, f"{other}predict", json.dumps(json.loads(row)["row"]))
            came = browser.until("window.came")
        assert came == (f"200 {asked(credit, '/health')['model']}" if cors is configured else "TypeError")
