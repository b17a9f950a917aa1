"""ministack, an emulator of AWS, with what this stack needs of it and it has not.

It runs on ministack's own packages (``.venv/ministack``), as a program of its own; ``cloud.py`` starts it.
"""

import os
import re
from typing import Any

from ministack import app
from ministack.core import lambda_runtime, router
from ministack.services.cloudformation import handlers, provisioners

# Lambda unpacks the layers in /opt, ministack in folders of its own: what lies under /opt according to the template is
# pointed there, as handover/local does.
AT_OPT = """
def at_opt(variables):
    import os
    layers = os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)

    def there(value):
        places = [f"{layer}/{value.removeprefix('/opt/')}" for layer in layers if value.startswith("/opt/")]
        return next(filter(os.path.exists, places), value)

    return {name: there(value) for name, value in variables.items()}
"""
TAKES_VARIABLES = "os.environ.update(env)"

# A template with these is refused as a whole. Here they stand in the stack and do nothing: the alias moves at once.
PLACEHOLDERS = (
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::CodeDeploy::DeploymentConfig",
    "AWS::Logs::QueryDefinition",
)


def placeholder(logical_id: str, _properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    """Give the name of a resource that is not made, and no attributes."""
    return f"{stack}-{logical_id}", {}


def alarm(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Record an alarm; one on metric math, which is refused, as one on a metric of that name that nobody writes."""
    math = {"MetricName": "metric math", "Namespace": "metric math"} if properties.get("Metrics") else {}
    recorded: dict[str, Any] = recorded_alarm(name, properties | math | {"Metrics": None})
    return recorded


def api(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    """Make an API whose address is this machine's: under a host name of its own, `/health` is the emulator's."""
    api_id, attributes = made_api(logical_id, properties, stack)
    address = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/execute-api/{api_id}"
    provisioners._apigw_v2._apis[api_id]["apiEndpoint"] = address
    return api_id, attributes | {"ApiEndpoint": address}


async def codedeploy(_method: str, _path: str, headers: dict[str, str], *_: Any) -> tuple[int, dict[str, str], bytes]:
    """Say that CodeDeploy has deployed nothing, as is so: the alias moves by itself. Nothing else is known of it."""
    known = headers.get("x-amz-target", "").endswith(".ListDeployments")
    body = b'{"deployments": []}' if known else b'{"__type": "UnsupportedOperation"}'
    return (200 if known else 400), {"Content-Type": "application/x-amz-json-1.1"}, body


def template(parameters: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Give a stack's template, in which a nested one has S3's own address: `sam delete` takes no other for S3's."""
    status, headers, body = given_template(parameters)
    return status, headers, re.sub(rb"http://127\.0\.0\.1:\d+/", b"https://s3.amazonaws.com/", body)


if __name__ == "__main__":
    if TAKES_VARIABLES not in lambda_runtime._PYTHON_WORKER_SCRIPT:
        raise SystemExit("this ministack gives functions their variables in another way: see AT_OPT in " + __file__)
    lambda_runtime._PYTHON_WORKER_SCRIPT = AT_OPT + lambda_runtime._PYTHON_WORKER_SCRIPT.replace(
        TAKES_VARIABLES, "os.environ.update(at_opt(env))"
    )
    if known := set(PLACEHOLDERS) & set(provisioners._RESOURCE_HANDLERS):
        raise SystemExit(
            f"this ministack knows {', '.join(known)} by itself: take it out of PLACEHOLDERS in {__file__}"
        )
    for kind in PLACEHOLDERS:
        provisioners._RESOURCE_HANDLERS[kind] = {"create": placeholder, "delete": lambda *_: None}
    if "codedeploy" in app.SERVICE_HANDLERS:
        raise SystemExit(f"this ministack knows CodeDeploy by itself: take it out of {__file__}")
    app.SERVICE_HANDLERS["codedeploy"] = codedeploy
    router.SERVICE_PATTERNS["codedeploy"] = {"target_prefixes": ["CodeDeploy_"]}
    recorded_alarm = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = alarm
    made_api = provisioners._apigw_v2_api_create
    provisioners._apigw_v2_api_create = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]["create"] = api
    given_template = handlers._ACTION_HANDLERS["GetTemplate"]
    handlers._ACTION_HANDLERS["GetTemplate"] = template
    app.main()
