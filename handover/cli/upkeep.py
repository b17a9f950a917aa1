"""What a project is kept in order with: what is installed, its tests, linters and locks, and what may be deleted."""

import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from handover.cli import tools
from handover.cli.build import build_first, built_option
from handover.cli.group import BOTH, PIPELINE, PROJECT, command
from handover.errors import CannotRunError

MADE = (".aws-sam", ".cache", ".*_cache", ".hypothesis", ".coverage")
"""What the other commands write, and write again."""
USUAL = ("run", "modelling")
"""What a project's commands need, beside the tool itself."""
APART = ("checkov", "deploy", "openapi")
"""Locks that pin what others need newer: each has an environment and a resolution of its own."""
SYSTEMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
"""Where people train, and nothing is compiled. No Intel Mac: onnxruntime and cryptography have no wheels for one."""
MACOS = "14.0"
"""What numpy, scipy and onnxruntime ask for at least."""
WHEELS = ("--require-hashes", "--only-binary", ":all:")
PYTHON = ("--python-version", "3.13")
UNSATISFIED = 1
"""How uv ends where there is no such package; with 2 where it could not ask."""


@command(BOTH)
@click.argument("purposes", nargs=-1)
@click.option("--quiet", is_flag=True, help="Do not say what is installed.")
def setup(purposes: tuple[str, ...], *, quiet: bool) -> None:
    """Install what the other commands need into this environment, from the project's hashed locks.

    PURPOSES are locks of requirements/: run and modelling, if none is named. What is installed already is not
    looked at again. The environment itself is made by make, or by python -m venv .venv and pip (README.md).
    """
    # Python programs import from the project's folders, whatever folder they are started in.
    folders = [str(folder.resolve()) for folder in (*PROJECT.import_paths, PROJECT.hook)]
    Path(sysconfig.get_path("purelib"), "rooms.pth").write_text("\n".join(folders), encoding="utf-8")
    for purpose in purposes or USUAL:
        _install(purpose, quiet=quiet)


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
@click.option("--upgrade", is_flag=True, help="Upgrade all packages.")
@click.option("--check", is_flag=True, help="Write nothing: only ask whether each system has wheels of what is locked.")
def lock(*, upgrade: bool, check: bool) -> None:
    """Write the locks anew, after an edit of requirements/*.in: for all platforms, with hashes.

    Versions that the locks name already are kept where they still fit. Exit status: 0, 1 when a system lacks a wheel,
    2 when something could not be done or asked.
    """
    if not check:
        _write_locks(upgrade=upgrade)
    if system := _without_wheels():
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


# --- locks: what they name is installed once each, and they are written anew of what people edit


def _install(purpose: str, *, quiet: bool) -> None:
    """Install what a lock names into this environment, unless that was done since the lock was written.

    A stamp in the environment says when. With ``run`` comes what the emulator gives the function, in a folder of its
    own, for no command imports it.
    """
    lock, beside = PROJECT.locks / f"{purpose}.txt", PROJECT.locks / "lambda.txt"
    if not lock.is_file():
        raise CannotRunError(f"there is no {lock.as_posix()}, which names what to install")
    stamp, locks = Path(sys.prefix) / purpose, [lock, beside] if purpose == "run" else [lock]
    if stamp.exists() and all(stamp.stat().st_mtime >= one.stat().st_mtime for one in locks):
        return
    if not quiet:
        count = len(re.findall("^[^#\n]*==", lock.read_text(encoding="utf-8"), re.MULTILINE))
        click.echo(f"Installing what {purpose} needs ({count} packages) ...", err=True)
    how = ("--disable-pip-version-check", "install", "--quiet", *WHEELS)
    for one in locks:
        apart = ("--target", str(Path(sys.prefix) / "lambda"), "--upgrade") if one == beside else ()
        tools.python("-m", "pip", *how, "--requirement", str(one), *apart)
    stamp.touch()


def _write_locks(*, upgrade: bool) -> None:
    """Write every lock for all platforms at once: names, versions and hashes, no addresses.

    One resolution binds them all, so that the purposes share one environment, and the layer runs what the tests ran.
    Unless the newest is asked for, versions that the locks name are kept where they still fit.
    """
    sources = sorted(PROJECT.locks.glob("*.in"))
    if not sources:
        raise CannotRunError(f"there is no {(PROJECT.locks / '*.in').as_posix()} to lock")
    together = [PROJECT.runtime / "requirements.in", *(path for path in sources if path.stem not in APART)]
    with tempfile.TemporaryDirectory() as scratch:
        everything = Path(scratch, "everything.txt")
        if not upgrade:
            known = (source.with_suffix(".txt") for source in together)
            text = "".join(lock.read_text(encoding="utf-8") for lock in known if lock.is_file())
            everything.write_text(text, encoding="utf-8")
        _compile(together, everything)
        for source in together:
            _compile([source], source.with_suffix(".txt"), "--constraint", str(everything), fresh=True)
    for source in sources:
        if source.stem in APART:
            _compile([source], source.with_suffix(".txt"), fresh=upgrade)
    # Each peer of the benchmarks is resolved for itself, as its users would, with our versions of what it could share.
    shared = (PROJECT.runtime_lock, PROJECT.locks / "modelling.txt")
    ours = [word for lock in shared for word in ("--constraint", str(lock))]
    for source in sorted(PROJECT.root.glob("bench/peers/*/requirements.in")):
        _compile([source], source.with_suffix(".txt"), *ours, fresh=upgrade)


def _without_wheels() -> str | None:
    """Name a system that lacks a wheel of what is locked for it, as the package index has it; uv says of what."""
    locks = [word for name in (*USUAL, "lambda") for word in ("--requirements", str(PROJECT.locks / f"{name}.txt"))]
    how = ("--dry-run", "--no-deps", "--target", ".cache/none", *WHEELS, *PYTHON)
    for system in SYSTEMS:
        try:
            _uv("install", *how, "--python-platform", system, *locks, MACOSX_DEPLOYMENT_TARGET=MACOS)
        except SystemExit as ended:
            if ended.code == UNSATISFIED:
                return system
            raise CannotRunError("the package index could not be asked for wheels") from None
    return None


def _compile(sources: Sequence[Path], to: Path, *more: str, fresh: bool = False) -> None:
    if fresh:
        to.unlink(missing_ok=True)
    how = ("--universal", *PYTHON, "--generate-hashes", "--no-header", "--no-annotate")
    _uv("compile", *how, *map(str, sources), *more, "--output-file", str(to))


def _uv(*words: str, **variables: str) -> None:
    uv = tools.find("uv")
    if uv is None:
        raise CannotRunError("uv, which writes the locks, is not installed: run handover setup modelling (make setup)")
    tools.run(uv, "pip", *words, "--quiet", log=None, **variables)
