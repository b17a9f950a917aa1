"""The lesson: `handover lesson`, and what one asks it in between."""

import sys
from contextlib import suppress
from pathlib import Path

import click

from handover.cli.group import BOTH, PATH, listed, main, progress


class Lesson(click.Group):
    """Takes what is none of its commands for the folder to begin in."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command before a folder, or before nothing."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["begin", *args]
        return super().parse_args(ctx, args)


@listed(BOTH)
@main.group(cls=Lesson, subcommand_metavar="[FOLDER] | check | hint | back")
def lesson() -> None:
    """Learn branches and pull requests on a toy model, in FOLDER or the current folder, where nothing can be lost."""


@lesson.command()
@click.argument("folder", type=PATH, default=".")
@click.option("--port", type=click.IntRange(1, 65534), help="Port of the page on 127.0.0.1; the API has the next one.")
def begin(folder: Path, port: int | None) -> None:
    """Make a practice ground in FOLDER, an empty one, and open its page until Ctrl-C; later, open the page again."""
    from handover.lesson.making import made
    from handover.lesson.page import opened

    with suppress(KeyboardInterrupt):
        with progress() as shown:
            task = shown.add_task("", total=None)

            def tell(what: str) -> None:
                shown.update(task, description=what)
                if shown.disable:
                    click.echo(f"{what} ...")

            ground = made(folder, tell)
        with opened(ground, port) as server:
            click.echo(f"Open {ground.page} in a browser, and go to the project in another terminal:\n")
            click.echo(f"  cd {ground.project}\n")
            click.echo("The page builds what is pushed, and deploys what is merged, until Ctrl-C.")
            server.serve_forever()
    click.echo("stopped; handover lesson goes on from here")


@lesson.command()
def check() -> None:
    """Say whether the exercise is done, and show the next one. Exit status: 0 when it is, 1 when not yet."""
    from handover.lesson import exercises, snapshots
    from handover.lesson.ground import around

    ground = around(Path())
    done = exercises.advance(ground)
    number = snapshots.reached(ground)
    for passed in done:
        click.echo(f"Done: {exercises.EXERCISES[passed - 1].title}.\n")
    click.echo(exercises.shown(ground, number))
    if not done and number <= len(exercises.EXERCISES):
        click.echo(f"\nNot done yet. {exercises.missing(ground, number)}")
        sys.exit(1)


@lesson.command()
def hint() -> None:
    """Give a hint on the exercise."""
    from handover.lesson import exercises, snapshots, wrong_turns
    from handover.lesson.ground import around

    ground = around(Path())
    number = min(snapshots.reached(ground), len(exercises.EXERCISES))
    if turn := wrong_turns.wrong_turn(ground):
        click.echo(exercises.wrapped(turn))
    click.echo(exercises.wrapped(exercises.EXERCISES[number - 1].hint))


@lesson.command()
@click.argument("number", type=click.IntRange(1), required=False)
def back(number: int | None) -> None:
    """Put the start of the exercise back, or of an earlier one, NUMBER; what was there is kept."""
    from handover.lesson import exercises, snapshots
    from handover.lesson.ground import around

    ground = around(Path())
    number = number or min(snapshots.reached(ground), len(exercises.EXERCISES))
    kept = snapshots.restore(ground, number)
    click.echo(f"This is the start of exercise {number}. {kept}\n\n{exercises.shown(ground, number)}")
