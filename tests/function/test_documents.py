"""Documents are sent once: who has one already, and says which, is told so."""

import pytest

from predictor.documents import Document
from tests.helpers.function import Function

DOCUMENTS = ("/contract", "/openapi.json")


@pytest.mark.parametrize("path", DOCUMENTS)
def test_who_has_a_document_gets_no_second_one(function: Function, path: str) -> None:
    first = function("GET", path)
    tag = first.headers["etag"]

    again = function("GET", path, headers={"if-none-match": tag})

    assert first.status == 200
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
    assert "content-type" not in again.headers
    assert again.lines[-1]["error_code"] is None


def test_each_document_has_a_tag_of_its_own(function: Function) -> None:
    tags = {function("GET", path).headers["etag"] for path in DOCUMENTS}

    assert len(tags) == len(DOCUMENTS)
    assert "etag" not in function("GET", "/health").headers


@pytest.mark.parametrize(
    ("tags", "known"),
    [
        ("", False),
        ('"0123456789"', False),
        ("{tag}", True),
        ("W/{tag}", True),
        ('"a", {tag}', True),
        ('"a",W/{tag} ', True),
        ("*", True),
    ],
)
def test_tags_are_compared_as_http_has_it(tags: str, known: bool) -> None:
    document = Document.of("{}")

    assert document.is_known(tags.format(tag=document.headers["etag"])) is known


def test_another_body_has_another_tag() -> None:
    assert Document.of("{}").headers["etag"] != Document.of("[]").headers["etag"]
