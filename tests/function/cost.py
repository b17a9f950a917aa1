"""Prints what bodies cost the function of ``DELIVERY``, as JSON.

For each its status, CPU [us], peak of memory [KiB], and what memory grows by over four hundred more [KiB]. Each body is
sent in a process of its own, forked before the first request, with Python's collector off: what a request leaves behind
stays. pydantic's values are Rust's, which Python does not count, so it is the process that is measured.
"""

import gc
import json
import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from predictor import handler

TIMES = 7
LIMITS = handler.delivery.limits
FIELDS = handler.delivery.contract["fields"]
PROPERTIES = handler.delivery.contract["schema"]["properties"]
CONTEXT = SimpleNamespace(aws_request_id="request-1")

# Of at most as many bytes each.
BATCHES: dict[str, Callable[[int], str]] = {
    "unknown names": lambda n: "[{" + ('"":1,' * ((n - 4) // 5))[:-1] + "}]",
    "as many names as a batch": lambda n: "[{" + many(lambda i: f'"x{i}":1', min(n // 10, 100 * len(FIELDS))) + "}]",
    "empty lists": lambda n: '[{"":[' + ("[]," * ((n - 10) // 3))[:-1] + "]}]",
    "empty objects": lambda n: '[{"":[' + ("{}," * ((n - 10) // 3))[:-1] + "]}]",
    "objects for names": lambda n: "[{" + many(lambda i: f'"x{i}":{{}}', min(n // 11, 100 * len(FIELDS))) + "}]",
    "numbers": lambda n: '[{"":[' + ("1," * ((n - 10) // 2))[:-1] + "]}]",
    "nested objects": lambda n: '[{"":[' + ('{"":[]},' * ((n - 10) // 8))[:-1] + "]}]",
    "a list of rows in a row": lambda n: (
        f'[{{"x":[{many(lambda i: json.dumps(ROW), n // (len(json.dumps(ROW)) + 1) - 1)}]}}]'
    ),
    "rows after an empty one in a row": lambda n: (
        f'[{{"x":[{{}},{many(lambda i: json.dumps(ROW), n // (len(json.dumps(ROW)) + 1) - 1)}]}}]'
    ),
    "list for a field": lambda n: f'[{{"{FIELDS[0]["name"]}":[' + ("[]," * ((n - 40) // 3))[:-1] + "]}]",
    "digits for a field": lambda n: f'[{{"{FIELDS[0]["name"]}":[' + many(lambda i: "9" * 4300, n // 4301 - 1) + "]}]",
    "a long string": lambda n: '[{"x":"' + "x" * (n - 12) + '"}]',
    "strings that look like rows": lambda n: "[{" + many(lambda i: f'"x{i}}},{{":1', n // 16) + "}]",
    "rows that are lists": lambda n: "[[" + ("[]," * ((n - 4) // 3))[:-1] + "]]",
    "not a list": lambda n: '{"":[' + ("[]," * ((n - 8) // 3))[:-1] + "]}",
    "many bad rows": lambda n: "[" + ("[]," * ((n - 4) // 3))[:-1] + "]",
    "not JSON at the end": lambda n: "[[" + ("[]," * ((n - 4) // 3))[:-1] + "]",
    "the last row is bad": lambda n: json.dumps([ROW] * 99 + [{"x": 1}]),
    "the last name stands twice": lambda n: json.dumps([ROW] * 100)[:-2] + ", " + json.dumps(ROW)[1:] + "]",
    "not JSON after good rows": lambda n: json.dumps([ROW] * 100)[:-1],
    "spaces": lambda n: " " * n,
    "a list too deep": lambda n: "[" * n,
    "an object too deep": lambda n: '{"":' * (n // 4),
    "too large": lambda n: "[" * 6_000_000,
}


def many(item: Callable[[int], str], count: int) -> str:
    return ",".join(map(item, range(max(count, 1))))


def longest() -> dict[str, Any]:
    """Give the longest row of the contract."""
    row: dict[str, Any] = {}
    for field in FIELDS:
        schema = PROPERTIES[field["name"]]
        schema = next((kind for kind in schema.get("anyOf", ()) if kind["type"] != "null"), schema)
        if field["kind"] == "category":
            row[field["name"]] = max(field["categories"], key=len)
        elif schema.get("type") == "number":
            row[field["name"]] = schema["maximum"] - 1 / 3
        else:
            row[field["name"]] = False if field["kind"] == "flag" else schema["maximum"]
    return row


def kib(key: str) -> int:
    with open("/proc/self/status") as status:  # noqa: PTH123
        return next(int(line.split()[1]) for line in status if line.startswith(key))


def cost(path: str, body: str) -> dict[str, float]:
    """Measure one body, in a process of its own."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, json.dumps(measured(path, body)).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as measured_there:
        costs: dict[str, float] = json.load(measured_there)
    return costs


def measured(path: str, body: str) -> dict[str, float]:
    event = {
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST"}, "requestId": "gateway-1"},
        "body": body,
    }

    def asked(times: int) -> list[int]:
        spent = []
        for _ in range(times):
            started = time.process_time_ns()
            handler.handler(event, CONTEXT)
            spent.append(time.process_time_ns() - started)
        return spent

    with open("/proc/self/clear_refs", "w") as peak:  # noqa: PTH123
        peak.write("5")  # the peak begins anew
    before = kib("VmRSS")
    status = handler.handler(event, CONTEXT)["statusCode"]
    peak_kib = kib("VmHWM") - before
    spent = asked(TIMES)
    asked(10)
    after_ten = kib("VmRSS")
    if status != 200:
        asked(400)
    return {
        "status": status,
        "cpu_us": min(spent) / 1000,
        "peak_kib": peak_kib,
        "grown_kib": kib("VmRSS") - after_ten,
    }


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the lines of metrics
    gc.disable()
    ROW = longest()
    costs = {"dearest": cost("/predict/batch", json.dumps([ROW] * 100, indent=4))}
    for name, body in BATCHES.items():
        costs[name] = cost("/predict/batch", body(LIMITS.batch_bytes))
        costs[f"{name}, alone"] = cost("/predict", body(LIMITS.row_bytes).removeprefix("[").removesuffix("]"))
    json.dump(costs, out)
    out.close()
