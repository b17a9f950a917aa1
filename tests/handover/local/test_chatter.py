import pytest

from handover.local.chatter import function_lines

pytestmark = pytest.mark.quick

REQUEST = "5eb21ae2-a4cb-4314-ae2d-4aa88aa9563f"


@pytest.mark.parametrize(
    "line",
    [
        f"START RequestId: {REQUEST} Version: $LATEST\n",
        f"END RequestId: {REQUEST}\n",
        f"REPORT RequestId: {REQUEST}\tInit Duration: 0.02 ms\tMax Memory Used: 512 MB\t\n",
        "23 Nov 2026 20:03:22,852 [INFO] (rapid) INIT START(type: on-demand, phase: init)\n",
        "[WARNING]\t2026-11-23T20:07:43.775Z\t\tLAMBDA_WARNING: Unhandled exception.\n",
        "\n",
    ],
)
def test_what_the_emulator_says_is_left_out(line: str) -> None:
    assert function_lines(line) == []


@pytest.mark.parametrize("line", ['{"level":"CRITICAL"}', "START RequestId: mine", "a (rapid) river"])
def test_what_the_function_says_is_kept(line: str) -> None:
    assert function_lines(f"{line}\n") == [line]


def test_a_line_that_the_function_did_not_end_is_kept() -> None:
    assert function_lines(f"unfinishedEND RequestId: {REQUEST}\n") == ["unfinished"]


def test_a_stack_trace_is_several_lines_again() -> None:
    line = '[ERROR] ValueError: no\rTraceback:\r\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}File "app.py", line 1\n'
    assert function_lines(line) == ["[ERROR] ValueError: no", "Traceback:", '  File "app.py", line 1']
