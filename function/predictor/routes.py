"""The routes of the API: the handler answers them, OpenAPI describes them, and the tool sends its requests to them."""

from typing import Literal, NamedTuple

from predictor.problems import MAX_BATCH_ROWS


class Route(NamedTuple):
    """A path, and what it takes."""

    method: str
    """The one method that it takes."""
    path: str
    operation: str
    """Its name in OpenAPI."""
    summary: str
    takes: Literal["row", "rows"] | None = None
    """What is posted, and answered row by row; ``None`` where a document is asked for."""
    parameters: tuple[str, ...] = ()
    """What may stand in its query."""


PREDICT = Route("POST", "/predict", "predict", "Score one row.", "row", ("reasons",))
PREDICT_BATCH = Route(
    "POST",
    "/predict/batch",
    "predict_batch",
    f"Score 1 to {MAX_BATCH_ROWS} rows, in their order; one bad row and nothing is scored.",
    "rows",
    ("reasons",),
)
HEALTH = Route("GET", "/health", "health", "Say which model answers.")
CONTRACT = Route("GET", "/contract", "contract", "Say what was agreed.")
OPENAPI = Route("GET", "/openapi.json", "openapi", "Describe this API.")
ROUTES = (PREDICT, PREDICT_BATCH, HEALTH, CONTRACT, OPENAPI)
"""The API. Each function answers these."""
PAGE = Route("GET", "/", "page", "Try the model.")
"""For people, where the function is told to show it."""
