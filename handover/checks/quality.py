"""M, the model on the rows that judge it: it learned something, not too well, and no less than the one before."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from handover.context import DeliveryContext
from handover.conversion import thresholds
from handover.extent import SEEN
from handover.finding import Broken, Kept, Warned, clause
from handover.labels import contradiction
from handover.metrics import NORMAL_975, Metric, Shift, may_be_chance, metrics
from handover.quality import HEADLINES, HELD_OUT, HeldOut
from handover.rows import domains
from predictor import files
from predictor.encoder import FLOAT32_MAX

GAP_SPLITS = 2
MIN_THRESHOLDS = 10  # of fewer, one may lie anywhere
# Of a tree's thresholds. A tree only asks between values that it has seen: of 44 honest models none had one outside of
# its column's range, but for XGBoost's split between all values and a gap; permuted or scaled columns had 39 % or more.
MAX_OUTSIDE = 0.2
MIN_HELD_OUT = 20  # below that, a model that is wrong for one row in ten may pass by luck
NEAR_AN_EDGE = 0.2  # of a decision's scores
MANY_NEAR_AN_EDGE = 8  # rows; where scores thin out towards an edge, so many on one side leave some on the other
STILL_ENOUGH = 0.5  # of the rows on the base branch: data loses some, and a cut for a try leaves a small part
MUCH_BETTER = 0.5  # of what is missing to a perfect figure
AS_MANY, OTHERS = 2.5, 5.0  # standard errors of the mean label
REACHES_AN_EDGE = 1 / 3  # the nearest row's distance to the edge, at most, as a share of the eighth row's

NO_CHANCE = 5  # rows of a class: one that is recognised more often than not is missed in so many once in 32 models
UNKNOWN_CLASS = "More rows of it in the training may help, or a field that tells it apart; else let the class go."
UNREACHED_EDGE = "Move its edge to where scores are, or let it go."
WORSE = (
    "The data, its labels or the settings changed for the worse; or what was better knew too much, and both teams sign "
    "a larger fall in Budgets for once."
)
JUDGED = ("C109", "M101", "M111", "P201")
of_what_judges = partial(clause, looks_at="model", requires=JUDGED)
TREES = ("M104", "M105", "M109", "P201")


@of_what_judges(
    "M112",
    topic="learned",
    suppressed_by=("M114",),
    rule="the model is no worse than answering the mean label",
    broken="the model knows no more than the mean label",
)
def learned(context: DeliveryContext) -> Broken | Kept:
    budgets, score = context.contract.budgets, context.contract.score
    evidence, cause = context.held_out.no_skill(
        least_auc=budgets.least_auc, least_r2=budgets.least_r2, probability=score.probability
    )
    beyond = context.held_out.beyond(score.low, score.high) if score.probability else ""
    if evidence:
        broken = _broken(context, evidence, _of_the_judges(context) or f"{beyond} {cause}".strip())
        return replace(broken, headline=HEADLINES.get(cause, ""))
    metric, rows = metrics(context.held_out)[0], len(context.held_out.scores)
    return Kept(
        proved=f"{metric.name} {metric.written(metric.value)} on {rows} held-out rows",
        warnings=(
            *_of_the_contract(context, beyond),
            *_of_the_figure(context, metric),
            *_weak_segments(context),
        ),
    )


def _of_the_judges(context: DeliveryContext) -> str:
    """Say that it is what judges the model that changed, where the model did not; nothing where that is not known."""
    changed = context.changed_files
    before = None if changed is None or files.MODEL in changed else _judged_before(context)
    now = context.held_out
    if before is None or before.as_csv() == now.as_csv():
        return ""
    what = "the held-out rows, their labels or what matrix() makes of them that changed"
    if np.array_equal(before.scores, now.scores):
        moved = np.array_equal(np.sort(before.targets), np.sort(now.targets))
        what = f"the labels of the held-out rows that {'were moved' if moved else 'changed'}"
    return f"{files.MODEL} is the base branch's byte for byte, so it is {what}."


def _judged_before(context: DeliveryContext) -> HeldOut | None:
    """Give what judged the model on the base branch; ``None`` where nothing did, or it cannot be read."""
    content = context.delivered_before(HELD_OUT)
    try:
        return HeldOut.from_csv(content) if content is not None else None
    except ValueError:
        return None


def _warned(path: Path, line: int | None, evidence: str, cause: str, headline: str) -> list[Warned]:
    """Warn where there is evidence."""
    return [Warned(evidence, path, line, cause, headline=headline)] if evidence else []


def _of_the_contract(context: DeliveryContext, beyond: str) -> list[Warned]:
    warned = partial(_warned, context.folder / "contract.py", context.contract_line("score"))
    return warned(
        contradiction(context.contract.score.meaning, context.manifest.get("score_of")),
        "Whoever reads the contract decides the wrong way round. Name the class of the score with positive= of "
        "deliver(), or write in the contract what the score is.",
        "the score is of the other class than the contract says",
    ) + warned(beyond, "", "labels lie beyond what the score can be")


def _of_the_figure(context: DeliveryContext, metric: Metric) -> list[Warned]:
    """Tell of a figure that a model without any knowledge has as well: so few rows prove neither.

    And of a number that ranks the rows, and misses by more than the mean label does.
    """
    held_out, warned = context.held_out, partial(_warned, _judged_by(context), None)
    low, high = map(metric.written, metric.interval)
    figure = f"Its {metric.name} on {len(held_out.scores)} held-out rows is {metric.written(metric.value)}"
    chance = f"{figure}, and in truth from {low} to {high} (95 %): chance alone may give that."
    means = f"its mean score is {held_out.scores.mean():.3g}, and the mean label {held_out.labels.mean():.3g}"
    misses = not held_out.is_binary and context.contract.score.probability and held_out.misses_more()
    return warned(
        chance if may_be_chance(held_out) else "",
        "The task is that hard, or the labels do not belong to their rows (shuffled by a join). More held-out rows "
        "tell which; a floor in Budgets (least_auc, least_r2) makes it a rule.",
        "what the model knows may be chance",
    ) + warned(
        f"{figure}, though it ranks them: {means}." if misses else "",
        "A high or a low quantile is meant to be so. Else it was trained on labels of another unit, such as their "
        "logarithm, or on another time.",
        "the score misses by more than the mean label does",
    )


def _weak_segments(context: DeliveryContext) -> Iterator[Warned]:
    """Tell of a segment in which the model is worse than chance explains, as far as the manifest says it."""
    try:
        segments = context.manifest["segments"]
        weak = [one for one in segments["worst"] if one["beyond_chance"]]
        if weak:
            worst, beyond, tried = weak[0], segments["beyond_chance"], segments["tried"]
            is_so = "It is the only one" if beyond == 1 else f"So it is in {beyond:d}"
            yield Warned(
                f"Where `{worst['field']}` {worst['segment']}, its {segments['figure']} is {worst['value']:.3g} on "
                f"{worst['rows']:d} held-out rows, and {worst['elsewhere']:.3g} elsewhere: more than chance explains. "
                f"{is_so} of the {tried:d} segments that were looked at.",
                context.card if context.card.is_file() else context.folder / files.MANIFEST,
                cause="More such rows, or a heuristic for them, may help. Else the card says where not to rely on it, "
                'under "Where it is weakest".',
                headline="the model is weaker in a segment",
            )
    except (KeyError, TypeError, ValueError, IndexError):  # of a manifest by another hand; R505 compares it
        return


def _broken(context: DeliveryContext, evidence: str, cause: str) -> Broken:
    return Broken(evidence, _judged_by(context), cause=cause)


def _judged_by(context: DeliveryContext) -> Path:
    return context.training or context.folder / HELD_OUT


@of_what_judges(
    "M113",
    topic="believable",
    rule="the model is not better than anybody would believe",
    broken="the model is too good to be true",
)
def too_good(context: DeliveryContext) -> Broken | None:
    evidence = context.held_out.too_good(context.contract.budgets.most_auc)
    cause = "A column most likely tells the outcome: the target itself, or what is only known after it."
    remedy = "If the task is that easy, both teams can sign most_auc=1.0 in Budgets."
    return _broken(context, evidence, f"{cause} {remedy}") if evidence else None


@of_what_judges(
    "M115",
    topic="fall",
    requires=(*JUDGED, "C110"),
    suppressed_by=("M112", "M114"),
    rule="the model is no worse than the one on the base branch",
    broken="the model is worse than the one on the base branch",
)
def no_fall(context: DeliveryContext) -> Broken | Kept | None:
    try:
        comparison, beside = context.comparison, context.beside_before
    except (ValueError, KeyError, TypeError):
        return Kept("what the base branch has cannot be read, so nothing was compared")
    if beside is None:
        return None
    decides, budget = beside.shifts[0], context.contract.budgets.fall
    fall, chance = -decides.difference, NORMAL_975 * decides.error
    if comparison is None:
        note = "the contract is another one for callers: that its model may answer worse is left to both teams"
        return Kept(note, warnings=(*_risen(context, decides, chance),))
    fewer, inverted = _fewer(context), _inverted(context)
    if fall <= budget + chance:
        against = _against_before(context, fewer, inverted, comparison.labels_moved)
        return Kept(warnings=(*against, *_risen(context, decides, chance)))
    was, now = decides.was, decides.now
    return _broken(
        context,
        f"Its {now.name} on {len(now.influence)} held-out rows is {now.value:.3f}, and on the base branch "
        f"{was.value:.3f} on {'the same' if comparison.paired else len(was.influence)}: a fall of {fall:.3f}, where "
        f"{budget:g} is agreed and chance explains {chance:.3f}.",
        inverted or _of_the_judges(context) or " ".join(filter(None, (fewer, comparison.labels_moved, WORSE))),
    )


def _fewer(context: DeliveryContext) -> str:
    """Say of held-out rows, and of those of the training, how many there were; nothing where most are still there."""
    before, manifest = _judged_before(context), context.delivered_before(files.MANIFEST)
    counts = [("held-out rows", len(before.scores) if before else 0, len(context.held_out.scores))]
    try:
        was, now = (int(one["training"]["rows"]) for one in (json.loads(manifest or b"{}"), context.manifest))
        counts.append(("rows in the training", was, now))
    except (KeyError, TypeError, ValueError):  # it is the author's to say, or not
        pass
    fell = [f"{was} {rows} then, {now} now" for rows, was, now in counts if now < was * STILL_ENOUGH]
    return f"{'; '.join(fell)}." if fell else ""


def _against_before(context: DeliveryContext, fewer: str, inverted: str, labels_moved: str) -> Iterator[Warned]:
    warned = partial(_warned, _judged_by(context), None)
    yield from warned(
        fewer,
        "Then is on the base branch. Often a try on a few rows was left in; where the data is another, it is meant.",
        "the model has far fewer rows than the one on the base branch",
    )
    yield from warned(
        inverted,
        "Callers would read the score as before. Where it is meant to speak for the other outcome now, that is a new "
        "major version.",
        "the score may speak for the other outcome than on the base branch",
    )
    yield from warned(
        "" if inverted else labels_moved,
        "The first is the base branch's. Where times changed, it is meant; else another filter, join or rule makes the "
        "labels. What moves with them, as a log loss does, compares no models then.",
        "the held-out labels have another mean than on the base branch",
    )
    yield from warned(
        _moved(context),
        "What changes or leaves out rows between the data and matrix() is not in production, where rows come as "
        "callers send them.",
        "the training may change rows before matrix()",
    )


def _moved(context: DeliveryContext) -> str:
    """Say which fields reach elsewhere than on the base branch, in rows of the same data."""
    known = (context.delivered_before(name) for name in (files.MANIFEST, files.CONTRACT))
    try:
        before, agreed = (json.loads(content or b"{}") for content in known)
        is_same = before["training"]["sha256"] == context.manifest["training"]["sha256"]
        fields = agreed["fields"] if is_same and agreed["fields"] == context.compiled["fields"] else ()
        columns = zip(fields, before[SEEN]["columns"], context.manifest[SEEN]["columns"], strict=False)
        moved = ", ".join(field["name"] for field, was, is_ in columns if was != is_)
    except (LookupError, TypeError, ValueError):  # the manifest may say what it likes
        return ""
    what = "The data and the contract's fields are the base branch's, and rows of matrix() reach elsewhere"
    return f"{what}: {moved}." if moved else ""


def _risen(context: DeliveryContext, decides: Shift, chance: float) -> Iterator[Warned]:
    """Warn of a figure that came halfway to a perfect one at once, as with what is only known after the outcome."""
    was, now = decides.was, decides.now
    if decides.difference - chance > MUCH_BETTER * (1 - was.value):
        try:
            most = max(context.manifest["importance"]["columns"], key=lambda column: column["fall"])["name"]
        except (LookupError, TypeError, ValueError):  # by another hand
            most = "what the manifest does not say"
        yield Warned(
            f"Its {now.name} was {was.written(was.value)}, and is {now.written(now.value)}. It looks most at {most}.",
            _judged_by(context),
            cause="So much at once is often a column that tells the outcome, or is known only after it. Where it was "
            "earned, nothing is to be done.",
            headline="the model is far better than the one on the base branch",
        )


def _inverted(context: DeliveryContext) -> str:
    """Say that as many labels are 1 as were 0 on the base branch; nothing where that may be chance."""
    before, now = _judged_before(context), context.held_out
    if before is None or now.of_classes or not now.is_binary or len(before.labels) != len(now.labels):
        return ""
    was, is_ = float(before.labels.mean()), float(now.labels.mean())
    error = (was * (1 - was) / len(now.labels)) ** 0.5
    if abs(is_ - (1 - was)) > AS_MANY * error or abs(is_ - was) < OTHERS * error:
        return ""
    return f"The labels seem to be the other way round: their mean was {was:.3g} and is {is_:.3g}."


@clause(
    "M114",
    topic="ranges",
    requires=TREES,
    rule="the trees ask for numbers that their columns can have",
    broken="the model was trained on other columns",
)
def asks_within_range(context: DeliveryContext) -> Broken | None:
    # The largest number of all parts what is missing from all else.
    asked = [(column, threshold) for column, threshold in thresholds(context.graph) if abs(threshold) < FLOAT32_MAX]
    if len(asked) < MIN_THRESHOLDS:
        return None
    lowest, highest = _ranges(context)
    outside = [(column, number) for column, number in asked if not lowest[column] <= number <= highest[column]]
    # Where a column has gaps, a split or two tell them from all values, or from the number that an imputer puts there.
    gaps, splits = np.isnan(context.probe_matrix).any(axis=0), Counter(column for column, _ in outside)
    outside = [(column, number) for column, number in outside if not gaps[column] or splits[column] > GAP_SPLITS]
    if len(outside) <= MAX_OUTSIDE * len(asked):
        return None
    names = list(dict.fromkeys(context.encoder.columns[column] for column, _ in outside))
    each = [
        f"{context.encoder.columns[column]} {number:g} (it lies between {lowest[column]:g} and {highest[column]:g})"
        for column, number in outside
    ]
    return Broken(
        f"{len(outside)} of the {len(asked)} numbers that its trees ask for lie outside of what the column can be, in "
        f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}; the first asks for {each[0]}.",
        context.training or context.folder / "model.onnx",
        cause="It was trained on columns in another order than matrix(...) gives, or scaled outside of the Pipeline.",
        details="\n".join(each),
    )


@of_what_judges(
    "M116",
    topic="judges",
    suppressed_by=("M112", "M114", "M115"),
    rule="the rows that judge the model are enough, and were not chosen by their score",
    broken="the rows that judge the model cannot judge it",
)
def can_judge(context: DeliveryContext) -> Broken | Kept | None:
    scores = context.held_out.scores
    if len(scores) < MIN_HELD_OUT:
        cause = "Too little of the data was held out: give deliver() at least as many rows with their labels."
        return _broken(context, f"There are {len(scores)}; fewer than {MIN_HELD_OUT} prove little.", cause)
    return _cut_off(context) or Kept(warnings=tuple(_unreached(context)))


def _unreached(context: DeliveryContext) -> Iterator[Warned]:
    """Tell of decisions that no held-out row gets, or none of its class: nothing says how often they are right."""
    held_out = context.held_out
    made = [str(context.contract.decide(row)) for row in held_out.scores]
    own = [held_out.names[int(target)] for target in held_out.targets] if held_out.of_classes else []
    line = context.contract_line("classes" if own else "decisions")
    warned, rows = partial(_warned, context.folder / "contract.py", line), Counter(own)
    never = [name for name in context.contract.scores.decisions if name not in made]
    each = " or ".join(f"{name!r}{f', which {rows[name]} of them are' if rows[name] else ''}" for name in never)
    nobody = " Nor is a golden row, and deliver() looks for some: it may be that nobody can be."
    is_golden = not {answer["decision"] for answer in context.golden}.isdisjoint(never)
    right = {name for name, decision in zip(own, made, strict=False) if name == decision}
    yield from warned(
        each and f"None of the {len(made)} held-out rows is decided {each}.{'' if is_golden else nobody}",
        f"Nothing says how often it is right. {UNKNOWN_CLASS if {*never} & {*held_out.names} else UNREACHED_EDGE}",
        "a decision that no held-out row gets",
    )
    missed = [f"{name!r} ({rows[name]} rows)" for name in {*rows} & {*made} - right if rows[name] >= NO_CHANCE]
    evidence = f"None of the held-out rows of {' and of '.join(sorted(missed))} is decided so."
    yield from warned(evidence if missed else "", UNKNOWN_CLASS, "a class that the model does not recognise")


def _cut_off(context: DeliveryContext) -> Broken | None:
    """Find rows that were chosen by their score: many next to the edge of the one decision, none beyond."""
    scores = context.held_out.highest
    decisions = {str(context.contract.decide(row)) for row in context.held_out.scores}
    if len(decisions) != 1 or context.contract.classes:  # every class has rows of its own, or they judge nothing
        return None
    (decision,) = decisions
    edges = [context.contract.score.low, *context.contract.decisions.values()]
    place = list(context.contract.decisions).index(decision)
    low, high = edges[place : place + 2]
    for edge in (edge for edge in (high, low) if edge not in {edges[0], edges[-1]}):
        apart = np.sort(np.abs(scores - edge))
        count = (apart < NEAR_AN_EDGE * (high - low)).sum()
        if count >= MANY_NEAR_AN_EDGE and apart[0] <= REACHES_AN_EDGE * apart[MANY_NEAR_AN_EDGE - 1]:
            near = f"{count} of them score next to its edge {edge:g}, and none beyond"
            cause = "The baseline, which production is compared with, expects that one decision only."
            remedy = "Judge the model by rows that were drawn at random."
            evidence = f"All {len(scores)} held-out rows are decided {decision!r}: {near}."
            return _broken(context, evidence, f"{cause} {remedy}")
    return None


def _ranges(context: DeliveryContext) -> tuple[list[float], list[float]]:
    """Give what each column can be: a field by the contract, a heuristic by what it gives."""
    lowest = np.nanmin(context.probe_matrix, axis=0, initial=np.inf).tolist()
    highest = np.nanmax(context.probe_matrix, axis=0, initial=-np.inf).tolist()
    for place, field in enumerate(domains(context.compiled)):
        lowest[place], highest[place] = field.column_ends
    return lowest, highest
