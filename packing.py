"""What the wheel has beside the package: the files that `handover init` writes, the clauses' pages, the toy data."""

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PROJECT, PAGES, EXAMPLE = "handover/_project", "handover/_pages", "handover/_example"


class Files(BuildHookInterface[Any]):
    """Packs them into a wheel; an editable installation reads them where they lie."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files: one by one, for a folder is packed with all that lies in it, ignored by git or not.

        Raises
        ------
        FileNotFoundError
            When there is no file of a name that pyproject.toml lists.
        """
        if version != "standard":
            return
        root = Path(self.root)
        for pattern in self.config["project"]:
            files = sorted(path.relative_to(root).as_posix() for path in root.glob(pattern))
            if not files:
                raise FileNotFoundError(f"there is no {pattern}, which pyproject.toml lists")
            build_data["force_include"] |= {file: f"{PROJECT}/{file}" for file in files}
        pages = sorted((root / "docs" / "checks").glob("*.md"))
        build_data["force_include"] |= {str(page): f"{PAGES}/{page.name}" for page in pages}
        build_data["force_include"]["docs/first-delivery/parcels.csv"] = f"{EXAMPLE}/parcels.csv"


class Dependencies(MetadataHookInterface):
    """Reads what the tool needs where the locks are made of it.

    What runs and deploys is the extra `sam`; a framework that only its own users have is the extra of its name.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Write the dependencies."""
        needs = {name: _names(Path(self.root, "requirements", f"{name}.in")) for name in ("modelling", "run")}
        frameworks = {name: [name] for name in ("catboost", "lightgbm")}  # XGBoost and scikit-learn train the draft
        extras = {"sam": needs["run"], "mlflow": ["mlflow-skinny"]} | frameworks
        metadata |= {"dependencies": needs["modelling"], "optional-dependencies": extras}


def _names(file: Path) -> list[str]:
    return re.findall(r"^[^#\s].*", file.read_text(encoding="utf-8"), re.MULTILINE)
