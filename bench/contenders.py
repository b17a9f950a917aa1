"""Who takes part: our function, the floor and each peer, with the name, colour and package that all tables share."""

import json
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"
"""Named as what nobody copies, packs or lints: it is some 2 GB."""


class Package(Enum):
    """How a contender reaches Lambda, which decides whether Python finds byte-code that it trusts."""

    SHIPPED = "zip of what `sam build` left, byte-code of the unchecked kind"
    PLAIN = "zip of `pip install --target`, no byte-code, as sam's Python builder leaves it"
    COMPILED = "zip of `pip install --target`, byte-compiled as ours is"
    IMAGE = "container image, pip's own byte-code, which the image's dates keep valid"
    SERVER = "virtual environment, pip's own byte-code"


@dataclass(frozen=True)
class Contender:
    """One line of every table."""

    name: str
    """Key in the results, and folder under ``bench/peers``."""
    label: str
    colour: str
    """The same in every plot."""
    package: Package
    handler: str = ""
    """What Lambda's runtime imports; nothing for a server, and for our function what the template says."""

    @property
    def folder(self) -> Path:
        """Where its code and its lock are."""
        return HERE / "peers" / self.name

    @property
    def lock(self) -> Path:
        """The versions and hashes that it is installed from."""
        return self.folder / "requirements.txt"

    @property
    def environment(self) -> Path:
        """Where ``make bench-peers`` installs it: a virtual environment, or a layer."""
        return VENVS / self.name

    @property
    def stamp(self) -> Path:
        """Says what was installed: the lock's SHA-256, and the size of the layer's zip."""
        return VENVS / f"{self.name}.json"

    def up_to_date(self) -> bool:
        """Say whether it is installed, from the lock as it is now."""
        return self.stamp.exists() and bool(json.loads(self.stamp.read_text())["lock"] == self._lock_sha256())

    def set_up_to_date(self, zipped_bytes: int) -> None:
        """Write the stamp."""
        self.stamp.write_text(json.dumps({"lock": self._lock_sha256(), "zipped_bytes": zipped_bytes}))

    def installed(self) -> tuple[Path, int]:
        """Give a Lambda peer's layer, and the size of its zip [bytes]."""
        return self.environment, int(json.loads(self.stamp.read_text())["zipped_bytes"])

    def _lock_sha256(self) -> str:
        return sha256(self.lock.read_bytes()).hexdigest()


OURS = Contender("ours", "Handover", "#0072B2", Package.SHIPPED)
FLOOR = Contender("floor", "floor", "#8C8C8C", Package.SHIPPED, "floor.handler")
PLAIN = Contender("plain_layer", "Handover, plain layer", "#56B4E9", Package.PLAIN)
MANGUM = Contender("fastapi_mangum", "FastAPI + Mangum", "#009E73", Package.COMPILED, "app.handler")
POWERTOOLS = Contender("powertools", "Powertools resolver", "#E69F00", Package.COMPILED, "app.handler")
SKLEARN = Contender("sklearn_pickle", "pickled scikit-learn", "#D55E00", Package.IMAGE, "app.lambda_handler")
XGBOOST = Contender("xgboost_pickle", "pickled XGBoost", "#CC79A7", Package.IMAGE, "app.lambda_handler")
UVICORN = Contender("fastapi_uvicorn", "FastAPI + uvicorn", "#004D40", Package.SERVER)
BENTOML = Contender("bentoml", "BentoML", "#882255", Package.SERVER)
MLFLOW = Contender("mlflow", "MLflow models serve", "#6F4E37", Package.SERVER)

LAMBDAS = (OURS, FLOOR, PLAIN, MANGUM, POWERTOOLS, SKLEARN, XGBOOST)
SERVERS = (UVICORN, BENTOML, MLFLOW)
PEERS = (PLAIN, MANGUM, POWERTOOLS, SKLEARN, XGBOOST, *SERVERS)
ALL = (OURS, FLOOR, *PEERS)
