"""What a delivery was trained for, on and with: contract, data, the libraries of its program, the kind of machine."""

import ast
import inspect
import os
import platform
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from threadpoolctl import threadpool_info

ALWAYS = ("numpy", "onnx", "onnxruntime", "pydantic")
"""What ``deliver()`` itself uses, whatever was trained."""
OWN = ("handover", "predictor")
"""The tool's packages, which count as the program's own files: what they import is used, they are no library."""
PLATFORMS = (
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
)
PROPERTIES = ("contract", "contract_version", "data_sha256")
"""What a model's file says in its ``metadata_props`` of where it belongs."""
STDLIB = Path(sysconfig.get_paths()["stdlib"])


# --- the contract and the data


def properties(contract: Mapping[str, str], training: Mapping[str, Any]) -> dict[str, str]:
    """Give what an ONNX file says of itself beside its columns, so that a file without its manifest can be placed.

    The contract's name and version, and the SHA-256 of the training's data, where the manifest has them.
    """
    values = (contract["name"], contract["version"], training.get("sha256"))
    return {name: value for name, value in zip(PROPERTIES, values, strict=True) if isinstance(value, str)}


# --- the libraries


def libraries(model: Any) -> dict[str, str]:
    """Name what this program uses, and what that requires, each with its version, in the order of their names.

    A library is used when a file of the program imports it, anywhere, and it was loaded: what is only installed is
    not, nor what is imported for type checkers alone. The program's files are ``__main__`` and every loaded module
    that is no installed package. A notebook has no such file: what its names are of stands for its imports. The trained
    model's frameworks are used, even if it was only read from a file.
    """
    parts = model.get_params().values() if hasattr(model, "get_params") else ()  # a pipeline's steps are among them
    imported = {type(part).__module__ for part in (model, *parts)}
    for module in list(sys.modules.values()):
        name, source = getattr(module, "__name__", ""), getattr(module, "__file__", None)
        if not isinstance(source, str) or not source.endswith(".py"):
            continue
        if name.partition(".")[0] in OWN or not _is_installed(source):
            with suppress(OSError, SyntaxError, ValueError):  # it may have been edited, or removed, since it was loaded
                imported |= _imports(source, os.stat(source).st_mtime_ns)  # noqa: PTH116  # of hundreds of files, in each delivery
    main = sys.modules.get("__main__")
    if main is not None and not getattr(main, "__file__", None):
        imported |= set(_named_in(main))
    return _with_requirements({provider for name in imported for provider in _providers(name)})


@cache
def _is_installed(source: str) -> bool:
    file = Path(source)
    return bool({"site-packages", "dist-packages"} & set(file.parts)) or file.is_relative_to(STDLIB)


@cache  # a notebook delivers again and again
def _imports(source: str, _changed: int) -> frozenset[str]:
    """Read which modules a file imports, by their full names; those inside of functions too."""
    names: list[str] = []
    for node in _statements(ast.parse(Path(source).read_bytes())):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    return frozenset(names)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Give every statement, and what holds statements, without the expressions, which are nine tenths of a file."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, block, ())


def _named_in(main: ModuleType) -> Iterator[str]:
    """Name the modules that a session's names are of; what the notebook itself put there is not the program's."""
    shell = vars(main).get("get_ipython")
    hidden = getattr(shell(), "user_ns_hidden", {}) if callable(shell) else {}
    for value in (value for name, value in vars(main).items() if name not in hidden and not name.startswith("_")):
        of = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
        yield value.__name__ if isinstance(value, ModuleType) else of.__module__ or ""  # a built-in's may be None


def _providers(imported: str) -> Collection[str]:
    """Find which distributions a module belongs to: none for one that is not loaded, or part of no distribution."""
    module, package = sys.modules.get(imported), imported.partition(".")[0]
    if module is None or package in OWN:
        return ()
    names = _parts_of(package)
    if len(names) > 1:  # a namespace that many share: only the file says whose the module is
        source = getattr(module, "__file__", None)
        return {name for name in names if source in _files(name)} if source else ()
    return names


@cache
def _parts_of(package: str) -> frozenset[str]:
    return frozenset(installed.name for installed in _installed().get(package, ()))


