"""Each contender as it would stand in Lambda: through the zip or the image that carries it, into a read-only tree."""

import compileall
import os
import shutil
import stat
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

from samcli.lib.package.utils import make_zip_with_lambda_permissions

from bench.contenders import FLOOR, OURS, PLAIN, Contender
from bench.workload import Workload
from handover import latency
from handover.local.stack import BuiltFunction

YEAR_1980 = 315532800.0
"""The date of every file in SAM's zips, and so in ``/var/task`` and ``/opt`` [s since 1970]."""
TIMEOUT_S = 60
"""What a request may take [s], its cold start included: a busy machine should slow a peer, not end it."""
PEER_FILES = ("row.py", "heuristics.py", "features.py", "model.onnx", "model.pkl", "xgboost.pkl", "expected.json")


@dataclass(frozen=True)
class Staged:
    """A contender, ready to run, and what it weighs."""

    contender: Contender
    function: BuiltFunction
    unzipped_bytes: int
    """All files of the function and its layers."""
    zipped_bytes: int
    """The same as SAM would send it: one deflated zip for the function and one for each layer."""


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


def copy_peer(contender: Contender, workload: Workload, to: Path) -> None:
    """Put a peer's code and the workload's files side by side, as its documentation has them."""
    to.mkdir(parents=True)
    for path in sorted(contender.folder.glob("*.py")):
        shutil.copyfile(path, to / path.name)
    for name in PEER_FILES:
        shutil.copyfile(workload.folder / name, to / name)


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
        self._staged: dict[tuple[Contender, Path], Staged] = {}

    def __enter__(self) -> "Dock":
        return self

    def __exit__(self, *_: object) -> None:
        set_writable(self.root, writable=True)
        self._folder.cleanup()

    def stage(self, contender: Contender, workload: Workload) -> Staged:
        """Lay one Lambda contender out for one workload, as it would be deployed."""
        key = contender, workload.folder
        if key not in self._staged:
            self._staged[key] = self._stage(contender, workload)
        return self._staged[key]

    def _stage(self, contender: Contender, workload: Workload) -> Staged:
        raw = self.root / "raw" / workload.folder.name / contender.name
        built = self._built.root
        model = self._model_layer(workload)
        runtime = next(layer for layer in self._built.layers if (layer / "python").is_dir())
        sources = [model]
        packages: tuple[Path, int] | None = None
        if contender is OURS:
            shutil.copytree(built, raw)
            sources = [runtime, model]
        elif contender is FLOOR:
            shutil.copytree(latency.HERE / "floor", raw, ignore=shutil.ignore_patterns("__pycache__"))
            byte_compile(raw)
            sources = [runtime, model]
        elif contender is PLAIN:
            shutil.copytree(built, raw, ignore=shutil.ignore_patterns("__pycache__"))
            packages = contender.installed()
        else:
            copy_peer(contender, workload, raw)
            if contender.package.byte_compiled:
                byte_compile(raw)
            packages = contender.installed()
            sources = []
        shipped = [self._ship(raw), *([packages] if packages else []), *map(self._ship, sources)]
        return Staged(
            contender=contender,
            function=replace(
                self._built,
                name=contender.name,
                root=shipped[0][0],
                layers=tuple(folder for folder, _ in shipped[1:]),
                handler=contender.handler or self._built.handler,
                timeout_s=TIMEOUT_S,
            ),
            unzipped_bytes=sum(_bytes(folder) for folder, _ in shipped),
            zipped_bytes=sum(size for _, size in shipped),
        )

    def _model_layer(self, workload: Workload) -> Path:
        layer = self.root / "raw" / workload.folder.name / "model-layer"
        if not layer.exists():
            shutil.copytree(workload.folder / "delivery", layer / "delivery")
        return layer

    def _ship(self, source: Path) -> tuple[Path, int]:
        if source not in self._shipped:
            to = self.root / "shipped" / str(len(self._shipped))
            self._shipped[source] = (to, ship(source, to))
        return self._shipped[source]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
