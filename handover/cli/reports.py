"""The reports of commands that give findings: which are asked for, and where they go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from handover.errors import CannotRunError

FILE = click.Path(dir_okay=False, path_type=Path)


class _NewFile(click.Path):
    """A file to be written in the end: before any work is done it is said where that could not be."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path: Any = super().convert(value, param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder '{path.parent}'", param, ctx)
        return path


NEW_FILE = _NewFile(dir_okay=False, path_type=Path)


def gives_reports[F: Callable[..., Any]](command: F) -> F:
    """Let a command be asked for reports, by the options that ``Reports`` is made of."""
    for option in (
        click.option("--github", is_flag=True, help="Also print them as annotations of a GitHub workflow."),
        click.option("--junit", type=NEW_FILE, help="Also write them as JUnit's XML, for other systems."),
        click.option("--markdown", type=NEW_FILE, help="Also append them to a Markdown file."),
        click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON."),
        click.option(
            "--quiet", "-q", is_flag=True, help="Print what is broken or not checked, a line each, and no more."
        ),
    ):
        command = option(command)
    return command


class Reports:
    """The reports that are asked for: what is printed, and ``files``, those that go to a file each."""

    def __init__(self, *, as_json: bool, quiet: bool, github: bool, **files: Path | None) -> None:
        printed = "json" if as_json else "quiet" if quiet else "text"
        self._files = {name: path for name, path in files.items() if path}
        self.names = [printed, *(["annotations"] if github else []), *self._files]
        """Their names, as ``handover.reporters.write`` knows them; the first is what is printed in any case."""

    def give(self, written: Callable[[str], str], first: int = 0) -> None:
        """Print and write each report, from the ``first`` on; ``written`` gives it by its name."""
        for name in self.names[first:]:
            report, path = written(name), self._files.get(name)
            if path:
                with path.open("a" if name == "markdown" else "w", encoding="utf-8") as file:
                    file.write(report)
            elif report:
                click.echo(report)

    @contextmanager
    def cut_short(self) -> Iterator[None]:
        """Say in every report but the printed one why there is no verdict, where there is none."""
        try:
            yield
        except CannotRunError as error:
            from handover.reporters import write_cut_short

            self.give(partial(write_cut_short, sentence=str(error)), first=1)
            raise
