"""The page to try the model on: one file that needs no other, with the contract in it."""

import base64
import hashlib
import html
import json
import re
from pathlib import Path

from predictor.files import Json
from predictor.settings import Settings

FOLDER = Path(__file__).parent
MAX_REASONS = 5
"""As many as the page asks for: more are no explanation."""


def page(contract: Json, example: Json, settings: Settings) -> tuple[str, dict[str, str]]:
    """Make the page, whose form begins with an example, and the headers that it is sent with."""
    style, script, frame = ((FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js", "page.html"))
    known = {
        "contract": {
            part: contract[part] for part in ("row", "score", "decisions", "classes", "otherwise") if part in contract
        },
        "example": example,
        "reasons": min(MAX_REASONS, len(contract["columns"])),
        "token": settings.auth == "JWT",
    }
    parts = {
        "title": html.escape(f"{contract['name']} {contract['version']}"),
        "name": html.escape(contract["name"]),
        "version": html.escape(contract["version"]),
        "model": contract["model"],
        "stage": html.escape(settings.stage),
        "meaning": html.escape(contract["score"]["meaning"]),
        "style": style,
        "script": script,
        "known": json.dumps(known).replace("<", r"\u003c"),  # no text of the contract ends the element that it is in
    }
    body = re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], frame)
    # Nothing is loaded, nothing but this script runs, and nobody is asked but the API that the page came from.
    allowed = {"default-src": "'none'", "script-src": _hash(script), "style-src": _hash(style), "connect-src": "'self'"}
    closed = {"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "img-src": "data:"}
    return body, {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in (allowed | closed).items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
