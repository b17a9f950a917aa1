"""A trained model of any supported framework becomes one ONNX graph: ``features`` in, ``score`` out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from handover.conversion.classes import by_name, by_place, in_order, numbered, numbers_its_classes
from handover.conversion.composition import answer, in_float32
from handover.conversion.edges import unlike
from handover.conversion.errors import ConversionError
from handover.conversion.frameworks import FRAMEWORKS, own_columns
from handover.conversion.from_file import opened
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.rows import Rows
from handover.conversion.scores import scored_classes, training_time_scores
from handover.conversion.thresholds import at_thresholds, filled, thresholds

__all__ = [
    "FRAMEWORKS", "ConversionError", "at_thresholds", "by_name", "by_place", "filled", "in_float32", "in_order",
    "numbered", "numbers_its_classes", "opened", "own_columns", "thresholds", "to_graph", "training_time_scores",
    "unlike",
]  # fmt: skip


def to_graph(
    model: Any,
    columns: tuple[str, ...],
    name: str,
    *,
    positive: object = None,
    clip: tuple[float, float] | None = None,
    classes: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> bytes:
    """Convert the model; the same model gives the same bytes.

    Parameters
    ----------
    model
        scikit-learn (also a pipeline, with models of the others inside), XGBoost, LightGBM or CatBoost, trained on
        float32 (N, K).
    columns, about
        The K columns of the model's input, and what else the file says of itself, as its properties.
    positive
        The class whose probability is the score; needed where the classes are other than 0 and 1, -1 and 1, or False
        and True, of which the second is.
    classes
        The classes whose probabilities are the scores, where there is more than one score.
    clip
        The ends, from low to high, that the score is clipped to; a score that is not a number is not.

    Returns
    -------
    A serialized ``ModelProto``: input ``features`` float32 [N, K], output ``score`` float32 [N], or [N, C] of classes.
    ``ConversionError`` where the model, or a setting of it, cannot be converted; names it, and the nearest that can.
    """
    method, chosen = scored_classes(model, len(columns), positive, classes)
    graph = Graph()
    scores = answer(model, Rows(graph, FEATURES, len(columns)), method)
    if not classes and method == "predict_proba" and chosen == [0]:
        scores = graph.add("Sub", 1.0, scores)
    if classes and chosen != list(range(len(classes))):
        scores = graph.add("Gather", scores, np.array(chosen), axis=1)
    return graph.finish(scores, columns, name, classes=classes, clip=clip, about=about)
