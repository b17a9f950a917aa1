"""S, what ships: the built artifacts are this delivery's, small, for Lambda's machine, and start without compiling."""

import importlib.util
import io
import re
import struct
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from handover.checks.known import DELIVERED, RECORD, unknown_files
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.local.stack import machine_of
from handover.project import DISTRIBUTION, FUNCTION, MODEL, PYTHON, RUNTIME, Build, packed
from handover.wording import shortly

MIB = 1024 * 1024
# Lambda quotas (AWS, Lambda developer guide): a function and its layers unzipped; one zip that is uploaded directly.
LAMBDA_UNZIPPED_MIB, LAMBDA_ZIP_MIB = 250, 50
LAMBDA_GLIBC = (2, 34)  # Amazon Linux 2023, on which the python3.13 runtime stands
GLIBC = re.compile(rb"GLIBC_(?<!\wGLIBC_)(\d+)\.(\d+)\b")  # with \b in front it takes 20 times as long
ON_LAMBDA = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}  # in the words of PEP 508
ARTIFACTS = (FUNCTION, RUNTIME, MODEL)
MAX_NAMED = 3  # files in a sentence
STRIP = "Strip what inference does not import, by UNUSED in layers/runtime/build.py"
WHEELS = "Remove .cache/wheels, and build with make"

of_the_build = partial(clause, owner="deployment", looks_at="stack")
of_known_files = partial(of_the_build, suppressed_by=("S308",))


def _built(context: DeliveryContext) -> Path:
    """Give the folder of the artifacts; without all of them, no clause of them says anything."""
    missing = [name for name in ARTIFACTS if not (context.project.build / name).is_dir()]
    if missing:
        what = "nothing" if len(missing) == len(ARTIFACTS) else f"no {', no '.join(missing)}"
        raise Skipped(context.elsewhere or f"{what} is built: run make build")
    return context.project.build


def _files(context: DeliveryContext, *names: str) -> Iterator[Path]:
    """Give the files of the named artifacts, or of all."""
    build = _built(context)
    return (path for name in names or ARTIFACTS for path in sorted((build / name).rglob("*")) if path.is_file())


def _objects(context: DeliveryContext) -> Iterator[Path]:
    return (path for path in _files(context) if re.search(r"\.so(\.\d+)*$", path.name))


def _broken(context: DeliveryContext, path: Path, fault: str, cause: str = "") -> Broken:
    return Broken(f"{path.relative_to(context.project.build)} {fault}.", path, cause=cause)


@of_the_build(
    "S301",
    topic="build",
    requires=("M101",),
    suppressed_by=("C", "H", "M", "P"),
    rule="what is built is the delivery that ships",
    broken="another delivery was built",
)
def built_of_this(context: DeliveryContext) -> Broken | None:
    """Compare with the delivery that ships, whichever delivery is checked."""
    for name in DELIVERED:
        built, delivered = Build(_built(context)).delivery / name, context.project.delivery / name
        if not built.exists() or not delivered.exists() or built.read_bytes() != delivered.read_bytes():
            return _broken(context, built, f"is not the delivery's {name}", "Built before it was delivered.")
    return None


@of_the_build(
    "S302",
    topic="size",
    requires=("C102", "C103", "C111", "C112"),
    rule="layers and function are within the agreed size",
    broken="layers and function are larger than agreed",
)
def unzipped_within_budget(context: DeliveryContext) -> Broken | None:
    budget = min(context.contract.budgets.layers_mib, LAMBDA_UNZIPPED_MIB)
    packages: Counter[Path] = Counter()
    for path in _files(context):
        parts = path.relative_to(context.project.build).parts
        whole = parts[:3] if parts[1] == "python" else parts[:1]  # a package, or else the artifact
        packages[Path(*whole)] += path.stat().st_size
    total = packages.total() / MIB
    if total <= budget:
        return None
    largest = packages.most_common(3)
    named = ", ".join(f"{package.name} {size / MIB:.0f} MiB" for package, size in largest)
    evidence = f"{total:.1f} MiB, {budget} MiB were agreed; the largest are {named}."
    path = context.project.build / largest[0][0]
    reasons = [stray.reason for stray in unknown_files(context.project, context.project.build) if stray.shown == path]
    remedy = f"{path.name} {reasons[0]}." if reasons else f"{STRIP}, or both teams agree on a larger layers_mib."
    return Broken(f"{evidence} {remedy}", path)


