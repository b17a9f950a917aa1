"""Each contender as it would stand in Lambda: through the zip or the image that carries it, into a read-only tree."""

import compileall
import os
import shutil
import stat
import zipfile
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from typing import Self

from samcli.lib.package.utils import make_zip_with_lambda_permissions

from bench.contenders import FLOOR, OURS, PLAIN, Contender, Package
from bench.workload import Workload
from handover import latency
from handover.local.stack import BuiltFunction

YEAR_1980 = 315532800.0
"""The date of every file in SAM's zips, and so in ``/var/task`` and ``/opt`` [s since 1970]."""
TIMEOUT_S = 60
"""What a request may take [s], its cold start included: a busy machine should slow a peer, not end it."""


@dataclass(frozen=True)
class Staged:
    """A contender, ready to run, and what it weighs."""

    contender: Contender
    function: BuiltFunction
    size: dict[str, int]
    """``unzipped_bytes``: all files of the function and its layers; ``zipped_bytes``: the same as SAM would send it."""


def ship(source: Path, to: Path) -> int:
    """Carry a folder through the very zip that ``sam deploy`` would upload; give the zip's size [bytes]."""
    with TemporaryDirectory(prefix="bench-") as parcel:
        archive = Path(make_zip_with_lambda_permissions(f"{parcel}/parcel", str(source)))
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(to)
        size = archive.stat().st_size
    for path in to.rglob("*"):
        os.utime(path, (YEAR_1980, YEAR_1980))
    set_writable(to, writable=False)
    return size


def byte_compile(folder: Path) -> None:
    """Compile for a tree whose dates say nothing; what cannot be compiled is not imported either."""
    unchecked = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), invalidation_mode=unchecked, workers=1)


def set_writable(tree: Path, *, writable: bool) -> None:
    """Make a whole tree read-only as Lambda's is, or give the right to remove it again."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IWUSR if writable else mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def remove(tree: Path) -> None:
    """Remove a tree that may be read-only, or not be there."""
    if tree.exists():
        set_writable(tree, writable=True)
        shutil.rmtree(tree)


def copy_peer(contender: Contender, workload: Workload, to: Path) -> None:
    """Put a peer's code and the workload's files side by side, as its documentation has them."""
    to.mkdir(parents=True)
    for path in (*contender.folder.glob("*.py"), *workload.folder.glob("*.*")):
        shutil.copyfile(path, to / path.name)


class Dock:
    """Stages contenders under one folder, which it removes again; a layer that two share is staged once.

    Parameters
    ----------
    built
        What ``sam build`` made of this project. Every contender gets its environment variables and memory, so no
        peer is held back by an OpenBLAS that starts a thread for each core.
    """

    def __init__(self, built: BuiltFunction) -> None:
        self._built = built
        self._folder = TemporaryDirectory(prefix="bench-")
        self.root = Path(self._folder.name)
        self._shipped: dict[Path, tuple[Path, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        set_writable(self.root, writable=True)
        self._folder.cleanup()

    def stage(self, contender: Contender, workload: Workload) -> Staged:
        """Lay one Lambda contender out for one workload, as it would be deployed."""
        raw = self.root / "raw" / workload.folder.name / contender.name
        if not raw.exists():
            self._copy(contender, workload, raw)
        shipped = [self._ship(raw)]
        if contender in {OURS, FLOOR}:
            shipped.append(self._ship(next(layer for layer in self._built.layers if (layer / "python").is_dir())))
        else:
            shipped.append(contender.installed())
        if contender in {OURS, FLOOR, PLAIN}:
            layer = self.root / "raw" / workload.folder.name / "model-layer"
            if not layer.exists():
                shutil.copytree(workload.folder / "delivery", layer / "delivery")
            shipped.append(self._ship(layer))
        folders = [folder for folder, _ in shipped]
        files = chain.from_iterable(folder.rglob("*") for folder in folders)
        return Staged(
            contender=contender,
            function=replace(
                self._built,
                name=contender.name,
                root=folders[0],
                layers=tuple(folders[1:]),
                handler=contender.handler or self._built.handler,
                timeout_s=TIMEOUT_S,
            ),
            size={
                "unzipped_bytes": sum(path.stat().st_size for path in files if path.is_file()),
                "zipped_bytes": sum(size for _, size in shipped),
            },
        )

    def _copy(self, contender: Contender, workload: Workload, to: Path) -> None:
        sources = {OURS: self._built.root, PLAIN: self._built.root, FLOOR: latency.HERE / "floor"}
        if source := sources.get(contender):
            without = None if contender is OURS else shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, to, ignore=without)
        else:
            copy_peer(contender, workload, to)
        if contender is FLOOR or contender.package is Package.COMPILED:
            byte_compile(to)

    def _ship(self, source: Path) -> tuple[Path, int]:
        if source not in self._shipped:
            to = self.root / "shipped" / str(len(self._shipped))
            self._shipped[source] = (to, ship(source, to))
        return self._shipped[source]
