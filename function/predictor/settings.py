"""The environment that the template gives the function, as one frozen object, checked at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class SettingsError(ValueError):
    """A variable is missing or wrong; the message names it and what ``template.yaml`` should say."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the function takes from its environment."""

    delivery: Path
    """Folder of the delivery: ``/opt/delivery`` in Lambda, where the model layer lands."""
    service: str
    """Value of the dimension ``service`` on every metric and log line."""
    namespace: str
    """CloudWatch namespace of the metrics."""
    stage: str = ""
    """Where this is: the stage's name, for people."""
    auth: str = ""
    """How the API asks who calls: ``AWS_IAM``, ``JWT`` or ``NONE``; nothing is known where it is empty."""
    issuer: str = ""
    """Who issues the tokens, with ``JWT``."""
    page: bool = False
    """Whether ``GET /`` shows the page to try the model on."""
    allows_stand_in: bool = False
    """Whether a delivery without a model may answer here."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read and check the variables.

        Raises
        ------
        SettingsError
            When a variable is missing, or onnxruntime would send telemetry (it does so from Linux unless
            ``ORT_DISABLE_TELEMETRY=1`` is set before it is imported).
        """
        try:
            settings = cls(
                delivery=Path(environment["DELIVERY"]),
                service=environment["POWERTOOLS_SERVICE_NAME"],
                namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
                stage=environment.get("STAGE", ""),
                auth=environment.get("AUTH", ""),
                issuer=environment.get("JWT_ISSUER", ""),
                page=environment.get("TRY_IT") == "true",
                allows_stand_in=environment.get("ALLOW_STAND_IN") == "true",
            )
        except KeyError as missing:
            raise SettingsError(f"{missing.args[0]} is not set: template.yaml should set it") from None
        if environment.get("ORT_DISABLE_TELEMETRY") != "1":
            raise SettingsError("ORT_DISABLE_TELEMETRY is not 1: onnxruntime would send telemetry from every request")
        return settings