@cache
def _installed() -> Mapping[str, list[Distribution]]:
    """Give the distributions of each top-level package, as ``packages_distributions`` does.

    That looks for each of tens of thousands of files on the disk, which takes most of a second. Their names are enough
    for a package that was loaded: its files are there.
    """
    by_package: dict[str, list[Distribution]] = defaultdict(list)
    for installed in distributions():
        for package in _packages(installed):
            by_package[package].append(installed)
    return by_package


def _packages(installed: Distribution) -> set[str]:
    if declared := (installed.read_text("top_level.txt") or "").split():
        return set(declared)
    record = installed.read_text("RECORD")
    files = record.splitlines() if record else map(str, installed.files or ())  # an egg has no record
    tops = {line.partition(",")[0].partition("/")[0] for line in files}
    return {inspect.getmodulename(top) or top for top in tops}


@cache
def _files(name: str) -> frozenset[str]:
    installed = distribution(name)
    return frozenset(str(installed.locate_file(file)) for file in installed.files or ())


def _with_requirements(names: Iterable[str]) -> dict[str, str]:
    """Add what distributions require, without extras, and give all with their versions.

    What is required on some platforms only is left out: on another one it is rightly not there.
    """
    versions: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = str(canonicalize_name(waiting.pop()))
        with suppress(PackageNotFoundError):  # required, and left out by whoever installed
            if name not in versions:
                versions[name], required = _version_and_requirements(name)
                waiting += required
    return dict(sorted(versions.items()))


@cache
def _version_and_requirements(name: str) -> tuple[str, tuple[str, ...]]:
    installed = distribution(name)
    required = []
    for text in installed.requires or ():
        with suppress(InvalidRequirement):  # a form from before the standard
            one = Requirement(text)
            if one.marker is None or all(one.marker.evaluate({"extra": "", **platform}) for platform in PLATFORMS):
                required.append(one.name)
    return installed.version, tuple(required)


# --- the machine


def bare(name: str) -> str:
    """Name a library whichever processor its build is for: `xgboost-cpu` is `xgboost` without CUDA."""
    return str(canonicalize_name(name)).removesuffix("-cpu").removesuffix("-gpu")


@cache
def installed_version(name: str) -> str:
    """Find the version of a library that is installed here, whichever processor its build is for; empty for none."""
    for build in (name, *(bare(name) + processor for processor in ("", "-cpu", "-gpu"))):
        with suppress(PackageNotFoundError, ValueError):  # a manifest may have anything for a name
            return distribution(build).version
    return ""


def release(version: Any) -> str:
    """Leave out of a version which build it is, as in `2.9.0+cpu`."""
    return str(version).partition("+")[0]


def machine() -> dict[str, Any]:
    """Describe what decides, on a machine, how its arithmetic rounds: what is in force here, not what was asked for.

    Operating system, the processor's architecture, the instructions that numpy chose among at run time, the kernels
    that each library of linear algebra chose, and the threads of each pool, which sums are divided by.
    """
    chosen, pools = np.show_config(mode="dicts")["SIMD Extensions"], threadpool_info()
    kernels = [f"{one['internal_api']} {one.get('architecture') or ''}" for one in pools if one["user_api"] == "blas"]
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "numpy": [*chosen.get("baseline", ()), *chosen.get("found", ())],
        "blas": sorted({kernel.strip() for kernel in kernels}),
        "threads": sorted({f"{pool['internal_api']} {pool['num_threads']}" for pool in pools}),
    }


def unlike(then: Any, now: Mapping[str, Any]) -> str:
    """Say in what two machines differ; nothing where they are of one kind, or where ``then`` is not known."""
    if not isinstance(then, dict) or then.keys() != now.keys():
        return ""
    apart = []
    for word in now:
        before, after = (list(map(str, one if isinstance(one, list) else [one])) for one in (then[word], now[word]))
        if sorted(before) != sorted(after):
            gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
            sides = f"{' '.join(gone)} then, {' '.join(new)} now"
            if not (gone and new):
                sides = f"without {' '.join(gone or new)} {'now' if gone else 'then'}"
            apart.append(f"{word} {sides}")
    return "; ".join(apart)
