"""What is left to skl2onnx: networks, support vectors of several classes, and a step of a pipeline."""

import textwrap
import time
import warnings
from typing import Any

import numpy as np

from handover.conversion.errors import NEAREST, ConversionError, line_of, title
from handover.conversion.frameworks import FRAMEWORKS, framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.graph import OPSET, OTHERS
from handover.conversion.rows import Method, Rows, width

MAX_SECONDS = 50
STEPS = {"KernelPCA"}
MODELS = {"MLPClassifier", "MLPRegressor", "NuSVC", "SGDClassifier", "SVC"}
"""What skl2onnx converts exactly, of all that is not written here: the table of docs/models.md is the proof."""
*ALL_BUT_LAST, LAST = (framework.title for framework in FRAMEWORKS)
CAN = (
    f"scikit-learn's linear models, networks and support vectors can be, and the trees of {', '.join(ALL_BUT_LAST)} "
    f"and {LAST}"
)
STEPS_CAN = (
    "scikit-learn's imputers of one value, scalers, encoders of codes, bins, products, selections and PCA can be"
)


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add a model by skl2onnx; name its answer, see ``composition.answer``."""
    if framework_of(model) is not SCIKIT_LEARN or type(model).__name__ not in MODELS:
        raise unknown(model, CAN)
    options = {} if method == "predict" else {"zipmap": False}
    options |= {"raw_scores": True} if method == "decision_function" else {}
    given = rows.graph.double(converted(model, rows, options, CAN)[-1])  # a classifier's label comes first
    if method == "predict":
        return rows.graph.add("Reshape", given, np.array([-1, 1]))
    return given if width(model) > 1 else rows.graph.add("Gather", given, np.array([-1]), axis=1)


def unknown(model: Any, can: str) -> ConversionError:
    """Name what cannot be converted, and what comes nearest, or else what can."""
    name, package = type(model).__name__, type(model).__module__.partition(".")[0]
    if package != "sklearn":
        return ConversionError(f"{name} of {package} cannot be converted; {NEAREST['packages'].get(package, can)}")
    return ConversionError(f"{name} cannot be converted; {NEAREST['classes'].get(name, can)}")


def converted(model: Any, rows: Rows, options: dict[str, Any], can: str) -> list[str]:
    """Add what skl2onnx makes of a model or a transformer, in float32; give the names of its outputs."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    end = time.monotonic() + MAX_SECONDS

    def name(seed: str, _: set[str]) -> str:
        """Name a node, for each of which skl2onnx asks: the one place to stop it."""
        if time.monotonic() > end:
            raise ConversionError(f"{title(model)} takes longer than {MAX_SECONDS} s to convert; {can}")
        return seed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # skl2onnx reads what scikit-learn will drop one day
            added = to_onnx(
                model,
                initial_types=[("features", FloatTensorType([None, rows.width]))],
                options={id(model): options} if options else {},
                target_opset={"": OPSET, "ai.onnx.ml": OTHERS},
                naming=name,
            )
    except ConversionError:
        raise
    except Exception as error:  # skl2onnx has a way of its own to fail for each setting that it does not know
        raise ConversionError(f"{title(model)} cannot be converted to ONNX ({_root_of(error)}); {can}") from error
    return rows.graph.embed(added, rows.graph.single(rows.tensor) if rows.wide else rows.tensor)


def _root_of(error: BaseException) -> str:
    """Give what was first raised, in a line: what converters make of it fills pages."""
    while error.__cause__:
        error = error.__cause__
    if "shape calculator" in str(error):
        return "skl2onnx does not know it"
    return textwrap.shorten(line_of(error), 120, placeholder=" ...")
