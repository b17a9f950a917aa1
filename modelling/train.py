"""Trains the credit model and delivers it: `make model`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from rich.console import Console
from rich.progress import Progress
from sklearn.model_selection import train_test_split

from delivery import heuristics
from delivery.contract import CONTRACT
from handover import ContractError, DeliverError, deliver, matrix
from handover.conversion import ConversionError
from modelling import card
from modelling.data import DATA, DataError, read
from modelling.evaluation import cross_validate, logistic_on_raw_fields

DELIVERY = Path("layers/model/delivery")
SEED = 7
HELD_OUT = 0.25
# Real rows among the golden ones, which stand in the repository and ship in the layer. Permitted here, for the data is
# published under a licence that allows it, and names nobody (modelling/data/README.md). Your customers' rows are not.
GOLDEN = 40
GAPS = 0.1  # share of training rows in which each optional field is missing

TREES, RATE = 250, 0.1
# With 1 the score only rises with the column, with -1 it only falls: as a credit officer expects, whatever these rows
# say. A category counts by its place in contract.py.
DIRECTIONS = {
    "months": 1,
    "checking": -1,
    "savings": -1,
    "history": -1,
    "other_plans": 1,
    "instalment_share": 1,
    "age": -1,
    "housing": -1,
    "employed": -1,
    "resident": -1,
    "property": -1,
    "income": -1,
    "loan_in_incomes": 1,
    "reserve": -1,
    "liquidity": -1,
    "loan_to_savings": 1,
    "stability": -1,
    "trouble_before": 1,
    "secured": -1,
    "long_for_its_size": 1,
}
# Why an officer expects no direction of a column.
NO_DIRECTION = {
    "amount": "a large loan is a risk, but granted after a closer look",
    "purpose": "its categories have no order",
    "guarantor": "somebody else is asked for where the applicant alone is not enough, so it speaks for both",
    "credits": "more credits are more debt, and a longer record",
    "job": "the self-employed stand in one category with the highest officials",
    "instalment": "a high one is paid by those who can; the burden is its share of the income",
    "age_at_end": "age speaks for the applicant, the duration against",
    "started_work_at": "an early start is an apprenticeship, a late one a degree, or one job lost after another",
    "obligations": "as for credits",
    "consumption": "what it buys is no security, but such loans are small",
}


def main() -> int:
    """Train, judge, deliver and write the card; say in the end what came of it."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        train(console)
    except (ContractError, ConversionError, DataError, DeliverError) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"train: {error}", markup=False)
        return 1
    return 0


def train(console: Console) -> None:
    """Run the training from the raw data to the delivery."""
    data = read(CONTRACT)
    for field in data.absent:
        console.print(
            f"'{field}' is not in {DATA.name}: it is missing in every row, and the model learns nothing of it."
        )
    rows, labels = pd.DataFrame(data.rows), np.array(data.labels)
    known, unseen = train_test_split(np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SEED)
    whole = matrix(rows, contract=CONTRACT, heuristics=heuristics)
    gapped = matrix(_with_gaps(rows), contract=CONTRACT, heuristics=heuristics)
    model = xgboost.XGBClassifier(
        n_estimators=TREES,
        learning_rate=RATE,
        max_depth=1,
        subsample=0.6,
        colsample_bytree=0.4,
        tree_method="exact",
        monotone_constraints=tuple(DIRECTIONS.get(column, 0) for column in whole.columns),
        random_state=SEED,
        n_jobs=1,
    )
    fields = CONTRACT.compiled()["fields"]
    rivals = {
        f"{TREES} boosted trees of depth 1": model,
        "plain logistic regression on the raw fields": logistic_on_raw_fields(fields),
        "logistic regression on the raw fields, penalty tuned": logistic_on_raw_fields(fields, penalty=0.1),
    }
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        judged = cross_validate(rivals, gapped.values[known], whole.values[known], labels[known], SEED)
        scores = dict(progress.track(judged, total=len(rivals), description="Cross-validating"))
    for name, score in scores.items():
        console.print(f"AUC {score.auc.mean():.4f}  log loss {score.log_loss.mean():.4f}  {name}")
    console.print()
    model.fit(gapped.values[known], labels[known])
    given = model.predict_proba(whole.values[unseen])[:, 1]
    training = {
        "data": DATA.name,
        "sha256": data.sha256,
        "rows": len(known),
        "bad_share": round(float(labels[known].mean()), 4),
        "seed": SEED,
        "model": f"{TREES} gradient-boosted trees of depth 1, learning rate {RATE} (XGBoost).",
        "constrained": sum(column in DIRECTIONS for column in whole.columns),
    }
    manifest = deliver(
        model,
        rows=rows.iloc[unseen],
        labels=labels[unseen],
        contract=CONTRACT,
        heuristics=heuristics,
        to=DELIVERY,
        training=training,
        golden=rows.iloc[unseen[:GOLDEN]],
    )
    quality = manifest["quality"]
    card.draw(labels[unseen], given, quality)
    card.write(
        contract=CONTRACT,
        heuristics=heuristics,
        scores=scores,
        decided=_decided(given, labels[unseen]),
        training=training,
        unused=data.unused,
        bad=_bad_shares(fields, rows.iloc[known], labels[known]),
        free={
            column: NO_DIRECTION.get(column, "nobody has said what to expect")
            for column in whole.columns
            if column not in DIRECTIONS
        },
        unasked=[column for column, gain in zip(whole.columns, model.feature_importances_, strict=True) if not gain],
    )
    console.print("Its card is modelling/card.md.")


def _with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave optional fields out of some rows, so that the model learns to do without."""
    optional = [name for name, field in CONTRACT.row.model_fields.items() if not field.is_required()]
    gaps = np.random.default_rng(SEED).random((len(rows), len(optional))) < GAPS
    return rows.assign(**rows[optional].mask(gaps))


def _bad_shares(fields: list[dict[str, Any]], rows: pd.DataFrame, labels: Any) -> dict[str, dict[str, float]]:
    """Give each category's share of bad loans, in the contract's order, for each field that has categories."""
    shares = {}
    for field in fields:
        if field["kind"] == "category":
            share = pd.Series(labels).groupby(rows[field["name"]].to_numpy()).mean()
            shares[field["name"]] = {word: float(share[word]) for word in field["categories"] if word in share}
    return shares


def _decided(given: Any, labels: Any) -> dict[str, dict[str, float]]:
    """Give each decision's share of the held-out rows, and how many of those went bad."""
    decided, below = {}, np.zeros(len(given), dtype=bool)
    for name, edge in CONTRACT.decisions.items():
        within = (given <= np.float32(edge)) & ~below
        decided[name] = {"share": float(within.mean()), "bad": float(labels[within].mean()) if within.any() else 0.0}
        below |= within
    return decided


if __name__ == "__main__":
    sys.exit(main())
