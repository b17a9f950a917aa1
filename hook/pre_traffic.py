"""Proves a new version to CodeDeploy, before it meets its first user.

It must answer the golden rows as in training, and not much slower than the version that users are on.
"""

import json
import os
import sys
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from time import perf_counter

import boto3

from predictor import files
from predictor.files import Json

BATCH = 100  # rows in one request; the function takes no more
MAX_LOGGED = 20  # faults that the log names
ROUNDS = 7  # in which both versions are timed, in turn: the quickest of each counts, for noise only ever adds
# How many times as long it may take: a ratio, so that memory and processor do not matter. The way to the function is in
# both times, and what is lost in it does not count.
MUCH_SLOWER = 3.0


def handler(event: Json, context: object) -> None:
    """Prove the version, and tell CodeDeploy to go on or to stop.

    Whatever fails here stops the deployment: unanswered, CodeDeploy would wait for an hour.
    """
    try:
        delivery, version = Path(os.environ["DELIVERY"]), os.environ["NEW_VERSION"]
        faults = list(differences(delivery, version)) or list(slowness(delivery, version, os.environ["LIVE"]))
    except Exception as error:  # whatever it is: a hook that says nothing holds the deployment for an hour
        faults = [f"the version could not be asked: {type(error).__name__}: {error}"]
    for fault in faults[:MAX_LOGGED]:
        _log("ERROR", fault)
    if faults:
        _log("ERROR", f"{len(faults)} faults: the deployment is stopped, users stay on the version that they have")
    else:
        _log("INFO", "every golden row is answered as in training, and in time: the deployment goes on")
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if faults else "Succeeded",
    )


def differences(delivery: Path, version: str) -> Iterator[str]:
    """Send the golden rows to a version of the function, and say of each wrong answer what is wrong.

    The version is named by its own ARN, and not by the alias, which users still meet the old one by.
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


def slowness(delivery: Path, version: str, live: str) -> Iterator[str]:
    """Time a batch of golden rows with a version and with the one that users are on, and say if it is much slower.

    Where users are on none, or on one that does not take these rows, there is nothing to compare with. ``live`` is the
    alias, which points at the version before until the hook has spoken.
    """
    client = boto3.client("lambda")
    rows = [golden["row"] for golden in files.golden(delivery)[:BATCH]]
    payload = json.dumps(_batch(rows))

    def seconds(function: str) -> float | None:
        began = perf_counter()
        reply = client.invoke(FunctionName=function, Payload=payload)
        answer = json.loads(reply["Payload"].read())
        took = perf_counter() - began
        return took if not reply.get("FunctionError") and answer["statusCode"] == 200 else None

    try:
        before = [seconds(live)]  # it may meet a cold start, as the new one has already
    except client.exceptions.ResourceNotFoundException:
        before = [None]
    after: list[float | None] = []
    for _ in range(ROUNDS if before[0] else 0):
        after.append(seconds(version))
        before.append(seconds(live))
    quickest = [min(filter(None, times), default=0.0) for times in (after, before)]
    if not all(quickest):
        _log("INFO", "its time is not compared: no version is live, or it does not take these rows")
        return
    new, old = (f"{1000 * one:.1f} ms" for one in quickest)
    if quickest[0] > MUCH_SLOWER * quickest[1]:
        longer = f"more than {MUCH_SLOWER:g} times as long as the live one"
        yield f"it takes {new} for {len(rows)} golden rows, {longer}: {old}"
    else:
        _log("INFO", f"{len(rows)} golden rows take {new}, and {old} with the live version")


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
