"""Asks the trained model itself, in its own framework: the answers that production is held to."""

import importlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError, title

type FloatRows = NDArray[np.float32]

FRAMEWORKS = {"sklearn": "scikit-learn", "xgboost": "XGBoost", "lightgbm": "LightGBM"}
SECOND_IS_POSITIVE = ([0, 1], [-1, 1])  # False and True are 0 and 1 to Python


def training_time_scores(model: Any, features: FloatRows, *, positive: object = None) -> NDArray[np.float64]:
    """Ask the model.

    Parameters
    ----------
    positive
        The class whose probability is the score; needed where the classes are other than 0 and 1, -1 and 1, or False
        and True, of which the second is.

    Returns
    -------
    float64, shape (N,): the class's probability where the model classifies, else its prediction.

    Raises
    ------
    ConversionError
        When the model is not fitted, is of an unknown framework, does not give one score for a row of these columns,
        or does not say which class the score is of.
    """
    index = positive_index(model, features.shape[1], positive)
    rows = _as_trained(model, features)
    with warnings.catch_warnings():
        # Columns are matched by place; that their names are the contract's is a question of its own.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        if index is not None:
            return np.asarray(model.predict_proba(rows), dtype=np.float64)[:, index]
        if hasattr(model, "inplace_predict"):  # XGBoost's own Booster
            given = model.inplace_predict(rows, validate_features=False)
            return _one_each(model, np.asarray(given, dtype=np.float64), len(features))
        return _one_each(model, np.asarray(model.predict(rows), dtype=np.float64), len(features))


def _one_each(model: Any, given: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    if given.size != rows:
        raise ConversionError(f"{title(model)} gives {given.size // rows} numbers for a row; a score is one")
    return given.reshape(-1)


def positive_index(model: Any, width: int, positive: object) -> int | None:
    """Check that the model gives one score for a row, and find which of its two classes the score is of.

    Returns
    -------
    0 or 1, the place in ``classes_``; None where the model does not classify.
    """
    _check(model, width)
    classes = getattr(model, "classes_", None)
    if classes is None:
        if positive is not None:
            raise ConversionError(f"positive={positive!r} names a class, but {title(model)} has none: leave it out")
        return None
    names = np.asarray(classes).tolist()
    if len(names) == 1:
        raise ConversionError(
            f"{title(model)} was trained on one class only, {names[0]!r}; train it on rows of both outcomes"
        )
    if len(names) > 2:
        raise ConversionError(f"the model knows {len(names)} classes; a score needs exactly two")
    if not hasattr(model, "predict_proba"):
        raise ConversionError(
            f"{title(model)} gives classes and no probabilities (no predict_proba): wrap it in CalibratedClassifierCV, "
            f"or train a LogisticRegression; VotingClassifier takes voting='soft', SVC probability=True"
        )
    if positive in names:
        place: int = names.index(positive)
        return place
    if positive is None and names in SECOND_IS_POSITIVE:
        return 1
    wanted = f"positive={positive!r} is not among" if positive is not None else "say which is the score's:"
    raise ConversionError(
        f"{wanted} the classes of {title(model)}, {names[0]!r} and {names[1]!r}: pass positive={names[1]!r} or "
        f"positive={names[0]!r}"
    )


def _check(model: Any, width: int) -> None:
    framework = type(model).__module__.partition(".")[0]
    if framework not in FRAMEWORKS:
        raise ConversionError(
            f"a model of {framework} cannot be converted; deliver one of {', '.join(FRAMEWORKS.values())}"
        )
    if hasattr(model, "get_params") and not _is_fitted(model):
        raise ConversionError(f"{title(model)} is not fitted: call its fit(...) with matrix(...).values and the labels")
    if getattr(model, "n_outputs_", 1) != 1:
        raise ConversionError(f"{title(model)} gives {model.n_outputs_} numbers for a row; a score is one")
    trained = _columns(model)
    if trained not in {None, width}:
        raise ConversionError(
            f"{title(model)} was trained on {trained} columns, and the contract gives {width}: train it on "
            f"matrix(...).values, all of its columns in their order"
        )


def _is_fitted(model: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True


def _columns(model: Any) -> int | None:
    """Count the columns of the training; None where the model does not know."""
    for name in ("num_feature", "num_features"):  # the Boosters of LightGBM and XGBoost
        if hasattr(model, name):
            return int(getattr(model, name)())
    count: int | None = getattr(model, "n_features_in_", None)
    return count


def _as_trained(model: Any, features: FloatRows) -> Any:
    """Name the columns where scikit-learn was trained on a DataFrame: what is inside may choose them by name."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or not type(model).__module__.startswith("sklearn."):
        return features
    try:
        return importlib.import_module("pandas").DataFrame(features, columns=names)
    except ImportError:
        return features
