"""Asks the trained model itself, in its own framework, for the answers that production must give."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.classes import by_name, in_order, name_of, numbers_its_classes
from handover.conversion.errors import NEAREST, ConversionError, title
from handover.conversion.framework import Framework, Numbers
from handover.conversion.frameworks import FRAMEWORKS, framework_of
from handover.conversion.rows import Method

EACH = ": train with a number for each, multi:softprob of XGBoost or multiclass of LightGBM"
AS_FILE = "an ONNX file of it comes in as onnx=, with scores= of its training"
SECOND_IS_POSITIVE = ([0, 1], [-1, 1])  # False and True are 0 and 1 to Python


def training_time_scores(
    model: Any, features: Numbers, *, positive: object = None, classes: Sequence[str] = ()
) -> NDArray[np.float64]:
    """Ask the model, as ``to_graph`` converts it.

    Returns
    -------
    float64, shape (N, C): the classes' probabilities in their order; of a single score the class's, or the prediction.
    ``ConversionError`` where the model is not fitted, is of an unknown framework, does not give these scores for a row
    of these columns, or does not say which class the score is of.
    """
    method, chosen = scored_classes(model, features.shape[1], positive, classes)
    given = _numbers(model, features, classes) if method == "predict" else _asked(model, method, features)
    return given[:, chosen]


def _asked(model: Any, method: Method, features: Numbers) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        # Columns are matched by place; that their names are the contract's is a question of its own.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        return np.asarray(_framework(model).ask(model, method, features), dtype=np.float64)


def _numbers(model: Any, features: Numbers, classes: Sequence[str]) -> NDArray[np.float64]:
    """Ask a model without a list of its classes, and require as many numbers as there are scores."""
    scores = _asked(model, "predict", features)
    if scores.size != len(features) * (len(classes) or 1):
        count = scores.size // len(features)
        raise ConversionError(
            f"{title(model)} gives {'1 number' if count == 1 else f'{count} numbers'} for a row; "
            + (f"the contract has {len(classes)} classes{EACH if count == 1 else ''}" if classes else "a score is one")
        )
    return scores.reshape(len(features), -1)


def scored_classes(model: Any, width: int, positive: object, classes: Sequence[str] = ()) -> tuple[Method, list[int]]:
    """Find the method that gives the model's numbers for a row, and which of them are the scores."""
    _require_fitted(model, width)
    known = getattr(model, "classes_", None)
    is_booster = type(model).__name__ == "Booster"
    if known is None or not len(known):  # a regressor of CatBoost has an empty list
        if positive is not None and hasattr(model, "get_params"):  # else its labels may have names, as of a file
            raise ConversionError(f"positive={positive!r} names a class, but {title(model)} has none: leave it out")
        if classes and not is_booster:
            raise ConversionError(
                f"{title(model)} gives a number, and the contract has {len(classes)} classes: train a classifier"
            )
        if is_booster:  # it says by its answer alone how many numbers it has
            _numbers(model, np.zeros((1, width), dtype=np.float32), classes)
        return "predict", in_order(range(len(classes)), classes) or [0]
    if all(isinstance(one, list | tuple | np.ndarray) for one in known):
        raise ConversionError(
            f"{title(model)} predicts {len(known)} targets; a score is of one: train a model for each"
        )
    names = np.asarray(known).tolist()
    if len(names) == 1:
        raise ConversionError(
            f"{title(model)} was trained on one class only, {names[0]!r}; train it on rows of "
            f"{'all' if classes else 'both'} outcomes"
        )
    if len(names) > 2 and not classes:
        raise ConversionError(
            f"the model knows {len(names)} classes; a score needs exactly two, or write classes=(...) in the contract, "
            f"in place of score and decisions"
        )
    if not _framework(model).gives_probabilities(model):
        raise ConversionError(
            f"{title(model)} gives classes and no probabilities (no predict_proba): wrap it in CalibratedClassifierCV, "
            f"or train a LogisticRegression; VotingClassifier takes voting='soft', SVC probability=True"
        )
    chosen = _in_order(model, names, classes, positive) if classes else [_positive(model, names, positive)]
    return "predict_proba", chosen


