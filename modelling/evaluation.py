"""How good the model is, and against what: cross-validation beside two plain baselines, and the held-out figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

type Floats = NDArray[np.floating[Any]]

FOLDS, REPEATS = 5, 4
CALIBRATION_BINS = 8


@dataclass(frozen=True)
class Scores:
    """One model over the folds, in the folds' order."""

    auc: Floats
    log_loss: Floats


def logistic_on_raw_fields(fields: list[dict[str, Any]], penalty: float = 1.0) -> Any:
    """Make the plain baseline: numbers scaled, categories one-hot, no heuristics; ``penalty`` is scikit-learn's C."""
    categories = [index for index, field in enumerate(fields) if field["kind"] == "category"]
    numbers = [index for index, field in enumerate(fields) if field["kind"] != "category"]
    prepared = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
        ]
    )
    return make_pipeline(prepared, LogisticRegression(C=penalty, max_iter=2000))


def cross_validate(
    models: Mapping[str, Any], gapped: Floats, whole: Floats, labels: NDArray[np.int64], seed: int
) -> Iterator[tuple[str, Scores]]:
    """Validate each model on the same folds: trained on rows with gaps, judged on the rows as they are.

    Yields
    ------
    The model's name, and its scores over ``FOLDS * REPEATS`` folds.
    """
    folds = list(RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed).split(whole, labels))
    for name, model in models.items():
        auc, loss = [], []
        for train, test in folds:
            fitted = clone(model).fit(gapped[train], labels[train])
            given = fitted.predict_proba(whole[test])[:, 1]
            auc.append(roc_auc_score(labels[test], given))
            loss.append(log_loss(labels[test], given))
        yield name, Scores(np.array(auc), np.array(loss))


def held_out(labels: NDArray[np.int64], given: Floats) -> dict[str, Any]:
    """Give the figures of merit on rows that the model never saw, for the manifest.

    ``calibration`` lists, for bins of equal size by score, the mean score and the share of bad loans;
    ``calibration_error`` is their mean distance, weighted by the bins' sizes (expected calibration error).
    """
    order = np.argsort(given, kind="stable")
    bins = np.array_split(order, CALIBRATION_BINS)
    calibration = [
        {"rows": len(bin_), "mean_score": _rounded(given[bin_].mean()), "bad": _rounded(labels[bin_].mean())}
        for bin_ in bins
    ]
    error = sum(len(b) * abs(given[b].mean() - labels[b].mean()) for b in bins) / len(labels)
    return {
        "rows": len(labels),
        "auc": _rounded(roc_auc_score(labels, given)),
        "log_loss": _rounded(log_loss(labels, given)),
        "brier": _rounded(brier_score_loss(labels, given)),
        "calibration_error": _rounded(error),
        "calibration": calibration,
    }


def _rounded(figure: Any) -> float:
    return round(float(figure), 4)
