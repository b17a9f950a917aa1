"""Answers with the model's input: stands in for the handler in the built function, beside the code that serves.

The check lays this file into a layer, so it takes what is built alone.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

from predictor import files
from predictor.delivery import heuristics_in, load_source, validators
from predictor.encoder import Encoder


def handler(rows: list[dict[str, Any]], _context: Any) -> dict[str, Any]:
    """Lay rows out as the function does: what a heuristic raises is the answer, and whatever else raises, raises."""
    folder = Path(os.environ["DELIVERY"])
    contract = files.contract(folder)
    made = [validators(contract)[0].validate_json(json.dumps(row)) for row in rows]
    path = folder / files.HEURISTICS
    try:
        matrix = Encoder(contract["fields"], heuristics_in(load_source(path.read_bytes(), path))).matrix(made).tolist()
    except Exception as error:  # whatever it raises, it does not here
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        return {"failed": f"{type(error).__name__}: {error}{cause}"}
    return {"matrix": [[None if math.isnan(value) else value for value in row] for row in matrix]}
