"""The command ``python -m bench``: what ``make bench`` calls."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from bench import page, plots, terminal
from bench.contenders import HERE, PEERS
from bench.run import MEASURES, QUICK, Counts, run
from handover.errors import CannotRunError
from handover.local import signals
from handover.local.stack import built_function

BUILD = Path(".aws-sam/build")
PUBLISHED = HERE / "results" / "latest.json"
PAGE = Path("docs/benchmarks.md")
ASIDE = HERE / ".cache"
WIDTH = 120
"""Of the tables where there is no terminal [characters]."""
INTERRUPTED = 130  # exit status of what Ctrl-C ended: 128 + SIGINT


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
    missing = [peer.label for peer in PEERS if not peer.up_to_date()]
    if missing:
        click.echo(
            f"bench: not installed, or not from the lock as it is now: {', '.join(missing)}; run make bench-peers",
            err=True,
        )
        sys.exit(2)
    try:
        with signals.as_interrupt():
            results = _run(QUICK if quick else Counts(), only, console)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except CannotRunError as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(2)
    terminal.show(results, console)
    if quick or only != frozenset(MEASURES):
        _write(results, ASIDE / "latest.json")
        plots.draw(results, ASIDE)
        console.print(f"Samples and plots are in {_short(ASIDE)}; only a full run writes {PAGE}.")
    else:
        _write(results, PUBLISHED)
        _publish(results, console)


def _run(counts: Counts, only: frozenset[str], console: Console) -> dict[str, object]:
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        return run(built_function(BUILD), counts, only, progress)


def _publish(results: dict[str, object], console: Console) -> None:
    drawn = plots.draw(results, PAGE.with_suffix(""))
    PAGE.write_text(page.write(results, drawn), encoding="utf-8")
    console.print(f"Written: {PAGE}, its plots, and {_short(PUBLISHED)}.")


def _write(results: dict[str, object], to: Path) -> None:
    """Write one line for each measure: short, and a difference still says what differs."""
    to.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in results.items())
    to.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _short(path: Path) -> Path:
    return path.relative_to(HERE.parent)


if __name__ == "__main__":
    main()
