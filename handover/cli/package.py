"""A delivery goes elsewhere: packed for another repository and accepted there, or written as other tools read it."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from handover.cli.contract import BASE, DELIVERY, delivered
from handover.cli.group import DEPLOYMENT, MODELLING, PATH, PIPELINE, apart, command, listed, main
from handover.cli.reports import NEW_FILE
from handover.errors import CannotRunError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""Which JSON Schema pydantic writes."""


@command(MODELLING)
@click.argument("file", type=NEW_FILE, required=False)
@DELIVERY(callback=delivered)
def pack(file: Path | None, delivery: Path) -> None:
    """Write the delivery and its card into FILE, for another repository to accept; the same files give the same bytes.

    FILE is named after the contract and its version, if it is not named.
    """
    from handover.package import gather

    package = gather(delivery)
    file = file or Path(f"{package.label}.tar")
    try:
        file.write_bytes(package.content)
    except OSError as error:
        raise CannotRunError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{package}\nSHA-256 {package.sha256}\nWritten to {file}.")


@command(DEPLOYMENT)
@click.argument("file", type=PATH)
@click.option("--dry-run", is_flag=True, help="Only check and compare it.")
@click.option("--markdown", type=NEW_FILE, help="Also append the check's report to a Markdown file.")
@click.option("--junit", type=NEW_FILE, help="Also write it as JUnit's XML.")
@click.option("--html", type=NEW_FILE, help="Also draw it up as one HTML file.")
@BASE
def accept(file: Path, base: str | None, *, dry_run: bool, **reports: Any) -> None:
    """Check the delivery in FILE, compare it with the one here, and put it on a git branch of its own.

    What you have checked out stays as it is. Exit status: 0, 1 when the delivery breaks its contract, 2 when it could
    not be checked; then nothing is put anywhere.
    """
    from handover.acceptance import accept as take
    from handover.acceptance import judge
    from handover.package import read

    options = [word for name, path in reports.items() if path for word in (f"--{name}", str(path.resolve()))]
    root = Path.cwd()
    package = read(file)
    click.echo(f"{package}\nSHA-256 {package.sha256}\n")
    click.echo("Building and checking it ...", err=True)
    status, text = take(package, root, lambda place: judge(place, root, options, base=base), dry_run=dry_run)
    click.echo(text)
    sys.exit(status)


@listed(PIPELINE)
@main.group()
def export() -> None:
    """Write what other tools read of a delivery: the row's schema, or a model folder for a registry."""


@export.command()
@click.argument("file", type=NEW_FILE, default="row.schema.json")
@DELIVERY(callback=delivered)
def schema(file: Path, delivery: Path) -> None:
    """Write what a row may be into FILE, as JSON Schema: for tools of data contracts, forms and validators.

    It is the schema that GET /contract answers with: the row as the contract has it, and no more.
    """
    from predictor import files

    try:
        row = files.contract(delivery)["schema"]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRunError(f"contract.json in '{delivery}' cannot be read: {error}") from None
    file.write_text(json.dumps({"$schema": DIALECT, **row}, indent=2) + "\n", encoding="utf-8")
    click.echo(f"Wrote {file}.")


@export.command()
@click.argument("folder", type=PATH)
@DELIVERY(callback=delivered)
def mlflow(folder: Path, delivery: Path) -> None:
    """Write the delivery into FOLDER as a model of MLflow, of the flavour onnx: with signature, example and card.

    It takes the model's input, as matrix() gives it, and gives the score. MLflow is the wheel's extra `mlflow`.
    """
    click.echo(apart("export_mlflow", delivery=delivery, to=folder)["text"])
