"""CORS on this machine is what API Gateway makes of the template's parameter ``CorsOrigins``."""

from pathlib import Path

import pytest

from handover.local.cors import Cors

TEMPLATE = """
Parameters:
  CorsOrigins: {Type: CommaDelimitedList, Default: ""}
Conditions:
  AllowsOrigins: !Not [!Equals [!Join ["", !Ref CorsOrigins], ""]]
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      CorsConfiguration: !If
        - AllowsOrigins
        - AllowOrigins: !Ref CorsOrigins
          AllowMethods: [GET, POST]
          AllowHeaders: [authorization, content-type]
          ExposeHeaders: [x-model]
          MaxAge: 3600
        - !Ref AWS::NoValue
"""
SHOP = "https://shop.example"
PREFLIGHT = {"origin": SHOP, "access-control-request-method": "POST"}


def cors(folder: Path, origins: str | None = None) -> Cors:
    (folder / "template.yaml").write_text(TEMPLATE)
    return Cors.of(folder, {} if origins is None else {"CorsOrigins": origins})


def test_no_origin_is_none(tmp_path: Path) -> None:
    nobody = cors(tmp_path)

    assert nobody.answer("OPTIONS", PREFLIGHT) is None  # the function answers it
    assert nobody.mark({"origin": SHOP}) == {}


def test_a_preflight_request_is_answered_as_the_template_says(tmp_path: Path) -> None:
    assert cors(tmp_path, f"http://localhost:5173,{SHOP}").answer("OPTIONS", PREFLIGHT) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization,content-type",
        "access-control-max-age": "3600",
        "access-control-expose-headers": "x-model",
    }


def test_a_page_of_another_origin_is_told_nothing(tmp_path: Path) -> None:
    one = cors(tmp_path, "http://localhost:5173")

    assert one.answer("OPTIONS", PREFLIGHT) == {}
    assert one.mark({"origin": SHOP}) == one.mark({}) == {}


@pytest.mark.parametrize(
    ("origins", "allowed"), [("*", "*"), ("https://*", SHOP), ("http://*", None), (SHOP, SHOP), (f"{SHOP}.org", None)]
)
def test_origins_may_be_of_any_name(tmp_path: Path, origins: str, allowed: str | None) -> None:
    assert cors(tmp_path, origins).mark({"origin": SHOP}).get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(("method", "headers"), [("OPTIONS", {"origin": SHOP}), ("GET", PREFLIGHT)])
def test_what_is_no_preflight_request_is_the_functions(tmp_path: Path, method: str, headers: dict[str, str]) -> None:
    assert cors(tmp_path, SHOP).answer(method, headers) is None
