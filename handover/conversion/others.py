"""What is not a tree, by skl2onnx: linear models, networks, support vectors, neighbours, and what prepares columns."""

import textwrap
import time
import warnings
from typing import Any

import numpy as np

from handover.conversion.errors import ConversionError, title
from handover.conversion.frameworks import FRAMEWORKS
from handover.conversion.graph import OPSET, OTHERS, Graph
from handover.conversion.rows import Method, Rows, width

MOST_SECONDS = 50
*ALL_BUT_LAST, LAST = (framework.title for framework in FRAMEWORKS)
CAN = (
    f"scikit-learn's linear models, networks, scalers and imputers can be, and the trees of {', '.join(ALL_BUT_LAST)} "
    f"and {LAST}"
)
IN_DOUBLE = {"GaussianNB"}
"""Models whose answers float32 would change by more than the usual budget of parity."""


def convert(graph: Graph, model: Any, features: str, width: int, *, raw: bool = False) -> list[str]:
    """Add what skl2onnx makes of a model or a transformer; give the names of its outputs.

    Parameters
    ----------
    width
        How many columns ``features`` has.
    raw
        Whether a classifier gives what its ``decision_function`` gives, instead of probabilities.

    Raises
    ------
    ConversionError
        When skl2onnx does not know the model, or takes longer than ``MOST_SECONDS``.
    """
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    double = type(model).__name__ in IN_DOUBLE
    kind = DoubleTensorType if double else FloatTensorType
    options: dict[Any, Any] = {}
    if hasattr(model, "predict_proba") or raw:
        options[id(model)] = {"zipmap": False} | ({"raw_scores": True} if raw else {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # skl2onnx reads what scikit-learn will drop one day
            converted = to_onnx(
                model,
                initial_types=[("features", kind([None, width]))],
                options=options,
                target_opset={"": OPSET, "ai.onnx.ml": OTHERS},
                naming=_until(time.monotonic() + MOST_SECONDS, model),
            )
    except ConversionError:
        raise
    except Exception as error:  # skl2onnx has a way of its own to fail for each model that it does not know
        raise ConversionError(f"{title(model)} cannot be converted to ONNX ({_root_of(error)}); {CAN}") from error
    return graph.embed(converted, graph.double(features) if double else graph.single(features))


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add a model by skl2onnx; name its answer, see ``composition.answer``."""
    outputs = convert(rows.graph, model, rows.tensor, rows.width, raw=method == "decision_function")
    given = rows.graph.double(outputs[-1])  # a classifier's label comes first
    if method == "predict":
        return rows.graph.add("Reshape", given, np.array([-1, 1]))
    if width(model) > 1:
        return given
    return rows.graph.add("Gather", given, np.array([-1]), axis=1)


def _until(end: float, model: Any) -> Any:
    """Make a namer for skl2onnx, which asks for a name for each node: the one place to stop it."""

    def name(seed: str, _: set[str]) -> str:
        if time.monotonic() > end:
            raise ConversionError(f"{title(model)} takes longer than {MOST_SECONDS} s to convert; {CAN}")
        return seed

    return name


def _root_of(error: BaseException) -> str:
    """Give what was first raised, in a line: what converters make of it fills pages."""
    while error.__cause__:
        error = error.__cause__
    if "shape calculator" in str(error):
        return "skl2onnx does not know it"
    return textwrap.shorten(str(error).strip().partition("\n")[0].rstrip("."), 120, placeholder=" ...")
