"""The words of headers and of data, in the languages that people write them in: what ``vocabulary.toml`` has."""

import tomllib
from pathlib import Path
from typing import Any

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
