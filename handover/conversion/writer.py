"""The one writer of trees: any ensemble as the operator TreeEnsemble of ai.onnx.ml 5."""

from typing import Any

import numpy as np
from onnx import numpy_helper

from handover.conversion.rows import Rows
from handover.conversion.trees import Ensemble, Leaf, Split, at_most, below, splits
from predictor.encoder import FLOAT32_MAX

type Kind = type[np.float32 | np.float64]

LESS_OR_EQUAL, MEMBER = 0, 6
SUM = 1
NO_CODE = -2


def write(rows: Rows, ensemble: Ensemble) -> str:
    """Add trees that look at rows; give the name of their sums, float64 [N, C], to which no link was applied.

    They are added up in float64, or where the framework does, in float32 and in its order, which is the trees'.

    Every test of a number is ``x <= t``, with a float32 unless the trees compare float64 columns: one kind of test is
    what onnxruntime runs fastest. Nodes stand depth first, the side of yes first: that is the order in which ONNX's
    reference implementation reads sets.

    A leaf of the operator adds one number to one sum. Where leaves are arrays, each tree gives the place of its leaf in
    a table instead: else a forest would stand in the file, and run, once for each class.
    """
    graph, kind = rows.graph, np.float32 if ensemble.single else np.float64
    if rows.wide and not ensemble.wide:
        rows = rows.changed(graph.single(rows.tensor), wide=False)
    arrays = ensemble.width > 1 and ensemble.targets is None
    targets = [0] * len(ensemble.trees) if ensemble.targets is None else list(ensemble.targets)
    missing = sorted(set(range(1 if arrays else ensemble.width)) - set(targets))
    nothing: Leaf = np.zeros(ensemble.width) if arrays else 0.0
    # The operator knows no tree that is a leaf: a question to which both answers are that leaf stands for it.
    whole = [*ensemble.trees, *(nothing for _ in missing)]
    trees = [
        tree if isinstance(tree, Split) else Split(0, "<=", FLOAT32_MAX, tree, tree, missing=False) for tree in whole
    ]
    targets += missing
    nodes = []
    for split in splits(trees):
        _join(split)
        nodes.append(split)
    place = {id(split): index for index, split in enumerate(nodes)}
    roots = [place[id(tree)] for tree in trees]
    first = [root + before for before, root in enumerate([*roots, len(nodes)])]  # one leaf more than splits in each
    leaves = [child for split in nodes for child in (split.yes, split.no) if not isinstance(child, Split)]
    weights: Any = np.array(leaves, dtype=kind)
    for target in set(targets):  # what the sum begins with, on the leaves of its first tree: saves a node
        tree = targets.index(target)
        base = np.array(ensemble.base, dtype=kind).reshape(-1)
        weights[first[tree] : first[tree + 1]] += base if arrays else base[target]
    columns = _prepared(rows, ensemble, nodes, kind)
    total = graph.add(
        "TreeEnsemble",
        columns,
        domain="ai.onnx.ml",
        aggregate_function=SUM,
        n_targets=len(trees) if arrays else ensemble.width,
        tree_roots=roots,
        leaf_targetids=np.repeat(np.arange(len(trees)) if arrays else targets, np.diff(first)).tolist(),
        leaf_weights=numpy_helper.from_array((np.arange(len(leaves)) if arrays else weights).astype(kind)),
        **_questions(nodes, place, kind, wide=rows.wide),
    )
    if arrays:
        total = graph.add("ReduceSum", graph.add("Gather", weights, graph.whole(total)), np.array([1]), keepdims=0)
    total = graph.double(total) if ensemble.single else total
    if ensemble.slopes is None:
        return total
    numbers = graph.add("Where", graph.add("IsNaN", columns), 0.0, columns)
    return graph.add("Add", total, graph.add("MatMul", numbers, ensemble.slopes))


def _questions(nodes: list[Split], place: dict[int, int], kind: Kind, *, wide: bool) -> dict[str, Any]:
    """Give the operator's attributes that say what each node asks, and where it goes on."""
    asked = np.array([0.0 if isinstance(split.value, frozenset) else float(split.value) for split in nodes])
    lower = [split.test == "<" for split in nodes]
    values = np.where(lower, np.nextafter(asked, -np.inf) if wide else below(asked), asked if wide else at_most(asked))
    modes = np.array([MEMBER if split.test == "in" else LESS_OR_EQUAL for split in nodes], dtype=np.uint8)
    members = [
        member
        for split in nodes
        if isinstance(split.value, frozenset)
        for member in (*(code + 1.0 for code in sorted(split.value) or [NO_CODE]), np.nan)
    ]
    ends = np.array([[not isinstance(child, Split) for child in (split.yes, split.no)] for split in nodes])
    goes = np.cumsum(ends).reshape(ends.shape) - 1  # leaves are counted in the order of their nodes
    for node, side in np.argwhere(~ends):
        goes[node, side] = place[id(nodes[node].no if side else nodes[node].yes)]
    sets = {"membership_values": numpy_helper.from_array(np.array(members, dtype=kind))} if members else {}
    return {
        "nodes_featureids": [split.column for split in nodes],
        "nodes_modes": numpy_helper.from_array(modes),
        "nodes_splits": numpy_helper.from_array(values.astype(kind)),
        "nodes_truenodeids": goes[:, 0].tolist(),
        "nodes_trueleafs": ends[:, 0].astype(int).tolist(),
        "nodes_falsenodeids": goes[:, 1].tolist(),
        "nodes_falseleafs": ends[:, 1].astype(int).tolist(),
        "nodes_missing_value_tracks_true": [int(split.missing) for split in nodes],
        **sets,
    }


def _join(split: Split) -> None:
    """Make one set of a set and the next, where both end at the same leaf.

    onnxruntime does so itself, and forgets that a missing value may go to that leaf by the second one alone. Of arrays
    each is a leaf of its own.
    """
    while isinstance(split.value, frozenset) and isinstance(split.yes, float):
        other = split.no
        if not isinstance(other, Split) or not isinstance(other.value, frozenset):
            return
        if other.column != split.column or other.yes != split.yes:
            return
        split.value |= other.value
        split.missing |= other.missing
        split.no = other.no


def _prepared(rows: Rows, ensemble: Ensemble, nodes: list[Split], kind: Kind) -> str:
    """Give the columns as the trees read them: one more for a code, NaN for what is read as missing.

    ONNX's reference implementation ends a set at its code 0 (onnx 1.23), and onnxruntime keeps only codes from 1 to
    31 in a bit mask: so all codes are raised by one.
    """
    graph, coded = rows.graph, np.zeros(rows.width, dtype=kind)
    coded[[split.column for split in nodes if split.test == "in"]] = 1
    tensor = graph.single(rows.tensor) if ensemble.single else graph.double(rows.tensor)
    if ensemble.read_as_missing:
        low, high = ensemble.read_as_missing
        beyond = graph.add("GreaterOrEqual", tensor, np.array(low, dtype=kind))
        before = graph.add("LessOrEqual", tensor, np.where(coded, -np.inf, high).astype(kind))
        tensor = graph.add("Where", graph.add("And", beyond, before), np.array(np.nan, dtype=kind), tensor)
    return graph.add("Add", tensor, coded) if coded.any() else tensor
