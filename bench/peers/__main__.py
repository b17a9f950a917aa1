"""Installs each peer from its lock: ``make bench-peers``. What is up to date already is not looked at again."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress

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


def main() -> int:
    """Install what is not up to date; say what could not be, and give 1 then."""
    console = Console(highlight=False, soft_wrap=True)
    VENVS.mkdir(exist_ok=True)
    failed = 0
    missing = [peer for peer in PEERS if not peer.up_to_date()]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for peer in progress.track(missing, description="Installing peers"):
            packages = peer.lock.read_text().count("==")
            console.print(f"Installing {peer.label} ({packages} packages) ...")
            try:
                install(peer)
            except CannotRunError as error:
                failed += 1
                console.print(f"bench-peers: {peer.label} cannot be installed: {error}", markup=False)
    console.print(f"{len(PEERS) - failed} of {len(PEERS)} peers are installed in bench/.venvs.")
    return 1 if failed else 0


if __name__ == "__main__":
    with one_sentence("bench-peers"):
        sys.exit(main())
