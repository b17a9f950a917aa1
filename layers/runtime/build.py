"""Lays the runtime layer out: the locked wheels of Lambda's platform, stripped, byte-compiled and checked."""

import argparse
import base64
import compileall
import csv
import hashlib
import py_compile
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK = Path("layers/runtime/requirements.txt")
WHEELS = Path(".cache/wheels")

# Lambda's python3.13 runs on Amazon Linux 2023: wheels built for its glibc, 2.34, or for an older one run there.
GLIBC_MINORS = range(34, 16, -1)
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}  # what Lambda calls a processor, and what wheels call it
ELF_MACHINES = {"x86_64": 62, "arm64": 183}  # e_machine: EM_X86_64 and EM_AARCH64 of the System V ABI

# What inference never opens. The licences stay: they are in each package's .dist-info.
UNUSED = [
    "bin",
    "google", "protobuf-*.dist-info",  # onnxruntime needs these three to write models, not to run them
    "flatbuffers", "flatbuffers-*.dist-info",
    "packaging", "packaging-*.dist-info",
    "onnxruntime/capi/libonnxruntime.so*",  # for programs in C; the Python module has all of it inside
    "onnxruntime/backend", "onnxruntime/datasets", "onnxruntime/quantization", "onnxruntime/tools",
    "onnxruntime/transformers",
    "aws_lambda_powertools/event_handler",  # a router with a web page inside; our handler routes by itself
    "aws_lambda_powertools/utilities/[!_jt]*",  # all but jmespath_utils, which the logger needs, and typing
    "pydantic", "pydantic-*.dist-info",  # the contract is compiled: pydantic_core alone validates
    "annotated_types", "annotated_types-*.dist-info", "typing_inspection", "typing_inspection-*.dist-info",
    # Neither onnxruntime nor the encoder computes with these; numpy imports them only when they are asked for.
    "numpy/core", "numpy/fft", "numpy/ma", "numpy/matlib.py", "numpy/polynomial", "numpy/random",
    "numpy/conftest.py", "numpy/testing", "numpy/_core/_*_tests.*.so", "numpy/_core/_simd.*.so",
    "numpy/f2py", "numpy/_core/include", "numpy/_core/lib", "numpy/_pyinstaller",
    "**/tests", "**/*.pyi", "**/*.pxd", "**/py.typed", "**/*.a",
    "**/*.dist-info/INSTALLER", "**/*.dist-info/REQUESTED", "**/*.dist-info/direct_url.json",
]  # fmt: skip

# Modules that hold nothing but words, which every cold start would read; each becomes what its package asks for.
HOLLOWED = {
    "numpy/_core/_add_newdocs.py": "",  # the docstrings of what is written in C
    "numpy/_core/_add_newdocs_scalars.py": "",
    # Types to write a schema with. The contract's is written; without pydantic nobody writes another one here.
    "pydantic_core/core_schema.py": "CoreConfig = CoreSchema = CoreSchemaType = ErrorType = None\n",
}


class BuildError(RuntimeError):
    """The layer cannot be built; one sentence says why."""


def install(site: Path, architecture: str) -> None:
    """Install the locked wheels into ``site``: from the cache, or from the package index into the cache first."""
    cache = WHEELS / architecture
    cache.mkdir(parents=True, exist_ok=True)
    machine = MACHINES[architecture]
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
    platforms.append(f"--platform=manylinux2014_{machine}")  # the older name of manylinux_2_17
    wanted = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--python-version=3.13", "--implementation=cp"]
    wanted += [*platforms, "--requirement", str(LOCK)]
    from_cache = ["install", "--no-index", f"--find-links={cache}", "--no-compile", f"--target={site}", *wanted]
    if not any(cache.iterdir()) or _pip(from_cache).returncode:
        fetched = _pip(["download", f"--dest={cache}", *wanted])
        installed = fetched if fetched.returncode else _pip(from_cache)
        if installed.returncode:
            last = (installed.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise BuildError(f"the wheels of {LOCK} are not available for {architecture}: {last}")


def _pip(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def strip(site: Path) -> None:
    """Remove what inference never opens."""
    for pattern in UNUSED:
        for path in sorted(site.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def hollow(site: Path) -> None:
    """Empty the modules that only hold words.

    Raises
    ------
    BuildError
        When a package has no such module any more: then whoever raised its version looks where the words went.
    """
    for name, rest in HOLLOWED.items():
        module = site / name
        if not module.is_file():
            raise BuildError(f"{name} is not in the locked wheel: look at HOLLOWED in layers/runtime/build.py")
        module.write_text(rest, encoding="utf-8")


def record(site: Path) -> None:
    """Write each package's record of its files anew, of what is left of them: only what a record names may ship."""
    for path in sorted(site.glob("*.dist-info/RECORD")):
        names = sorted(row[0] for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) if row)
        rows = [_row(site, name) for name in names if (site / name).is_file() and site / name != path]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([*rows, (path.relative_to(site).as_posix(), "", "")])


def _row(site: Path, name: str) -> tuple[str, str, int]:
    """Give a file's line of a record: its name, its hash, its size (PyPA, recording installed projects)."""
    content = (site / name).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return name, f"sha256={digest}", len(content)


def byte_compile(folder: Path) -> None:
    """Write a ``.pyc`` beside each ``.py``, of the kind that is never compared with its source.

    SAM's zip dates every file 1980 and Lambda mounts it read-only: a ``.pyc`` that is checked by date would be found
    stale, and every cold start would compile every module again.
    """
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=1, stripdir=str(folder), invalidation_mode=unchecked, workers=1):
        raise BuildError("a module cannot be byte-compiled")


def foreign_objects(site: Path, architecture: str) -> Iterator[str]:
    """Name each shared object that is not for ``architecture``, by the machine in its ELF header."""
    for path in sorted(site.rglob("*.so*")):
        header = path.read_bytes()[:20]
        machine = struct.unpack_from("<H", header, 18)[0] if header[:4] == b"\x7fELF" else None
        if machine != ELF_MACHINES[architecture]:
            yield str(path.relative_to(site))


def build(artifacts: Path, architecture: str) -> None:
    """Lay the layer out in ``artifacts``.

    Raises
    ------
    BuildError
        When the wheels are not available, or one of them is for another architecture.
    """
    site = artifacts / "python"
    shutil.rmtree(site, ignore_errors=True)
    install(site, architecture)
    strip(site)
    foreign = list(foreign_objects(site, architecture))
    if foreign:
        raise BuildError(f"{foreign[0]} is not for {architecture}: remove {WHEELS / architecture} and build again")
    hollow(site)
    record(site)
    byte_compile(site)


def main() -> int:
    """Run from the project's root, as ``sam build`` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifacts", type=Path, help="where sam build wants the layer")
    parser.add_argument("--architecture", choices=sorted(MACHINES), required=True)
    arguments = parser.parse_args()
    try:
        build(arguments.artifacts, arguments.architecture)
    except BuildError as error:
        print(f"layers/runtime: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
