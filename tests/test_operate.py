"""The engineer's guide names what is there: the alarms, the targets of make, the outputs."""

import json
import re
from pathlib import Path
from queue import SimpleQueue

import pytest

from handover.cli import main
from handover.cloudformation import Template
from handover.local.emulator import Emulator
from handover.local.stack import NothingBuiltError, built_function
from handover.project import Project
from tests.helpers import targets

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
GUIDE = (ROOT / "docs" / "operate.md").read_text()
TEMPLATE, ROLE = Template(PROJECT.template), Template(ROOT / ".github" / "oidc-role.yaml")


def test_every_alarm_is_explained_and_no_other() -> None:
    of_drift = Template(PROJECT.monitoring).source["Resources"]
    alarms = {*TEMPLATE.of_kind("AWS::CloudWatch::Alarm"), *(name for name in of_drift if name != "Dashboard")}

    explained = re.findall(r"^\| `(\w[\w…]*)` \|", GUIDE, re.MULTILINE)
    assert {re.sub(r"\d+", "…", name) for name in alarms} == set(explained)


def test_its_commands_are_targets_of_make() -> None:
    assert set(re.findall(r"^\s*\$ make ([a-z-]+)", GUIDE, re.MULTILINE)) <= targets.PROJECTS


def test_its_commands_of_handover_are_commands() -> None:
    named = set(re.findall(r"\.venv/bin/handover (\w+)", GUIDE))

    assert named
    assert named <= set(main.commands)


def test_its_outputs_are_outputs() -> None:
    named = set(re.findall(r"output `(\w+)`", GUIDE)) | set(re.findall(r"`(Dashboard)` is its address", GUIDE))

    assert named
    assert named <= set(TEMPLATE.source["Outputs"]) | set(ROLE.source["Outputs"])


def test_what_it_gives_the_role_are_its_parameters() -> None:
    named = set(re.findall(r"\b([A-Z]\w+)=", GUIDE)) - set(TEMPLATE.source["Parameters"])

    assert named >= {"Repository", "StackName", "ProviderExists", "ApiId"}
    assert {name for name in named if not name.isupper()} <= set(ROLE.source["Parameters"])


def test_its_queries_ask_for_what_the_function_writes() -> None:
    lines: SimpleQueue[str] = SimpleQueue()
    try:
        emulator = Emulator(built_function(PROJECT.build), lines.put)
    except NothingBuiltError as error:
        pytest.skip(str(error))
    emulator.invoke((ROOT / "events" / "broken.json").read_bytes())
    line = json.loads(lines.get(timeout=60))
    emulator.stop()

    queries = "".join(re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL))
    asked = set(re.findall(r"\b(\w+)\.0\b", queries)) | set(re.findall(r"by (\w+), (\w+) \|", queries)[0])
    assert asked == {"cold_start", "latency", "error", "error_code", "route"}
    assert asked <= line.keys()
