"""Proves a new version to CodeDeploy, before it meets its first user: it must answer the golden rows as in training."""

import json
import os
import sys
from collections.abc import Iterator
from itertools import batched
from pathlib import Path

import boto3

from predictor import files
from predictor.files import Json

BATCH = 100  # rows in one request; the function takes no more
MOST_LOGGED = 20  # faults that the log names


def handler(event: Json, context: object) -> None:
    """Prove the version, and tell CodeDeploy to go on or to stop.

    Whatever fails here stops the deployment: unanswered, CodeDeploy would wait for an hour.
    """
    try:
        faults = list(differences(Path(os.environ["DELIVERY"]), os.environ["NEW_VERSION"]))
    except Exception as error:  # whatever it is: a hook that says nothing holds the deployment for an hour
        faults = [f"the version could not be asked: {type(error).__name__}: {error}"]
    for fault in faults[:MOST_LOGGED]:
        _log("ERROR", fault)
    if faults:
        _log("ERROR", f"{len(faults)} faults: the deployment is stopped, users stay on the version that they have")
    else:
        _log("INFO", "every golden row is answered as in training: the deployment goes on")
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
    manifest = files.manifest(delivery)
    model, tolerance = files.identity(manifest), manifest["tolerance"]
    client = boto3.client("lambda")
    for part in batched(enumerate(files.golden(delivery), start=1), BATCH, strict=False):
        reply = client.invoke(FunctionName=version, Payload=json.dumps(_batch([golden["row"] for _, golden in part])))
        answer = json.loads(reply["Payload"].read())
        if reply.get("FunctionError"):
            yield f"the version does not answer: {answer.get('errorType')}: {answer.get('errorMessage')}"
            return
        if answer["statusCode"] != 200:
            yield f"golden rows {part[0][0]} to {part[-1][0]} are answered {answer['statusCode']}: {answer['body']}"
            continue
        if answer["headers"]["x-model"] != model:
            yield f"model {answer['headers']['x-model']} answers, {model} was delivered"
            return
        for (number, golden), given in zip(part, json.loads(answer["body"]), strict=True):
            if not files.agrees(given, golden, tolerance):
                yield (
                    f"golden row {number} should be {files.in_words(golden)} and is {files.in_words(given)}; a score "
                    f"may differ by {files.most_allowed(golden, tolerance)}"
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


def _log(level: str, message: str) -> None:
    sys.stdout.write(json.dumps({"level": level, "message": message}) + "\n")
