"""The targets of make: those that every project has, and those of who develops the tool."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def of(file: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / file).read_text(), re.MULTILINE))


PROJECTS = of("Makefile")
ALL = PROJECTS | of("develop.mk")
