"""Each clause of the template, broken alone: the whole report, as a person reads it."""

from pathlib import Path

import pytest

from handover.checks import CLAUSES, selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.reporters.text import report
from tests.helpers import reports
from tests.helpers.sandbox import ROOT

TEMPLATE, CONFIG = (ROOT / "template.yaml").read_text(), (ROOT / "samconfig.toml").read_text()

# What is changed, and into what: in template.yaml, or in samconfig.toml where it is found there.
BREAKS = {
    "T401": ("      Handler: predictor.handler.handler\n", "      Handel: predictor.handler.handler\n"),
    "T401-yaml": ("Resources:\n", "Resources: [\n"),
    "T402": ("      AutoPublishAliasAllProperties: true\n", ""),
    "T402-layer": ("ContentUri: layers/model/", "ContentUri: layers/models/"),
    "T403": ("${MemorySize} MB", "much memory"),
    "T404": ("      RetentionInDays: !Ref LogRetentionDays\n", ""),
    "T404-unnamed": ("      LoggingConfig:\n        LogGroup: !Ref FunctionLog\n", ""),
    "T405": ("Action: [logs:CreateLogStream, logs:PutLogEvents]", "Action: logs:*"),
    "T405-resource": ("Resource: !GetAtt FunctionLog.Arn", 'Resource: "*"'),
    "T405-managed": (
        "      Policies:\n",
        "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n      Policies:\n",
    ),
    "T406": ('ORT_DISABLE_TELEMETRY: "1"', 'ORT_DISABLE_TELEMETRY: "0"'),
    "T407": ("        ThrottlingRateLimit: !Ref RateLimit\n", ""),
    "T408": ("Timeout: 5 ", "Timeout: 30 "),
    "T409": ("    Default: AWS_IAM\n", "    Default: NONE\n"),
    "T410": ("MemorySize=512 LogRetentionDays=90", "LogRetentionDays=90"),
    "T410-unknown": ("Stage=staging ", "Stage=staging Colour=red "),
}


def says(root: Path, old: str = "", new: str = "") -> str:
    assert old in TEMPLATE or old in CONFIG
    (root / "layers/model/delivery").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE.replace(old, new, 1) if old else TEMPLATE)
    (root / "samconfig.toml").write_text(CONFIG.replace(old, new, 1) if old and old not in TEMPLATE else CONFIG)
    with DeliveryContext(root, root / "layers/model/delivery") as context:
        return report(list(evaluate(context, selected(["T"]))), context) + "\n"


def test_the_projects_own_template_keeps_every_clause(tmp_path: Path) -> None:
    assert reports.is_all_kept(says(tmp_path))


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_clause_is_reported(tmp_path: Path, name: str) -> None:
    reports.check(name, says(tmp_path, *BREAKS[name]))


def test_it_is_reported_by_that_clause_alone() -> None:
    reports.check_alone(BREAKS)


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "T"} == reports.codes(BREAKS)
