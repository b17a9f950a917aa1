"""The built function, as the template that `sam build` wrote describes it."""

import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handover.cloudformation import Template
from handover.errors import CannotRunError
from handover.intrinsics import Values, as_text
from handover.project import FUNCTION, Build

REGION = "eu-central-1"
ACCOUNT = "123456789012"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}
OWN_PARAMETERS = {"AllowStandIn": "true"}
"""What this machine sets to another value than the default, as a stage does in ``samconfig.toml``."""
WAYS = {
    "Darwin": "macOS: open the project in its dev container (.devcontainer)",
    "Windows": "Windows: open the project in WSL 2, or in its dev container (.devcontainer)",
}
"""To what is built for Lambda, which is Linux."""
ELF_MACHINES = {62: "x86_64", 183: "arm64"}  # e_machine of the System V ABI


class NothingBuiltError(CannotRunError):
    """There is no build that runs here: none, one for another machine, or one that only the cloud can resolve."""


@dataclass(frozen=True)
class BuiltFunction:
    """One Lambda function and its layers, as `sam build` left them."""

    name: str
    root: Path
    """Folder that Lambda would unpack to ``/var/task``; absolute."""
    layers: tuple[Path, ...]
    """Folders that Lambda would unpack to ``/opt``, in this order; absolute."""
    handler: str
    variables: Mapping[str, str]
    """The environment that the template gives the function."""
    memory_mb: int
    timeout_s: int


def built_function(build: Path) -> BuiltFunction:
    """Read the function from the build; ``NothingBuiltError`` when there is none that runs here."""
    if elsewhere := unavailable():
        raise NothingBuiltError(elsewhere)
    path = Build(build).template
    try:
        template = Template(path).source
    except FileNotFoundError:
        raise NothingBuiltError("nothing is built: run make build") from None
    resources = template["Resources"]
    if FUNCTION not in resources:
        raise NothingBuiltError(f"{path} has no {FUNCTION}: run make build")
    parameters = template.get("Parameters", {}).items()
    defaults = {parameter: declared["Default"] for parameter, declared in parameters if "Default" in declared}
    values = Values(template, PSEUDO_PARAMETERS | defaults | OWN_PARAMETERS)
    properties = resources[FUNCTION]["Properties"]
    variables = properties.get("Environment", {}).get("Variables", {})
    layers = tuple(
        _folder(build, layer["Ref"], resources[layer["Ref"]]["Properties"]["ContentUri"])
        for layer in properties.get("Layers", [])
    )
    if others := {machine_of(path) for layer in layers for path in layer.rglob("*.so")} - {own_machine(), ""}:
        raise NothingBuiltError(
            f"what is built is for {min(others)}, and this machine is {own_machine()}: run make build"
        )
    return BuiltFunction(
        name=FUNCTION,
        root=_folder(build, FUNCTION, properties["CodeUri"]),
        layers=layers,
        handler=_text(properties["Handler"], values, "Handler"),
        variables={key: _text(value, values, key) for key, value in variables.items()},
        memory_mb=int(_text(properties.get("MemorySize", 128), values, "MemorySize")),
        timeout_s=int(_text(properties.get("Timeout", 3), values, "Timeout")),
    )


def at_home(function: BuiltFunction) -> BuiltFunction:
    """Tell a function that it answers a person at this machine: nobody asks who calls, and there is the page to try."""
    return replace(
        function, variables={**function.variables, "STAGE": "this machine", "AUTH": "NONE", "TRY_IT": "true"}
    )


def unavailable() -> str:
    """Say why what is built does not run on this system, and the way out; nothing on Linux."""
    system = platform.system()
    return "" if system == "Linux" else f"the built function takes Linux, and this is {WAYS.get(system, system)}"


def own_machine() -> str:
    """Say which processor this machine has, in Lambda's words."""
    return {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())


def machine_of(path: Path) -> str:
    """Say which processor a shared object is for, in Lambda's words; nothing when the file is not one."""
    with path.open("rb") as file:
        header = file.read(20)
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return ""
    return ELF_MACHINES.get(struct.unpack_from("<H", header, 18)[0], "another processor")


def _folder(build: Path, owner: str, uri: str) -> Path:
    folder = (build / uri).resolve()
    if not folder.is_dir():
        raise NothingBuiltError(f"{build / uri} of {owner} is missing: run make build")
    return folder


def _text(written: Any, values: Values, what: str) -> str:
    value = values.of(written)
    if isinstance(value, dict | list):
        raise NothingBuiltError(f"{what} in template.yaml is {value}, which only the cloud can resolve")
    return as_text(value)
