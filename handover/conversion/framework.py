"""What is to be known of a framework, in one record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.rows import Method
from handover.conversion.trees import Ensemble

type FloatRows = NDArray[np.float32]
type Numbers = NDArray[np.floating[Any]]


def _columns(model: Any) -> int | None:
    """Ask a model of scikit-learn's kind, or a Booster of XGBoost or of LightGBM."""
    names = ("n_features_in_", "num_features", "num_feature")
    count = next((count for name in names if (count := getattr(model, name, None)) is not None), None)
    return count() if callable(count) else count


@dataclass(frozen=True)
class Framework:
    """A framework: how its models are read, and how they are asked."""

    package: str
    """The package, or the module, that its models' classes are of."""
    title: str
    """As its users write it."""
    read: Callable[[Any], Ensemble | None]
    """Gives the trees of a fitted model; None where it is something else."""
    unnamed: tuple[str, ...] = ()
    """How it calls a column that has no name, before the column's number."""
    ask: Callable[[Any, Method, Numbers], Any] = lambda model, method, features: getattr(model, method)(features)
    """Gives what a method of the model answers to rows, float32 (N, K)."""
    gives_probabilities: Callable[[Any], bool] = lambda model: hasattr(model, "predict_proba")
    """Whether a model that knows classes gives their probabilities."""
    count_columns: Callable[[Any], int | None] = _columns
    """Gives on how many columns a model was trained; None where it does not say."""
    reads_sparse_zero_as_missing: bool = False
    """Whether 0 is missing to it in a sparse matrix, as some steps of a pipeline make one."""
