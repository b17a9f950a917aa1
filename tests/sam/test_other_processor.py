"""The layers for the processor that this machine does not have: built, and looked into.

They are not run. Where it was tried, with QEMU 7.2 emulating arm64 on x86_64, the function had not answered after ten
minutes. What is held here instead: the same files, Python's to the byte, as those that the other tests run; and
extensions for the right processor and Python, whose libraries are all there, none newer than Lambda's.
"""

import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from typing import NamedTuple

import pytest
from elftools.elf.elffile import ELFFile

from tests.helpers.sam import BUILD, ENVIRONMENT, OTHER, ROOT

MACHINES = {"x86_64": "EM_X86_64", "arm64": "EM_AARCH64"}
TRIPLETS = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

# Lambda's python3.13 is Amazon Linux 2023: glibc 2.34, and the C++ library of GCC 11
# (what that one provides: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html).
SYSTEM = {
    "libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libgcc_s.so.1", "libstdc++.so.6",
    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
}  # fmt: skip
NEWEST = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11,)}

# What a wheel says of its making, and of its files, differs from processor to processor; nothing is computed with it,
# and the files are compared here themselves.
OF_THE_WHEEL = re.compile(r"numpy/(__pycache__/)?__config__\.|\.dist-info/(WHEEL|RECORD|sboms/)")


class Extension(NamedTuple):
    """A shared object of the layer, as its ELF header and its dynamic section describe it."""

    path: Path
    machine: str
    needed: list[str]
    folders: list[Path]
    versions: list[str]


def extension(path: Path) -> Extension:
    with path.open("rb") as file:
        elf = ELFFile(file)
        dynamic = list(elf.get_section_by_name(".dynamic").iter_tags())
        runpaths = [getattr(tag, "runpath", None) or getattr(tag, "rpath", "") for tag in dynamic]
        versions = elf.get_section_by_name(".gnu.version_r")
        return Extension(
            path,
            elf["e_machine"],
            [tag.needed for tag in dynamic if tag.entry.d_tag == "DT_NEEDED"],
            [
                Path(part.replace("$ORIGIN", str(path.parent)))
                for runpath in runpaths
                for part in runpath.split(":")
                if part
            ],
            [version.name for _, wanted in (versions.iter_versions() if versions else ()) for version in wanted],
        )


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def files(layer: Path) -> Iterator[str]:
    return (str(path.relative_to(layer)) for path in sorted(layer.rglob("*")) if path.is_file())


def without_processor(name: str) -> str:
    """Give a file's name without what it says of the processor: a triplet, or the hash of a bundled library."""
    for triplet in TRIPLETS.values():
        name = name.replace(triplet, "<processor>")
    return re.sub(r"(?<=/libscipy_openblas64_-)[0-9a-f]{8}(?=\.so$)", "<hash>", name)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build for the other processor as `make build` does, beside what is built and not over it; give the folder."""
    folder = tmp_path_factory.mktemp(OTHER) / "build"
    before = stamps(ROOT / ".aws-sam")
    sam = subprocess.run(
        [
            *(Path(sys.executable).parent / "sam", "build", "--no-cached", "--build-dir", folder),
            *("--parameter-overrides", f"Architecture={OTHER}"),
        ],
        cwd=ROOT, env=ENVIRONMENT | {"ARCHITECTURE": OTHER}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert sam.returncode == 0, sam.stdout + sam.stderr
    assert stamps(ROOT / ".aws-sam") == before
    return folder


@pytest.fixture(scope="module")
def extensions(other: Path) -> list[Extension]:
    listed = [extension(path) for path in sorted((other / "RuntimeLayer").rglob("*.so*"))]
    assert len(listed) > 5
    return listed


def test_every_extension_is_for_the_processor_and_the_python(extensions: list[Extension]) -> None:
    assert {one.path.name: one.machine for one in extensions} == {one.path.name: MACHINES[OTHER] for one in extensions}
    tags = {one.path.name.partition(".")[2] for one in extensions if ".cpython-" in one.path.name}
    assert tags == {f"cpython-313-{TRIPLETS[OTHER]}.so"}


def test_every_library_that_an_extension_needs_is_there(extensions: list[Extension]) -> None:
    lacking = {
        (one.path.name, needed)
        for one in extensions
        for needed in one.needed
        if needed not in SYSTEM and not any((folder / needed).is_file() for folder in one.folders)
    }

    assert lacking == set()
    assert [needed for one in extensions for needed in one.needed if needed not in SYSTEM]  # numpy brings its own BLAS


def test_no_extension_needs_a_newer_system_than_lambda_has(extensions: list[Extension]) -> None:
    wanted = {(one.path.name, *version.split("_", 1)) for one in extensions for version in one.versions}

    assert {library for _, library, _ in wanted} <= set(NEWEST)
    newer = [entry for entry in wanted if tuple(map(int, entry[2].split("."))) > NEWEST[entry[1]]]
    assert newer == []


def test_every_module_has_bytecode_that_is_never_compared_with_its_source(other: Path) -> None:
    modules = [path for part in ("RuntimeLayer", "PredictFunction") for path in (other / part).rglob("*.py")]

    assert len(modules) > 100
    for module in modules:
        header = Path(cache_from_source(str(module))).read_bytes()[:8]
        assert header == MAGIC_NUMBER + struct.pack("<I", 0b01), module  # hash-based, unchecked (PEP 552)


@pytest.mark.parametrize("part", ["RuntimeLayer", "ModelLayer", "PredictFunction"])
def test_the_files_are_those_that_run_on_this_machine(other: Path, part: str) -> None:
    theirs, ours = other / part, BUILD / part

    assert sorted(map(without_processor, files(theirs))) == sorted(map(without_processor, files(ours)))
    assert [
        name
        for name in files(theirs)
        if not re.search(r"\.so(\.|$)", name)
        and not OF_THE_WHEEL.search(name)
        and (theirs / name).read_bytes() != (ours / name).read_bytes()
    ] == []
