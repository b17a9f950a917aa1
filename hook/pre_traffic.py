"""Proves a new version to CodeDeploy, before it meets its first user: it must answer the golden rows as in training."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

type Json = dict[str, Any]

BATCH = 100  # rows in one request; the function takes no more
MOST_TOLD = 20  # differing rows that the log names


def handler(event: Json, context: object) -> None:
    """Prove the version, and tell CodeDeploy to go on or to stop.

    Whatever fails here stops the deployment: unanswered, CodeDeploy would wait for an hour.
    """
    try:
        faults = list(differences(Path(os.environ["DELIVERY"]), os.environ["NEW_VERSION"]))
    except Exception as error:  # whatever it is: a hook that says nothing holds the deployment for an hour
        faults = [f"the version could not be asked: {type(error).__name__}: {error}"]
    for fault in faults[:MOST_TOLD]:
        _say("ERROR", fault)
    if faults:
        _say("ERROR", f"{len(faults)} faults: the deployment is stopped, users stay on the version that they have")
    else:
        _say("INFO", "every golden row is answered as in training: the deployment goes on")
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if faults else "Succeeded",
    )


def differences(delivery: Path, version: str) -> Iterator[str]:
    """Send the golden rows to a version of the function, and say of each wrong answer what is wrong.

    Parameters
    ----------
    delivery
        Folder of the delivery that the version should answer with.
    version
        ARN of the version; not of the alias, which users still meet the old one by.
    """
    manifest = json.loads((delivery / "manifest.json").read_bytes())
    golden = [json.loads(line) for line in (delivery / "golden.jsonl").read_bytes().splitlines()]
    client = boto3.client("lambda")
    for start in range(0, len(golden), BATCH):
        part = golden[start : start + BATCH]
        reply = client.invoke(FunctionName=version, Payload=json.dumps(_batch([line["row"] for line in part])))
        answer = json.loads(reply["Payload"].read())
        if reply.get("FunctionError"):
            yield f"the version does not answer: {answer.get('errorType')}: {answer.get('errorMessage')}"
            return
        if answer["statusCode"] != 200:
            rows = f"golden rows {start + 1} to {start + len(part)}"
            yield f"{rows} are answered {answer['statusCode']}: {answer['body']}"
            continue
        if answer["headers"]["x-model"] != manifest["files"]["model.onnx"][:12]:
            yield f"model {answer['headers']['x-model']} answers, {manifest['files']['model.onnx'][:12]} was delivered"
            return
        for number, (line, given) in enumerate(zip(part, json.loads(answer["body"]), strict=True), start + 1):
            if given["decision"] != line["decision"] or abs(given["score"] - line["score"]) > manifest["tolerance"]:
                yield (
                    f"golden row {number} should be {line['score']} ({line['decision']}) and is {given['score']} "
                    f"({given['decision']}); a score may differ by {manifest['tolerance']}"
                )


def _batch(rows: list[Json]) -> Json:
    """Write a request as API Gateway would: HTTP API, payload format 2.0."""
    path = "/predict/batch"
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": path}, "requestId": "pre-traffic"},
        "isBase64Encoded": False,
        "body": json.dumps(rows),
    }


def _say(level: str, message: str) -> None:
    sys.stdout.write(json.dumps({"level": level, "message": message}) + "\n")
