"""S, what ships: the built artifacts are this delivery's, small, for Lambda's machine, and start without compiling."""

import importlib.util
import io
import re
import struct
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from handover.context import DeliveryContext
from handover.finding import Broken, Check, Outcome, Skipped, clause
from handover.local.stack import machine_of
from predictor.delivery import FILES, MANIFEST

SHIPPED = Path("layers/model/delivery")  # what template.yaml makes the model layer of
MIB = 1024 * 1024
# Lambda quotas (AWS, Lambda developer guide): a function and its layers unzipped; one zip that is uploaded directly.
LAMBDA_UNZIPPED_MIB, LAMBDA_ZIP_MIB = 250, 50
LAMBDA_GLIBC = (2, 34)  # Amazon Linux 2023, on which the python3.13 runtime stands
UNREAD = ("*.pyi", "*.ipynb", "*.csv", "*.parquet", "*.pkl", "*.joblib", "*.pem", "*.key", ".env", "contract.py", "*.a")
UNREAD_FOLDERS = {"tests", ".git", ".pytest_cache", ".ipynb_checkpoints"}


def _artifacts(context: DeliveryContext) -> list[Path]:
    return [context.build / name for name in ("PredictFunction", "RuntimeLayer", "ModelLayer")]


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    return (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


def _named(context: DeliveryContext, path: Path) -> str:
    return str(path.relative_to(context.build))


def _when_built(check: Check) -> Check:
    """Skip a clause of the artifacts when there are none."""

    def held(context: DeliveryContext) -> Outcome:
        missing = [folder.name for folder in _artifacts(context) if not folder.is_dir()]
        if not missing:
            return check(context)
        what = "nothing" if len(missing) == len(_artifacts(context)) else f"no {', no '.join(missing)}"
        return Skipped(f"{what} is built: run make build")

    held.__doc__ = check.__doc__
    return held


@clause(
    "S301",
    topic="build",
    owner="deployment",
    requires=("M101",),
    suppressed_by=("C", "H", "M", "P"),
    rule="what is built is the delivery that ships",
    broken="another delivery was built",
)
@_when_built
def built_of_this(context: DeliveryContext) -> Broken | None:
    """The built model layer holds the delivery that ships, whichever delivery is checked."""
    for name in (*FILES, MANIFEST):
        built, delivered = context.build / "ModelLayer" / "delivery" / name, context.root / SHIPPED / name
        if not built.exists() or not delivered.exists() or built.read_bytes() != delivered.read_bytes():
            return Broken(
                f"{_named(context, built)} is not the delivery's {name}.", built, cause="Built before it was delivered."
            )
    return None


@clause(
    "S302",
    topic="size",
    owner="deployment",
    requires=("C102", "C103", "C111", "C112"),
    rule="layers and function are within the agreed size",
    broken="layers and function are larger than agreed",
)
@_when_built
def unzipped_within_budget(context: DeliveryContext) -> Broken | None:
    """Layers and function, unzipped, are within the contract's budget, and within Lambda's."""
    budget = min(context.contract.budgets.layers_mib, LAMBDA_UNZIPPED_MIB)
    sizes = {path: path.stat().st_size for path in _files(_artifacts(context))}
    total = sum(sizes.values()) / MIB
    if total <= budget:
        return None
    packages: dict[str, int] = {}
    for path, size in sizes.items():
        parts = path.relative_to(context.build).parts
        package = parts[2] if len(parts) > 3 else parts[0]
        packages[package] = packages.get(package, 0) + size
    largest = sorted(packages.items(), key=lambda item: -item[1])[:3]
    said = ", ".join(f"{package} {size / MIB:.0f} MiB" for package, size in largest)
    return Broken(f"{total:.1f} MiB, {budget} MiB were agreed; the largest are {said}.", context.build / "RuntimeLayer")


@clause(
    "S303", topic="upload", owner="deployment", rule="each zip can be uploaded", broken="a zip is too large for Lambda"
)
@_when_built
def zipped_within_limit(context: DeliveryContext) -> Broken | None:
    """Each artifact, zipped, can be uploaded to Lambda."""
    for folder in _artifacts(context):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
            for path in _files([folder]):
                zipped.write(path, path.relative_to(folder))
        mib = archive.tell() / MIB
        if mib > LAMBDA_ZIP_MIB:
            return Broken(f"{folder.name} has {mib:.1f} MiB zipped, Lambda takes {LAMBDA_ZIP_MIB}.", folder)
    return None


@clause(
    "S304",
    topic="architecture",
    owner="deployment",
    rule="every shared object is for the built processor",
    broken="a shared object is for another processor",
)
@_when_built
def one_architecture(context: DeliveryContext) -> Broken | None:
    """Every shared object is for the processor that was built for."""
    wanted = _architecture(context)
    for path in _objects(context):
        machine = machine_of(path)
        found = f"is for {machine}" if machine else "is no such object"
        if machine != wanted:
            return Broken(f"{_named(context, path)} {found}, the build is for {wanted}.", path)
    return None


def _objects(context: DeliveryContext) -> list[Path]:
    return [path for path in _files(_artifacts(context)) if re.search(r"\.so(\.\d+)*$", path.name)]


def _architecture(context: DeliveryContext) -> str:
    """Read off SAM's own note what the runtime layer was built for."""
    noted = tomllib.loads((context.build.parent / "build.toml").read_text())
    layers = noted.get("layer_build_definitions", {}).values()
    return next((layer["architecture"] for layer in layers if layer["layer"] == "RuntimeLayer"), "x86_64")


@clause(
    "S305",
    topic="Python",
    owner="deployment",
    rule="every extension is for Python 3.13",
    broken="an extension is for another Python",
)
@_when_built
def this_python(context: DeliveryContext) -> Broken | None:
    """Every extension module is for Python 3.13."""
    for path in _objects(context):
        tag = re.search(r"\.cpython-(\d+)", path.name)
        if tag and tag[1] != "313":
            return Broken(f"{_named(context, path)} is for CPython {tag[1]}, the function runs on 313.", path)
    return None


@clause(
    "S306",
    topic="glibc",
    owner="deployment",
    rule="Lambda's C library is new enough",
    broken="a library needs a newer C library",
)
@_when_built
def glibc_of_lambda(context: DeliveryContext) -> Broken | None:
    """No shared object asks for a newer C library than Lambda has."""
    for path in _objects(context):
        asked = [(int(major), int(minor)) for major, minor in re.findall(rb"\bGLIBC_(\d+)\.(\d+)\b", path.read_bytes())]
        newest = max(asked, default=(0, 0))
        if newest > LAMBDA_GLIBC:
            return Broken(
                f"{_named(context, path)} asks for glibc {newest[0]}.{newest[1]}, Lambda has "
                f"{LAMBDA_GLIBC[0]}.{LAMBDA_GLIBC[1]}.",
                path,
                cause="A wheel was built on this machine, or its platform tag is too new.",
            )
    return None


@clause(
    "S307",
    topic="byte-code",
    owner="deployment",
    rule="no cold start compiles a module",
    broken="byte-code is missing or wrong",
)
@_when_built
def bytecode_used(context: DeliveryContext) -> Broken | None:
    """Every module has byte-code that Lambda will use: for this Python, unchecked, and of this very source."""
    for path in _files(_artifacts(context)[:2]):
        if path.suffix != ".py":
            continue
        cached = Path(importlib.util.cache_from_source(str(path)))
        header = cached.read_bytes()[:16] if cached.exists() else b""
        said = ""
        if not header:
            said = "has no byte-code: every cold start would compile it"
        elif header[:4] != importlib.util.MAGIC_NUMBER:
            said = "has byte-code of another Python"
        elif struct.unpack_from("<I", header, 4)[0] != 1:  # hash-based and unchecked (PEP 552)
            said = "has byte-code that is compared by date: SAM's zip dates every file 1980, so it is never used"
        elif header[8:] != importlib.util.source_hash(path.read_bytes()):
            said = "has byte-code of an older source: Lambda would run the old one"
        if said:
            return Broken(f"{_named(context, path)} {said}.", path)
    return None


@clause(
    "S308",
    topic="ballast",
    owner="deployment",
    rule="only what is read ships",
    broken="a file ships that is never read",
)
@_when_built
def nothing_unread(context: DeliveryContext) -> Broken | None:
    """No file ships that is never read in production."""
    for path in _files(_artifacts(context)):
        parts = set(path.relative_to(context.build).parts[:-1])
        if any(path.match(pattern) for pattern in UNREAD) or parts & UNREAD_FOLDERS:
            return Broken(f"{_named(context, path)} is never read in production.", path)
    return None


@clause(
    "S309",
    topic="lock",
    owner="deployment",
    rule="the layer holds what its lock names",
    broken="the layer is not what its lock says",
)
@_when_built
def locked_versions(context: DeliveryContext) -> Broken | None:
    """The layer's packages are those of its lock."""
    lock = context.root / "layers" / "runtime" / "requirements.txt"
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", lock.read_text(), re.MULTILINE))
    for info in sorted((context.build / "RuntimeLayer" / "python").glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        wanted = locked.get(name.replace("_", "-"), locked.get(name))
        if wanted != version:
            said = f"the lock says {wanted}" if wanted else "the lock does not name it"
            return Broken(f"The layer has {name} {version}, {said}.", lock, cause="Built before the lock was written.")
    return None
