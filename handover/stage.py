"""A stage of ``samconfig.toml``, and whether what was built may go there."""

import filecmp
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from handover.cloudformation import CONTENT, Template
from handover.errors import CannotRunError
from handover.git import Snapshot
from handover.local.stack import machine_of
from handover.project import Build, Project
from handover.samconfig import Samconfig
from handover.wording import shortly
from predictor import files

ALLOWANCE = "AllowStandIn"
"""The parameter of the template by which a stage takes what stands in for a model."""
DEVELOPMENT = re.compile("dev|test|sandbox")
"""How the parameter ``Stage`` begins where nobody but developers calls; the template's default is ``dev``."""
PRODUCTION = re.compile("prod|live")
"""How an environment of ``samconfig.toml``, or its parameter ``Stage``, begins where people act on the answers."""
SHORT = 12
"""Hex digits of a commit, as of a model, by which people name it."""


def known(project: Project, stage: str) -> Samconfig:
    """Read ``samconfig.toml``; ``CannotRunError`` where it has no such stage, is not there or cannot be read."""
    config = Samconfig(project.samconfig)
    try:
        stages = config.stages
    except FileNotFoundError:
        raise CannotRunError(f"there is no {project.samconfig.name} here: stages are deployed from a project") from None
    except ValueError as error:
        raise CannotRunError(f"{project.samconfig.name} cannot be read: {error}") from None
    if stage not in stages:
        raise CannotRunError(f"samconfig.toml has no stage '{stage}' to deploy to; it has {', '.join(stages)}")
    return config


def architecture(project: Project, stage: str) -> str:
    """Say for which processor a stage deploys: its ``Architecture``, or else the template's default."""
    config = known(project, stage)
    default: str = Template(project.template).source["Parameters"]["Architecture"]["Default"]
    return config.overrides(stage).get("Architecture", default)


def has_users(config: Samconfig, stage: str, template: Template) -> bool:
    """Whether a stage is deployed for others than developers, by its ``Stage``; one that is called as production is."""
    ordinary = template.source.get("Parameters", {}).get("Stage", {}).get("Default", "dev")
    return bool(PRODUCTION.match(stage)) or not DEVELOPMENT.match(str(config.overrides(stage).get("Stage", ordinary)))


def require_committed(project: Project, stage: str) -> None:
    """Require that git has all that a stage with users gets: else nobody can say later what runs there.

    A project that is in no repository has nothing to compare with. ``CannotRunError`` names the first file.
    """
    if has_users(Samconfig(project.samconfig), stage, Template(project.template)) and (changed := _changes(project)):
        names = shortly([line[3:] for line in changed], 1)
        raise CannotRunError(
            f"users are on {stage}, and {names} is not committed: commit first, or deploy it all the same with DIRTY=1"
        )


def deploy_arguments(project: Project, stage: str) -> list[str]:
    """Give what ``sam deploy`` is told beside ``samconfig.toml``: which commit and which model it deploys.

    They become tags and outputs of the stack. What the command line says of parameters or tags replaces what the file
    says, so the file's own are given again.
    """
    config = Samconfig(project.samconfig)
    commit = Snapshot(project.root).text("rev-parse", f"--short={SHORT}", "HEAD")  # nothing outside of a repository
    commit += "-dirty" if commit and _changes(project) else ""
    named = {"Commit": commit, "Model": files.identity(files.manifest(project.delivery))}
    known = Template(project.template).source.get("Parameters", {})
    overrides = config.overrides(stage) | {name: value for name, value in named.items() if name in known}
    tags = config.tags(stage) | {name.lower(): value for name, value in named.items() if value}
    return ["--parameter-overrides", *_pairs(overrides), "--tags", *_pairs(tags)]


def _pairs(values: Mapping[str, str]) -> list[str]:
    """Write pairs as sam reads them; an empty value only between quotes."""
    return [f'{name}="{value}"' for name, value in values.items()]


def _changes(project: Project) -> list[str]:
    """List what is not committed, each as git's status has it."""
    return Snapshot(project.root).text("status", "--porcelain", "--", ".").splitlines()


def require_as_built(project: Project, stage: str) -> None:
    """Require that what was built is what a stage should get.

    Files are compared and not their dates, which a checkout and a downloaded artifact have anew. A stand-in goes only
    where a stage takes one.
    """
    wanted, build = architecture(project, stage), Build(project.build)
    run = f"run make build ARCHITECTURE={wanted}"
    machines = [machine_of(file) or "no processor" for file in sorted(build.runtime.rglob("*.so"))]
    if not machines:
        raise CannotRunError(f"nothing is built: {run}")
    for machine in machines:
        if machine != wanted:
            raise CannotRunError(f"{stage} deploys for {wanted}, and what was built is for {machine}: {run}")
    for changed in _changed(project, build):
        raise CannotRunError(f"{changed.relative_to(project.root)} is not what was built: {run}")
    try:
        stand_in = files.stand_in(files.manifest(build.delivery))
    except (OSError, ValueError, AttributeError):
        return  # its function does not start
    if stand_in and Samconfig(project.samconfig).overrides(stage).get(ALLOWANCE) != "true":
        raise CannotRunError(
            f"what was built is a stand-in, whose scores are made up, and {stage} does not name {ALLOWANCE}=true in "
            f"{project.samconfig.name}: deliver a model (make model), or name it where nobody acts on the answers"
        )


def _changed(project: Project, build: Build) -> Iterator[Path]:
    for source, folder, pattern in (
        (project.delivery, build.delivery, "*.onnx"),
        (project.function, build.function / "predictor", "*.py"),
        (project.hook, build.hook, "*.py"),
        (project.function, build.hook / "predictor", "files.py"),
    ):
        expected = {path.name for path in source.glob(pattern)}
        names = expected | {path.name for path in folder.glob("*") if path.is_file()}
        _, differ, lacking = filecmp.cmpfiles(source, folder, names, shallow=False)
        yield from (source / name for name in sorted(differ + lacking))
    for template, built in ((project.template, build.template), (project.monitoring, build.monitoring)):
        if _compared(template) != _compared(built):
            yield template


def _compared(path: Path) -> Any:
    """Read a template without what `sam build` writes into it: where the artifacts are, and its notes."""
    template = deepcopy(Template(path).source)
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
        for name in (*CONTENT, "TemplateURL"):
            resource.get("Properties", {}).pop(name, None)
    return template
