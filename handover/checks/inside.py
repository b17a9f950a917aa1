"""Whose fault it is that the built function answers otherwise than the model does here: found inside of it."""

import json
import re
import shutil
import sys
from dataclasses import replace
from filecmp import cmp
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from packaging.utils import canonicalize_name

from handover.checks import encoded
from handover.checks.causes import Cause
from handover.checks.values import changed_heuristics, in_words, line_of
from handover.context import DeliveryContext
from handover.errors import CannotRunError
from handover.local.emulator import Emulator
from handover.project import FUNCTION, Build
from predictor import files
from predictor.delivery import Delivery, LoadError
from predictor.prediction import Predictor

OF_THIS_DELIVERY = re.compile(r"/opt/delivery[:/]|golden\.jsonl: ")
"""How the function begins a sentence on the delivery that is checked; it is mounted there."""
NO_MODULE = re.compile(r"No module named '(\w+)")
BUILD_ANEW = "Run make build; where it stays so, write the locks anew with make lock."


def of_start(context: DeliveryContext, message: str) -> Cause:
    """Say why the built function does not start, by its own words."""
    if OF_THIS_DELIVERY.match(message):
        try:
            Predictor(Delivery.open(context.folder))
        except LoadError:
            sentence = f"Nor does the same code here: the files were not delivered together. {context.delivers}."
            return Cause(sentence, files.MANIFEST, owner="modelling")
        return of_answers(context, [line["row"] for line in context.golden])
    missing = NO_MODULE.search(message)
    if missing and missing[1] != "predictor":
        sentence = f"The layer has no {missing[1]}: {BUILD_ANEW}"
        return Cause(sentence, context.project.runtime_lock, owner="deployment")
    given = f"what the template gives {FUNCTION}, its Variables, Handler and Layers"
    sentence = f"Opened here, the same delivery answers: compare {given}, with the base branch."
    return Cause(sentence, context.template.path, context.template.line(FUNCTION), "deployment")


def of_answers(context: DeliveryContext, rows: list[dict[str, Any]], row: str = "golden row {}") -> Cause:
    """Say why the built function answers these rows otherwise: a heuristic, a package or the function's code."""
    alone = f"Compute it of the row alone, then train and deliver again: {context.delivers}."
    inside = _inside(context, rows)
    if "failed" in inside:
        name = next((name for name in context.encoder.columns if f"heuristic {name}:" in inside["failed"]), "")
        sentence = f"In the built function heuristics.py fails, and here it does not: {inside['failed']}. {alone}"
        return Cause(sentence, files.HEURISTICS, context.heuristic_line(name) if name else None, "modelling")
    if "matrix" in inside:
        matrix = context.encoder.matrix(map(context.validated, rows))
        changed = changed_heuristics(context, matrix, np.array(inside["matrix"], dtype=np.float32))
        if changed:
            words = in_words(context, changed, "{} in the built function", row)
            sentence = f"{words} It looks at where it runs. {alone}"
            return Cause(sentence, files.HEURISTICS, line_of(context, changed), "modelling")
    known = "The columns are the same there" if "matrix" in inside else "Here it answers right"
    return _of_what_is_built(context, known)


def _of_what_is_built(context: DeliveryContext, known: str) -> Cause:
    """Compare packages and code of the build with those here, where the same rows get the right answers."""
    project, build = context.project, Build(context.project.build)
    layer, installed = _versions([str(build.runtime / "python")]), _versions(sys.path)
    differ = [name for name, version in layer.items() if installed.get(name, version) != version]
    if others := [f"{name} {layer[name]}, not {installed[name]}" for name in differ]:
        sentence = f"{known}, and packages are not those of here: the layer has {'; '.join(others)}. {BUILD_ANEW}"
        return Cause(sentence, project.runtime_lock, owner="deployment")
    for path in sorted(project.function.glob("*.py")):
        built = build.function / project.function.name / path.name
        if not built.exists() or not cmp(path, built, shallow=False):
            sentence = f"{known}, and {project.function.name}/{path.name} is not what is built: run make build."
            return Cause(sentence, path, owner="deployment")
    sentence = f"{known}, and code and versions of packages are those of here: a file of the layer is not. {BUILD_ANEW}"
    return Cause(sentence, build.runtime, owner="deployment")


def _versions(path: list[str]) -> dict[str, str]:
    return {canonicalize_name(one.name): one.version for one in distributions(path=path)}


def _inside(context: DeliveryContext, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Have the built function's environment lay rows out, with its own code and packages; empty where it cannot."""
    with TemporaryDirectory(prefix="handover-encoded-") as folder:
        layer = Path(folder)
        (layer / "python").mkdir()
        shutil.copy(str(encoded.__file__), layer / "python" / "encoded.py")
        function = replace(context.function, handler="encoded.handler", layers=(*context.function.layers, layer))
        try:
            with Emulator(function, lambda _: None) as emulator:
                answer = json.loads(emulator.invoke(json.dumps(rows).encode()))
        except CannotRunError:
            return {}
    return answer if isinstance(answer, dict) else {}
