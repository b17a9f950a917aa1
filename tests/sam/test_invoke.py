"""`sam local invoke`, in AWS's own image: what our emulator says of the function is what AWS's own tool says."""

from pathlib import Path

import pytest

from handover.local import gateway
from handover.local.pool import Pool
from tests.function.test_built import STATUS
from tests.helpers.sam import ROOT, Sam

COMMAND = "sam local invoke -e events/predict.json"


@pytest.mark.parametrize("name", STATUS)
def test_every_event_gets_the_answer_of_our_own_emulator(sam: Sam, pool: Pool, name: str) -> None:
    event = Path("events", f"{name}.json")

    answer = gateway.response(sam.invoke(COMMAND.replace("events/predict.json", str(event))))

    assert answer.status == STATUS[name]
    ours = gateway.response(pool.invoke((ROOT / event).read_bytes()).reply)
    assert ("server-timing", "cold") in answer.headers  # each `sam local invoke` is an environment of its own
    assert warm(answer) == warm(ours)


def warm(answer: gateway.Response) -> gateway.Response:
    return answer._replace(headers=tuple(header for header in answer.headers if header[0] != "server-timing"))


def test_the_readme_has_the_command() -> None:
    assert f"`{COMMAND}`" in (ROOT / "README.md").read_text()
