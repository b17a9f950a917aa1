"""Whether the classes that a model only numbers are in the contract's order, by the labels of the held-out rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handover.conversion import in_order, numbered
from handover.errors import DeliverError
from handover.quality import HeldOut, log_losses, standard_error

# Standard errors by which another order must have the better log loss. Of 75 honest models of five classes (300 rows of
# training, 100 to 1,000 held out, a third with class weights) chance brought the most to 1.7.
BETTER_BY = 3.0


def numbers(model: Any, classes: Sequence[str]) -> dict[str, int]:
    """Say which number of the model is taken for each class of the contract; nothing where it knows them by name."""
    known = getattr(model, "classes_", None)
    listed = [] if known is None else np.asarray(known).tolist()
    if not classes or (listed and not numbered(listed, classes)):
        return {}
    return dict(zip(classes, in_order(range(len(classes)), classes) or [], strict=True))


def require_order(held_out: HeldOut) -> None:
    """Require that no other order of the classes fits the held-out labels better than chance explains.

    The order to compare with is the one that has the highest mean AUC of one class against the rest, which does not
    feel what class weights do to probabilities; what is compared is the rows' log loss. ``DeliverError`` names both
    orders, and their AUC.
    """
    from scipy.optimize import linear_sum_assignment  # only who numbers classes waits for it

    judged, every = held_out.columns, list(range(len(held_out.names)))
    aucs = np.full((len(every), len(every)), 0.5)  # a class without rows fits anywhere
    for label in judged:
        aucs[label] = [held_out.auc_of(score, label) for score in every]
    fits = linear_sum_assignment(aucs, maximize=True)[1].tolist()
    losses, others = (log_losses(held_out.scores[:, order], held_out.labels) for order in (every, fits))
    better = losses - others
    if better.mean() <= BETTER_BY * standard_error(better):
        return
    order = dict(sorted((fits[label], name) for label, name in enumerate(held_out.names))).values()
    was, best = (np.mean([aucs[label, at[label]] for label in judged]) for at in (every, fits))
    raise DeliverError(
        f"the model numbers its classes, and the held-out labels fit another order than the contract's: as "
        f"{', '.join(held_out.names)} the mean AUC of one class against the rest is {was:.3f}, as {', '.join(order)} "
        f"{best:.3f}. LabelEncoder, R's factors and LightGBM number words by the alphabet: write the contract's "
        f"classes in the order of the model's numbers"
    )
