"""A delivery's files by name, and the one reader of each; the hook ships a copy, so it needs Python alone."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTRACT, HEURISTICS, MODEL, GOLDEN = "contract.json", "heuristics.py", "model.onnx", "golden.jsonl"
SERVED = (CONTRACT, HEURISTICS, MODEL, GOLDEN)
"""All that production reads, but for the manifest, which vouches for each of them."""
MANIFEST = "manifest.json"
STAND_IN = "stand-in"
"""What is named in place of a model that nobody has trained yet."""
SINGLE = "score"
"""What a score is called that stands alone: a vector of one."""

STEPS = 4
"""Of float32 at a score, by which it may always differ: an exponential in float32 is off by one or two, and from 32 on
four of them are more than the usual budget of 1e-5."""
FLOAT64_IN_FLOAT32 = 2.0**29  # steps of float64 in one of float32

type Json = dict[str, Any]


def manifest(delivery: Path) -> Json:
    """Read the manifest of the delivery in a folder; ``OSError`` or ``ValueError`` where there is none to be read."""
    return _document(delivery / MANIFEST)


def contract(delivery: Path) -> Json:
    """Read the compiled contract; raises as ``manifest`` does."""
    return _document(delivery / CONTRACT)


def golden(delivery: Path) -> list[Json]:
    """Read the golden rows, each with the training's score and decision; raises as ``manifest`` does."""
    return list(golden_rows((delivery / GOLDEN).read_bytes()))


def golden_rows(content: bytes) -> Iterator[Json]:
    """Parse golden rows one by one, as they are asked for.

    Lines end at line feeds and at nothing else: a category may hold what Unicode calls the end of a line.
    """
    text = content.decode().rstrip()
    return map(json.loads, text.split("\n") if text else ())


def decisions(contract: Json) -> tuple[str, ...]:
    """List all that a compiled contract may decide: the names of its edges, or its classes and what is otherwise."""
    if "classes" not in contract:
        return tuple(contract["decisions"])
    otherwise = contract.get("otherwise")
    return (*contract["classes"], *([otherwise["decision"]] if otherwise else ()))


def scores_in(answer: Json) -> dict[str, float]:
    """Give the scores of an answer, or of a golden row, by their names: each class's, or the only one's."""
    scores: dict[str, float] = answer["scores"] if "scores" in answer else {SINGLE: answer[SINGLE]}
    return scores


def agrees(answer: Json, golden: Json, tolerance: float) -> bool:
    """Whether an answer is the training's: each score within what is allowed, the decision the same."""
    given, trained = scores_in(answer), scores_in(golden)
    near = (abs(given[name] - score) <= allowed(score, tolerance) for name, score in trained.items())
    return bool(answer["decision"] == golden["decision"] and given.keys() == trained.keys() and all(near))


def in_words(answer: Json) -> str:
    """Write an answer, or a golden row's, as people read it: ``0.25 (soon)``; ``adelie 0.9, gentoo 0.1 (adelie)``."""
    scores = scores_in(answer)
    listed = ", ".join(f"{name} {score}" if "scores" in answer else str(score) for name, score in scores.items())
    return f"{listed} ({answer['decision']})"


def allowed(trained: float, tolerance: float) -> float:
    """Give how far a score may lie from the training's: the tolerance, or ``STEPS`` of float32 where those are more."""
    return max(tolerance, STEPS * FLOAT64_IN_FLOAT32 * math.ulp(trained)) if math.isfinite(trained) else tolerance


def most_allowed(golden: Json, tolerance: float) -> float:
    """Give how far a score of a golden row may lie from the training's, at most."""
    return max(allowed(score, tolerance) for score in scores_in(golden).values())


def identity(manifest: Json) -> str:
    """Name the model of a manifest, as ``x-model`` and ``/health`` do; or say that none was trained yet."""
    return STAND_IN if stand_in(manifest) else shortened(manifest["files"][MODEL])


def stand_in(manifest: Json) -> str:
    """Say what is answered in place of a model, where there is none yet; nothing where there is one."""
    return str(manifest.get("stand_in", ""))


def shortened(sha256: str) -> str:
    """Give the first 12 hex digits of a SHA-256: enough for people to tell two apart."""
    return sha256[:12]


def _document(path: Path) -> Json:
    document: Json = json.loads(path.read_bytes())
    return document
