"""A scorecard of optbinning is exact: its probability, or its points where it was scaled; so are its bins."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier

from handover.conversion import ConversionError, own_columns, to_graph
from tests.handover.conversion.exact import CATEGORIES, COLUMNS, assert_exact, data, targets

optbinning = pytest.importorskip(
    "optbinning",
    reason="optbinning is not installed, for it brings 30 packages along: .venv/bin/pip install optbinning",
)
# optbinning 1.0 with scikit-learn 1.9 and numpy 2.5.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::RuntimeWarning")
PDO = {"scaling_method": "pdo_odds", "scaling_method_params": {"pdo": 20, "odds": 50, "scorecard_points": 600}}
RANGE = {"scaling_method": "min_max", "scaling_method_params": {"min": 300, "max": 850}}
SET_UPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "probability": ({}, {}),
    "points": (PDO, {}),
    "rounded points": (PDO | {"rounding": True}, {}),
    "points from nought": (PDO | {"intercept_based": True}, {}),
    "points from 300 to 850": (RANGE | {"reverse_scorecard": True}, {}),
    "gaps by what was seen": ({}, {"metric_missing": "empirical", "metric_special": "empirical"}),
    "points, gaps by what was seen": (PDO, {"metric_missing": "empirical"}),
}


def fitted(card: dict[str, Any], fit: dict[str, Any], labels: Any, features: Any, **process: Any) -> Any:
    names = [COLUMNS[column] for column in CATEGORIES]
    binning = optbinning.BinningProcess(list(COLUMNS), categorical_variables=names, **process)
    estimator = card.get("estimator", LogisticRegression(max_iter=500))
    scorecard = optbinning.Scorecard(binning, **{"estimator": estimator} | card)
    return scorecard.fit(pd.DataFrame(features.astype(np.float64), columns=list(COLUMNS)), labels, **fit)


@pytest.mark.parametrize("name", SET_UPS)
@pytest.mark.parametrize("gaps", [True, False], ids=["gaps in training", "none in training"])
def test_a_scorecard_is_exact(name: str, gaps: bool) -> None:
    features, labels = data(gaps=gaps)
    assert_exact(fitted(*SET_UPS[name], labels, features), data(gaps=True)[0])


@pytest.mark.parametrize("codes", [[0.0, -3.0], {"nought": [0.0], "three": [-3.0, 3.0]}])
def test_special_codes_are_bands_of_their_own(codes: Any) -> None:
    features, labels = data(gaps=True)
    assert_exact(fitted({}, {"metric_special": "empirical"}, labels, features, special_codes=codes), features)


@pytest.mark.parametrize(
    ("process", "last"),
    [
        ({}, LogisticRegression(max_iter=500)),
        ({"selection_criteria": {"iv": {"min": 0.2}}}, RandomForestClassifier(5, max_depth=4, random_state=0)),
        ({"binning_transform_params": {"city": {"metric": "event_rate"}}}, XGBClassifier(n_estimators=5)),
        ({"special_codes": [0.0, -3.0]}, HistGradientBoostingClassifier(max_iter=5)),
    ],
    ids=["weights of evidence", "selected", "event rates", "special codes"],
)
@pytest.mark.parametrize("framed", [True, False], ids=["DataFrame", "array"])
def test_its_bins_in_a_pipeline_are_exact(process: dict[str, Any], last: Any, framed: bool) -> None:
    features, labels = data(gaps=True)
    names = [COLUMNS[column] for column in CATEGORIES]
    bins = optbinning.BinningProcess(list(COLUMNS), categorical_variables=names, **process)
    given = pd.DataFrame(features, columns=list(COLUMNS)) if framed else features
    assert_exact(make_pipeline(bins, clone(last)).fit(given, labels), features)


def test_columns_that_were_not_selected_count_for_nothing() -> None:
    features, labels = data(gaps=True)
    model = fitted(PDO, {}, labels, features, selection_criteria={"iv": {"min": 0.2}})
    assert 0 < len(model.binning_process_.get_support(names=True)) < len(COLUMNS)
    assert_exact(model, features)


def test_a_number_is_exact() -> None:
    features, labels = data(gaps=True)
    assert_exact(fitted({"estimator": LinearRegression()}, {}, targets(features, labels), features), features)


def test_it_knows_its_columns() -> None:
    features, labels = data(gaps=True)
    model = fitted({}, {}, labels, features)
    assert own_columns(model) == list(COLUMNS)
    with pytest.raises(ConversionError, match="was trained on 6 columns, and the contract gives 2"):
        to_graph(model, ("a", "b"), "test")


def test_what_it_cannot_be_is_refused() -> None:
    features, labels = data(gaps=True)
    with pytest.raises(
        ConversionError, match="cannot be converted with the estimator LinearSVC; it can be with Logistic"
    ):
        to_graph(fitted({"estimator": LinearSVC()}, {}, labels, features), COLUMNS, "test")
    words = pd.DataFrame(features.astype(np.float64), columns=list(COLUMNS))
    words["city"] = [f"city {code}" for code in words["city"]]
    binning = optbinning.BinningProcess(list(COLUMNS), categorical_variables=["shop", "city"])
    model = optbinning.Scorecard(binning, LogisticRegression(max_iter=500)).fit(words, labels)
    with pytest.raises(ConversionError, match="was given words as 'city': train it on matrix"):
        to_graph(model, COLUMNS, "test")
