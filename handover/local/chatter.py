"""What the emulator prints of its own, told apart from the lines of the function."""

import re

INIT_FAILED = "(rapid) Init failed"

_EMULATOR = re.compile(
    r"(?:"
    r"(?:START|END|REPORT) RequestId: [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d\d \w{3} \d{4} \d\d:\d\d:\d\d,\d{3} \[[A-Z]+\] \(rapid\) "
    r").*"
)
_ADVICE = "LAMBDA_WARNING: "


def is_metrics(line: str) -> bool:
    """Whether a line of the function's is for CloudWatch's embedded metric format, and not for people."""
    return '"_aws"' in line


def function_lines(line: str) -> list[str]:
    """Give what the function wrote in one line of the emulator's output.

    Left out are the emulator's START, END and REPORT (its figures are not measured), its log (``(rapid)``), and the
    runtime client's advice on updates. A stack trace is one line there, broken by carriage returns, as CloudWatch
    shows it; here it is several.
    """
    own = _EMULATOR.sub("", line.rstrip("\n"))
    if _ADVICE in own:
        return []
    return [part.replace("\N{NO-BREAK SPACE}", " ") for part in own.split("\r") if part]
