"""What behaviours came to, in the sentences of a report."""

import json
from collections.abc import Iterable, Iterator, Sequence

from handover.behaviours.asking import FaultError
from handover.behaviours.running import Example, Result, counted, words_of
from predictor import files
from predictor.files import Json

MAX_FIELDS, MAX_ANSWERS = 6, 4  # that a sentence shows; the rest stands in the details
PLACES = {"golden rows": "Golden row {}", "rows by hand": "Row {} by hand", "drawn rows": "The simplest row"}


def kept(results: Iterable[Result]) -> str:
    """Write a line for each behaviour: on how many rows it holds."""
    return "".join(f"\n  {one.behaviour.sentence}: {one.tested - one.failed} of {_rows(one)}" for one in results)


def faults(wrong: Sequence[FaultError]) -> str:
    """Write a line for each fault."""
    return "\n  ".join(_ended(f"Line {fault.line}, {fault.name} {fault.sentence}") for fault in wrong)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def broken(results: Sequence[Result], count: int) -> str:
    """Say how many of all behaviours do not hold, and of each on how many rows, and on which, with the answers."""
    do = "does" if len(results) == 1 else "do"
    each = [_broken(result, result.example) for result in results if result.example]
    return "\n  ".join([f"{len(results)} of {count} behaviours {do} not hold.", *each])


def details(results: Sequence[Result]) -> str:
    """Write the row of each that does not hold in full, and every answer."""
    shown = [(result.behaviour.sentence, result.example) for result in results if result.example]
    each = [[f"{sentence}:", json.dumps(example.row), *_answers(example)] for sentence, example in shown]
    return "\n\n".join(map("\n".join, each))


def _rows(result: Result, which: str = "") -> str:
    """Write of how many rows it speaks, and that more are left out where so it is: it then is known of few."""
    rows, refused = counted(result.tested, result.behaviour.kind) + which, result.refused
    if len(refused) <= result.tested:
        return rows
    return f"{rows} ({len(refused)} more are left out, for the contract refuses what becomes of them: {refused[0]})"


def _broken(result: Result, example: Example) -> str:
    answers = [*_answers(example)]
    cut = f"; {len(answers) - MAX_ANSWERS} more answers" if len(answers) > MAX_ANSWERS else ""
    may = f", where {result.most or 'none'} may be" if result.behaviour.least < 1 else ""
    says = _ended(f" Its assert says: {example.message}") if example.message else ""
    place = PLACES[result.behaviour.kind].format(example.number)
    return (
        f"Line {result.line}, {result.behaviour.sentence}: not so for {result.failed} of {_rows(result, may)}. "
        f"{place}{_where(example)} gets {'; '.join(answers[:MAX_ANSWERS])}{cut}.{says}"
    )


def _where(example: Example) -> str:
    """Show the fields that matter; of a row that was simplified, all others are at their simplest."""
    shown = [words_of({name: example.row[name]}) for name in example.shown[:MAX_FIELDS]]
    if more := len(example.shown) - len(shown):
        shown.append(f"{more} more")
    elif not example.number and len(shown) < len(example.row):
        shown.append("all else at its first or lowest")
    return f" ({', '.join(shown)})" if shown else ""


def _answers(example: Example) -> Iterator[str]:
    """Write each answer, with what is changed in the row that it is of; that of the row itself first."""
    answers = {
        words_of({name: value for name, value in row.items() if example.row.get(name) != value}): answer
        for row, answer in example.calls
    }
    for changed in sorted(answers, key=bool):
        yield _rounded(answers[changed]) + (f" with {changed}" if changed else "")


def _rounded(answer: Json) -> str:
    """Write an answer in five digits: ``0.19797 (review)``."""
    single = "scores" not in answer
    scores = {name: float(f"{score:.5g}") for name, score in files.scores_in(answer).items()}
    return files.in_words((scores if single else {"scores": scores}) | {"decision": answer["decision"]})
