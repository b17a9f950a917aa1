"""The programs that a command starts: each by a list of words, from this environment's own folder, never by a shell."""

import os
import shutil
import subprocess
import sys
import sysconfig
from contextlib import nullcontext
from pathlib import Path

import click

from handover.errors import WITH_THE_EXTRA, CannotRunError

OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""What a make leaves for those that it starts itself; the one that `sam build` starts must not take it over."""


def find(name: str) -> str | None:
    """Find a program of this environment: in its ``bin``, or on Windows its ``Scripts``."""
    return shutil.which(name, path=sysconfig.get_path("scripts"))


def run(*command: str, log: Path | None = None, **variables: str) -> None:
    """Run a program in the current folder, with more variables; where it fails, end as it did, for its lines say why.

    They are printed, or go to a ``log``, which is shown only when it fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE} | variables
    sys.stdout.flush()
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") if log else nullcontext() as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        if log:
            click.echo(log.read_text(encoding="utf-8", errors="replace"), err=True, nl=False)
        sys.exit(done.returncode)


def sam(*words: str, log: Path | None = None, **variables: str) -> None:
    """Run `sam`, if it is installed beside this command; see ``run``."""
    program = find("sam")
    if program is None:
        raise CannotRunError(f"sam is not installed beside this handover: {WITH_THE_EXTRA}")
    run(program, *words, log=log, SAM_CLI_TELEMETRY="0", **variables)


def python(*words: str) -> None:
    """Run a program of Python's, with the Python that runs this."""
    run(sys.executable, *words)
