"""What a project is kept in order with: what is installed, its tests, linters and locks, and what may be deleted."""

import shutil
import sys
from pathlib import Path

import click

from handover.cli import locks, tools
from handover.cli.build import build_first, built_option
from handover.cli.group import BOTH, PIPELINE, PROJECT, command
from handover.errors import CannotRunError

MADE = (".aws-sam", ".cache", ".*_cache", ".hypothesis", ".coverage")
"""What the other commands write, and write again."""


@command(BOTH)
@click.argument("purposes", nargs=-1)
@click.option("--quiet", is_flag=True, help="Do not say what is installed.")
def setup(purposes: tuple[str, ...], *, quiet: bool) -> None:
    """Install what the other commands need into this environment, from the project's hashed locks.

    PURPOSES are locks of requirements/: run and modelling, if none is named. What is installed already is not
    looked at again. The environment itself is made by make, or by python -m venv .venv and pip (README.md).
    """
    locks.make_importable(PROJECT)
    for purpose in purposes or locks.USUAL:
        locks.install(PROJECT, purpose, quiet=quiet)


@command(BOTH, context_settings={"ignore_unknown_options": True})
@built_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...], *, built: bool) -> None:
    """Run the project's tests: every event, golden row and case through the built function. ARGUMENTS are pytest's."""
    if not built:
        build_first()
    tools.python("-m", "pytest", *(arguments or ("tests",)))


@command(PIPELINE)
def lint() -> None:
    """Look for mistakes in the template: sam validate --lint."""
    tools.sam("validate", "--lint")


@command(PIPELINE)
@click.option("--upgrade", is_flag=True, help="Take the newest of everything.")
@click.option("--check", is_flag=True, help="Write nothing: only ask whether each system has wheels of what is locked.")
def lock(*, upgrade: bool, check: bool) -> None:
    """Write the locks anew, after an edit of requirements/*.in: for all platforms, with hashes.

    Versions that the locks name already are kept where they still fit. Exit status: 0, 1 when a system lacks a wheel,
    2 when something could not be done or asked.
    """
    if not check:
        locks.write(PROJECT, upgrade=upgrade)
    if system := locks.without_wheels(PROJECT):
        click.echo(f"handover: {system} lacks a wheel of what is locked for it", err=True)
        sys.exit(1)


@command(PIPELINE)
def clean() -> None:
    """Delete what the other commands wrote and write again: .aws-sam and caches, but for the environment, .venv."""
    if not PROJECT.exists:
        raise CannotRunError("this folder is no project: nothing is deleted")
    caches = (path for path in Path().rglob("__pycache__") if PROJECT.environment not in path.parents)
    for path in [*(path for pattern in MADE for path in Path().glob(pattern)), *caches]:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
