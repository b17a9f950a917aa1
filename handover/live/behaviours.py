"""Behaviours, asked of the live API: those on golden rows and on rows by hand."""

from collections.abc import Sequence
from itertools import batched
from pathlib import Path

from handover.behaviours import running, sentences
from handover.behaviours.asking import Asking, FaultError
from handover.context.delivered import BEHAVIOURS, run
from handover.finding import Broken, Kept
from handover.limit import TooLongError
from handover.live import LiveError
from handover.live.built import BATCH_ROWS
from handover.live.client import Client
from handover.project import Build, Project
from predictor import files
from predictor.files import Json
from predictor.routes import PREDICT_BATCH

ASKED = ("golden rows", "rows by hand")  # drawn rows are many: they are the check's


def tried(client: Client, build: Path) -> Broken | Kept:
    """Say whether the live API behaves as the project's ``behaviours.py`` says."""
    path = Project(Path()).delivery / BEHAVIOURS
    if not path.is_file():
        raise LiveError(f"there is no {path}, so --behaviours asks for nothing")
    try:
        module = run(path, "delivery_behaviours")
    except (Exception, SystemExit, TooLongError) as error:  # it is somebody's code
        raise LiveError(f"{path} does not run ({type(error).__name__}): make check ONLY=B701 says more") from error

    def ask(rows: Sequence[Json]) -> list[Json]:
        answers: list[Json] = []
        for batch in batched(rows, BATCH_ROWS, strict=False):
            response = client.ask("POST", PREDICT_BATCH.path, batch)
            if response.status != 200:
                sentence = response.body[:200].decode(errors="replace")
                raise LiveError(f"what behaviours ask is answered {response.status}: {sentence}")
            answers += response.document
        return answers

    delivery = Build(build).delivery
    asking = Asking(files.contract(delivery), ask)
    golden = [line["row"] for line in files.golden(delivery)]
    ran = list(running.run(path, module, golden, dict.fromkeys(ASKED, asking)))
    if faults := [one for one in ran if isinstance(one, FaultError)]:
        raise LiveError(f"{path} cannot be tried: {sentences.faults(faults)}")
    results = [one for one in ran if isinstance(one, running.Result)]
    if broken := [result for result in results if not result.passes]:
        return Broken(sentences.broken(broken, len(results)), str(path), broken[0].line)
    number = running.counted(len(results), "behaviours")
    return Kept(f"{number}, those on drawn rows left to make check{sentences.kept(results)}")
