"""Reads CatBoost's models, from the JSON in which it saves them.

The numbers of this format stand in CatBoost's source (catboost/libs/model/json_model_helpers.cpp, ctr_provider.h), the
hashes in util/digest/city.cpp.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from handover.conversion.errors import ConversionError, refused, title
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.rows import Method
from handover.conversion.trees import Ensemble, Leaf, Link, Node, Split, exponential, grow, sigmoid, softmax

LOGARITHMIC = ("Poisson", "Tweedie")
OF_TARGETS = {"MultiLogloss", "MultiCrossEntropy"}
MAX_CODES = 10_000
WRITINGS: dict[str, Callable[[int], str]] = {"int": str, "float": lambda code: f"{code}.0"}
"""How a training may have written a code: CatBoost takes whole numbers and words."""
GAPS = ("nan", "NaN", "None", "<NA>", "NaT", "", "missing", "-1", "-1.0")
"""How it may have written a missing one, the most usual first."""
BITS, LOWER = 2**64 - 1, 2**32 - 1


def read(model: Any) -> Ensemble:
    """Read a fitted CatBoost model, of its trees those that it kept."""
    saved = _Saved(model)
    scale, biases = saved.file["scale_and_bias"]
    if "params" not in saved.file["model_info"]:
        raise ConversionError(
            f"{title(model)} does not say what it was trained for, as a sum of models does not: average them in a "
            f"VotingClassifier(voting='soft') or a VotingRegressor, which can be converted"
        )
    loss = saved.file["model_info"]["params"]["loss_function"]["type"]
    if loss in OF_TARGETS:
        raise ConversionError(
            f"{title(model)} predicts {np.size(biases)} targets (loss_function={loss}); a score is of one: train a "
            f"model for each"
        )
    if np.size(biases) > 1 and not len(model.classes_):
        raise ConversionError(
            f"{title(model)} gives several numbers for a row (loss_function={loss}); a score is one, as of Logloss and "
            f"RMSE, or one for each class, as of MultiClass"
        )
    base = _leaf(biases)
    trees = [_symmetric(tree, saved, np.size(base)) for tree in saved.file.get("oblivious_trees", ())]
    trees += [_free(tree, saved) for tree in saved.file.get("trees", ())]
    whole = Ensemble(trees, np.zeros_like(base)).scaled(float(scale))
    link: Link | None = exponential if loss in LOGARITHMIC else None
    if len(model.classes_):
        link = softmax if loss == "MultiClass" else sigmoid
    return replace(whole, base=base, link=link)


def _leaf(values: Any) -> Leaf:
    """Give a leaf's number, or its numbers, one for each class."""
    return np.asarray(values, dtype=np.float64) if np.size(values) > 1 else float(np.ravel(values)[0])


def _symmetric(tree: dict[str, Any], saved: "_Saved", width: int) -> Node:
    """Read a tree of one question a level: a leaf's place has a bit for each answer, the first question's lowest."""
    nodes: list[Node] = list(map(_leaf, np.reshape(tree["leaf_values"], (-1, width))))
    for question in tree.get("splits") or ():
        pairs: Any = zip(nodes[::2], nodes[1::2], strict=True)
        nodes = [no if np.array_equal(no, yes) else saved.split(question, yes, no) for no, yes in pairs]
    return nodes[0]


def _free(tree: dict[str, Any], saved: "_Saved") -> Node:
    """Read a tree of grow_policy Depthwise or Lossguide, whose nodes stand in each other."""
    nodes = [tree]

    def node(index: int) -> Node:
        this = nodes[index]
        if "value" in this:
            return _leaf(this["value"])
        nodes.extend((this["right"], this["left"]))
        return saved.split(this["split"], len(nodes) - 2, len(nodes) - 1)

    return grow(node)


