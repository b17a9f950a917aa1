"""Asks the trained model itself, in its own framework, for the answers that production must give."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import NEAREST_OF, ConversionError, title
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.frameworks import FRAMEWORKS, framework_of

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
    with warnings.catch_warnings():
        # Columns are matched by place; that their names are the contract's is a question of its own.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        answers = _framework(model).ask(model, "predict" if index is None else "predict_proba", features)
    scores = np.asarray(answers, dtype=np.float64)
    if index is not None:
        return scores[:, index]
    if scores.size != len(features):
        raise ConversionError(f"{title(model)} gives {scores.size // len(features)} numbers for a row; a score is one")
    return scores.reshape(-1)


def positive_index(model: Any, width: int, positive: object) -> int | None:
    """Check that the model gives one score for a row, and find which of its two classes the score is of.

    Returns
    -------
    0 or 1, the place in ``classes_``; None where the model does not classify.
    """
    _require_fitted(model, width)
    classes = getattr(model, "classes_", None)
    if classes is None or not len(classes):  # a regressor of CatBoost has an empty list
        if positive is not None and hasattr(model, "get_params"):  # else its labels may have names, as of a file
            raise ConversionError(f"positive={positive!r} names a class, but {title(model)} has none: leave it out")
        return None
    names = np.asarray(classes).tolist()
    if len(names) == 1:
        raise ConversionError(
            f"{title(model)} was trained on one class only, {names[0]!r}; train it on rows of both outcomes"
        )
    if len(names) > 2:
        raise ConversionError(f"the model knows {len(names)} classes; a score needs exactly two")
    if not _framework(model).gives_probabilities(model):
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


def _framework(model: Any) -> Framework:
    if framework := framework_of(model):
        return framework
    package = type(model).__module__.partition(".")[0]
    nearest = NEAREST_OF.get(package, f"deliver one of {', '.join(framework.title for framework in FRAMEWORKS)}")
    raise ConversionError(f"a model of {package} cannot be converted; {nearest}")


def _require_fitted(model: Any, width: int) -> None:
    """Require a fitted model that gives one number for a row of so many columns."""
    trained = _framework(model).count_columns
    if hasattr(model, "get_params") and not _is_fitted(model):
        raise ConversionError(f"{title(model)} is not fitted: call its fit(...) with matrix(...).values and the labels")
    if getattr(model, "n_outputs_", 1) != 1:
        raise ConversionError(f"{title(model)} gives {model.n_outputs_} numbers for a row; a score is one")
    if (columns := trained(model)) not in {None, width}:
        raise ConversionError(
            f"{title(model)} was trained on {columns} columns, and the contract gives {width}: train it on "
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
