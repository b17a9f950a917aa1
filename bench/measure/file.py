"""A file of rows, scored: by the function's own code, and by pandas with the model as it was trained."""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from rich.progress import Progress

from bench.contenders import OURS
from bench.measure import Samples, in_turn, timed
from bench.workload import CATEGORIES, Workload, compare_scores, field_names, rows
from handover.scored import score
from predictor.delivery import load_source


def measure(workload: Workload, count: int, rounds: int, progress: Progress) -> Samples:
    """Time all three in turn, from a CSV file to a CSV file in this process [ms]; the first round is not counted.

    ``pandas`` lays whole columns out, with heuristics that were written a second time for that; ``pandas_apply`` asks
    the delivery's own heuristics row by row, as ``DataFrame.apply`` does. Neither checks a row. ``CannotRunError``
    when one of them does not give the model's scores.
    """
    source, to = workload.folder / "rows.csv", workload.folder / "scored.csv"
    drawn = rows(workload.size, count)
    drawn[: len(workload.rows)] = workload.rows[:count]
    pd.DataFrame(drawn).to_csv(source, index=False)
    model = pickle.loads((workload.folder / "model.pkl").read_bytes())  # noqa: S301  it was written a moment ago
    heuristics = load_source((workload.folder / "heuristics.py").read_bytes(), workload.folder / "heuristics.py")
    functions = [heuristics.total, heuristics.ratio, heuristics.gap, heuristics.favoured]
    numbers, categories = field_names(workload.size.columns)

    def by_pandas(heuristics: Callable[[pd.DataFrame], list[Any]]) -> None:
        """Score the file as a notebook does."""
        table = pd.read_csv(source)
        codes = [pd.Series(pd.Categorical(table[name], categories=CATEGORIES).codes) for name in categories]
        features = pd.concat([table[numbers], *codes, *heuristics(table)], axis=1).to_numpy("float32")
        table["score"] = model.predict_proba(features)[:, 1]
        table["decision"] = pd.cut(table["score"], [-1.0, 0.25, 0.75, 1.0], labels=["low", "middle", "high"])
        table.to_csv(to, index=False)

    turns: dict[str, Callable[[], Any]] = {
        OURS.name: partial(score, source, to, workload.folder / "delivery", 0, lambda done, total: None),
        "pandas": partial(by_pandas, _by_columns),
        "pandas_apply": partial(by_pandas, lambda table: [table.apply(one, axis=1) for one in functions]),
    }
    for name, work in turns.items():
        work()
        compare_scores(name, pd.read_csv(to)["score"].tolist(), workload)
    return in_turn({name: partial(timed, work) for name, work in turns.items()}, rounds, progress, "Scoring a file")


def _by_columns(table: pd.DataFrame) -> list[Any]:
    """Write the delivery's heuristics once more, of whole columns."""
    favoured = (table["category_0"] == "first") & (table["number_3"] > 500.0)
    return [
        table["number_0"] + table["number_1"] + table["number_2"],
        table["number_0"] / table["number_1"],
        (table["number_2"] - table["number_3"]).abs(),
        favoured,
    ]