class _Saved:
    """What the file of a model says of its columns, and by that the questions of its trees."""

    def __init__(self, model: Any) -> None:
        with TemporaryDirectory(prefix="handover-catboost-") as folder:
            file = Path(folder) / "model.json"
            model.save_model(str(file), format="json")
            self.file: dict[str, Any] = json.loads(file.read_bytes())
        features = self.file["features_info"]
        if other := {"text_features", "embedding_features"} & features.keys():
            raise refused(title(model), min(other), "without")
        listed = features.get("categorical_features") or ()
        self._numbers = {one["feature_index"]: one for one in features["float_features"]}
        self._categories: dict[int, int] = {one["feature_index"]: one["flat_feature_index"] for one in listed}
        # A split has its number among all that the model knows: of numbers, of single categories, of statistics.
        before = (*self._numbers.values(), *listed)
        self._first = sum(len(one.get("borders") or one.get("values") or ()) for one in before)
        self._statistics = [one for one in features.get("ctrs") or () for _ in one["borders"]]
        self._tables = {name: _Table(given) for name, given in (self.file.get("ctr_data") or {}).items()}
        seen = {one["flat_feature_index"]: {_of_table(v & LOWER) for v in one.get("values") or ()} for one in listed}
        for one in self._statistics:
            if [element["combination_element"] for element in one["elements"]] != ["cat_feature_value"]:
                raise refused(title(model), "statistics of several columns together", "with max_ctr_complexity=1")
            seen[self._column(one)] |= self._tables[one["identifier"]].counts.keys()
        self.writings = {column: _Writing(model, column, keys) for column, keys in seen.items()}
        """How the codes of each column of categories were written."""
        self._sets: dict[int, tuple[int, frozenset[int], bool, bool]] = {}

    def _column(self, statistic: dict[str, Any]) -> int:
        return self._categories[statistic["elements"][0]["cat_feature_index"]]

    def split(self, question: dict[str, Any], yes: Node, no: Node) -> Split:
        """Ask it; ``yes`` and ``no`` may be numbers of nodes."""
        if question["split_type"] == "FloatFeature":
            number = self._numbers[question["float_feature_index"]]
            column, border = number["flat_feature_index"], float(np.float32(question["border"]))
            return Split(column, "<=", border, no, yes, missing=number["nan_value_treatment"] != "AsTrue")
        index = question["split_index"]
        if index not in self._sets:  # a level of a symmetric tree asks the same of all of its nodes
            self._sets[index] = self._set(question)
        column, codes, unseen, gap = self._sets[index]
        yes, no = (no, yes) if unseen else (yes, no)
        return Split(column, "in", codes, yes, no, missing=gap)

    def _set(self, question: dict[str, Any]) -> tuple[int, frozenset[int], bool, bool]:
        """Give the column, which codes are not answered as one never seen, that answer, and if a gap is not either."""
        if question["split_type"] == "OneHotFeature":
            column = self._categories[question["cat_feature_index"]]
            return self._answered(column, lambda word: word == question["value"] & LOWER)
        statistic = self._statistics[question["split_index"] - self._first]
        table, border = self._tables[statistic["identifier"]], np.float32(question["border"])
        return self._answered(self._column(statistic), lambda word: bool(table.value(statistic, word) > border))

    def _answered(self, column: int, says: Callable[[int], bool]) -> tuple[int, frozenset[int], bool, bool]:
        """Ask what a split says to each category of a column, by the hash of how it is written."""
        writing, unseen = self.writings[column], says(UNSEEN)
        codes = frozenset(code for code, word in writing.seen.items() if says(word) != unseen)
        return column, codes, unseen, says(_hash(writing.gap)) != unseen


# --- categories: CatBoost knows them by the hashes of how they are written

UNSEEN = -1
"""Stands for the hash of any category that the training had not."""


