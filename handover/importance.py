"""How much each column of the model's input matters: by how much the figure of merit falls when it is shuffled."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.progress import track

from handover.metrics import metrics
from handover.quality import HeldOut, rounded
from handover.scoring import Ask
from predictor.encoder import FloatRows
from predictor.files import Json

SEED = 0  # the same rows give the same shuffles, and those of one column are those of the next
REPEATS = 5
MAX_ROWS = 1000  # asked about, of those that judge: a forest takes 20 microseconds a row, times columns and repeats


def permutation_importance(ask: Ask, features: FloatRows, held_out: HeldOut, columns: Sequence[str]) -> Json:
    """Shuffle the values of one column among the held-out rows, and see how much worse the model gets.

    Where two columns say the same, the model has one while the other is shuffled: both seem to matter less than they
    do. ``ask`` gives the model's scores, float32 (N, C), of rows, float32 (N, K).

    Returns
    -------
    ``figure``, which falls; ``rows`` and ``repeats``, of what; ``columns``, in the order of the model's input, each
    with its ``name``, the mean ``fall``, and the standard deviation of that over the repeats, ``spread``.
    """
    # Evenly from all, sorted by their labels: as many of each outcome as there are.
    places = np.linspace(0, len(features) - 1, min(len(features), MAX_ROWS)).round().astype(np.intp)
    places = np.sort(np.argsort(held_out.targets, kind="stable")[places])
    judged, rows = held_out.subset(places), features[places]
    whole, random = metrics(judged)[0], np.random.default_rng(SEED)
    shuffles = np.concatenate([random.permutation(len(rows)) for _ in range(REPEATS)])
    console = Console(stderr=True)
    tracked = track(columns, "Shuffling each column", console=console, transient=True, disable=not console.is_terminal)
    records = []
    for place, name in enumerate(tracked):
        shuffled = np.tile(rows, (REPEATS, 1))
        shuffled[:, place] = rows[shuffles, place]
        scores = np.split(ask(shuffled).astype(np.float64), REPEATS)
        falls = [whole.value - metrics(replace(judged, scores=one))[0].value for one in scores]
        records.append({"name": name, "fall": rounded(np.mean(falls)), "spread": rounded(np.std(falls, ddof=1))})
    return {"figure": whole.name, "rows": len(rows), "repeats": REPEATS, "columns": records}
