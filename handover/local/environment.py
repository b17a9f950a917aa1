"""What a function meets in an execution environment: layers in one folder, Lambda's variables and the template's."""

import sys
from pathlib import Path

from handover.local.stack import REGION, BuiltFunction


def prepare(function: BuiltFunction, opt: Path) -> dict[str, str]:
    """Lay the layers out in ``opt``, and give the environment variables of the function; nothing is the caller's.

    The layers' top-level entries become links; of two with one name the later layer's stays. Names are Lambda's
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime). Those
    of the log and of the runtime API the emulator adds itself, and the credentials, which it sets to nothing. A value
    of the template that lies under ``/opt`` points into ``opt``. AWS's runtime interface client, which Lambda keeps in
    ``/var/runtime``, is in the folder ``lambda`` of this Python's environment.
    """
    for layer in function.layers:
        for entry in layer.iterdir():
            place = opt / entry.name
            place.unlink(missing_ok=True)
            place.symlink_to(entry)
    client = Path(sys.prefix) / "lambda"
    python_path = [function.root, *(layer / "python" for layer in function.layers), client]
    return {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_s),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": REGION,
        "LAMBDA_RUNTIME_DIR": str(client),
        "LAMBDA_TASK_ROOT": str(function.root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": ":".join(map(str, python_path)),
        "TZ": ":UTC",
    } | {name: _local(value, opt) for name, value in function.variables.items()}


def _local(value: str, opt: Path) -> str:
    return f"{opt}{value.removeprefix('/opt')}" if value == "/opt" or value.startswith("/opt/") else value
