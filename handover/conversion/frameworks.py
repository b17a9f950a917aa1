"""The frameworks whose models can be delivered."""

from typing import Any

from handover.conversion.framework import Framework
from handover.conversion.from_catboost import CATBOOST
from handover.conversion.from_lightgbm import LIGHTGBM
from handover.conversion.from_onnx import ONNX
from handover.conversion.from_optbinning import OPTBINNING
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.from_scorecard import SCORECARD
from handover.conversion.from_xgboost import XGBOOST

FRAMEWORKS = (SCIKIT_LEARN, XGBOOST, LIGHTGBM, CATBOOST)
OTHERS = (ONNX, OPTBINNING, SCORECARD)
"""Models that are no framework's own: the module of their class, or what is built on scikit-learn."""

OWN_NAMES = ("feature_names_in_", "feature_names_", "feature_names", "variable_names")
"""Where a fitted model may keep the names of its columns: scikit-learn's, CatBoost's, a Booster's, optbinning's."""


def framework_of(model: Any) -> Framework | None:
    """Find the framework of a model; None where it is none of these."""
    module = type(model).__module__
    known = {module, module.partition(".")[0]}
    return next((framework for framework in (*FRAMEWORKS, *OTHERS) if framework.package in known), None)


def own_columns(model: Any) -> list[str]:
    """Give the column names that a fitted model keeps; none where its framework only numbered the columns."""
    model = getattr(model, "binning_process_", model)
    try:
        names = next((names for name in OWN_NAMES if (names := getattr(model, name, None)) is not None), ())
        names = [str(name) for name in names]
    except Exception:  # not fitted yet, in each framework's own way: its conversion says so
        return []
    numbered = {(stem, place) for framework in FRAMEWORKS for stem in framework.unnamed for place in range(len(names))}
    return [] if any(names[place] == f"{stem}{place}" for stem, place in numbered) else names