def _in_order(model: Any, names: list[Any], classes: Sequence[str], positive: object) -> list[int]:
    """Find each class of the contract among the model's, which may be numbers: places in the contract's list."""
    if positive is not None:
        raise ConversionError(f"positive={positive!r} names one class, and the contract has them all: leave it out")
    if (chosen := in_order(names, classes)) is not None:
        return chosen
    own, words = list(map(name_of, names)), list(map(name_of, classes))
    absent, unknown = [one for one in classes if name_of(one) not in own], [one for one in own if one not in words]
    parts = [f"lacks {', '.join(map(repr, absent))}"] if absent else []
    parts += [f"knows {', '.join(map(repr, unknown))} beside them"] if unknown else []
    raise ConversionError(
        f"the classes of {title(model)} are not the contract's: it {' and '.join(parts)}; train it on labels that "
        f"are the contract's classes, or their places from 0 to {len(classes) - 1}"
    )


def _positive(model: Any, names: list[Any], positive: object) -> int:
    """Find the class that a single score is the probability of."""
    if positive is None and names in SECOND_IS_POSITIVE:
        return 1
    if positive is not None and (place := by_name([positive], names)):
        return place[0]
    if positive is not None and numbers_its_classes(model):
        return 1  # the labels have another name for it
    wanted = f"positive={positive!r} is not among" if positive is not None else "say which is the score's:"
    raise ConversionError(
        f"{wanted} the classes of {title(model)}, {names[0]!r} and {names[1]!r}: pass positive={names[1]!r} or "
        f"positive={names[0]!r}"
    )


def _framework(model: Any) -> Framework:
    kind, package = type(model).__name__, type(model).__module__.partition(".")[0]
    if kind == "CVBooster":  # which has every attribute that it is asked for
        raise ConversionError(
            "a CVBooster has a model for each fold of lightgbm.cv: train one on all of the rows, with lightgbm.train"
        )
    if framework := framework_of(model):
        return framework
    if isinstance(model, type):
        raise ConversionError(f"{model.__name__} is a class and no model: deliver an object of it that is fitted")
    titles = ", ".join(framework.title for framework in FRAMEWORKS)
    if package == "builtins":
        raise ConversionError(
            f"an object of the type {kind} is no model: deliver a fitted one of {titles}, or a model's file by its path"
        )
    if package in {"onnx", "onnxruntime"}:
        raise ConversionError(f"a {kind} of {package} is not delivered as an object: save it; {AS_FILE}")
    if package in NEAREST["packages"]:
        raise ConversionError(f"a model of {package} cannot be converted; {NEAREST['packages'][package]}")
    raise ConversionError(f"{kind} of {package} cannot be converted; deliver one of {titles}; {AS_FILE}")


def _require_fitted(model: Any, width: int) -> None:
    """Require a fitted model of so many columns."""
    framework = _framework(model)
    last = getattr(model, "steps", [("", model)])[-1][1]
    if framework in FRAMEWORKS and not hasattr(type(last), "predict"):
        raise ConversionError(
            f"{title(model)} is no model, for it has no predict(...): deliver what was trained with it"
        )
    if hasattr(model, "get_params") and not _is_fitted(model):
        raise ConversionError(f"{title(model)} is not fitted: call its fit(...) with matrix(...).values and the labels")
    if getattr(model, "n_outputs_", 1) != 1:
        raise ConversionError(f"{title(model)} gives {model.n_outputs_} numbers for a row; a score is one")
    if (columns := framework.count_columns(model)) not in {None, width}:
        raise ConversionError(
            f"{title(model)} was trained on {columns} columns, and the contract gives {width}: train it on "
            f"matrix(...).values, all of its columns in their order"
        )


def _is_fitted(model: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if callable(knows := getattr(model, "is_fitted", None)):  # CatBoost's, which sets nothing that shows it
        return bool(knows())
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True
