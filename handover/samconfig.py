"""``samconfig.toml``: what each of its environments says to each command of ``sam``."""

import re
import shlex
import tomllib
from functools import cache, cached_property
from pathlib import Path

from predictor.files import Json


class Samconfig:
    """The environments of a project, read when they are first asked for.

    ``OSError`` where there is no file, ``ValueError`` where it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def environments(self) -> dict[str, Json]:
        """Each environment's commands, by name."""
        content = tomllib.loads(self.path.read_text(encoding="utf-8"))
        return {name: commands for name, commands in content.items() if isinstance(commands, dict)}

    @property
    def stages(self) -> list[str]:
        """The environments that are deployed."""
        return [name for name, commands in self.environments.items() if "deploy" in commands]

    def parameters(self, environment: str, command: str = "deploy") -> Json:
        """Give what a command gets: its own words, and for the others those that all commands get."""
        commands = self.environments.get(environment, {})
        shared, own = (commands.get(name, {}).get("parameters", {}) for name in ("global", command))
        return {**shared, **own}

    def overrides(self, environment: str, command: str = "deploy") -> dict[str, str]:
        """Give the parameters of the template that a command sets to another value than the default."""
        return self._pairs(environment, command, "parameter_overrides")

    def tags(self, environment: str) -> dict[str, str]:
        """Give the tags that a stack gets."""
        return self._pairs(environment, "deploy", "tags")

    def _pairs(self, environment: str, command: str, name: str) -> dict[str, str]:
        given = self.parameters(environment, command).get(name, "")
        if isinstance(given, dict):
            return {key: str(value) for key, value in given.items()}
        return dict(_named(given if isinstance(given, str) else tuple(given)))

    def line(self, environment: str, name: str = "") -> int | None:
        """Find the line where an environment's deployment is given a parameter of this name, or else its table."""
        within, table = False, None
        for number, text in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            if header := re.match(r"\s*\[\s*([\w.\"' -]+?)\s*\]", text):
                within = re.sub(r"[\"' ]", "", header[1]).startswith(f"{environment}.deploy.")
                table = number if within else table
            elif within and name and re.search(rf"\b{re.escape(name)}\s*=", text.partition("#")[0]):
                return number
        return table


@cache  # each clause asks for each stage
def _named(given: str | tuple[str, ...]) -> dict[str, str]:
    pairs = shlex.split(given) if isinstance(given, str) else given
    short = (re.sub(r"^ParameterKey=(\w+),ParameterValue=", r"\1=", pair) for pair in pairs)
    return {name: value for name, _, value in (pair.partition("=") for pair in short)}
