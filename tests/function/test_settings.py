"""The environment that the template gives the function."""

from pathlib import Path

import pytest

from predictor.settings import Settings, SettingsError

pytestmark = pytest.mark.quick

GOOD = {
    "DELIVERY": "/opt/delivery",
    "POWERTOOLS_SERVICE_NAME": "predict",
    "POWERTOOLS_METRICS_NAMESPACE": "handover-prod",
    "ORT_DISABLE_TELEMETRY": "1",
}


def test_the_template_gives_all_that_is_needed() -> None:
    assert Settings.read(GOOD) == Settings(Path("/opt/delivery"), "predict", "handover-prod")


@pytest.mark.parametrize("name", ["DELIVERY", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"])
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is not set: template.yaml should set it$"):
        Settings.read({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("value", ["", "0", "true"])
def test_telemetry_must_be_off(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^ORT_DISABLE_TELEMETRY is not 1: onnxruntime would send telemetry"):
        Settings.read(GOOD | {"ORT_DISABLE_TELEMETRY": value})