@of_the_build(
    "S303",
    topic="upload",
    suppressed_by=("S302", "S308"),
    rule="each zip can be uploaded",
    broken="a zip is too large for Lambda",
)
def zipped_within_limit(context: DeliveryContext) -> Broken | None:
    for name in ARTIFACTS:
        mib = _zipped_mib(context, name, compresslevel=1)  # in a third of the time
        if mib > LAMBDA_ZIP_MIB:
            mib = _zipped_mib(context, name, compresslevel=6)  # as SAM zips
        if mib > LAMBDA_ZIP_MIB:
            folder = _built(context) / name
            return Broken(f"{name} has {mib:.1f} MiB zipped, Lambda takes {LAMBDA_ZIP_MIB}. {STRIP}.", folder)
    return None


def _zipped_mib(context: DeliveryContext, name: str, compresslevel: int) -> float:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=compresslevel) as zipped:
        for path in _files(context, name):
            zipped.write(path, path.relative_to(_built(context) / name))
    return archive.tell() / MIB


@of_known_files(
    "S304",
    topic="architecture",
    rule="every shared object is for the built processor",
    broken="a shared object is for another processor",
)
def one_architecture(context: DeliveryContext) -> Broken | None:
    objects, wanted = _objects(context), _architecture(context)
    for path in objects:
        machine = machine_of(path)
        if machine != wanted:
            kind = f"is for {machine}" if machine else "is not such an object"
            return _broken(context, path, f"{kind}, the build is for {wanted}. {WHEELS}")
    return None


def _architecture(context: DeliveryContext) -> str:
    """Read off SAM's own note what the runtime layer was built for."""
    noted = tomllib.loads((context.project.build.parent / "build.toml").read_text(encoding="utf-8"))
    layers = noted.get("layer_build_definitions", {}).values()
    return next((layer["architecture"] for layer in layers if layer["layer"] == RUNTIME), "x86_64")


@of_known_files(
    "S305", topic="Python", rule="every extension is for Python 3.13", broken="an extension is for another Python"
)
def this_python(context: DeliveryContext) -> Broken | None:
    wanted = PYTHON.removeprefix("python").replace(".", "")
    for path in _objects(context):
        tag = re.search(r"\.cpython-(\d+)", path.name)
        if tag and tag[1] != wanted:
            return _broken(context, path, f"is for CPython {tag[1]}, the function runs on {wanted}. {WHEELS}")
    return None


@of_known_files(
    "S306", topic="glibc", rule="Lambda's C library is new enough", broken="a library needs a newer C library"
)
def glibc_of_lambda(context: DeliveryContext) -> Broken | None:
    for path in _objects(context):
        asked = [(int(major), int(minor)) for major, minor in GLIBC.findall(path.read_bytes())]
        major, minor = max(asked, default=(0, 0))
        if (major, minor) > LAMBDA_GLIBC:
            fault = f"asks for glibc {major}.{minor}, Lambda has {LAMBDA_GLIBC[0]}.{LAMBDA_GLIBC[1]}"
            return _broken(context, path, fault, "A wheel was built on this machine, or its platform tag is too new.")
    return None


@of_known_files(
    "S307", topic="byte-code", rule="no cold start compiles a module", broken="byte-code is missing or wrong"
)
def bytecode_used(context: DeliveryContext) -> Broken | None:
    """Byte-code that Lambda uses is for this Python, unchecked, and of this very source."""
    for path in _files(context, FUNCTION, RUNTIME):
        if path.suffix != ".py":
            continue
        cached = Path(importlib.util.cache_from_source(str(path)))
        header = cached.read_bytes()[:16] if cached.exists() else b""
        if not header:
            fault = "has no byte-code: every cold start would compile it"
        elif header[:4] != importlib.util.MAGIC_NUMBER:
            fault = "has byte-code of another Python"
        elif struct.unpack_from("<I", header, 4)[0] != 1:  # hash-based and unchecked (PEP 552)
            fault = "has byte-code that is compared by date: SAM's zip dates every file 1980, so it is never used"
        elif header[8:] != importlib.util.source_hash(path.read_bytes()):
            fault = "has byte-code of an older source: Lambda would run the old one"
        else:
            continue
        return _broken(context, path, fault)
    return None


