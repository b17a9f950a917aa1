"""A delivery as one file, which another repository takes: what it is made of, and how it is read without running it."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handover import card
from handover.errors import CannotRunError
from handover.quality import HELD_OUT
from predictor import files

SUMS, CARD = "SHA256SUMS", "card.md"
WRITTEN_BY_PEOPLE = ("contract.py", files.HEURISTICS)
REQUIRED = (*WRITTEN_BY_PEOPLE, *(name for name in files.SERVED if name != files.HEURISTICS), files.MANIFEST)
DELIVERED = (*REQUIRED, "behaviours.py", HELD_OUT)
"""What may lie in a delivery's folder and crosses."""
NAMES = {*DELIVERED, CARD, SUMS}
MAX_NAME_LENGTH = 100
"""Characters of a contract's name, of which a file and a branch are called."""
MAX_MIB = 250
"""What Lambda unpacks of a function and its layers: a delivery that is larger could not be deployed."""


class PackageError(CannotRunError):
    """The file is no delivery that can be taken; one sentence says why. Nothing of it was run."""


@dataclass(frozen=True)
class Package:
    """A delivery that crosses from one repository to another."""

    files: Mapping[str, bytes]
    """What each file has, by its name; the model's card among them, where there is one."""
    name: str
    """What its contract is called."""
    version: str
    """The contract's."""
    model: str
    """What the model is called in ``x-model``: the beginning of its hash."""

    @property
    def label(self) -> str:
        """Contract and version as one word that a file and a branch can be called."""
        return f"{re.sub(r'[^A-Za-z0-9_]+', '-', self.name).strip('-') or 'delivery'}-{self.version}"

    @property
    def content(self) -> bytes:
        """The file's bytes: the same files give the same bytes, whenever and wherever they are packed."""
        archive = io.BytesIO()
        ordered = {name: self.files[name] for name in sorted(self.files)}
        # What `sha256sum --check` reads.
        lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in ordered.items())
        contents = {SUMS: "".join(lines).encode(), **ordered}
        # Not compressed, which another Python does otherwise; and nobody unpacks more than was sent.
        with tarfile.open(fileobj=archive, mode="w:", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)  # of 1970, of nobody, and readable
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return archive.getvalue()

    @property
    def sha256(self) -> str:
        """The SHA-256 of the whole file."""
        return hashlib.sha256(self.content).hexdigest()

    def __str__(self) -> str:
        size = sum(map(len, self.files.values())) / 1024
        return f"{self.name} {self.version}, model {self.model}: {len(self.files)} files, {size:.0f} KiB"


def gather(delivery: Path) -> Package:
    """Take up the delivery in a folder, with its card.

    ``PackageError`` when a file is missing, or is not the one that the manifest vouches for.
    """
    paths = {name: delivery / name for name in DELIVERED} | {CARD: card.path(delivery)}
    try:
        contents = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    except OSError as error:
        raise PackageError(f"{error.filename} cannot be read: {error.strerror}") from None
    return _package(contents, f"the delivery in '{delivery}'", "deliver again (make model)")


def read(file: Path) -> Package:
    """Read a packed delivery, whoever sent it: nothing is unpacked to the disk, and nothing is run.

    ``PackageError`` when it is not what ``handover pack`` writes, byte for byte, or was changed on the way.
    """
    try:
        if file.stat().st_size > MAX_MIB * 1024 * 1024:
            raise PackageError(f"{file} has more than {MAX_MIB} MiB, which no function could be deployed with")
        content = file.read_bytes()
        contents = _members(file, content)
    except OSError as error:
        raise PackageError(f"{file} cannot be read: {error.strerror}") from None
    sums = contents.pop(SUMS, b"").decode(errors="replace")
    lines = {line[66:]: line[:64] for line in sums.splitlines()}
    for name, written in contents.items():
        if lines.get(name) != hashlib.sha256(written).hexdigest():
            raise PackageError(f"{name} in {file} is not the one that was packed: have it sent again")
    package = _package(contents, str(file), "have it packed again")
    if package.content != content:  # whatever else is in it would be read by one program and not by another
        raise PackageError(f"{file} has something in it that handover pack does not write: have it packed again")
    return package


def _members(file: Path, content: bytes) -> dict[str, bytes]:
    """Read the files of an archive, by their names; the first that does not belong there ends it."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for member in tar:
                # A sparse file may say that it is any number of zeros.
                plain = member.isreg() and not member.issparse() and member.size <= len(content)
                stream = tar.extractfile(member) if member.name in NAMES - contents.keys() and plain else None
                if stream is None:
                    raise PackageError(
                        f"{file} has {ascii(member.name)[:80]} in it, which handover pack does not write"
                    )
                contents[member.name] = stream.read()
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise PackageError(f"{file} is not a file of handover pack, or was cut off: {error}") from None
    return contents


def _package(contents: Mapping[str, bytes], where: str, remedy: str) -> Package:
    if missing := [name for name in REQUIRED if name not in contents]:
        raise PackageError(f"{where} has no {missing[0]}: {remedy}")
    try:
        manifest = json.loads(contents[files.MANIFEST])
    except (ValueError, RecursionError):
        manifest = None
    vouched, contract = (manifest.get(word) if isinstance(manifest, dict) else None for word in ("files", "contract"))
    if not isinstance(vouched, dict) or not isinstance(contract, dict) or not vouched.keys() >= {*files.SERVED}:
        raise PackageError(f"manifest.json of {where} is not as deliver() writes it: {remedy}")
    for name, sha256 in vouched.items():
        if name not in contents or hashlib.sha256(contents[name]).hexdigest() != sha256:
            raise PackageError(f"{name} of {where} is not the one that manifest.json vouches for: {remedy}")
    name, version = (str(contract.get(word)) for word in ("name", "version"))
    is_name = name.isprintable() and re.search(r"\w", name) and len(name) <= MAX_NAME_LENGTH
    if not (is_name and re.fullmatch(r"\d{1,9}(\.\d{1,9}){2}", version)):
        raise PackageError(f"manifest.json of {where} has no contract's name and version: {remedy}")
    return Package(contents, name, version, files.identity(manifest))
