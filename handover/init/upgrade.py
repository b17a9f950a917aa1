"""A project is brought to the release that runs: the tool's changes and the team's are merged, file by file."""

import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from packaging.version import Version

from handover.errors import CannotRunError
from handover.git import git
from handover.init import TEMPLATES, rendered, write
from handover.init.hosting import CI, DEFAULT, SYSTEMS, place, worded
from handover.init.release import File, Release, current
from handover.project import DISTRIBUTION

LOCK = "requirements/handover.txt"
OWN = (
    "README.md", "handover.toml", "layers/model/delivery/**", "modelling/card.md", "modelling/data/**",
    "modelling/train.py", "pyproject.toml", "tests/cases.jsonl",
)  # fmt: skip
"""What is the project's own, whatever a release has under that name."""
TOOL = ("vendor/*", LOCK)
LOCKS = ("layers/runtime/requirements.txt", "requirements/*.txt")
REQUIREMENTS = ("layers/runtime/*.in", "requirements/*.in")
NO_PROJECT = "this is not a project of handover init: there is no"
CANNOT_MERGE = 128  # git merge-file gives the number of conflicts, at most 127; of binary files, 255


class Change(NamedTuple):
    """What becomes of one file."""

    path: str
    outcome: str
    """One of ``added``, ``updated``, ``merged``, ``removed``, ``kept``, ``conflict``."""
    why: str = ""
    file: File | None = None
    """What is written; of what is removed or stays as it is, nothing."""


def upgrade(root: Path, *, dry_run: bool = False) -> tuple[int, str]:
    """Bring a project to the release that runs; in a dry run, only say what would be done.

    It gives the exit status, 1 where there are conflicts, and what was done or would be, in words.
    ``CannotRunError`` when it is not a project, git would not bring back what is overwritten, or its own release is not
    known or newer; nothing has been written then.
    """
    (name, ci), old = _named(root), recorded(root)
    new, inside = current(), place(root)
    if (old.version, old.sha256) == (new.version, new.sha256):
        return 0, f"{name} is up to date: handover {new.version}"
    if Version(new.version) < Version(old.version):
        raise CannotRunError(f"{name} has handover {old.version}, and this is {new.version}: install a newer one")
    base, files = rendered(old, name, inside, ci), rendered(new, name, inside, ci)
    paths = {*base, *files}
    _require_committed(root, paths)
    lying = {path: file for path in paths if (file := _read(root / path))}
    # A checkout on Windows has other line ends, in every line: they are left aside until files are written.
    texts = {path: file.content for path, file in lying.items() if b"\0" not in file.content}
    crlf = {path for path, text in texts.items() if 0 < text.count(b"\r\n") == text.count(b"\n")}
    lying |= {path: worded(lying[path], {"\r\n": "\n"}) for path in crlf}
    planned = list(changes(base, lying, files, new.version))
    last = [  # until then it can all be done again: the old release is still there, and the recorded one
        Change(f"vendor/{new.name}", "updated" if new.name == old.name else "added", file=File(new.content)),
        Change(LOCK, "updated", file=files[LOCK]),
        *(Change(path, "removed") for path in sorted(lying) if path.startswith("vendor/") and path not in files),
    ]
    done = [*planned, *last]
    if not dry_run:
        _carry_out(root, done, crlf)
    words = {"name": name, "old": old, "new": new, "done": done, "dry_run": dry_run}
    conflicts = any(change.outcome == "conflict" for change in planned)
    lock = _to_lock(root, planned, files)
    report = TEMPLATES.get_template("upgrade.txt.jinja").render(words, lock=lock, conflicts=conflicts)
    return int(conflicts), report.rstrip("\n")


def recorded(root: Path) -> Release:
    """Open the release that a project's files are of: the wheel that its lock names.

    ``CannotRunError`` when there is no such lock, or no wheel of the hash that it has.
    """
    lock = _read(root / LOCK)
    named = lock and re.search(rb"^[\w-]+==(\S+) --hash=sha256:([0-9a-f]{64})\s*$", lock.content, re.MULTILINE)
    if not named:
        raise CannotRunError(f"{NO_PROJECT} {LOCK} that names a wheel")
    for wheel in sorted((root / "vendor").glob("*.whl")):
        if (release := Release(wheel.name, wheel.read_bytes())).sha256 == named[2].decode():
            return release
    raise CannotRunError(
        f"vendor/ has no wheel with the hash that {LOCK} has for {DISTRIBUTION} {named[1].decode()}, from which this "
        "project's files are: bring it back (git log -- vendor)"
    )


