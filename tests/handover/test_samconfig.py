"""samconfig.toml: what each environment says, however it is written."""

from pathlib import Path

import pytest

from handover.samconfig import Samconfig

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    "written",
    [
        "\"Stage=prod Auth=JWT JwtAudience='a b'\"",
        '["Stage=prod", "Auth=JWT", "JwtAudience=a b"]',
        '{Stage = "prod", Auth = "JWT", JwtAudience = "a b"}',
        '["ParameterKey=Stage,ParameterValue=prod", "Auth=JWT", "JwtAudience=a b"]',
    ],
)
def test_overrides_are_read_in_each_form_that_sam_takes(tmp_path: Path, written: str) -> None:
    (tmp_path / "samconfig.toml").write_text(f"[prod.deploy.parameters]\nparameter_overrides = {written}\n")

    config = Samconfig(tmp_path / "samconfig.toml")
    assert config.overrides("prod") == {"Stage": "prod", "Auth": "JWT", "JwtAudience": "a b"}
    assert config.stages == ["prod"]


def test_a_line_is_that_of_the_stage_and_not_of_a_comment(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text(
        '[staging.deploy.parameters]\nparameter_overrides = "Auth=JWT"\n'
        '[prod.build.parameters]\nparameter_overrides = "Auth=NONE"\n'
        '[prod.deploy.parameters]\n# Auth=JWT\nparameter_overrides = [\n  "Stage=prod",\n  "Auth=NONE",\n]\n'
    )

    config = Samconfig(tmp_path / "samconfig.toml")
    assert config.line("prod", "Auth") == 9
    assert config.line("prod", "MemorySize") == config.line("prod") == 5
    assert config.line("staging", "Auth") == 2
    assert config.line("other") is None
