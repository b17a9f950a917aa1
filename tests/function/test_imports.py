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
}


def test_production_imports_only_what_a_request_needs(parcels: Path) -> None:
    program = "import sys, json, predictor.handler; print(json.dumps(sorted(sys.modules)))"
    environment = {
        "PATH": os.defpath,
        "DELIVERY": str(parcels),
        "POWERTOOLS_SERVICE_NAME": "predict",
        "POWERTOOLS_METRICS_NAMESPACE": "handover-test",
        "ORT_DISABLE_TELEMETRY": "1",
    }

    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    imported = set(json.loads(run.stdout))
    assert {"predictor.prediction", "onnxruntime", "pydantic_core"} <= imported
    assert imported & NEVER == set()
