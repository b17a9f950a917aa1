"""A delivery that is being checked, and its project: each thing is opened once, as the clauses ask for it."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from handover import card, retraining
from handover.behaviours import Behaviour, running
from handover.behaviours.asking import Asking, FaultError
from handover.cloudformation import Template
from handover.context.delivered import BEHAVIOURS, Delivered, run
from handover.description import stands_in
from handover.diff.changes import generation
from handover.diff.revisions import Agreed, Ignored, NoBaseError, agreed_before, delivered_before, ignored
from handover.finding import Clause, Finding, Skipped, Subject, Team
from handover.git import Snapshot
from handover.latency import Latency, measure
from handover.local.emulator import EnvironmentDiedError
from handover.local.pool import Pool
from handover.local.run import StatusError, ask, posted
from handover.local.stack import BuiltFunction, NothingBuiltError, built_function, unavailable
from handover.metrics import Comparison, compared
from handover.project import Project
from handover.quality import HELD_OUT, HeldOut
from handover.samconfig import Samconfig
from handover.skips import Looser
from predictor import files
from predictor.files import Json
from predictor.problems import MAX_BATCH_ROWS
from predictor.routes import PREDICT, PREDICT_BATCH

CORRECTED = "once it is right"
WRITTEN = (files.CONTRACT, files.MODEL, files.GOLDEN, files.MANIFEST, HELD_OUT)
"""What ``deliver()`` writes into its folder."""
UNANSWERED = (EnvironmentDiedError, StatusError)
"""How the built function fails to answer."""
MAKE = re.compile(r"make (check|explain|diff|model|stub)\b(?: [A-Z]+=\S*\w)*|\.venv/bin/python layers/model/delivery\b")


@dataclass(eq=False)
class DeliveryContext(Delivered, AbstractContextManager["DeliveryContext"]):
    """A delivery, and the project that it was delivered to; or a delivery alone, where there is no project.

    Every property opens one thing, once. It raises what opening raises: the clause whose rule that is catches it, and
    every other clause requires that clause.
    """

    root: Path
    """The project's folder, where ``template.yaml`` is; or the current one, whatever it is."""
    folder: Path
    """The delivery's folder."""
    _: KW_ONLY
    base: str | None = None
    """The git revision whose contract was agreed before; it is found where it is not named."""
    allowed: Mapping[str, str] = field(default_factory=dict)
    """The clauses that may be skipped here, each with the reason in words, as ``handover.toml`` has them."""
    looser: Mapping[str, Looser] = field(default_factory=dict)
    """The budgets that deployment agreed to loosen, from there too."""
    asking_less: Mapping[str, str] = field(default_factory=dict)
    """The sentences of behaviours that may go or ask less, by deployment's agreement there, each with the reason."""
    team: Team | None = None
    """The team that it is checked for, where it is not for both."""
    log: list[str] = field(default_factory=list, init=False)
    """The lines that the built function has written."""
    _opened: ExitStack = field(default_factory=ExitStack, init=False)
    _trained: dict[int, retraining.Retrained] = field(default_factory=dict, init=False)

    has_model = True

    def __post_init__(self) -> None:
        self.project = Project(self.root)

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def subject(self) -> str:
        """Name what is checked."""
        return f"{self.team.capitalize()}'s part of the contract" if self.team else "The contract"

    def relative(self, path: Path) -> str:
        """Name a path as a person at the project's root would type it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def page(self, clause: Clause) -> str:
        """Name a clause's page, where the project has the pages: not every one does."""
        return clause.page if (self.root / clause.page).is_file() else ""

    def remedy(self, finding: Finding) -> tuple[str, str]:
        """Give what writes, trains or builds anew what is at fault; else have it looked at again."""
        path = finding.broken.path if finding.broken else ""
        base = f" BASE={shlex.quote(self.base)}" if self.base else ""
        again = (self.as_typed(f"make check ONLY={finding.clause.code}{base}"), f"looks again, {CORRECTED}")
        worked_out = finding.broken.remedy if finding.broken else None
        if worked_out or not isinstance(path, Path) or path.name == BEHAVIOURS:
            return worked_out or again
        if path == self.project.monitoring:
            return ".venv/bin/handover monitoring", "writes it anew"
        if self.training and (path == self.folder / path.name or path in {self.training, self.card}):
            anew = path.name in WRITTEN or path == self.card
            return self.delivers, "trains, and writes it anew" if anew else f"trains and delivers again, {CORRECTED}"
        if path.is_relative_to(self.project.build):
            return "make build", "builds it anew"
        if any(map(path.is_relative_to, self.project.shipped)):
            return "make build", f"builds again, {CORRECTED}"
        return again

    def explain(self, code: str) -> str:
        """Say what to type to have a clause explained, of this very delivery."""
        base = shlex.quote(self.base) if self.base else ""
        if self.own:
            return f"make explain CODE={code}" + (f" BASE={base}" if base else "")
        return f"handover explain {code} {self._named}" + (f" --base {base}" if base else "")

    def as_typed(self, text: str) -> str:
        """Give a text that names commands of a project with those that are typed here: make is a project's own."""
        return text if self.own else MAKE.sub(self._typed, text)

    def _typed(self, made: re.Match[str]) -> str:
        folder = shlex.quote(self.relative(self.folder))
        words = dict(re.findall(r"([A-Z]+)=(\S*\w)", made[0]))
        match made[1]:
            case "check" | "stub":
                options = "".join(f" --{key.lower()} {value}" for key, value in words.items())
                return f"handover {made[1]} {self._named}{options}"
            case "explain":
                return self.explain(words["CODE"])
            case "diff":
                return f"handover diff {words['OLD']}:./{folder} {folder}"
            case "model":
                return self.delivers if self.training else "python train.py"
        return f"python {folder}"

    @property
    def own(self) -> bool:
        """Whether it is the project's own delivery, which ``make`` means."""
        return self.folder == self.project.delivery

    @property
    def _named(self) -> str:
        return f"--delivery {shlex.quote(self.relative(self.folder))}"

    @property
    def notice(self) -> str:
        """Say where there is no model yet."""
        return stands_in(self.stand_in)

    @cached_property
    def missing(self) -> Mapping[Subject, str]:
        """What is not there, as a project or a model: what looks at it is left out."""
        missing: dict[Subject, str] = {}
        if not self.project.exists:
            missing["stack"] = missing["function"] = "there is no stack of a Handover project here"
            if not self.training:
                missing["training"] = "there is no train.py beside the delivery's folder"
        elif self.team == "modelling" and (elsewhere := unavailable()):
            missing["function"] = elsewhere  # where the pull request is checked there is one
        if self.card != self.project.card and not self.card.is_file():
            missing["card"] = "there is no card.md beside the delivery's folder"
        if not (self.folder / BEHAVIOURS).is_file():
            missing["behaviours"] = f"there is no {BEHAVIOURS} in the delivery's folder"
            if not self._had_behaviours:
                missing["behaviours before"] = missing["behaviours"]
        if self.stand_in:
            missing["model"] = missing["training"] = "a stand-in answers, which no training made"
        return missing

    def left_out(self, clause: Clause) -> str:
        """Say why a clause cannot be looked at here; nothing where all that it looks at is there."""
        return next((reason for subject, reason in self.missing.items() if subject in clause.subjects), "")

    @property
    def card(self) -> Path:
        """The model's card, where it belongs: every project has one."""
        return card.path(self.folder)

    # --- where it comes from

    @cached_property
    def _git(self) -> Snapshot:
        return Snapshot(self.folder)

    @cached_property
    def agreed_before(self) -> tuple[Agreed, ...]:
        """What this contract follows: on the base branch, or earlier on this one; empty where nothing was agreed."""
        return agreed_before(self._git, self.compiled, self.base)

    def delivered_before(self, name: str) -> bytes | None:
        """Give what a file of the delivery holds on the base branch; ``None`` where it was not there."""
        return delivered_before(self._git, name, self.contract.name, self.base)

    @property
    def _had_behaviours(self) -> bool:
        with suppress(OSError, ValueError, LookupError, TypeError):  # as C109 says of contract.json, C110 of the base
            name = str(self.contract_json["name"])  # as delivered: nobody's code is run to know what is looked at
            return delivered_before(self._git, BEHAVIOURS, name, self.base) is not None
        return False

    @cached_property
    def ignored(self) -> Ignored | None:
        """What git leaves out; where it leaves out all of a folder that is no project's, that is meant."""
        named = ("contract.py", *files.SERVED, HELD_OUT, files.MANIFEST)
        names = [name for name in named if (self.folder / name).exists()]
        left_out = ignored(self._git, names) if names else None
        return None if left_out and len(left_out.names) == len(names) and not self.own else left_out

    @cached_property
    def changed_files(self) -> frozenset[str] | None:
        """The delivery's files that are not what they were, see ``delivered_before``; ``None`` where git cannot say."""
        try:
            before = {name: self.delivered_before(name) for name in ("contract.py", *files.SERVED)}
        except NoBaseError:
            return None
        if None in before.values():
            return None  # there was no delivery
        return frozenset(name for name, content in before.items() if content != (self.folder / name).read_bytes())

    @cached_property
    def comparison(self) -> Comparison | None:
        """The model beside the one on the base branch; ``None`` where one is none, or answers another question.

        ``ValueError``, ``KeyError`` or ``TypeError`` when what the base branch has cannot be read.
        """
        agreed = self.delivered_before(files.CONTRACT)
        version = str(json.loads(agreed)["version"]) if agreed else ""
        # Another contract for callers: its model answers another question.
        return self.beside_before if version and generation(version) == generation(self.contract.version) else None

    @cached_property
    def beside_before(self) -> Comparison | None:
        """The same, of whatever contract; ``None`` where there is no model, or one whose labels are of another kind."""
        content = self.delivered_before(HELD_OUT)
        return compared(HeldOut.from_csv(content), self.held_out) if content is not None and not self.stand_in else None

    @cached_property
    def training(self) -> Path | None:
        """The program that trains it, where there is one."""
        return retraining.program(self.project, self.folder)

    @property
    def delivers(self) -> str:
        """What to type to train and deliver anew."""
        if self.training is None:
            return "call deliver()"
        return "make model" if self.own else f"python {shlex.quote(self.relative(self.training))}"

    @cached_property
    def training_root(self) -> Path:
        """The folder in which the training and all that it reads must lie: it is copied, to train there again.

        ``Skipped`` when it is too large to be copied.
        """
        root = retraining.root(self.project, self.folder)
        if not self.project.exists and retraining.exceeds(root):
            remedy = "keep the training in a smaller folder, or in a git repository of its own"
            limit = f"{retraining.MAX_MIB} MiB, too much to copy and train in"
            raise Skipped(f"{root} has more than {limit}: {remedy}")
        return root

    def trained_again(self, times: int = 1) -> Path:
        """Give the delivery that training again makes: the first, or another one.

        ``NotTrainedError`` when the training fails; every time that it is asked for.
        """
        if times not in self._trained:
            if self.training is None:
                raise retraining.NotTrainedError("there is no program that trains it")
            training = retraining.trained_again(self.project, self.training_root, self.folder, self.training)
            self._trained[times] = self._opened.enter_context(training)
        return self._trained[times].delivery

    @property
    def observed(self) -> Json | None:
        """What was seen while it trained again, see ``handover.observation``; ``None`` where it delivered unseen."""
        self.trained_again()
        return self._trained[1].observed

    # --- where it goes, and what answers there

    @cached_property
    def template(self) -> Template:
        """``template.yaml``."""
        return Template(self.project.template)

    @cached_property
    def samconfig(self) -> Samconfig:
        """``samconfig.toml``; what reading it raises, its properties raise."""
        return Samconfig(self.project.samconfig)

    @property
    def elsewhere(self) -> str:
        """Why the built function cannot be asked on this system, and what can be done here; nothing on Linux."""
        reason = unavailable()
        return f"{reason}; handover check --for modelling does without" if reason else ""

    @cached_property
    def function(self) -> BuiltFunction:
        """The built function and its runtime layer, with this delivery mounted as the model layer."""
        built = built_function(self.project.build)
        layer = Path(self._opened.enter_context(TemporaryDirectory(prefix="handover-model-")))
        (layer / "delivery").symlink_to(self.folder)
        others = tuple(other for other in built.layers if not (other / "delivery").is_dir())
        return replace(built, layers=(*others, layer))

    @cached_property
    def _pool(self) -> Pool:
        return self._opened.enter_context(Pool(self.function, 1, self.log.append))

    def ask(self, path: str, body: Any) -> Any:
        """Post a body to the built function, in AWS's runtime emulator, and give the answer's; see ``run.ask``."""
        return ask(self._pool, path, body)

    @cached_property
    def golden_answers(self) -> list[Json]:
        """What the built function answers to the golden rows."""
        return self.answers([line["row"] for line in self.golden])

    def answers(self, rows: Sequence[Json]) -> list[Json]:
        """Ask the built function for rows, in batches; raises what ``ask`` raises."""
        batches = batched(rows, MAX_BATCH_ROWS, strict=False)
        return [answer for batch in batches for answer in self.ask(PREDICT_BATCH.path, batch)]

    @cached_property
    def is_answered_as_built(self) -> bool:
        """Whether something is built that answers the golden rows."""
        try:
            self.golden_answers  # noqa: B018  asking is how to know
        except (NothingBuiltError, *UNANSWERED):
            return False
        return True

    def behaviours_before(self) -> tuple[bytes, ModuleType] | None:
        """Give ``behaviours.py`` as it was before, see ``delivered_before``, and run it beside what lies here now.

        ``None`` where it was not there.
        """
        content = self.delivered_before(BEHAVIOURS)
        if content is None:
            return None
        with TemporaryDirectory(prefix="handover-behaviours-") as folder:
            path = Path(folder) / BEHAVIOURS
            path.write_bytes(content)
            return content, run(path, "delivery_behaviours")

    @cached_property
    def behaviours(self) -> list[FaultError | running.Result]:
        """What became of each behaviour: golden rows are the built function's to answer, where it does."""
        golden = Asking(self.contract_json, self.answers if self.is_answered_as_built else self.answered_here)
        others = Asking(self.contract_json, self.answered_here)
        asking = {"golden rows": golden, "drawn rows": others, "rows by hand": others}
        rows = [line["row"] for line in self.golden]
        return list(running.run(self.folder / BEHAVIOURS, self.behaviours_module, rows, asking))

    @property
    def passed_at_random(self) -> list[Behaviour]:
        """The behaviours that pass with models which answer at random."""
        score, scores, random = self.contract.score, self.contract.scores, np.random.default_rng(0)

        def ask(rows: Sequence[Json]) -> list[Json]:
            given = random.uniform(score.low, score.high, (len(rows), len(scores.names)))
            return [scores.document(one.tolist(), str(self.contract.decide(one))) for one in given]

        asking = (Asking(self.contract_json, ask) for _ in range(running.RANDOM_MODELS))
        rows = [line["row"] for line in self.golden]
        return running.passed_at_random(self.folder / BEHAVIOURS, self.behaviours_module, rows, asking)

    @cached_property
    def latency(self) -> Latency:
        """How long the built function takes for the first golden row, cold and warm; measured when first asked for."""
        return measure(self.function, posted(PREDICT.path, self.golden[0]["row"]))