class _Table:
    """What a training counted of each category of a column: how often, with which labels."""

    def __init__(self, given: dict[str, Any]) -> None:
        listed, stride = given["hash_map"], given["hash_stride"]
        self.counts = {int(listed[at]): listed[at + 1 : at + stride] for at in range(0, len(listed), stride)}
        self.counts.pop(BITS, None)  # a place that is empty
        self._total = given["counter_denominator"]

    def value(self, statistic: dict[str, Any], word: int) -> np.float32:
        """Give the statistic of a category as CatBoost computes it, in float32."""
        counts = self.counts.get(_of_table(word), []) if word != UNSEEN else []
        place = int(statistic["target_border_idx"])
        match statistic["ctr_type"]:
            case "Counter" | "FeatureFreq":
                good, every = sum(counts[:1]), self._total
            case "Borders":
                good, every = sum(counts[place + 1 :]), sum(counts)
            case "Buckets":
                good, every = sum(counts[place : place + 1]), sum(counts)
            case _:  # a mean of the target: its sum, and of how many
                good, every = counts or (0.0, 0.0)
        prior, weight = (np.float32(statistic[name]) for name in ("prior_numerator", "prior_denomerator"))
        share = (np.float32(good) + prior) / (np.float32(every) + weight)
        return (share + np.float32(statistic["shift"])) * np.float32(statistic["scale"])


class _Writing:
    """How the training wrote a column's codes: by the hashes that the model keeps, as keys of a table."""

    def __init__(self, model: Any, column: int, keys: set[int]) -> None:
        written = {
            kind: {code: word for code, (word, key) in enumerate(_hashes(kind)) if key in keys} for kind in WRITINGS
        }
        self.kind, self.seen = max(written.items(), key=lambda kind: len(kind[1]))
        """Of the codes that it had, each has its hash."""
        self.gap = next((gap for gap in GAPS if _of_table(_hash(gap)) in keys), GAPS[0])
        """The word for a missing one."""
        if keys - {_of_table(word) for word in (*self.seen.values(), _hash(self.gap))}:
            raise ConversionError(
                f"{title(model)} was trained on categories that are not the codes of matrix(...), in column "
                f"{model.feature_names_[column]}: train it on matrix(...).values, with these columns as whole numbers"
            )


@cache
def _hashes(kind: str) -> tuple[tuple[int, int], ...]:
    """Give each code's hash, and its key in a table."""
    return tuple((word, _of_table(word)) for word in (_hash(WRITINGS[kind](code)) for code in range(MAX_CODES)))


def _hash(word: str) -> int:
    """Give CityHash64 (1.0) of a word of up to 8 bytes, of which CatBoost keeps the lower half."""
    text, first, third, factor = word.encode(), 0x9AE16A3B2F90404F, 0xC949D7C7509E6557, 0x9DDFEA08EB382D69
    size = len(text)
    if size > 3:  # its first and its last four bytes, which may overlap
        low, high = (int.from_bytes(part, "little") for part in (text[:4], text[-4:]))
        mixed = ((size + (low << 3) ^ high) * factor) & BITS
        mixed = ((high ^ mixed ^ mixed >> 47) & BITS) * factor & BITS
        return (mixed ^ mixed >> 47) * factor & LOWER
    if not size:
        return first & LOWER
    low, high = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
    both = (low * first ^ high * third) & BITS
    return ((both ^ both >> 47) * first) & LOWER


def _of_table(word: int) -> int:
    """Give the key by which a table of statistics knows a hash, which is a signed number to CatBoost."""
    factor, signed = 0x4906BA494954CB65, (word - 2**32 if word >= 2**31 else word) & BITS
    return factor * (factor * signed & BITS) & BITS


# --- how it is asked


def _ask(model: Any, method: Method, features: FloatRows) -> Any:
    """Ask a model of any of CatBoost's classes as its classifier or its regressor answers."""
    from catboost import CatBoost

    loss = str(model.get_all_params().get("loss_function", ""))
    kind = "Exponent" if loss.startswith(LOGARITHMIC) else "RawFormulaVal"
    rows: Any = features
    if model.get_cat_feature_indices():  # the codes are written as the training did
        rows = features.astype(object)
        for column, writing in _Saved(model).writings.items():
            codes, write = features[:, column], WRITINGS[writing.kind]
            rows[:, column] = [writing.gap if np.isnan(code) else write(int(code)) for code in codes]
    return CatBoost.predict(model, rows, prediction_type="Probability" if method == "predict_proba" else kind)


CATBOOST = Framework(
    "catboost",
    "CatBoost",
    read,
    unnamed=("",),
    ask=_ask,
    gives_probabilities=lambda _: True,
    count_columns=lambda model: len(model.feature_names_),  # ``n_features_in_`` is 0 of a file's
)