@of_the_build(
    "S308",
    topic="ballast",
    suppressed_by=("S302", "S309"),
    rule="only what was locked, delivered or written for it ships",
    broken="a file ships that is not known",
)
def nothing_else(context: DeliveryContext) -> Broken | None:
    strays = list(unknown_files(context.project, _built(context)))
    if not strays:
        return None
    sizes: Counter[Path] = Counter()
    for stray in strays:
        sizes[stray.shown] += stray.path.stat().st_size
    named = [f"{path.relative_to(context.project.build)} ({size:,} bytes)" for path, size in sizes.most_common()]
    largest = next(stray for stray in strays if stray.shown == sizes.most_common(1)[0][0])
    evidence = f"{named[0]} {largest.reason}."
    if others := named[1:]:
        evidence += f" Not known either: {shortly(others, MAX_NAMED)}."
    evidence += f" Remove {'them' if others else 'it'}, and run make build."
    lines = [f"{stray.path.relative_to(context.project.build)} {stray.reason}" for stray in strays]
    return Broken(evidence, largest.source or largest.shown, details="\n".join(lines) if len(lines) > 1 else "")


@of_the_build(
    "S309", topic="lock", rule="the layer holds what its lock names", broken="the layer is not what its lock says"
)
def locked_versions(context: DeliveryContext) -> Broken | None:
    built, lock = _built(context), context.project.runtime_lock
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
    for info in sorted((built / RUNTIME / "python").glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        wanted = locked.get(name.replace("_", "-"), locked.get(name))
        if wanted != version:
            fault = f"the lock says {wanted}" if wanted else "the lock does not name it"
            return Broken(f"The layer has {name} {version}, {fault}.", lock, cause="Built before the lock was written.")
        if not (info / RECORD).is_file():
            fault = f"has no {RECORD}: nobody can say which files are of {name}. layers/runtime/build.py writes it"
            return _broken(context, info, fault)
    return _asked_for(lock)


def _asked_for(lock: Path) -> Broken | None:
    """Compare the lock with what people wrote that it is made of."""
    asked = lock.with_suffix(".in")
    locked = {canonicalize_name(one.name): one for _, one in _requirements(lock)}
    for line, wanted in _requirements(asked) if asked.is_file() else ():
        has = locked.get(canonicalize_name(wanted.name))
        versions = [pin.version for pin in has.specifier] if has else []
        if has is None or not all(wanted.specifier.contains(version, prereleases=True) for version in versions):
            instead = f"has {versions[0]}" if has else "does not name it"
            evidence = f"{asked.name} asks for {wanted}, and the lock {instead}. Run make lock, then make build."
            return Broken(evidence, asked, line)
    return None


def _requirements(file: Path) -> Iterator[tuple[int, Requirement]]:
    """Give what Lambda's machine gets by a file of pip's, each with its line."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            one = Requirement(line.partition(" #")[0].rstrip(" \\"))
        except InvalidRequirement:  # a comment, a hash, an option of pip's
            continue
        if one.marker is None or one.marker.evaluate(ON_LAMBDA):
            yield number, one


@of_the_build(
    "S310",
    topic="serving code",
    rule="where function/ or hook/ is not the tool's own code, the report says so",
    broken="function/ or hook/ is not the tool's own code",
)
def serving_code(context: DeliveryContext) -> Kept | None:
    """Never broken: the code is the project's to change, and who looks for a fault should know that it was."""
    own, root = packed(), context.project.root
    if own is None:  # the tool's own repository: what it packs is what is there
        return None
    folders = [path.relative_to(root) for path in (context.project.function, context.project.hook)]
    paths = ((path, at) for at in (own, root) for folder in folders for path in (at / folder).glob("*.*"))
    names = {path.relative_to(at).as_posix() for path, at in paths}
    others = [name for name in sorted(names) if _content(own / name) != _content(root / name)]
    if not others:
        return None
    hook = [root / name for name in others if (root / name).parent == context.project.hook]
    return Kept(_unlike(others), warnings=tuple(_unproven(context, hook)))


def _unproven(context: DeliveryContext, hook: list[Path]) -> Iterator[Warned]:
    if hook:
        yield Warned(
            f"{_unlike([context.relative(path) for path in hook])}: it decides whether a new version may meet users, "
            "and no clause tries it.",
            hook[0],
            cause="Where that is not meant, bring the hook back as the tool has it. Where it is, see it stop a wrong "
            "version in a stage of your own first.",
            headline="nothing shows that the hook still stops a wrong version",
        )


def _unlike(names: list[str]) -> str:
    plural = "is" if len(names) == 1 else "are"
    return f"{shortly(names, MAX_NAMED)} {plural} not as {DISTRIBUTION} {version(DISTRIBUTION)} has it"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
