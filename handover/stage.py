"""A stage of ``samconfig.toml``, and whether what was built may go there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from handover.cloudformation import CONTENT, Template
from handover.errors import CannotRunError
from handover.local.stack import machine_of

DELIVERY, FUNCTION, HOOK = Path("layers/model/delivery"), Path("function/predictor"), Path("hook")
BUILD, TEMPLATE, MONITORING = Path(".aws-sam/build"), Path("template.yaml"), Path("monitoring.yaml")


class StageError(CannotRunError):
    """Nothing may be deployed; the message says why, and what to do."""


def architecture(root: Path, stage: str) -> str:
    """Say for which processor a stage deploys: its ``Architecture``, or else the template's default.

    Raises
    ------
    StageError
        When ``samconfig.toml`` has no such stage.
    """
    stages = tomllib.loads((root / "samconfig.toml").read_text())
    known = [name for name, commands in stages.items() if isinstance(commands, dict) and "deploy" in commands]
    if stage not in known:
        raise StageError(f"samconfig.toml has no stage '{stage}' to deploy to; it has {', '.join(known)}")
    overrides = stages[stage]["deploy"]["parameters"].get("parameter_overrides", "")
    named = re.search(r"\bArchitecture=(\w+)", overrides if isinstance(overrides, str) else " ".join(overrides))
    default: str = Template(root / TEMPLATE).source["Parameters"]["Architecture"]["Default"]
    return named[1] if named else default


def require_as_built(root: Path, stage: str) -> None:
    """Require that what was built is what a stage should get.

    Files are compared and not their dates, which a checkout and a downloaded artifact have anew.

    Raises
    ------
    StageError
        When nothing is built, when it is for another processor than the stage deploys, or when the delivery, the
        function or the template has changed since.
    """
    wanted, build = architecture(root, stage), root / BUILD
    objects = sorted((build / "RuntimeLayer").rglob("*.so"))
    if not objects:
        raise StageError(f"nothing is built: run make build ARCHITECTURE={wanted}")
    for file in objects:
        machine = machine_of(file) or "no processor"
        if machine != wanted:
            raise StageError(
                f"{stage} deploys for {wanted}, and what was built is for {machine}: "
                f"run make build ARCHITECTURE={wanted}"
            )
    for changed in _changed(root, build):
        raise StageError(f"{changed} is not what was built: run make build ARCHITECTURE={wanted}")


def _changed(root: Path, build: Path) -> Iterator[Path]:
    """Name what has changed since it was built."""
    for source, folder, pattern in (
        (DELIVERY, build / "ModelLayer" / "delivery", "*.onnx"),
        (FUNCTION, build / "PredictFunction" / "predictor", "*.py"),
        (HOOK, build / "PreTrafficHook", "*.py"),
        (FUNCTION, build / "PreTrafficHook" / "predictor", "files.py"),
    ):
        expected = {path.name for path in (root / source).glob(pattern)}
        for name in sorted(expected | {path.name for path in folder.glob("*") if path.is_file()}):
            if _bytes(root / source / name) != _bytes(folder / name):
                yield source / name
    for template, built in ((TEMPLATE, build / TEMPLATE), (MONITORING, build / "Monitoring" / TEMPLATE)):
        if _compared(root / template) != _compared(built):
            yield template


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _compared(path: Path) -> Any:
    """Read a template without what `sam build` writes into it: where the artifacts are, and its notes."""
    template = Template(path).source
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
        for name in (*CONTENT, "TemplateURL"):
            resource.get("Properties", {}).pop(name, None)
    return template
