"""Installs each peer from its lock: ``make bench-peers``. What is up to date already is not looked at again."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench import staging
from bench.contenders import PEERS, VENVS, Contender, Package
from handover.cli.group import one_sentence
from handover.errors import CannotRunError

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
LOCKED = ("--require-hashes", "--only-binary=:all:")


def install(peer: Contender) -> None:
    """Install one peer: a server into a virtual environment, a Lambda function's packages into a shipped layer."""
    staging.remove(peer.environment)
    if peer.package is Package.SERVER:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(peer.environment)], check=True)
        _pip("--python", str(peer.environment / "bin" / "python"), "install", *LOCKED, "-r", str(peer.lock))
        peer.set_up_to_date(zipped_bytes=0)
        return
    with TemporaryDirectory(prefix="bench-", dir=VENVS) as folder:
        layer = Path(folder) / "layer"
        compiled = "--compile" if peer.package is Package.IMAGE else "--no-compile"
        _pip("install", f"--target={layer / 'python'}", compiled, *LOCKED, "-r", str(peer.lock))
        if peer.package is Package.COMPILED:
            staging.byte_compile(layer)
        zipped = staging.ship(layer, peer.environment)
        if peer.package is Package.IMAGE:  # an image keeps each file's date, so pip's byte-code holds
            staging.remove(peer.environment)
            layer.rename(peer.environment)
        peer.set_up_to_date(zipped)


def _pip(*arguments: str) -> None:
    ended = subprocess.run([*PIP, *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise CannotRunError((ended.stderr.strip().splitlines() or ["pip gave no reason"])[-1])


def main() -> None:
    """Install what is not up to date."""
    VENVS.mkdir(exist_ok=True)
    for peer in PEERS:
        if not peer.up_to_date():
            click.echo(f"Installing {peer.label} ({peer.lock.read_text().count('==')} packages) ...")
            install(peer)
    click.echo(f"All {len(PEERS)} peers are installed in bench/.venvs.")


if __name__ == "__main__":
    with one_sentence("bench-peers"):
        main()
