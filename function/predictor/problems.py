"""What a caller can do wrong, as problem details (RFC 9457). Nothing that the caller sent is ever echoed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

MAX_BATCH_ROWS = 100
MAX_NAMED_FIELDS = 5  # enough to mend a request by; a longer list would let one request buy a large answer

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

TITLES = {
    "not-a-request": (400, "The event is not a request"),
    "bad-parameter": (400, "A query parameter cannot be used"),
    "not-json": (400, "The body is not JSON"),
    "not-found": (404, "There is nothing at this path"),
    "method-not-allowed": (405, "This path does not take this method"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body is not declared as JSON"),
    "contract-broken": (422, "The body breaks the contract"),
    "internal": (500, "The function failed"),
}


class Problem(Exception):  # noqa: N818  RFC 9457 calls it a problem
    """A request that gets no answer: the kind of problem, and a sentence that says how to mend it.

    Parameters
    ----------
    kind
        A key of ``TITLES``; it is the last part of the problem's ``type``, and the error code in the metrics.
    detail
        One sentence for the caller's developer. It is made of the contract's words only.
    members
        Further members of the problem document, as RFC 9457 section 3.2 allows.
    headers
        Headers that the answer needs besides.
    """

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] = NO_HEADERS, **members: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = headers
        self.status, self.title = TITLES[kind]
        self.detail = detail
        self.members = members

    def document(self) -> dict[str, Any]:
        """Give the body of an ``application/problem+json`` answer; ``type`` leads to its page in ``/openapi.json``."""
        return {
            "type": f"/openapi.json#/components/responses/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


def not_a_request() -> Problem:
    """Say what the function answers: a schedule, a queue or another kind of API has called it."""
    return Problem("not-a-request", "Send requests through API Gateway's HTTP API, payload format 2.0.")


def not_json() -> Problem:
    """Say that the body could not be read as JSON at all."""
    return Problem("not-json", "Send one JSON document in UTF-8.")


def duplicate_names() -> Problem:
    """Say that an object names a field twice: which of the two was meant, nobody can know (RFC 8259, section 4)."""
    return Problem("not-json", "A name stands twice in one object; send each field once.")


def too_large(limit_bytes: int) -> Problem:
    """Say how large a body may be [bytes]."""
    return Problem("too-large", f"Send at most {limit_bytes} bytes.")


def unsupported_media_type() -> Problem:
    """Say which media type the function reads."""
    return Problem("unsupported-media-type", "Send the header content-type: application/json.")


def not_found(paths: Sequence[str]) -> Problem:
    """Name the paths that there are."""
    return Problem("not-found", f"The paths are {', '.join(paths)}.")


def method_not_allowed(method: str) -> Problem:
    """Name the method that the path takes; where that is GET, HEAD asks for its headers alone."""
    allowed = "GET, HEAD" if method == "GET" else method
    return Problem("method-not-allowed", f"Use {method}.", headers={"allow": allowed})


def bad_reasons(most: int) -> Problem:
    """Say how many reasons can be asked for."""
    return Problem("bad-parameter", f"reasons is a whole number from 0 to {most}.")


def unknown_parameters(given: Sequence[str], known: Sequence[str]) -> Problem:
    """Say which query parameters there are, and how many others were sent."""
    unknown = len(set(given) - set(known))
    listed = f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}" if known else "there are none"
    detail = f"{_count(unknown, 'query parameter')} {'is' if unknown == 1 else 'are'} not known here: {listed}."
    return Problem("bad-parameter", detail, parameters=list(known))


def internal(request_id: str) -> Problem:
    """Give the caller an id to quote; what happened stands in the log under the same id."""
    return Problem("internal", "Try again; if it stays, quote the request id.", request_id=request_id)


def overfull(*, batch: bool) -> Problem:
    """Say what a body is that is not worth parsing, for none that is valid has as much in it."""
    kind = (
        f"a JSON list of 1 to {MAX_BATCH_ROWS} rows, and no more in each" if batch else "one JSON object, no more in it"
    )
    return Problem("contract-broken", f"The body: send {kind} than the contract's fields.")


def contract_broken(errors: Sequence[Any], schema: dict[str, Any], *, batch: bool) -> Problem:
    """Turn pydantic's errors into the contract's own words.

    Parameters
    ----------
    errors
        ``ValidationError.errors(include_input=False)``, of one row or, for a batch, of the first bad row.
    schema
        The JSON Schema of the row, as ``contract.json`` has it.
    batch
        Whether the errors' locations start with the row's index.
    """
    properties = schema["properties"]
    index = next((error["loc"][0] for error in errors if error["loc"]), None) if batch else None
    where = "The body" if index is None else f"Row {index}"
    named: dict[str, dict[str, Any]] = {}
    unknown = 0
    for error in errors:
        path = error["loc"][1:] if batch else error["loc"]
        if not path:  # the document itself is of another kind: a list where a row should be, an empty batch
            kind = "one JSON object" if not batch or index is not None else f"a JSON list of 1 to {MAX_BATCH_ROWS} rows"
            return Problem("contract-broken", f"{where}: send {kind}.", **_index(index))
        field = path[0]
        if field not in properties:
            unknown += 1
        elif field not in named and len(named) < MAX_NAMED_FIELDS:
            allowed = {k: v for k, v in properties[field].items() if k != "title"}
            named[field] = {"field": field, "rule": error["msg"], "allowed": allowed}
    broken = len(errors) - unknown
    parts = []
    if broken:
        parts.append(f"{_count(broken, 'field')} {'breaks its rule' if broken == 1 else 'break their rules'}")
    if unknown:
        parts.append(f"{_count(unknown, 'field')} {'is' if unknown == 1 else 'are'} not in the contract")
    if broken > len(named):
        parts.append(f"the first {len(named)} are listed")
    members: dict[str, Any] = {"errors": list(named.values()), **_index(index)}
    if unknown:
        members["fields"] = list(properties)
    return Problem("contract-broken", f"{where}: {'; '.join(parts)}.", **members)


def _index(index: int | None) -> dict[str, Any]:
    return {} if index is None else {"index": index}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
