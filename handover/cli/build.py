"""From a project's files to what runs: `handover train`, `build`, and what was built as one file."""

import tarfile
from pathlib import Path

import click

from handover.cli.building import PROCESSORS, build_first, processor, run_build, run_training
from handover.cli.group import DEPLOYMENT, MODELLING, PIPELINE, PROJECT, command
from handover.cli.reports import FILE
from handover.errors import CannotRunError

BUILT = (PROJECT.build, PROJECT.build.with_name("build.toml"))
"""What `sam build` writes, and `sam deploy` reads."""


@command(MODELLING)
def train() -> None:
    """Run modelling/train.py, which trains a model and delivers it; then write the events and monitoring.yaml.

    The delivery goes to layers/model/delivery.
    """
    if not PROJECT.training.is_file():
        raise CannotRunError(
            "there is no modelling/train.py yet, which trains a model (README.md shows one): handover stub "
            "(make stub) writes what stands in for it"
        )
    run_training()


@command(DEPLOYMENT)
@click.option("--architecture", type=click.Choice(PROCESSORS), help="For which processor.  [default: this machine's]")
@click.option("--quiet", is_flag=True, help="Train first where nobody has; show what sam says only when it fails.")
def build(architecture: str | None, *, quiet: bool) -> None:
    """Build the function, its hook and its layers as they are deployed, into .aws-sam/build: sam build."""
    if quiet:
        build_first(architecture)
    else:
        run_build(processor(architecture))


@command(PIPELINE)
@click.argument("file", type=FILE, default="built.tar.gz")
def archive(file: Path) -> None:
    """Write what was built into FILE, built.tar.gz, so that a later job of a pipeline deploys the same bytes."""
    if not PROJECT.build.is_dir():
        raise CannotRunError("nothing is built: run make build (handover build)")
    with tarfile.open(file, "w:gz", compresslevel=6) as tar:
        for path in BUILT:
            tar.add(path)


@command(PIPELINE)
@click.argument("file", type=FILE, default="built.tar.gz")
def restore(file: Path) -> None:
    """Put what `archive` wrote into FILE, built.tar.gz, back in place: the same bytes for every stage."""
    if not file.is_file():
        raise CannotRunError(f"there is no {file}: handover archive (make archive) writes it")
    try:
        with tarfile.open(file) as tar:
            tar.extractall(filter="data")
    except tarfile.TarError as error:
        raise CannotRunError(f"{file} is not what handover archive wrote: {error}") from None
