"""The command itself, and what its parts share. Each imports what it needs only when called: the others do not wait."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover.errors import CannotRunError, lacking
from handover.project import DISTRIBUTION, Project
from predictor.files import Json

if TYPE_CHECKING:
    from rich.progress import Progress

PROJECT = Project(Path())
# What a new AWS account allows to run at once, until it asks for more (Lambda quotas, concurrent executions).
CONCURRENCY = 10
WHOLE = 1000  # characters of a first sentence: none is as long
INTERRUPTED = 130  # exit status of what Ctrl-C ended: 128 + SIGINT
PATH = click.Path(path_type=Path)
build_option = click.option("--build", default=PROJECT.build, type=PATH, help="What sam build wrote.")
only_option = click.option(
    "--only",
    callback=lambda _, __, beginnings: beginnings.split(",") if beginnings else [],
    help="Only clauses whose codes begin like this, as in P2,S.",
)
BOTH, MODELLING, DEPLOYMENT, PIPELINE = "For both teams", "For modelling", "For deployment", "For pipelines and upkeep"
SECTIONS: dict[str, set[str]] = {section: set() for section in (BOTH, MODELLING, DEPLOYMENT, PIPELINE)}
"""The commands that each section of `handover --help` lists."""


def listed[C: click.Command](section: str) -> Callable[[C], C]:
    """List a command in a section of the help."""

    def add(command: C) -> C:
        SECTIONS[section].add(str(command.name))
        return command

    return add


def command(section: str, **settings: Any) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command of `handover`, in a section of the help."""
    return lambda function: listed(section)(main.command(**settings)(function))


class Commands(click.Group):
    """Commands of which some need more than a delivery does; where that is not installed, they say so."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List each command, by who needs it, with the whole first sentence of its help, which cut says half."""
        width = max(map(len, self.commands))
        for section, names in SECTIONS.items():
            rows = [(name.ljust(width), self.commands[name].get_short_help_str(WHOLE)) for name in sorted(names)]
            with formatter.section(section):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of one that there is not, name those that are called nearly so."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if near := get_close_matches(args[0], self.list_commands(ctx)):
                error.message += f" Did you mean {' or '.join(near)}?"
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it lacks, or what keeps it from running, is one sentence."""
        with one_sentence():
            try:
                return super().invoke(ctx)
            except ModuleNotFoundError as error:
                if not (sentence := lacking(error)):
                    raise
                raise CannotRunError(
                    f"{ctx.invoked_subcommand} needs what builds and deploys, and {sentence}"
                ) from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120, "show_default": True},
)
@click.version_option(package_name=DISTRIBUTION, prog_name="handover")
def main() -> None:
    """Put a model behind an API: init writes a project around your data, whose make calls the other commands."""
    if isinstance(sys.stdout, TextIOWrapper):  # Windows gives a pipe an old encoding, which has no word for some names
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def one_sentence(program: str = "handover") -> Iterator[None]:
    """Turn what a person can fix into one sentence of ``program`` and exit status 2; what is stopped says none."""
    from handover.local import signals

    try:
        with signals.as_interrupt():
            yield
    except CannotRunError as error:
        click.echo(f"{program}: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def progress() -> "Progress":
    """Show how far it is, on a terminal only; nothing of it stays there."""
    from rich.console import Console
    from rich.progress import Progress

    # Asked of the stream: a notebook says FORCE_COLOR, by which rich takes a pipe for a terminal.
    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def apart(work: str, show: Callable[[Json], None] = lambda event: None, **arguments: Any) -> Json:
    """Have a function of ``work.py`` done in a process of its own: it runs a delivery's code, which may end that."""
    from handover.apart import apart as done_apart

    given = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
    return done_apart(f"handover.cli.work:{work}", given, show)


def shown(work: str, description: str, *, verbose: bool = False, **arguments: Any) -> Json:
    """Do the same, and show how far it is; each finding too, if there is much to be said."""
    with progress() as bars:
        task = bars.add_task(description, total=None)

        def show(event: Json) -> None:
            bars.update(task, total=event.get("total"), completed=event.get("done"))
            if verbose and "finding" in event:
                bars.console.print(event["finding"], markup=False, highlight=False, soft_wrap=True)

        return apart(work, show, **arguments)
