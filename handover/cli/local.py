"""The built function on this machine: `handover run`, `handover serve`."""

import json
import shlex
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from handover.cli.build import build_first, built_option
from handover.cli.group import BOTH, CONCURRENCY, PROJECT, build_option, command, progress
from handover.cli.reports import FILE
from handover.errors import CannotRunError
from handover.samconfig import Samconfig

WARM_INVOKES = 200


@command(BOTH)
@click.argument("event", type=FILE, default=PROJECT.events / "predict.json")
@click.option("--since", type=float, help="When this began, in seconds since 1970: also print how long it took.")
@build_option
@built_option
def run(event: Path, since: float | None, build: Path, *, built: bool) -> None:
    """Send EVENT, a request in API Gateway's format, through the built function; print answer and latency.

    EVENT is events/predict.json, if it is not named. A project is built first, and a model is trained where there is
    none.
    """
    if not built and build == PROJECT.build:
        build_first()
    from handover.local.run import answer_once

    status = answer_once(event, build, WARM_INVOKES, progress())
    if since:
        click.echo(f"Took      {time.time() - since:.0f} s     from make run to this answer")
    sys.exit(status)


@command(BOTH)
@click.option("--port", default=3000, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@click.option("--limit", default=CONCURRENCY, type=click.IntRange(1), help="Requests in flight.")
@click.option(
    "--cors-origins",
    metavar="ORIGINS",
    help="Origins of web pages that may call, with commas between; else CorsOrigins of samconfig.toml's default.",
)
@build_option
@built_option
def serve(port: int, limit: int, cors_origins: str | None, build: Path, *, built: bool) -> None:
    """Answer at http://127.0.0.1:PORT with the built function, until Ctrl-C; GET / is a page to try it on.

    A project is built first.
    """
    if not built and build == PROJECT.build:
        build_first()
    from handover.local.chatter import is_metrics
    from handover.local.cors import Cors
    from handover.local.pool import Pool
    from handover.local.run import warm_up
    from handover.local.server import application, listening
    from handover.local.stack import at_home, built_function

    def log(line: str) -> None:
        if not is_metrics(line):  # a request has its line already
            click.echo(line, err=True)

    # What a person who stops a server wants to see is that it stopped.
    with (
        suppress(KeyboardInterrupt),
        Pool(at_home(built_function(build)), limit, log) as pool,
        listening(port, application(pool, click.echo, Cors.of(build, _parameters(cors_origins)))) as server,
    ):
        cold_ms = warm_up(pool)
        click.echo(
            f"The function started in {cold_ms:.0f} ms; Ctrl-C stops it. Try it in a browser, at "
            f"http://127.0.0.1:{port}/, or in a shell:\n"
        )
        click.echo(f"{_curls(port)}\n")
        server.serve_forever()
    click.echo("stopped")


def _parameters(cors_origins: str | None) -> dict[str, str]:
    """Give the template's parameters as they are on this machine: those of the environment ``default``."""
    if cors_origins is not None:
        return {"CorsOrigins": cors_origins}
    config = Samconfig(PROJECT.samconfig)
    try:
        return config.overrides("default")
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CannotRunError(f"{config.path} cannot be read: {error}") from None


def _curls(port: int) -> str:
    """Give two lines to paste into a shell; the row is the one of ``events/predict.json``."""
    event: dict[str, Any] = json.loads((PROJECT.events / "predict.json").read_text(encoding="utf-8"))
    curl, url, row = r"curl -sw '\n'", f"http://127.0.0.1:{port}", shlex.quote(event["body"])
    predict = f"{curl} '{url}/predict?reasons=3' -H 'content-type: application/json' -d {row}"
    return f"{predict}\n{curl} {url}/contract"
