"""What the commands on a delivery do in a process of their own, for they run what somebody delivered.

Each imports what it needs when it is called: the clauses and all that they look at take half a second.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from handover.apart import Send
from handover.contract import Budgets, ContractError
from handover.errors import CannotRunError, DeliverError
from handover.evaluation import UnknownCodeError, evaluate, left_out
from handover.finding import Clause, Team
from handover.skips import allowances, exit_status, looser_behaviours, looser_budgets
from predictor.files import Json

if TYPE_CHECKING:
    from handover.context import DeliveryContext
    from handover.context.delivered import Delivered


def check(
    send: Send, *, delivery: str, only: list[str], base: str | None, team: Team | None, wanted: list[str]
) -> Json:
    """Check a delivery against its contract; give the exit ``status``, and each report that is wanted, by its name."""
    from handover import reporters
    from handover.checks import selected

    clauses = selected(only)
    send({"total": len(clauses)})
    with _opened(delivery, base, team) as context:
        for code in only:
            if all(reasons := [left_out(clause, context) for clause in selected([code])]):
                raise CannotRunError(f"{code} cannot be checked: {reasons[0]}")
        findings = []
        for finding in evaluate(context, clauses, begin=lambda clause: send(_begun(clause))):
            findings.append(finding)
            send({"done": len(findings), "finding": f"{finding.clause.code} {finding.verdict}  {finding.clause.rule}"})
        send({"begun": "the report"})
        written = {name: reporters.write(name, findings, context) for name in wanted}
        return {"status": exit_status(findings)} | written


def explain(send: Send, *, delivery: str, code: str, base: str | None) -> Json:
    """Check one clause of a delivery, and give all that is known of it as ``text``; of a live stack, its page.

    ``UnknownCodeError`` names near codes and the groups.
    """
    from handover import checks
    from handover.live import clauses as live
    from handover.reporters import text

    known = {clause.code: clause for clause in (*checks.CLAUSES, *live.CLAUSES)}
    clause = known.get(code.strip().upper())
    if clause is None:
        raise UnknownCodeError(f"there is no clause '{code}'", code, known.values(), checks.GROUPS | live.GROUP)
    if clause in live.CLAUSES:
        return {"text": text.page(clause)}
    with _opened(delivery, base) as context:
        (finding,) = evaluate(context, [clause], begin=lambda clause: send(_begun(clause)))
        return {"text": text.explanation(finding, context)}


def diff(send: Send, *, old: str, new: str, plot: str | None) -> Json:
    """Compare two deliveries, and give the ``text``, and the exit ``status``."""
    from handover.diff import reporters
    from handover.diff.comparison import compare
    from handover.diff.revisions import delivery_at

    with delivery_at(old) as before, delivery_at(new) as after:
        send({"begun": "what the two answer"})
        difference = compare(before, after)
    if plot:
        reporters.plot(difference, Path(plot))
    return {"status": 0 if difference.raised else 1, "text": reporters.text(difference)}


def proof_rows(send: Send, *, delivery: str, model: str | None, output: str | None, fields: bool) -> Json:
    """Write the rows that a proof by given scores asks about, as ``text``."""
    from handover import scoring
    from handover.conversion import to_graph
    from handover.encoding import RowEncoder
    from handover.trained import open_file
    from handover.trained import proof_rows as drawn

    with _written(send, delivery) as written:
        contract = written.contract
        encoding = RowEncoder(written.compiled, written.heuristics_module)
        graph = None
        if model:
            file = open_file(Path(model), contract, encoding, output)
            # Which of two classes is the score's changes no threshold.
            known = getattr(file, "classes_", None)
            positive = None if known is None or contract.classes else list(known)[-1]
            graph = to_graph(file, encoding.columns, contract.name, positive=positive, classes=contract.classes)
        rows = drawn(contract, encoding, graph)
    return {"text": scoring.as_csv(contract, encoding.columns, rows, as_sent=fields)}


def stub(send: Send, *, delivery: str, decision: str | None, table: str | None) -> Json:
    """Write a stand-in into a delivery's folder, and say so as ``text``."""
    from handover.description import stands_in
    from handover.stand_in import stub as write

    with _written(send, delivery) as written:
        to, of_table = Path(delivery), Path(table) if table else None
        manifest = write(written.contract, written.heuristics_module, to, decision=decision, table=of_table)
    return {"text": f"{stands_in(manifest['stand_in'])}\nWritten to {delivery}."}


def score(send: Send, *, file: str, to: str, delivery: str, reasons: int) -> Json:
    """Score a file of rows, and say how many got an answer as ``text``, with the exit ``status``."""
    from handover.scored import PROBLEM
    from handover.scored import score as scored

    send({"begun": file})
    given, failed = scored(
        Path(file), Path(to), Path(delivery), reasons, lambda done, total: send({"done": done, "total": total})
    )
    refused = f"; {failed} did not, and the column {PROBLEM} says why" if failed else ""
    rows = "1 row" if given == 1 else f"{given} rows"
    return {"status": 1 if failed else 0, "text": f"{rows} got an answer{refused}. Written to {to}."}


def export_mlflow(send: Send, *, delivery: str, to: str) -> Json:
    """Write a delivery as a model folder of MLflow, and say so as ``text``."""
    from handover.registry import to_mlflow

    send({"begun": delivery})
    named = to_mlflow(Path(delivery), Path(to))
    return {"text": f"Wrote {named} to {to}, a model folder of MLflow."}


@contextmanager
def _written(send: Send, delivery: str) -> Iterator["Delivered"]:
    """Give what people wrote of a delivery; what is wrong with it is one sentence."""
    from handover.context.delivered import Delivered
    from handover.conversion import ConversionError

    send({"begun": "contract.py and heuristics.py"})
    try:
        yield Delivered(Path(os.path.normpath(Path.cwd() / delivery)))
    except (ContractError, ConversionError, DeliverError) as error:
        raise CannotRunError(str(error)) from error
    except Exception as error:  # what people wrote may raise anything
        raise CannotRunError(
            f"contract.py or heuristics.py in '{delivery}' cannot be used ({type(error).__name__}: {error})"
        ) from error


def _opened(delivery: str, base: str | None, team: Team | None = None) -> "DeliveryContext":
    from handover.checks import CLAUSES
    from handover.context import DeliveryContext

    root = Path.cwd()
    allowed = allowances(root, {clause.code for clause in CLAUSES})
    folder = Path(os.path.normpath(root / delivery))  # the folders above it are asked for
    looser = looser_budgets(root, {field.name for field in fields(Budgets)})
    asking_less = looser_behaviours(root)
    return DeliveryContext(root, folder, base=base, allowed=allowed, looser=looser, asking_less=asking_less, team=team)


def _begun(clause: Clause) -> Json:
    return {"begun": f"{clause.code} ({clause.topic})"}
