"""What production imports, and what it must never import."""

import json
import os
import subprocess
import sys
from pathlib import Path

NEVER = {
    "pydantic",  # 80 ms; the contract is compiled, and pydantic_core validates without it
    "boto3",
    "botocore.session",
    "aws_xray_sdk",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parser",
    "handover",
    "modelling",
    "delivery",
    "onnx",
    "sklearn",
    "xgboost",
    "predictor.openapi",  # what makes a document, or the page, is imported when somebody asks for it
    "predictor.page",
}


def opened(parcels: Path, program: str) -> str:
    """Run a program in a fresh process whose environment is the function's."""
    environment = {
        "PATH": os.defpath,
        "DELIVERY": str(parcels),
        "POWERTOOLS_SERVICE_NAME": "predict",
        "POWERTOOLS_METRICS_NAMESPACE": "handover-test",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def test_production_imports_only_what_a_request_needs(parcels: Path) -> None:
    program = "import sys, json, predictor.handler; print(json.dumps(sorted(sys.modules)))"

    imported = set(json.loads(opened(parcels, program)))

    assert {"predictor.prediction", "onnxruntime", "pydantic_core"} <= imported
    assert imported & NEVER == set()


def test_what_init_made_is_never_collected_and_what_requests_leave_is(parcels: Path) -> None:
    program = (
        "import gc, json\n"
        "seen = []\n"
        "gc.collect(); gc.callbacks.append(lambda phase, info: seen.append(phase))\n"
        "import predictor.handler\n"
        "print(json.dumps([seen, gc.get_freeze_count(), gc.isenabled()]))"
    )

    collections, frozen, enabled = json.loads(opened(parcels, program))

    assert collections == []
    assert frozen > 10_000  # objects: all that numpy, onnxruntime, Powertools and the delivery are made of
    assert enabled


def test_init_makes_nothing_that_must_be_unique(parcels: Path) -> None:
    """Keep SnapStart safe: a snapshot of INIT is restored many times, with all that it drew or read off a clock."""
    program = (
        "import json, os, random, sys, time, uuid\n"
        "drawn = []\n"
        "def watched(name, draw):\n"
        "    def call(*args, **kwargs):\n"
        "        frame = sys._getframe(1)\n"
        "        drawn.append(f'{name} in {frame.f_globals.get(\"__name__\")}')\n"
        "        return draw(*args, **kwargs)\n"
        "    return call\n"
        "for module, name in ((os, 'urandom'), (os, 'getrandom'), (uuid, 'uuid1'), (uuid, 'uuid4'), (time, 'time'),\n"
        "                     (time, 'time_ns'), (random, 'random'), (random, 'getrandbits'), (os, 'getpid')):\n"
        "    setattr(module, name, watched(name, getattr(module, name)))\n"
        "import predictor.handler\n"
        "print(json.dumps(drawn))"
    )

    # logging keeps when it began, for a figure, relativeCreated, that no line of ours has.
    assert json.loads(opened(parcels, program)) == ["time_ns in logging"]
