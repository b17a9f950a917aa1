"""The command ``python -m bench``: what ``make bench`` calls."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from bench import plots, report
from bench.contenders import PEERS
from bench.run import MEASURES, QUICK, Counts, run
from handover.cli.group import PROJECT, one_sentence, progress
from handover.errors import CannotRunError
from handover.local.stack import built_function

PUBLISHED = Path("bench/results/latest.json")
PAGE = Path("docs/benchmarks.md")
ASIDE = Path("bench/.cache")
WIDTH = 120
"""Of the tables where there is no terminal [characters]."""


def _measures(_: click.Context, parameter: click.Parameter, text: str | None) -> frozenset[str]:
    asked = frozenset(text.split(",") if text else MEASURES)
    if unknown := sorted(asked - set(MEASURES)):
        raise click.BadParameter(f"'{unknown[0]}' is none of {', '.join(MEASURES)}", param=parameter)
    return asked


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Fewer samples, under two minutes; docs/benchmarks.md stays as it is.")
@click.option("--only", callback=_measures, metavar="WORDS", help=f"Some of {','.join(MEASURES)}; the page stays, too.")
@click.option(
    "--page", "page_only", is_flag=True, help="Measure nothing: draw and write the page of the last full run."
)
def main(*, quick: bool, only: frozenset[str], page_only: bool) -> None:
    """Measure the built function, the floor and its peers, in turn, on the same model and rows."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
    if page_only:
        _publish(json.loads(PUBLISHED.read_text()), console)
        return
    with one_sentence("bench"):
        results = measure(QUICK if quick else Counts(), only)
    report.show(results, console)
    if quick or only != frozenset(MEASURES):
        _write(results, ASIDE / "latest.json")
        plots.draw(results, ASIDE)
        console.print(f"Samples and plots are in {ASIDE}; only a full run writes {PAGE}.")
    else:
        _write(results, PUBLISHED)
        _publish(results, console)


def measure(counts: Counts, only: frozenset[str]) -> dict[str, object]:
    """Measure, with a bar of progress where there is a terminal."""
    if missing := [peer.label for peer in PEERS if not peer.up_to_date()]:
        names = ", ".join(missing)
        raise CannotRunError(f"not installed, or not from the lock as it is now: {names}; run make bench-peers")
    with progress() as shown:
        return run(built_function(PROJECT.build), counts, only, shown)


def _publish(results: dict[str, object], console: Console) -> None:
    drawn = plots.draw(results, PAGE.with_suffix(""))
    PAGE.write_text(report.write(results, drawn), encoding="utf-8")
    console.print(f"Written: {PAGE}, its plots, and {PUBLISHED}.")


def _write(results: dict[str, object], to: Path) -> None:
    """Write one line for each measure: short, and a difference still says what differs."""
    to.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in results.items())
    to.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
