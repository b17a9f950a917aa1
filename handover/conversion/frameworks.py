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

BUILT_ON = {"imblearn": "sklearn"}
"""Packages whose models are another's, fitted in a way of their own."""

OWN_NAMES = ("feature_names_in_", "feature_names_", "feature_names", "variable_names", "feature_name_", "feature_name")
"""Where a fitted model may keep the names of its columns: scikit-learn's, CatBoost's, XGBoost's Booster, optbinning's,
LightGBM's and its Booster, where it is a method."""
INSIDE = ("best_estimator_", "estimator_", "regressor_", "estimators_", "calibrated_classifiers_", "estimator")
"""Where a model of models keeps one, or a list of them, that is given the same columns."""


def framework_of(model: Any) -> Framework | None:
    """Find the framework of a model; None where it is none of these."""
    module = type(model).__module__
    package = module.partition(".")[0]
    known = {module, BUILT_ON.get(package, package)}
    return next((framework for framework in (*FRAMEWORKS, *OTHERS) if framework.package in known), None)


def own_columns(model: Any) -> list[str]:
    """Give the column names that a fitted model keeps, or one inside of it; none where they were only numbered."""
    model = getattr(model, "binning_process_", model)
    try:
        names = next((names for name in OWN_NAMES if (names := getattr(model, name, None)) is not None), ())
        names = [str(name) for name in (names() if callable(names) else names)]
    except Exception:  # not fitted yet, in each framework's own way: its conversion says so
        return []
    if not names:
        return own_columns(inner) if (inner := _inside(model)) is not None else []
    stems = {stem for framework in FRAMEWORKS for stem in framework.unnamed}
    return [] if any(names == [f"{stem}{place}" for place in range(len(names))] for stem in stems) else names


def _inside(model: Any) -> Any:
    """Give the first model that a pipeline, a search, a vote or the like gives its own columns to."""
    steps = [step for _, step in getattr(model, "steps", ()) if not isinstance(step, str | None)]
    kept = (one for name in INSIDE if (one := getattr(model, name, None)) is not None)
    first = next(iter(steps), None) or next(kept, None)
    return next(iter(first), None) if isinstance(first, list) else first
