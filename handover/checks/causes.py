"""Why answers differ from the training's: which file of the delivery gives something else than it gave there."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from handover import card
from handover.checks.values import Rows, as_trained, changed_heuristics, in_words, line_of
from handover.context import DeliveryContext
from handover.finding import Broken, Owner
from predictor import files

MIN_EXPLAINED = 2  # rows: one alone is explained by a second column as well, one time in thirty
MAX_ASKED = 200  # rows, so that a wide model takes seconds
RARE = 0.3  # what more than this share of the agreeing rows have as well explains nothing


class Cause(NamedTuple):
    """Where the fault is, and the sentence that says why there."""

    sentence: str
    file: str | Path
    """A file of the delivery, by its name, or another one."""
    line: int | None = None
    owner: Owner | None = None
    """Who fixes it, where that is not the owner of the clause."""

    def broken(self, context: DeliveryContext, evidence: str, details: str = "") -> Broken:
        """Say what was seen, and this of why."""
        return Broken(evidence, context.folder / self.file, self.line, self.sentence, details, self.owner)


def of_scores(context: DeliveryContext, rows: Rows) -> Cause:
    """Say why the scores of these golden rows are not the training's: the first cause that git does not rule out."""
    causes = chain(_reordered(context), _heuristics(context), _rounded(context, rows), _category(context, rows))
    possible = (cause for cause in causes if not _ruled_out(context, cause.file))
    return _with_remedy(context, next(possible, None) or _undecided(context, rows))


def of_values(context: DeliveryContext) -> tuple[str, Cause] | None:
    """Say which heuristics give other values than in training, and why no score shows it; nothing where none does."""
    trained = as_trained(context)
    changed = changed_heuristics(context, context.golden_matrix, trained)
    if not changed:
        return None
    words = in_words(context, changed)
    if _ruled_out(context, files.HEURISTICS):
        edited = Cause("git shows no change of heuristics.py: golden.jsonl was edited.", files.GOLDEN)
        return words, _with_remedy(context, edited)
    sentence = "heuristics.py was edited after the training. "
    if len(context.apart(context.model(trained), context.golden_scores)):
        those = "they are those of the edited heuristic, and not of the training"
        sentence += f"So were the scores in golden.jsonl: {those}."
    else:
        sentence += "These rows score the same with either value; the rows of callers need not."
    return words, _with_remedy(context, Cause(sentence, files.HEURISTICS, line_of(context, changed)))


def of_decisions(context: DeliveryContext, rows: Sequence[int]) -> Cause:
    """Say why the decisions on these golden rows are not the training's, though the scores are."""
    contract, edges = context.contract, "classes" if context.contract.classes else "decisions"
    if not set(rows) & set(context.flipped(context.golden_scores)):
        why = "Two classes have nearly the same score" if contract.classes else "A score lies on the edge of a decision"
        sentence = f"{why}: its last digit decides. Move the edge a little, and deliver again: {context.delivers}."
        return Cause(sentence, "contract.py", context.contract_line(edges))
    sentence = "contract.py decides the very scores of golden.jsonl otherwise: its edges were moved after the delivery."
    moved = Cause(sentence, "contract.py", context.contract_line(edges))
    edited = Cause("No edges give these decisions to these scores: golden.jsonl was edited.", files.GOLDEN)
    likely, other = (moved, edited) if _by_edges(context) else (edited, moved)
    return _with_remedy(context, other if _ruled_out(context, likely.file) else likely)


def _by_edges(context: DeliveryContext) -> bool:
    """Whether some edges, not those of contract.py, give the golden rows their decisions."""
    contract, golden = context.contract, context.golden
    if contract.classes:
        other = contract.otherwise.decision if contract.otherwise else None
        decided = map(contract.decide, context.golden_scores)
        pairs = [{line["decision"], decision} for line, decision in zip(golden, decided, strict=True)]
        return all(len(pair) == 1 or other in pair for pair in pairs)
    order = list(contract.decisions)
    places = [order.index(golden[row]["decision"]) for row in context.golden_scores[:, 0].argsort()]
    return places == sorted(places)


def _with_remedy(context: DeliveryContext, cause: Cause) -> Cause:
    again = f"Take back what was edited, or train and deliver again: {context.delivers}."
    return cause._replace(sentence=f"{cause.sentence} {again}")


def _ruled_out(context: DeliveryContext, file: str | Path) -> bool:
    """Whether a file is as it was before, and another of the delivery is not."""
    changed = context.changed_files
    return bool(changed) and file not in (changed or ())


def _reordered(context: DeliveryContext) -> Iterator[Cause]:
    """Find another order of the classes in which the model's scores are those of the training, if there is one."""
    given, expected, names = context.local_scores, context.golden_scores, context.contract.scores.names
    columns = [
        [column for column in range(len(names)) if not len(context.apart(given[:, [column]], expected[:, [place]]))]
        for place in range(len(names))
    ]
    if not all(columns) or all(place in alike for place, alike in enumerate(columns)):
        return
    trained = [*files.scores_in(context.golden[0])]  # deliver() writes them in the contract's order
    if trained != list(names):
        sentence = f"contract.py lists the classes in another order than in training, which was {', '.join(trained)}."
        yield Cause(sentence, "contract.py", context.contract_line("classes"))
        return
    places = [min(place for place, alike in enumerate(columns) if column in alike) for column in range(len(names))]
    order = [names[place] for place in places]
    yield Cause(f"The model gives its scores in another order of the classes: {', '.join(order)}.", files.MODEL)