def changes(
    base: Mapping[str, File], lying: Mapping[str, File], new: Mapping[str, File], version: str
) -> Iterator[Change]:
    """Say what becomes of each file that somebody changed; the tool itself, and what is the project's own, apart.

    The ``base`` and the ``new`` files are those that the two releases give; ``lying`` are the project's own of these.
    """
    paths = sorted(path for path in {*base, *new} if not _fits(path, OWN) and not _fits(path, TOOL))
    locks = {path for path in paths if _fits(path, LOCKS)}
    relocked = any(base.get(path) != new.get(path) for path in locks)
    for path in paths:
        before, mine, after = base.get(path), lying.get(path), new.get(path)
        if mine == after:
            continue
        if mine is None and before is None:
            yield Change(path, "added", file=after)
        elif mine is None:
            yield Change(path, "kept", "you deleted it" + (", and the tool changed it" if after != before else ""))
        elif after is None:
            yield Change(path, "removed") if mine == before else Change(path, "kept", "the tool has it no longer")
        elif mine == before:
            yield Change(path, "updated", file=after)
        elif before and relocked and path in locks:  # one resolution: all of them are the tool's, or all the project's
            yield Change(path, "updated", "it is the tool's again, as all locks", after)
        elif after == before:
            yield Change(path, "kept", "only you changed it")
        else:
            yield _merged(path, before or File(b"", after.executable), mine, after, version)


def _merged(path: str, base: File, mine: File, new: File, version: str) -> Change:
    executable = new.executable if mine.executable == base.executable else mine.executable
    with TemporaryDirectory() as scratch:
        three = {"mine": mine, "base": base, "new": new}
        for name, file in three.items():
            Path(scratch, name).write_bytes(file.content)
        labels = [word for label in ("yours", "base", f"handover {version}") for word in ("-L", label)]
        command = ["git", "merge-file", "-p", "--diff3", *labels, *three]
        ended = subprocess.run(command, cwd=scratch, capture_output=True, check=False)
    if ended.returncode >= CANNOT_MERGE:
        return Change(path, "conflict", "it is not text, so yours stays, and the tool's is in its wheel only")
    merged = File(ended.stdout, executable)
    if ended.returncode:
        return Change(path, "conflict", "you and the tool changed the same lines: look for <<<<<<<", merged)
    return Change(path, "merged", file=merged)


# --- the project


def _named(root: Path) -> tuple[str, CI]:
    """Read what the project is called, and whose pipelines it has."""
    try:
        pyproject = tomllib.loads((root / "pyproject.toml").read_bytes().decode())
        name = str(pyproject["project"]["name"])
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotRunError(f"{NO_PROJECT} pyproject.toml with its name") from None
    named = pyproject.get("tool", {}).get("handover", {}).get("ci", DEFAULT)
    if named in SYSTEMS:
        return name, named
    raise CannotRunError(
        f"pyproject.toml has ci = {named!r} below [tool.handover], and it is one of {', '.join(SYSTEMS)}"
    )


def _require_committed(root: Path, paths: Iterable[str]) -> None:
    outside = sorted(path for path in paths if path.startswith("../"))
    status = git(root, "status", "--porcelain", "--", ".", *outside)
    if status is None:
        raise CannotRunError(
            "this is not in a git repository, or git is not installed: git merges, and keeps what was there"
        )
    if status:
        raise CannotRunError("git status shows changes: commit or stash them first, so that nothing of them is lost")


def _read(path: Path) -> File | None:
    """Read a file; a folder or a link in its place is refused, for what stands there is the team's."""
    if path.is_symlink() or path.is_dir():
        raise CannotRunError(f"{path} is not a file, as it is in the tool's project: move it, and upgrade again")
    if not path.exists():
        return None
    return File(path.read_bytes(), bool(path.stat().st_mode & 0o100))


def _carry_out(root: Path, planned: Sequence[Change], crlf: set[str]) -> None:
    files = {change.path: change.file for change in planned if change.file}
    files |= {path: worded(files[path], {"\n": "\r\n"}) for path in crlf & files.keys()}
    try:
        write(files, root)
        for change in planned:
            if change.outcome == "removed":
                (root / change.path).unlink()
    except OSError as error:
        raise CannotRunError(
            f"{error.filename} cannot be written: {error.strerror}; git stash -u takes the rest back"
        ) from None


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(PurePosixPath(path).full_match(pattern) for pattern in patterns)


def _to_lock(root: Path, planned: Iterable[Change], new: Mapping[str, File]) -> list[str]:
    """Name what the tool's locks were not made of, where they took the place of the project's."""
    if not any(change.file and _fits(change.path, LOCKS) for change in planned):
        return []
    lying = {path.relative_to(root).as_posix(): path.read_bytes() for need in REQUIREMENTS for path in root.glob(need)}
    known = {path: file.content for path, file in new.items()}
    return sorted(path for path, content in lying.items() if content.replace(b"\r\n", b"\n") != known.get(path))
