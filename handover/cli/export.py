"""What other tools read of a delivery: written in their forms."""

import json
from pathlib import Path

import click

from handover.cli.contract import DELIVERY, delivered
from handover.cli.group import PATH, PIPELINE, apart, listed, main
from handover.cli.reports import NEW_FILE
from handover.errors import CannotRunError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""Which JSON Schema pydantic writes."""


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
