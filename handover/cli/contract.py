"""A delivery and its contract: drafted, held, explained, compared; and the rows that it is asked about."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from handover.cli.group import BOTH, INTERRUPTED, MODELLING, PATH, PROJECT, apart, command, only_option, progress, shown
from handover.cli.reports import NEW_FILE, Reports, gives_reports
from handover.errors import CannotRunError
from handover.finding import Team

if TYPE_CHECKING:
    from handover.init.hosting import CI

BEGUN = ("contract.py", "heuristics.py", "manifest.json")
"""Files without which a folder is no delivery, not even one that is being written."""


def existing(_: click.Context, __: click.Parameter, folder: Path) -> Path:
    """Require a folder; where the usual one is not there, this is not a project."""
    if not folder.is_dir():
        usual = " here, as a project has it" if folder == PROJECT.delivery else ""
        raise CannotRunError(f"there is no folder '{folder}'{usual}: name the delivery's with --delivery")
    return folder


def delivered(context: click.Context, parameter: click.Parameter, folder: Path) -> Path:
    """Say at once that a folder holds no delivery."""
    if not (existing(context, parameter, folder) / "manifest.json").is_file():
        raise CannotRunError(f"there is no delivery in '{folder}': it has no manifest.json")
    return folder


def _begun(context: click.Context, parameter: click.Parameter, folder: Path) -> Path:
    """Require something of a delivery, whatever it lacks; say where one is, if it is below the folder."""
    if not any((existing(context, parameter, folder) / name).is_file() for name in BEGUN):
        below = next((path for path in (folder / "delivery", folder / PROJECT.delivery) if path.is_dir()), None)
        raise CannotRunError(
            f"there is no delivery in '{folder}': it has none of {', '.join(BEGUN)}; "
            + (f"did you mean --delivery {below}?" if below else "name the delivery's folder with --delivery")
        )
    return folder


DELIVERY = partial(click.option, "--delivery", default=PROJECT.delivery, type=PATH, help="The delivery's folder.")


@command(BOTH)
@click.argument("folder", type=PATH)
@click.option("--data", type=PATH, help="CSV, TSV, Parquet, JSON lines or Excel.")
@click.option("--target", help="The column that is to be predicted.")
@click.option("--private-data", is_flag=True, help="Keep the data, and what is a single row's, out of the repository.")
@click.option(
    "--contract-only", is_flag=True, help="In place of data: agree on the contract first, question by question."
)
@click.option("--like", type=PATH, help="With --contract-only: a JSON file of example requests.")
@click.option("--ci", default="github", type=click.Choice(["github", "gitlab", "azure"]), help="The CI system.")
def init(
    folder: Path,
    data: Path | None,
    target: str | None,
    like: Path | None,
    ci: "CI",
    *,
    private_data: bool,
    contract_only: bool,
) -> None:
    """Write a project into FOLDER: a contract and a training drafted from data, and all that serves a model.

    With --contract-only there is neither data nor model: both teams agree on the contract, at the terminal or after an
    example request, and a stand-in answers until there is a model.
    """
    if contract_only:
        if data or target or private_data:
            raise click.UsageError("--contract-only takes no data: leave out --data, --target and --private-data")
        _agree(folder, like, ci)
        return
    if like:
        raise click.UsageError("--like is an example request for --contract-only: add that")
    if data is None or target is None:
        raise click.UsageError(
            "give --data, a file, and --target, its column to predict; or, where there is no data yet, --contract-only"
        )
    from handover.init import init as write

    with progress() as bars:
        track = partial(bars.track, description="Looking at the columns")
        report = write(folder, data, target, track, private=private_data, ci=ci)
    click.echo(report)


def _agree(folder: Path, like: Path | None, ci: "CI") -> None:
    """Write a project of a contract alone, as two teams say it or an example request has it."""
    from handover.cli import dialogue
    from handover.draft.agreed import TO_BE_AGREED, read_requests
    from handover.init import agree

    kept = folder.parent / f".{folder.name}.agreed.json"
    if like:
        fields, left_out = read_requests(like)
        report = agree(folder, lambda _: (fields, TO_BE_AGREED), left_out, ci=ci)
    elif not dialogue.is_possible():
        raise CannotRunError("there is nobody to ask: run it in a terminal, or give --like, a JSON file of a request")
    else:
        try:
            report = agree(folder, lambda name: dialogue.agreed(name, kept), ci=ci)
        except (click.Abort, KeyboardInterrupt):
            answers = "nothing had been answered."
            if kept.is_file():
                answers = f"what was answered is kept in {kept}, and the same command goes on from there."
            click.echo(f"\nNothing was written to {folder}; {answers}", err=True)
            sys.exit(INTERRUPTED)
        kept.unlink(missing_ok=True)
    click.echo(report)


@command(BOTH)
@click.argument("file", type=NEW_FILE, default="parcels.csv")
def example(file: Path) -> None:
    """Write toy data into FILE, to try init with: 400 parcels, made up, and whether each came late."""
    from handover.init import example as toy

    click.echo(toy(file))


@command(BOTH)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def upgrade(*, dry_run: bool) -> None:
    """Bring this project's files to this release, and keep what you changed. Exit status: 0, 1 with conflicts.

    Lines that both changed stay in the file, between markers, as git leaves them.
    """
    from handover.init.upgrade import upgrade as bring

    status, report = bring(Path(), dry_run=dry_run)
    click.echo(report)
    sys.exit(status)


BASE = click.option("--base", help="The git revision of the agreed contract.  [default: found]")


@command(BOTH)
@click.argument("code", required=False)
@DELIVERY(callback=existing)
@BASE
def explain(code: str | None, delivery: Path, base: str | None) -> None:
    """Say what clause CODE means, what it found in this delivery, in full, and what to do."""
    if not code:
        raise CannotRunError("say which clause, as in handover explain P203 (make explain CODE=P203)")
    click.echo(apart("explain", code=code, delivery=delivery, base=base)["text"])


@command(BOTH)
@only_option
def clauses(only: list[str]) -> None:
    """List the clauses: code, who fixes what breaks it, and the rule. handover explain CODE says more."""
    from handover import checks
    from handover.evaluation import selected
    from handover.live import clauses as live

    groups = checks.GROUPS | live.GROUP
    chosen = selected(only, (*checks.CLAUSES, *live.CLAUSES), groups)
    for letter, meaning in groups.items():
        if members := [clause for clause in chosen if clause.code[0] == letter]:
            click.echo(f"{letter}  {meaning}")
            for clause in members:
                click.echo(f"  {clause.code}  {clause.owner:<10}  {clause.rule}")


@command(BOTH)
@only_option
@click.option(
    "--for",
    "team",
    type=click.Choice(get_args(Team.__value__)),
    help="Leave out what only the other team looks at.",
)
@DELIVERY(callback=_begun)
@BASE
@gives_reports
@click.option("--html", type=NEW_FILE, help="Also write them as one HTML file.")
@click.option("--verbose", "-v", is_flag=True, help="Also print each clause as it is checked, on stderr.")
def check(*, only: list[str], team: Team | None, delivery: Path, base: str | None, verbose: bool, **asked: Any) -> None:
    """Check the delivery against its contract. Exit status: 0 kept, 1 broken, 2 could not be checked.

    A warning changes no exit status. What is built is checked as it is, and not built anew: see handover build.

    What could not be checked is not kept: a clause may be skipped only where handover.toml says so, and why. Where the
    current folder is no project, what looks at a project's stack is left out, and the report says so.
    """
    reports = Reports(**asked)
    what = {"only": only, "delivery": delivery, "base": base, "team": team, "wanted": reports.names}
    with reports.cut_short():
        done = shown("check", "Checking the clauses", verbose=verbose, **what)
    reports.give(done.__getitem__)
    if done["status"]:
        sys.exit(done["status"])


@command(MODELLING)
@DELIVERY(callback=existing)
@click.option("--model", type=PATH, help="The model's file, for rows beside its trees' thresholds.")
@click.option("--output", help="The output of an ONNX file that is the score, where it has several.")
@click.option("--fields", is_flag=True, help="Write the contract's fields, and not the model's input.")
def proof_rows(delivery: Path, model: Path | None, output: str | None, *, fields: bool) -> None:
    """Print the rows that a proof asks about, as CSV, to be scored where the model was trained.

    The columns are the model's input, as matrix() gives it: categories are codes, heuristics stand beside the fields,
    what is missing is empty. Beside each row write its score, in a column `score`, or in one of each class's name; keep
    `id`, and give the file to deliver() as scores=: lines may stand in any order, and other columns do not matter.
    """
    click.echo(apart("proof_rows", delivery=delivery, model=model, output=output, fields=fields)["text"], nl=False)


@command(MODELLING)
@click.argument("file", type=PATH)
@click.option("--to", type=NEW_FILE, help="CSV, or Parquet by its ending.  [default: FILE.scored.csv]")
@click.option("--reasons", default=0, type=click.IntRange(0), help="How many reasons each answer has.")
@DELIVERY(callback=delivered)
def score(file: Path, to: Path | None, reasons: int, delivery: Path) -> None:
    """Score the rows of FILE, CSV or Parquet, by the function's own code, and write them with their answers.

    Columns are found by their names; others stay as they are. A row that gets no answer keeps its place, and the
    column `problem` says why. Exit status: 0, 1 when a row got none, 2 when nothing could be scored.
    """
    to = to or file.with_suffix(".scored.csv")
    done = shown("score", "Scoring rows", file=file, to=to, delivery=delivery, reasons=reasons)
    click.echo(done["text"])
    sys.exit(done["status"])


@command(BOTH)
@click.argument("old", required=False)
@click.argument("new", default=str(PROJECT.delivery))
@click.option("--plot", type=NEW_FILE, help="Also draw the scores, as a PNG.")
def diff(old: str | None, new: str, plot: Path | None) -> None:
    """Compare two deliveries: what callers must know of NEW, and which answers differ from OLD's.

    Each is a folder, a git revision (its layers/model/delivery), or REVISION:FOLDER. NEW is layers/model/delivery as it
    lies there, if it is not named. Exit status: 0, 1 when the version is too low for what changed, 2 when they cannot
    be compared.
    """
    if not old:
        raise CannotRunError("say what to compare with, as in handover diff main (make diff OLD=main)")
    done = apart("diff", old=old, new=new, plot=plot)
    click.echo(done["text"])
    sys.exit(done["status"])
