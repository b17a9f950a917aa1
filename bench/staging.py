"""Each contender as it would stand in Lambda: through the zip or the image that carries it, into a read-only tree."""

import compileall
import os
import shutil
import stat
import zipfile
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

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
    """Carry a folder through the very zip that ``sam deploy`` would upload; give the zip's size [bytes].

    What comes of it is read-only, as Lambda's trees are.
    """
    from samcli.lib.package.utils import make_zip_with_lambda_permissions

    with TemporaryDirectory(prefix="bench-") as parcel:
        archive = Path(make_zip_with_lambda_permissions(f"{parcel}/parcel", str(source)))
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(to)
        size = archive.stat().st_size
    for path in (to, *to.rglob("*")):
        os.utime(path, (YEAR_1980, YEAR_1980))
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    return size


def byte_compile(folder: Path) -> None:
    """Compile for a tree whose dates say nothing; what cannot be compiled is not imported either."""
    unchecked = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), invalidation_mode=unchecked, workers=1)


def remove(tree: Path) -> None:
    """Remove a tree that may be read-only, or not be there."""
    if tree.exists():
        for folder, *_ in tree.walk():
            folder.chmod(folder.stat().st_mode | stat.S_IWUSR)
        shutil.rmtree(tree)


def copy_peer(contender: Contender, workload: Workload, to: Path) -> None:
    """Put a peer's code and the workload's files side by side, as its documentation has them."""
    to.mkdir(parents=True)
    for path in (*contender.folder.glob("*.py"), *workload.folder.glob("*.*")):
        shutil.copyfile(path, to / path.name)


@dataclass(frozen=True)
class Dock:
    """Stages contenders under one folder; a layer that two share is staged once."""

    built: BuiltFunction
    """What ``sam build`` made of this project. Every contender gets its environment variables and memory, so no peer is
    held back by an OpenBLAS that starts a thread for each core."""
    root: Path
    _shipped: dict[Path, tuple[Path, int]] = field(default_factory=dict)

    def stage(self, contender: Contender, workload: Workload) -> Staged:
        """Lay one Lambda contender out for one workload, as it would be deployed."""
        raw = self.root / "raw" / workload.folder.name / contender.name
        if not raw.exists():
            self._copy(contender, workload, raw)
        runtime = next(layer for layer in self.built.layers if (layer / "python").is_dir())
        shipped = [self._ship(raw), self._ship(runtime) if contender in {OURS, FLOOR} else contender.installed()]
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
                self.built,
                name=contender.name,
                root=folders[0],
                layers=tuple(folders[1:]),
                handler=contender.handler or self.built.handler,
                timeout_s=TIMEOUT_S,
            ),
            size={
                "unzipped_bytes": sum(path.stat().st_size for path in files if path.is_file()),
                "zipped_bytes": sum(size for _, size in shipped),
            },
        )

    def _copy(self, contender: Contender, workload: Workload, to: Path) -> None:
        sources = {OURS: self.built.root, PLAIN: self.built.root, FLOOR: latency.HERE / "floor"}
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