def _heuristics(context: DeliveryContext) -> Iterator[Cause]:
    """Compare the heuristics' values with those of the training, and see whether these give the golden scores."""
    trained = as_trained(context)
    if changed := changed_heuristics(context, context.golden_matrix, trained):
        words, left = in_words(context, changed), len(context.apart(context.model(trained), context.golden_scores))
        if not left:
            theirs = "With the training's values all scores agree: heuristics.py computes something else now."
            yield Cause(f"{words} {theirs}", files.HEURISTICS, line_of(context, changed))
        of = f"With the training's values {left} scores still differ: golden.jsonl is of another training."
        yield Cause(f"{words} {of if left else 'Rows of golden.jsonl were edited.'}", files.GOLDEN)


def _rounded(context: DeliveryContext, rows: Rows) -> Iterator[Cause]:
    """Find the number of digits to which the answers were rounded, if they were."""
    scores = context.golden_scores
    distance = np.abs(scores[rows] - context.local_scores[rows].astype(np.float64))
    for digits in range(1, 6):
        if np.all(distance <= 0.5001 * 10.0**-digits) and np.all(scores == scores.round(digits)):
            sentence = f"The scores in golden.jsonl are rounded to {digits} digits: deliver() writes all of them."
            yield Cause(sentence, files.GOLDEN)
            return


def _category(context: DeliveryContext, rows: Rows) -> Iterator[Cause]:
    """Find the one category of which another code alone gives each row the training's score, if there is one."""
    if len(rows) < MIN_EXPLAINED:
        return
    right = [
        field["name"]
        for column, field in enumerate(context.compiled["fields"])
        if "categories" in field and _explains(context, rows[:MAX_ASKED], column, len(field["categories"]))
    ]
    if len(right) == 1:
        seen = f"Another value of `{right[0]}`, and of no other category, gives each of these rows the training's score"
        why = "its categories stand in another order now, and the model knows them by their place"
        yield Cause(f"{seen}: {why}.", "contract.py", context.contract_line(right[0]))


def _explains(context: DeliveryContext, rows: Rows, column: int, codes: int) -> bool:
    values = np.array([*range(codes), np.nan], dtype=np.float32)
    tried = np.repeat(context.golden_matrix[rows], len(values), axis=0)
    tried[:, column] = np.tile(values, len(rows))
    expected = np.repeat(context.golden_scores[rows], len(values), axis=0)
    right = np.ones(len(tried), dtype=bool)
    right[context.apart(context.model(tried), expected)] = False
    return bool(right.reshape(len(rows), -1).any(axis=1).all())


def _undecided(context: DeliveryContext, rows: Rows) -> Cause:
    """Name what is left when no cause was worked out: by git, by the model's card, and by how many rows differ."""
    suspects = [files.MODEL, files.GOLDEN]
    # Whether the model's card is of this model, where deliver() wrote one: who edits the manifest forgets it.
    figures = card.block(card.read(context.card), card.FIGURES) if context.card.is_file() else None
    is_the_cards = bool(figures) and sha256((context.folder / files.MODEL).read_bytes()).hexdigest() in str(figures)
    if figures and not is_the_cards:
        sentence = f"{context.card.name}, which deliver() wrote too, has the SHA-256 of another {files.MODEL}."
        return Cause(f"{_shared(context, rows)}{sentence}", files.MODEL)
    cleared = ""
    if changed_heuristics(context, context.golden_matrix, as_trained(context)):
        suspects.append(files.HEURISTICS)
    else:
        cleared = "The heuristics give the training's values. "
    if is_the_cards:
        suspects.remove(files.MODEL)
        cleared += f"{files.MODEL} is the one whose SHA-256 {context.card.name} has. "
    left = [file for file in suspects if file in (context.changed_files or ())] or suspects
    others = [file for file in suspects if file not in left]
    if suspects == [files.GOLDEN]:
        file, sentence = files.GOLDEN, "So golden.jsonl was edited."
    elif len(left) == 1:
        (file,) = left
        unchanged = f"{' and '.join(others)} did not change"
        sentence = f"{file} is not the file that it was before, as git has it, and {unchanged}."
    elif files.GOLDEN in left and len(rows) <= RARE * len(context.golden):
        file, others = files.GOLDEN, [file for file in left if file != files.GOLDEN]
        otherwise = f"{' or '.join(others)} gives another answer for them now"
        sentence = f"Most rows agree: golden.jsonl was edited at these, or {otherwise}."
    else:
        file = left[0]
        sentence = (
            f"{' and '.join(left)} are not of one training, though the manifest vouches for each of them: it was "
            "written by hand, or the model was converted without deliver()."
        )
    return Cause(f"{_shared(context, rows)}{cleared}{sentence}", file)


def _shared(context: DeliveryContext, rows: Rows) -> str:
    """Find the category or gap that all differing rows have and the fewest others, if there is one: a hint."""
    differing, rarest = set(rows.tolist()), (RARE, "")
    for field in context.compiled["fields"]:
        values = [line["row"].get(field["name"]) for line in context.golden]
        common = {values[row] for row in differing}
        if len(common) == 1 and (field["kind"] != "number" or common == {None}):
            agreeing = [value for row, value in enumerate(values) if row not in differing]
            alike = sum(value in common for value in agreeing)
            others = f"{alike} of the {len(agreeing)} rows that agree have" if alike else "no row that agrees has"
            sentence = f"All of them have `{field['name']}` = {json.dumps(*common)}; {others}. "
            rarest = min(rarest, (alike / max(1, len(agreeing)), sentence))
    return rarest[1]
