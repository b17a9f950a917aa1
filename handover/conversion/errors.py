"""What cannot be converted, in one sentence, and the name by which its author knows a model."""

from collections.abc import Iterable, Sequence
from typing import Any


class ConversionError(ValueError):
    """The model cannot become a graph of the agreed shape; the message names the model or setting, and what can."""


_AS_FILE = "export it to an ONNX file with its own exporter, and deliver that"
_BY_ONNXMLTOOLS = "onnxmltools makes an ONNX file of it, which comes in as onnx=, with scores= of its training"
_CURVES = "HistGradientBoostingClassifier(interaction_cst='no_interactions') adds up curves too, and can be"
NEAREST_OF = {
    "category_encoders": "scikit-learn's OneHotEncoder, OrdinalEncoder and TargetEncoder can be",
    "feature_engine": "scikit-learn's imputers of one value, encoders of codes and bins can be",
    "imblearn": "its Pipeline, BalancedRandomForestClassifier and ensembles of bags can be",
    **dict.fromkeys(("interpret", "pygam"), _CURVES),
    "ngboost": "the trees of LightGBM, XGBoost and CatBoost can be",
    "statsmodels": "scikit-learn's LogisticRegression(C=np.inf) and LinearRegression fit the same, and can be",
    **dict.fromkeys(("h2o", "pyspark"), _BY_ONNXMLTOOLS),
    **dict.fromkeys(("fastai", "keras", "lightning", "pytorch_tabnet", "skorch", "tensorflow", "torch"), _AS_FILE),
}
"""What can be converted, of what comes near to a package whose models cannot."""


def refused(whose: str, setting: str, can: str) -> ConversionError:
    """Name a setting with which something cannot be converted, and the one with which it can be."""
    return ConversionError(f"{whose} cannot be converted with {setting}; it can be {can}")


def line_of(error: BaseException) -> str:
    """Give what a library says first: what it adds fills pages."""
    return str(error).strip().partition("\n")[0].rstrip(".")


def title(model: Any) -> str:
    """Name a model as its author knows it, a pipeline with its steps."""
    steps = [step for _, step in getattr(model, "steps", [])]
    names = ", ".join(step if isinstance(step, str) else type(step).__name__ for step in steps)
    return getattr(model, "file_name", type(model).__name__) + (f" of {names}" if names else "")


def require_codes(model: Any, categories: Iterable[Sequence[Any] | None], how: str) -> None:
    """Require that a DataFrame's categories, by whose places a model tells them apart, are codes; None stands for text.

    The sentence says ``how`` such a model is trained on codes.
    """
    if any(known is None or list(known) != list(range(len(known))) for known in categories):
        raise ConversionError(
            f"{title(model)} was trained on a DataFrame whose categories are not the codes 0, 1, 2 and so on, all of "
            f"them: train it on matrix(...).values with {how}"
        )
