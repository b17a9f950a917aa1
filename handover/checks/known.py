"""What may ship: files of packages that the lock names, of the delivery, of the project's code; and what else does."""

import csv
import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handover.git import git
from handover.project import FUNCTION, HOOK, MODEL, RUNTIME, Project
from predictor.files import MANIFEST, SERVED

RECORD = "RECORD"
"""A package's list of its files, in its folder of metadata (PyPA, recording installed projects)."""
DELIVERED = (*SERVED, MANIFEST)
NO_CODE = "is no file of {0}/: it was put into the build by hand, or by {0}/Makefile"
NO_DELIVERY = f"is never read: of a delivery, production reads {', '.join(DELIVERED)}"
NO_MODULE = "is byte-code of no module that ships, or of another Python"
NO_PACKAGE = "is in the record of no package that layers/runtime/requirements.txt names"


@dataclass(frozen=True)
class Stray:
    """A file that ships and is not known."""

    path: Path
    shown: Path
    """What a sentence names: the file, or the folder of several when none of its files is known."""
    reason: str
    """The rest of a sentence that begins with the file."""
    source: Path | None
    """Where in the project it comes from, if it can be seen."""


def unknown_files(project: Project, build: Path) -> Iterator[Stray]:
    """Name what ships and is no package's, not the delivery's and not the project's."""
    code, hook, layer = project.function.parent, project.hook, project.runtime_lock.parent
    site, delivery = build / RUNTIME / "python", build / MODEL / "delivery"
    records = (path.read_text(encoding="utf-8") for path in site.glob(f"*.dist-info/{RECORD}"))
    recorded = {site / row[0] for record in records for row in csv.reader(record.splitlines()) if row}
    for name, sources, listed, otherwise in (
        (FUNCTION, (code,), set[Path](), NO_CODE.format(code.name)),
        (HOOK, (hook, code), set[Path](), NO_CODE.format(hook.name)),
        (RUNTIME, (layer,), recorded, NO_PACKAGE),
        (MODEL, (), {delivery / file for file in DELIVERED}, NO_DELIVERY),
    ):
        yield from _strays(build / name, listed, sources, otherwise)


def _strays(folder: Path, listed: set[Path], sources: tuple[Path, ...], otherwise: str) -> Iterator[Stray]:
    """Give each file of a built folder, in order, that is not listed, and in none of the sources at the same place."""
    ignored = _ignored(sources)
    origins = {path: _origin(path.relative_to(folder), sources) for path in folder.rglob("*") if path.is_file()}

    def fault(path: Path, origin: Path | None) -> str:
        """Say why a file is not known; nothing when it is."""
        if path in listed:
            return ""
        if path.suffix == ".pyc":
            return NO_MODULE
        if origin is None:
            return otherwise
        within = next(source.name for source in sources if origin.is_relative_to(source))
        if origin in ignored:
            return f"comes from {within}/, where git ignores it"
        if origin.suffix != ".py" and not _is_named(origin.name, sources):
            return f"comes from {within}/, and no module there names it"
        return ""

    wrong = {path: fault(path, origins[path]) for path in sorted(origins)}
    compiled = {Path(importlib.util.cache_from_source(str(path))): path for path in wrong if path.suffix == ".py"}
    known = {path for path in wrong if not wrong[compiled.get(path, path)]}
    strays = [path for path in wrong if wrong[path] and path not in compiled]
    ours = {place for path in known for place in path.parents} | {folder, *folder.parents}
    outermost = {path: [place for place in (path, *path.parents) if place not in ours][-1] for path in strays}
    files = Counter(outermost.values())
    for path in strays:
        shown = outermost[path] if files[outermost[path]] > 1 else path
        yield Stray(path, shown, wrong[path], origins[path])


def _origin(place: Path, sources: tuple[Path, ...]) -> Path | None:
    return next(filter(Path.is_file, (source / place for source in sources if place.suffix != ".pyc")), None)


def _is_named(name: str, sources: tuple[Path, ...]) -> bool:
    """Say whether a module of the sources has the name of a file, as a text or at the end of one."""
    quoted = re.compile(rf"""["'/]{re.escape(name)}["']""")
    return any(quoted.search(path.read_text(encoding="utf-8")) for source in sources for path in source.rglob("*.py"))


def _ignored(sources: tuple[Path, ...]) -> set[Path]:
    """List the files that git was told to leave out; none where there is no repository."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", ".")
    listed = ((source, (git(source, *words) or b"").decode()) for source in sources)
    return {source / name for source, names in listed for name in names.split("\0") if name}
