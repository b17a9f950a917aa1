"""The locks of a project: what they name is installed once each, and they are written anew of what people edit."""

import re
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from handover.cli import tools
from handover.errors import CannotRunError
from handover.project import Project

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


def install(project: Project, purpose: str, *, quiet: bool = False) -> None:
    """Install what a lock names into this environment, unless that was done since the lock was written.

    A stamp in the environment says when. With ``run`` comes what the emulator gives the function, in a folder of its
    own, for no command imports it.
    """
    lock, beside = project.locks / f"{purpose}.txt", project.locks / "lambda.txt"
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


def make_importable(project: Project) -> None:
    """Let Python programs import from the project's folders, whatever folder they are started in."""
    folders = [str(folder.resolve()) for folder in (*project.import_paths, project.hook)]
    Path(sysconfig.get_path("purelib"), "rooms.pth").write_text("\n".join(folders), encoding="utf-8")


def write(project: Project, *, upgrade: bool) -> None:
    """Write every lock for all platforms at once: names, versions and hashes, no addresses.

    One resolution binds them all, so that the purposes share one environment, and the layer runs what the tests ran.
    Unless the newest is asked for, versions that the locks name are kept where they still fit.
    """
    sources = sorted(project.locks.glob("*.in"))
    if not sources:
        raise CannotRunError(f"there is no {(project.locks / '*.in').as_posix()} to lock")
    together = [project.runtime / "requirements.in", *(path for path in sources if path.stem not in APART)]
    with tempfile.TemporaryDirectory() as scratch:
        everything = Path(scratch, "everything.txt")
        if not upgrade:
            known = (_lock(source) for source in together)
            text = "".join(lock.read_text(encoding="utf-8") for lock in known if lock.is_file())
            everything.write_text(text, encoding="utf-8")
        _compile(together, everything)
        for source in together:
            _compile([source], _lock(source), "--constraint", str(everything), fresh=True)
    for source in sources:
        if source.stem in APART:
            _compile([source], _lock(source), fresh=upgrade)
    # Each peer of the benchmarks is resolved for itself, as its users would, with our versions of what it could share.
    shared = (project.runtime_lock, project.locks / "modelling.txt")
    ours = [word for lock in shared for word in ("--constraint", str(lock))]
    for source in sorted(project.root.glob("bench/peers/*/requirements.in")):
        _compile([source], _lock(source), *ours, fresh=upgrade)


def without_wheels(project: Project) -> str | None:
    """Name a system that lacks a wheel of what is locked for it, as the package index has it; uv says of what."""
    locks = [word for name in (*USUAL, "lambda") for word in ("--requirements", str(project.locks / f"{name}.txt"))]
    how = ("--dry-run", "--no-deps", "--target", ".cache/none", *WHEELS, *PYTHON)
    for system in SYSTEMS:
        try:
            _uv("install", *how, "--python-platform", system, *locks, MACOSX_DEPLOYMENT_TARGET=MACOS)
        except SystemExit as ended:
            if ended.code == UNSATISFIED:
                return system
            raise CannotRunError("the package index could not be asked for wheels") from None
    return None


def _lock(source: Path) -> Path:
    return source.with_suffix(".txt")


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
