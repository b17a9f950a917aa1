"""Writes ``monitoring.yaml``, as people write YAML."""

from pathlib import Path
from typing import Any

import yaml

from handover.monitoring import held_out_scores, template
from predictor import files

HEAD = "# The dashboard and the alarms on drift. `make model` writes it: the bands are of this delivery's baseline.\n"


def write_monitoring(delivery: Path, to: Path) -> Path:
    """Write the template for a delivery; the same delivery gives the same file. ``template.yaml`` nests it."""
    contract, manifest = files.contract(delivery), files.manifest(delivery)
    watched = template(contract, manifest, held_out_scores(delivery, manifest))
    to.write_text(HEAD + yaml.dump(watched, Dumper=_Dumper, sort_keys=False, width=120), encoding="utf-8", newline="\n")
    return to


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: long texts over several lines, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
