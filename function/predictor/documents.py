"""What a GET asks for: each document is made when it is first asked for, and tagged, so that nobody reads it twice."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from predictor.delivery import Delivery
from predictor.settings import Settings

ETAG_DIGITS = 32  # hex digits of a SHA-256: half of it


@dataclass(frozen=True)
class Document:
    """A body that stays the same as long as the function does, and the headers that say so."""

    body: str
    headers: dict[str, str]

    @classmethod
    def of(cls, body: str, **headers: str) -> Self:
        """Tag a body; a cache may keep it, and asks each time whether it is still the one."""
        tag = hashlib.sha256(body.encode()).hexdigest()[:ETAG_DIGITS]
        return cls(body, {"etag": f'"{tag}"', "cache-control": "no-cache", **headers})

    def is_known(self, tags: str) -> bool:
        """Whether the caller has it already, by the header ``If-None-Match`` (RFC 9110, section 13.1.2)."""
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return not known.isdisjoint({self.headers["etag"], "*"})


class Documents:
    """The documents of one delivery. What makes them is imported with the first: most environments give none."""

    def __init__(self, delivery: Delivery, settings: Settings) -> None:
        self._delivery = delivery
        self._settings = settings
        self._openapi: dict[str, Document] = {}

    @cached_property
    def contract(self) -> Document:
        """What both teams agreed."""
        from predictor import openapi

        return Document.of(json.dumps(openapi.contract(self._delivery)))

    def openapi(self, server: str) -> Document:
        """Describe the API at an address: API Gateway's own, or a name of the team's."""
        from predictor import openapi

        if server not in self._openapi:
            document = openapi.document(self._delivery, self._settings, server)
            self._openapi[server] = Document.of(json.dumps(document))
        return self._openapi[server]

    @cached_property
    def page(self) -> Document:
        """The page to try the model on."""
        from predictor import openapi, page

        body, headers = page.page(openapi.contract(self._delivery), self._delivery.golden["row"], self._settings)
        return Document.of(body, **headers)
