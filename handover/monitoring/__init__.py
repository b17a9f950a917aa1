"""What is watched of a delivery, as a CloudFormation template: a dashboard, and alarms on drift from its baseline."""

import json
from pathlib import Path
from typing import Any

import yaml

from handover.monitoring.alarms import drift_alarms
from handover.monitoring.dashboard import widgets
from handover.quality import HELD_OUT, HeldOut
from predictor import files
from predictor.files import Json

HEAD = "# The dashboard and the alarms on drift. `make model` writes it: the bands are of this delivery's baseline.\n"
PARAMETERS = {
    "Name": "Name of the stack whose function and API are watched.",
    "Namespace": "Namespace of the function's own metrics.",
    "ApiId": "The API.",
    "FunctionName": "The function.",
    "LogGroup": "Where the function's lines are.",
    "AlarmTopic": "ARN of an SNS topic that every alarm tells; empty tells nobody.",
}
CONSOLE = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home#dashboards:name=${Name}"


def of_delivery(delivery: Path) -> Json:
    """Give the template of a delivery as data, its bands drawn around the held-out scores; a stand-in has none."""
    manifest = files.manifest(delivery)
    scores = [] if files.stand_in(manifest) else HeldOut.from_csv((delivery / HELD_OUT).read_bytes()).highest.tolist()
    return template(files.contract(delivery), manifest, scores)


def template(contract: Json, manifest: Json, scores: list[float]) -> Json:
    """Give the template as data; see ``drift_alarms`` for the scores."""
    model = files.identity(manifest)
    body = json.dumps({"widgets": widgets(contract, manifest)}, indent=1)
    properties = {"DashboardName": {"Ref": "Name"}, "DashboardBody": {"Fn::Sub": body}}
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": properties}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Watches model {model} of {contract['name']} {contract['version']}.",
        "Parameters": {name: {"Type": "String", "Description": text} for name, text in PARAMETERS.items()},
        "Conditions": {"TellsTopic": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopic"}, ""]}]}},
        "Resources": {**drift_alarms(contract, manifest, scores), "Dashboard": dashboard},
        "Outputs": {"Dashboard": {"Description": "Where all of it is drawn.", "Value": {"Fn::Sub": CONSOLE}}},
    }


def write_monitoring(delivery: Path, to: Path) -> Path:
    """Write the template for a delivery; the same delivery gives the same file. ``template.yaml`` nests it."""
    text = yaml.dump(of_delivery(delivery), Dumper=_Dumper, sort_keys=False, width=120)
    to.write_text(HEAD + text, encoding="utf-8", newline="\n")
    return to


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: long texts over several lines, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    str, lambda own, text: own.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None)
)
