"""A delivery and its contract: drafted, held, explained, compared; and what is written of it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from handover.cli.group import main, one_sentence

EVENTS = Path("events")
WATCH = Path("watch.yaml")
DELIVERY = Path("layers/model/delivery")
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _delivered(_: click.Context, parameter: click.Parameter, folder: Path) -> Path:
    """Say at once that a folder holds no delivery."""
    if not (folder / "manifest.json").is_file():
        raise click.BadParameter(f"there is no delivery in '{folder}': it has no manifest.json", param=parameter)
    return folder


def _to_write(_: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Say at once, before any work is done, that a file could not be written in the end."""
    if path and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder '{path.parent}'", param=parameter)
    return path


_DELIVERY = click.option(
    "--delivery",
    default=DELIVERY,
    show_default=True,
    type=FOLDER,
    callback=_delivered,
    help="What modelling handed over.",
)


@main.command()
@click.argument("name")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A CSV file, one row for each record.")
@click.option("--target", required=True, help="The column that is to be predicted.")
@click.option("--to", type=click.Path(path_type=Path), help="The folder to make.  [default: NAME]")
def new(name: str, data: Path, target: str, to: Path | None) -> None:
    """Draft a delivery called NAME from a CSV file: its contract, two heuristics, and a training that delivers."""
    from rich.console import Console
    from rich.progress import Progress

    from handover.new import scaffold

    terminal = Console(stderr=True)
    with one_sentence(), Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:

        def track(columns: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
            yield from progress.track(columns, description="Looking at the columns")

        drafted = scaffold(name, data, target, to or Path(name), track)
    click.echo(drafted.text())


@main.command()
@_DELIVERY
@click.option("--to", default=EVENTS, show_default=True, type=click.Path(path_type=Path), help="Where the events go.")
def events(delivery: Path, to: Path) -> None:
    """Write requests to try the function with, made of the delivery's golden rows."""
    from handover.events import write_events

    for file in write_events(delivery, to):
        click.echo(file)


@main.command()
@_DELIVERY
@click.option("--to", default=WATCH, show_default=True, type=FILE, help="Where the template goes.")
def watch(delivery: Path, to: Path) -> None:
    """Write the dashboard and the alarms on drift, whose bands are the delivery's baseline."""
    from handover.watch import write_watch

    click.echo(write_watch(delivery, to))


@main.command()
@click.argument("code")
@click.option("--delivery", default=DELIVERY, show_default=True, type=FOLDER, help="What modelling handed over.")
def explain(code: str, delivery: Path) -> None:
    """Say what clause CODE means, what it found in this delivery, in full, and what to do."""
    from handover.case import Case
    from handover.checks import CLAUSES, UnknownCodeError, hold, selected
    from handover.renderings import text

    try:
        (clause,) = (clause for clause in selected([code]) if clause.code == code.strip().upper())
    except (UnknownCodeError, ValueError):
        codes = ", ".join(clause.code for clause in CLAUSES)
        raise click.UsageError(f"there is no clause '{code}'; there are {codes}") from None
    with Case(Path.cwd(), delivery.absolute()) as case:
        (finding,) = hold(case, [clause])
        click.echo(text.explanation(finding, case))


@main.command()
@click.option("--only", default="", help="Only clauses whose codes begin like this, as in P2,S.")
@click.option("--delivery", default=DELIVERY, show_default=True, type=FOLDER, help="What modelling handed over.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--markdown", type=FILE, callback=_to_write, help="Also append them to a Markdown file.")
@click.option("--html", type=FILE, callback=_to_write, help="Also draw them up as one HTML file.")
@click.option("--github", is_flag=True, help="Also print them as annotations of a GitHub workflow.")
def check(*, only: str, delivery: Path, as_json: bool, markdown: Path | None, html: Path | None, github: bool) -> None:
    """Hold the delivery to its contract. Exit status: 0 kept, 1 broken, 2 could not be checked."""
    from rich.console import Console
    from rich.progress import Progress

    from handover.case import Case
    from handover.checks import UnknownCodeError, hold, selected
    from handover.finding import Verdict
    from handover.renderings import annotations, text
    from handover.renderings import markdown as summary

    try:
        clauses = selected(only.split(",") if only else ())
    except UnknownCodeError as error:
        raise click.UsageError(str(error)) from None
    terminal = Console(stderr=True)
    with Case(Path.cwd(), delivery.absolute()) as case:
        with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
            findings = list(progress.track(hold(case, clauses), total=len(clauses), description="Holding the clauses"))
        if as_json:
            click.echo(json.dumps([finding.as_json(case.relative) for finding in findings], indent=2))
        else:
            click.echo(text.report(findings, case))
        if github and (said := annotations.report(findings, case)):
            click.echo(said)
        if markdown:
            with markdown.open("a") as file:
                file.write(summary.report(findings, case))
        if html:
            from handover.renderings import html as page  # draws plots: nobody else waits for the library

            html.write_text(page.report(findings, case), encoding="utf-8")
    broken = any(finding.verdict is Verdict.BROKEN for finding in findings)
    sys.exit(1 if broken else 2 * any(finding.failed for finding in findings))


@main.command()
@click.argument("old")
@click.argument("new", default=str(DELIVERY))
@click.option("--plot", type=FILE, callback=_to_write, help="Also draw the scores, as a PNG.")
def diff(old: str, new: str, plot: Path | None) -> None:
    """Compare two deliveries: what callers must know of NEW, and which answers differ from OLD's.

    Each is a folder, a git revision (its layers/model/delivery), or REVISION:FOLDER. NEW is layers/model/delivery as it
    lies there, if it is not named. Exit status: 0, 1 when the version is too low for what changed, 2 when they cannot
    be compared.
    """
    from handover.diff import compare, delivery_at, renderings

    with one_sentence(), delivery_at(old) as before, delivery_at(new) as after:
        difference = compare(before, after)
    click.echo(renderings.text(difference))
    if plot:
        renderings.plot(difference, plot)
    sys.exit(0 if difference.raised else 1)
