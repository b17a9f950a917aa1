"""CORS as API Gateway does it: it answers preflight requests itself, and marks the answers of the function.

Facts are AWS's: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handover.cloudformation import Template
from handover.intrinsics import Values
from handover.project import Build

API = "AWS::ApiGatewayV2::Api"
ALLOWED = {"AllowMethods": "allow-methods", "AllowHeaders": "allow-headers", "MaxAge": "max-age"}
EXPOSED = {"ExposeHeaders": "expose-headers"}


@dataclass(frozen=True)
class Cors:
    """Which web pages may call the API, and what they may send and read; nobody and nothing where it is empty."""

    origins: tuple[str, ...] = ()
    allowed: Mapping[str, str] = field(default_factory=dict)
    """What a preflight request is told."""
    exposed: Mapping[str, str] = field(default_factory=dict)
    """What an answer is marked with."""

    @classmethod
    def of(cls, build: Path, parameters: Mapping[str, str]) -> "Cors":
        """Read the ``CorsConfiguration`` of the API that was built, with parameters other than the defaults."""
        template = Template(Build(build).template).source
        defaults = {name: known.get("Default", "") for name, known in template.get("Parameters", {}).items()}
        values = Values(template, {**defaults, **parameters})
        for resource in template["Resources"].values():
            configured = resource.get("Type") == API and values.of(resource["Properties"].get("CorsConfiguration", {}))
            if isinstance(configured, dict) and configured.get("AllowOrigins"):
                allowed, exposed = (_headers(configured, names) for names in (ALLOWED, EXPOSED))
                return cls(tuple(configured["AllowOrigins"]), allowed, exposed)
        return cls()

    def lets(self, origin: str) -> bool:
        """Whether pages of an origin may call."""
        scheme = origin.partition("://")[0]
        return bool(origin) and not {origin, f"{scheme}://*", "*"}.isdisjoint(self.origins)

    def answer(self, method: str, headers: Mapping[str, str]) -> dict[str, str] | None:
        """Give the headers of the answer to a preflight request, status 204; ``None`` where this is none."""
        if not self.origins or method != "OPTIONS" or "access-control-request-method" not in headers:
            return None
        return self.mark(headers) | dict(self.allowed if self.lets(headers.get("origin", "")) else {})

    def mark(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Give what an answer is marked with, for the browser that sent a request with these headers."""
        origin = headers.get("origin", "")
        if not self.lets(origin):
            return {}
        return {"access-control-allow-origin": "*" if "*" in self.origins else origin, **self.exposed}


def _headers(configured: dict[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {
        f"access-control-{name}": ",".join(value) if isinstance(value, list) else str(value)
        for key, name in names.items()
        if (value := configured.get(key))
    }
