"""A delivery as one file: the same bytes whenever it is packed, and read by whoever gets it without running it."""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from handover import package
from handover.cli import main
from handover.package import PackageError, gather, read

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[2]
DELIVERY = ROOT / "layers" / "model" / "delivery"
PACKED = gather(DELIVERY)

type Files = Mapping[str, bytes]


def packed(folder: Path, content: bytes) -> Path:
    file = folder / "delivery.tar"
    file.write_bytes(content)
    return file


def tar(files: Files, *more: tarfile.TarInfo) -> bytes:
    """Pack files as ``handover pack`` does, whatever they are, and further members without content."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:", format=tarfile.USTAR_FORMAT) as writer:
        for name, content in ({"SHA256SUMS": sums} | {name: files[name] for name in sorted(files)}).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            writer.addfile(member, io.BytesIO(content))
        for member in more:
            writer.addfile(member)
    return archive.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def with_manifest(**changes: object) -> Files:
    manifest = json.loads(PACKED.files["manifest.json"]) | changes
    return {**PACKED.files, "manifest.json": json.dumps(manifest).encode()}


def without(name: str) -> Files:
    return {other: content for other, content in PACKED.files.items() if other != name}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "layers" / "model" / "delivery"
    shutil.copytree(DELIVERY, copy)
    (tmp_path / "modelling").mkdir()
    shutil.copy(ROOT / "modelling" / "card.md", tmp_path / "modelling")
    for path in copy.iterdir():
        path.chmod(0o600)
        os.utime(path, (1, 1))
    (copy / "notes.txt").write_text("what is no part of a delivery stays behind")
    (copy / "__pycache__").mkdir(exist_ok=True)

    assert gather(copy).content == PACKED.content == tar(PACKED.files)


def test_what_is_read_is_what_was_packed(tmp_path: Path) -> None:
    assert read(packed(tmp_path, PACKED.content)) == PACKED


def test_whoever_has_no_tool_can_look_into_it(tmp_path: Path) -> None:
    with tarfile.open(packed(tmp_path, PACKED.content)) as archive:
        archive.extractall(tmp_path, filter="data")

    assert (tmp_path / "golden.jsonl").read_bytes() == (DELIVERY / "golden.jsonl").read_bytes()
    for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


def test_nothing_of_it_is_run(tmp_path: Path) -> None:
    files = {**PACKED.files, "contract.py": b"raise SystemExit('run')", "behaviours.py": b"raise SystemExit('run')"}

    assert read(packed(tmp_path, tar(files))).files["contract.py"] == files["contract.py"]


SAYS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "FILE is not a file of handover pack, or was cut off: empty file"),
    "cut off": (PACKED.content[:5000], "FILE is not a file of handover pack, or was cut off: unexpected end of data"),
    "compressed": (
        gzip.compress(PACKED.content),
        "FILE is not a file of handover pack, or was cut off: invalid header",
    ),
    "a path upwards": (
        tar(PACKED.files, member("../card.md")),
        "FILE has '../card.md' in it, which handover pack does not write",
    ),
    "a path from the root": (
        tar(PACKED.files, member("/etc/cron.d/x")),
        "FILE has '/etc/cron.d/x' in it, which handover pack does not write",
    ),
    "another file": (
        tar(PACKED.files, member("a\x1b[2J")),
        "FILE has 'a\\x1b[2J' in it, which handover pack does not write",
    ),
    "a file twice": (
        tar(PACKED.files, member("card.md")),
        "FILE has 'card.md' in it, which handover pack does not write",
    ),
    "a link": (
        tar(without("card.md"), member("card.md", tarfile.SYMTYPE, "/etc/passwd")),
        "FILE has 'card.md' in it, which handover pack does not write",
    ),
    "a device": (
        tar(without("card.md"), member("card.md", tarfile.CHRTYPE)),
        "FILE has 'card.md' in it, which handover pack does not write",
    ),
    "something behind its end": (
        PACKED.content + b"more",
        "FILE has something in it that handover pack does not write: have it packed again",
    ),
    "a changed file": (
        PACKED.content.replace(b'"decision"', b'"decisiom"', 1),
        "golden.jsonl in FILE is not the one that was packed: have it sent again",
    ),
    "no model": (tar(without("model.onnx")), "FILE has no model.onnx: have it packed again"),
    "another model": (
        tar({**PACKED.files, "model.onnx": b"another"}),
        "model.onnx of FILE is not the one that manifest.json vouches for: have it packed again",
    ),
    "no manifest": (
        tar({**PACKED.files, "manifest.json": b"[" * 100_000}),
        "manifest.json of FILE is not as deliver() writes it: have it packed again",
    ),
    "a name that no file could have": (
        tar(with_manifest(contract={"name": "a" * 101, "version": "1.0.0"})),
        "manifest.json of FILE has no contract's name and version: have it packed again",
    ),
    "a contract without a version": (
        tar(with_manifest(contract={"name": "credit-risk", "version": "../.."})),
        "manifest.json of FILE has no contract's name and version: have it packed again",
    ),
}


@pytest.mark.parametrize("case", SAYS)
def test_what_handover_pack_does_not_write_is_refused(case: str, tmp_path: Path) -> None:
    content, sentence = SAYS[case]
    file = packed(tmp_path, content)

    with pytest.raises(PackageError) as raised:
        read(file)

    assert str(raised.value).replace(str(file), "FILE") == sentence


def test_a_file_that_says_it_is_many_zeros_takes_no_memory(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo("card.md")
    sparse.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(2**50),
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:", format=tarfile.PAX_FORMAT) as writer:
        writer.addfile(sparse)

    with pytest.raises(PackageError, match=r"'card\.md' in it"):
        read(packed(tmp_path, archive.getvalue()))


def test_what_is_larger_than_a_function_may_be_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_MIB", 0)

    with pytest.raises(PackageError, match="has more than 0 MiB, which no function could be deployed with"):
        read(packed(tmp_path, PACKED.content))


@given(place=st.integers(0, len(PACKED.content) - 1), bit=st.integers(0, 7))
@settings(max_examples=200)
def test_whatever_bit_changes_on_the_way_is_seen(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(PACKED.content)
    content[place] ^= 1 << bit

    with pytest.raises(PackageError):
        read(packed(tmp_path_factory.mktemp("changed"), bytes(content)))


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """Give a copy of the delivery, which belongs to no project."""
    folder = tmp_path / "credit"
    shutil.copytree(DELIVERY, folder)
    return folder


def pack(*words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(main, ["pack", *words])
    return ended.exit_code, re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b|\d+ KiB", "#", ended.output)


def test_pack_names_the_file_after_the_contract(
    delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    version = PACKED.version

    assert pack("--delivery", "credit") == (
        0,
        f"credit-risk {version}, model #: 8 files, #\nSHA-256 #\nWritten to credit-risk-{version}.tar.\n",
    )
    assert read(tmp_path / f"credit-risk-{version}.tar") == gather(delivery)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited since": (
        lambda folder: (folder / "heuristics.py").write_text("# other\n"),
        (
            "heuristics.py of the delivery in 'credit' is not the one that manifest.json vouches for: "
            "deliver again (make model)"
        ),
    ),
    "unfinished": (
        lambda folder: (folder / "golden.jsonl").unlink(),
        "the delivery in 'credit' has no golden.jsonl: deliver again (make model)",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_was_not_delivered_like_this_is_not_packed(
    case: str, delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, sentence = FAULTS[case]
    fault(delivery)
    monkeypatch.chdir(tmp_path)

    assert pack("--delivery", "credit", "a.tar") == (2, f"handover: {sentence}\n")
    assert not Path("a.tar").exists()
