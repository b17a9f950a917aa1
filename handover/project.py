"""A project's files, and the names of what its template builds: the same in every project, spelled out only here."""

from pathlib import Path

# Logical ids of template.yaml; `sam build` makes a folder of each.
FUNCTION, HOOK, MONITORING = "PredictFunction", "PreTrafficHook", "Monitoring"
RUNTIME, MODEL = "RuntimeLayer", "ModelLayer"
TEMPLATE = "template.yaml"
PYTHON = "python3.13"
"""The runtime, as Lambda calls it, that the packages of the runtime layer are built for."""
DISTRIBUTION = "handover-ml"
"""The tool's name for those who install it."""

_PACKAGE = Path(__file__).parent


def packed() -> Path | None:
    """Give the root of the files that every project gets, in a wheel; ``None`` in the tool's own repository."""
    folder = _PACKAGE / "_project"
    return folder if folder.is_dir() else None


def pages() -> Path:
    """Give the folder with a page for each clause: the wheel's, or that of the tool's own repository."""
    return _PACKAGE / "_pages" if packed() else _PACKAGE.parent / "docs" / "checks"


def toy_data() -> Path:
    """Give the guide's data: the wheel's, or that of the tool's own repository."""
    return (_PACKAGE / "_example" if packed() else _PACKAGE.parent / "docs" / "first-delivery") / "parcels.csv"


class Project:
    """The files of one project. From the current folder, ``Path()``, each path is as a person there would type it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # --- what people write
        self.template = root / TEMPLATE
        self.samconfig = root / "samconfig.toml"
        self.function = root / "function" / "predictor"
        self.hook = root / "hook"
        self.runtime = root / "layers" / "runtime"
        self.runtime_lock = self.runtime / "requirements.txt"
        self.training = root / "modelling" / "train.py"
        self.card = root / "modelling" / "card.md"
        self.locks = root / "requirements"
        # --- what `handover train` writes
        self.delivery = root / "layers" / "model" / "delivery"
        self.events = root / "events"
        self.monitoring = root / "monitoring.yaml"
        # --- what is installed
        self.environment = root / ".venv"
        # --- what `sam build` writes
        self.build = root / ".aws-sam" / "build"
        # --- what it builds from, but for the delivery's folder; what its Python programs import from
        self.shipped = (self.function.parent, self.hook, self.runtime)
        self.import_paths = (root, self.function.parent, self.delivery.parent)

    @property
    def exists(self) -> bool:
        """Whether the folder is a project: it has the place of a project's one delivery, whatever else it lacks."""
        return self.delivery.is_dir()


class Build:
    """What ``sam build`` wrote into a folder."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / TEMPLATE
        self.function = folder / FUNCTION
        self.hook = folder / HOOK
        self.runtime = folder / RUNTIME
        self.delivery = folder / MODEL / "delivery"
        self.monitoring = folder / MONITORING / TEMPLATE
