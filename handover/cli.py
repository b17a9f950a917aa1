"""The command `handover`: what the words of make call."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

BUILD = Path(".aws-sam/build")
EVENTS = Path("events")
WATCH = Path("watch.yaml")
DELIVERY = Path("layers/model/delivery")
SAMCONFIG = Path("samconfig.toml")
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
# What a new AWS account allows to run at once, until it asks for more (Lambda quotas, concurrent executions).
CONCURRENCY = 10
WARM_INVOKES = 200
INTERRUPTED = 130  # exit status of what Ctrl-C ended: 128 + SIGINT


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Turn what a person can mend into one sentence and exit status 2: it could not run."""
    from handover.live import LiveError
    from handover.local import signals
    from handover.local.emulator import EnvironmentDiedError, FunctionTimedOutError
    from handover.local.run import EventError
    from handover.local.server import PortTakenError
    from handover.local.stack import NothingBuiltError

    try:
        with signals.as_interrupt():
            yield
    except (
        NothingBuiltError,
        PortTakenError,
        EventError,
        EnvironmentDiedError,
        FunctionTimedOutError,
        LiveError,
    ) as error:
        click.echo(f"handover: {error}", err=True)
        sys.exit(2)


def _to_write(_: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Say at once, before any work is done, that a file could not be written in the end."""
    if path and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder '{path.parent}'", param=parameter)
    return path


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Hold a delivery to its contract, and run the built function on this machine."""


@main.command()
@click.argument("event", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--build", default=BUILD, show_default=True, type=click.Path(path_type=Path), help="What sam build wrote."
)
def run(event: Path, build: Path) -> None:
    """Send EVENT, a request in API Gateway's format, through the built function; print answer and latency."""
    from handover.local.run import answer_once

    try:
        with _one_sentence():
            sys.exit(answer_once(event, build, WARM_INVOKES))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@click.option("--limit", default=CONCURRENCY, show_default=True, type=click.IntRange(1), help="Requests in flight.")
@click.option(
    "--build", default=BUILD, show_default=True, type=click.Path(path_type=Path), help="What sam build wrote."
)
def serve(port: int, limit: int, build: Path) -> None:
    """Answer at http://127.0.0.1:PORT with the built function, until Ctrl-C."""
    from handover.local.pool import Pool
    from handover.local.run import warm_up
    from handover.local.server import serve as open_port
    from handover.local.stack import built_function

    def log(line: str) -> None:
        click.echo(line, err=True)

    try:
        with _one_sentence(), Pool(built_function(build), limit, log) as pool:
            server = open_port(pool, port, click.echo)
            try:
                cold_ms = warm_up(pool)
                click.echo(f"The function started in {cold_ms:.0f} ms; Ctrl-C stops it. Try:\n")
                for line in _curls(port):
                    click.echo(line)
                click.echo()
                server.serve_forever()
            finally:
                server.server_close()
    except KeyboardInterrupt:
        pass  # what a person who stops a server wants to see is that it stopped
    click.echo("stopped")


def _curls(port: int) -> Iterator[str]:
    """Give two lines to paste into a shell; the row is the one of ``events/predict.json``."""
    event: dict[str, Any] = json.loads((EVENTS / "predict.json").read_text())
    url = f"http://127.0.0.1:{port}"
    yield f"curl -s '{url}/predict?reasons=3' -H 'content-type: application/json' -d {shlex.quote(event['body'])}"
    yield f"curl -s {url}/contract"


@main.command()
@click.option("--delivery", default=DELIVERY, show_default=True, type=FOLDER, help="What modelling handed over.")
@click.option("--to", default=EVENTS, show_default=True, type=click.Path(path_type=Path), help="Where the events go.")
def events(delivery: Path, to: Path) -> None:
    """Write requests to try the function with, made of the delivery's golden rows."""
    from handover.events import write_events

    for file in write_events(delivery, to):
        click.echo(file)


@main.command()
@click.option("--delivery", default=DELIVERY, show_default=True, type=FOLDER, help="What modelling handed over.")
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
    from handover.diff import DiffError, compare, delivery_at, renderings

    try:
        with delivery_at(old) as before, delivery_at(new) as after:
            difference = compare(before, after)
    except DiffError as error:
        click.echo(f"handover: {error}", err=True)
        sys.exit(2)
    click.echo(renderings.text(difference))
    if plot:
        renderings.plot(difference, plot)
    sys.exit(0 if difference.raised else 1)


@main.command()
@click.argument("stage")
@click.option("--architecture", is_flag=True, help="Only print the processor that the stage deploys for.")
def ready(stage: str, *, architecture: bool) -> None:
    """Say whether what was built may go to STAGE of samconfig.toml. Exit status: 0, or 2 and one sentence why not."""
    from handover import stage as stages

    try:
        if architecture:
            click.echo(stages.architecture(Path.cwd(), stage))
        else:
            stages.hold_back(Path.cwd(), stage)
    except stages.StageError as error:
        click.echo(f"handover: {error}", err=True)
        sys.exit(2)


@main.command()
@click.argument("name")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A CSV file, one row for each record.")
@click.option("--target", required=True, help="The column that is to be predicted.")
@click.option("--to", type=click.Path(path_type=Path), help="The folder to make.  [default: NAME]")
def new(name: str, data: Path, target: str, to: Path | None) -> None:
    """Draft a delivery called NAME from a CSV file: its contract, two heuristics, and a training that delivers."""
    from rich.console import Console
    from rich.progress import Progress

    from handover.new import NewError, scaffold

    terminal = Console(stderr=True)
    try:
        with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:

            def track(columns: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
                yield from progress.track(columns, description="Looking at the columns")

            drafted = scaffold(name, data, target, to or Path(name), track)
        click.echo(drafted.text())
    except NewError as error:
        click.echo(f"handover: {error}", err=True)
        sys.exit(2)


def _names_a_stack[F: Callable[..., None]](command: F) -> F:
    """Let a command be told which stack: by its name, or by the stage of ``samconfig.toml`` that deploys it."""
    for option in (
        click.option("--region", help="AWS region of the stack.  [default: as AWS's own tools find it]"),
        click.option("--stage", help="Instead of --stack: the environment of samconfig.toml that deploys it."),
        click.option("--stack", help="Name of the CloudFormation stack."),
    ):
        command = option(command)
    return command


def _stack_name(stack: str | None, stage: str | None) -> str:
    from handover.live.stack import of_stage

    if bool(stack) == bool(stage):
        raise click.UsageError("say which stack: --stack NAME, or --stage ENVIRONMENT")
    return stack or of_stage(str(stage), SAMCONFIG)


@main.command()
@_names_a_stack
@click.option("--url", help="Where the API answers.  [default: the stack's output Url]")
@click.option(
    "--build", default=BUILD, show_default=True, type=click.Path(path_type=Path), help="What sam build wrote."
)
@click.option(
    "--limit", default=CONCURRENCY, show_default=True, type=click.IntRange(1), help="Requests in the first burst."
)
def verify(
    *, stack: str | None, stage: str | None, region: str | None, url: str | None, build: Path, limit: int
) -> None:
    """Hold a deployed stack to what was built: the same model, contract, scores and decisions, over HTTP.

    Exit status: 0 kept, 1 broken, 2 could not be verified. With Auth=JWT the token is read from HANDOVER_TOKEN.
    """
    try:
        with _one_sentence():
            from handover.live.verification import verify as held

            sys.exit(held(_stack_name(stack, stage), build, region=region, url=url, limit=limit))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
@_names_a_stack
@click.option("--to", help="The version to point it at.  [default: the one published before]")
@click.option("--dry-run", is_flag=True, help="Only say what would move.")
def rollback(*, stack: str | None, stage: str | None, region: str | None, to: str | None, dry_run: bool) -> None:
    """Move the alias that users reach back to the version before; run twice, it goes back twice.

    Exit status: 0, or 2 when it could not be moved.
    """
    with _one_sentence():
        from handover.live import aws
        from handover.live.alias import roll_back
        from handover.live.stack import read

        name, session = _stack_name(stack, stage), aws.session(region)
        found = read(aws.cloudformation(session), name)
        click.echo(roll_back(aws.functions(session), found, to, dry_run=dry_run))


@main.command()
@_names_a_stack
def live(*, stack: str | None, stage: str | None, region: str | None) -> None:
    """Print the version that the alias points at, and nothing else: what to roll back to, noted before a deployment."""
    with _one_sentence():
        from handover.live import aws
        from handover.live.alias import read as alias_of
        from handover.live.stack import read

        name, session = _stack_name(stack, stage), aws.session(region)
        found = read(aws.cloudformation(session), name)
        click.echo(alias_of(aws.functions(session), found).version)
