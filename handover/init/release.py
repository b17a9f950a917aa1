"""A release of the tool as one file: the wheel that a project keeps, and the files that it gives every project."""

import csv
import hashlib
import io
import stat
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from functools import cached_property
from importlib.metadata import Distribution, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from handover.errors import CannotRunError
from handover.project import DISTRIBUTION, packed

PACKED = "handover/_project/"
OF_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say: the same files make the same wheel, whenever it is made


class File(NamedTuple):
    """What a file has in it, and whether it is a program."""

    content: bytes
    executable: bool = False


class Release:
    """A wheel of the tool, whose file's name says its version."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content
        self.version = name.split("-")[1]
        self.sha256 = hashlib.sha256(content).hexdigest()

    @cached_property
    def project(self) -> dict[str, File]:
        """The files that every project has as they are, by their paths from its root."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return {
                member.filename.removeprefix(PACKED): File(
                    archive.read(member), bool(member.external_attr >> 16 & stat.S_IXUSR)
                )
                for member in archive.infolist()
                if member.filename.startswith(PACKED)
            }


def current() -> Release:
    """Give the release that runs now: the wheel, made again of what was installed; from a source tree, built.

    ``CannotRunError`` when an installed file is not the one that was installed, or the wheel cannot be built.
    """
    return _packed_again(distribution(DISTRIBUTION)) if packed() else _built(Path(__file__).parents[2])


def _packed_again(installed: Distribution) -> Release:
    """Make the wheel of the files that it was installed as: all but those that the installer itself wrote.

    Nothing is compressed, which zlib does otherwise in another Python: a release has the same bytes everywhere.
    """
    files = [
        (path, digest, size)
        for path, digest, size in sorted(csv.reader((installed.read_text("RECORD") or "").splitlines()))
        if not path.startswith("..") and "__pycache__" not in path and path.rpartition("/")[2] not in OF_INSTALLERS
    ]
    (folder,) = {path.partition("/")[0] for path, *_ in files if path.partition("/")[0].endswith(".dist-info")}
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\n").writerows([*files, (f"{folder}/RECORD", "", "")])
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, digest, _ in files:
            located = Path(str(installed.locate_file(path)))
            content = located.read_bytes()
            if digest != f"sha256={urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()}":
                raise CannotRunError(f"{located} is not as it was installed: install its wheel again")
            archive.writestr(_member(path, located.stat().st_mode), content)
        archive.writestr(_member(f"{folder}/RECORD", 0o644), lines.getvalue())
    tag = next(line for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: "))
    return Release(f"{folder.removesuffix('.dist-info')}-{tag.removeprefix('Tag: ')}.whl", wheel.getvalue())


def _member(path: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(path, EARLIEST)
    member.create_system = 3  # Unix, whose modes these are, wherever it is made
    member.external_attr = (stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)) << 16
    return member


def _built(root: Path) -> Release:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        ended = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
        if ended.returncode:
            reason = (ended.stderr.strip().splitlines() or ["no reason was given"])[-1]
            raise CannotRunError(f"the wheel cannot be built: {reason}")
        (wheel,) = Path(folder).glob("*.whl")
        return Release(wheel.name, wheel.read_bytes())
