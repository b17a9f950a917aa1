"""Sees what a training gives to ``fit``, what ``matrix`` gave it, and what it delivers.

By ``sys.monitoring`` (PEP 669): the interpreter reports that a Python function starts, once for each function that is
none of ours, and then no more. No library is patched, no object replaced, and the training's speed is its own.

Only the standard library is imported here; see ``__main__``.
"""

import contextlib
import functools
import json
import os
import re
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from copy import replace
from dataclasses import dataclass, field
from inspect import CO_VARARGS, CO_VARKEYWORDS
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from handover.observation.conclusions import Floats, Table

FIT = ("fit", "partial_fit")
DATA = ("self", "data", "label")  # how `__init__` begins where a framework's own class takes data to be trained on
BEST = {"best_iteration_": 1, "best_iteration": 0}
"""Where LightGBM and CatBoost, and XGBoost, keep their best step, and the least that it is: LightGBM has 0 for none."""
CONTINUED = ("xgb_model", "init_model")
"""What XGBoost, and LightGBM and CatBoost, call the model that goes on learning."""
OFFSETS = ("base_margin", "init_score", "baseline")
"""What XGBoost, LightGBM and CatBoost call the numbers, often another model's answers, that a model starts from."""
WRAPPER = CO_VARARGS | CO_VARKEYWORDS  # what a decorator puts around a function takes whatever comes
WHY_UNSEEN = "it was loaded from a file, copied, or fitted in another process"
UNREAD = "was fitted more than once, and not always on what can be read as a table of numbers"
MAX_KEPT = 100_000_000  # numbers of matrix(), 400 MB; of more than these nothing is concluded
DATA_FILES = re.compile(r"(?i)\.(csv|feather|joblib|jsonl?|np[yz]|parquet|pickle|pkl|tsv|xlsx?)")
"""How the name of a file ends that a training may learn from."""
NOT_OF_THE_TRAINING = ("/dev", "/etc", "/proc", "/sys", "/usr")
MAX_PARTS = 10_000  # of a model; a forest of 1,000 trees has some 3,000

UPDATED = (("self", "dtrain"), ("self", "train_set"))  # how `update` of a booster of XGBoost, and LightGBM, begins
ASKED = ("predict", "predict_proba", "decision_function", "score")

type Kind = Literal["fit", "data", "ask", "update", "train", "matrix", "deliver"]


@dataclass
class Fitted:
    """What one object was fitted on, for as long as it lives."""

    alive: Any
    """A weak reference to the object, or itself where there can be none."""
    place: tuple[str, int] | None
    """Who called: the file, relative to the project, and its line; ``None`` for one outside of it."""
    tables: list["Table | None"] = field(default_factory=list)
    """One of each call that counts; ``None`` where it could not be read as a table of numbers."""
    labelled: bool = False
    """Whether labels were given as well: what learns without them is not judged by rows."""
    stopping: list["Table"] = field(default_factory=list)
    """The rows that it judged itself by while it learned, as ``eval_set``."""
    unknown: str = ""
    """Why nobody knows all rows that it learned from: how a sentence about its type's name ends."""
    offset: str = ""
    """Which word gave it numbers to start from."""

    @property
    def model(self) -> Any:
        """The object itself."""
        return self.alive() if isinstance(self.alive, weakref.ref) else self.alive

    @property
    def stopped_early(self) -> bool:
        """Whether such rows chose how much it learned, as boosted trees keep it."""
        return any(isinstance(best := getattr(self.model, name, None), int) and best >= BEST[name] for name in BEST)


class Observer:
    """Observes one training while it is open, and writes a summary (JSON, no row) when it has delivered.

    A training may make several deliveries: ``delivery`` is the folder of the one that is meant. The project is the
    current folder.
    """

    def __init__(self, delivery: Path, summary: Path) -> None:
        self._delivery = delivery
        self._summary = summary
        self._root = Path.cwd()
        self._fitted: dict[int, Fitted] = {}
        self._given: list[Floats] = []
        self._asked: list[Table] = []
        self._kinds: dict[CodeType, Kind] = {}
        self._given_numbers = 0
        self._busy = threading.local()  # a forest's trees, or a search's candidates, may be fitted in threads
        self._failure = ""
        self.outside: dict[str, tuple[str, int] | None] = {}
        """Files of data that were read from outside of the project, each with the line that did."""
        own = (sys.prefix, sys.base_prefix, tempfile.gettempdir(), Path(__file__).parents[1], *NOT_OF_THE_TRAINING)
        self._elsewhere = tuple(path for one in own for path in (Path(one), Path(one).resolve()))

    def __enter__(self) -> Self:
        _observers.append(self)
        _hook_in()
        self._tool = next(tool for tool in (4, 3, 2) if sys.monitoring.get_tool(tool) is None)
        sys.monitoring.use_tool_id(self._tool, "handover")
        events = sys.monitoring.events
        sys.monitoring.register_callback(self._tool, events.PY_START, self._started)
        sys.monitoring.register_callback(self._tool, events.PY_RETURN, self._returned)
        sys.monitoring.set_events(self._tool, events.PY_START)
        return self

    def __exit__(self, *_: object) -> None:
        _observers.remove(self)
        events = sys.monitoring.events
        sys.monitoring.set_events(self._tool, events.NO_EVENTS)
        for code in self._kinds:  # freeing the tool leaves these as they are
            sys.monitoring.set_local_events(self._tool, code, events.NO_EVENTS)
        for event in (events.PY_START, events.PY_RETURN):
            sys.monitoring.register_callback(self._tool, event, None)
        sys.monitoring.free_tool_id(self._tool)

    # --- what the interpreter reports

    def _started(self, code: CodeType, _: int) -> object:
        frame = sys._getframe(1)  # noqa: SLF001  # the interpreter gives the code, and its arguments only so
        kind = self._kinds.get(code) or _kind(code, frame)
        if kind is None:
            return sys.monitoring.DISABLE
        is_new, self._kinds[code] = code not in self._kinds, kind
        fit, ask, update = self._fit_started, self._was_asked, self._updated
        if note := {"fit": fit, "data": fit, "ask": ask, "update": update}.get(kind):
            self._safely(note, code, frame)
        elif is_new:
            sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.PY_RETURN)
        return None

    def _returned(self, code: CodeType, _: int, value: Any) -> None:
        note = {"train": self._trained, "matrix": self._laid_out, "deliver": self._delivered}[self._kinds[code]]
        self._safely(note, sys._getframe(1), value)  # noqa: SLF001  the frame is nowhere else

    def opened(self, name: str | bytes, mode: str | None, flags: int) -> None:
        """Note a file of data that is read from outside of the project, where a clone has no such file."""
        path = Path(os.fsdecode(name))
        if not DATA_FILES.fullmatch(path.suffix) or set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR):
            return
        whole = path.resolve()
        hidden = any(part.startswith(".") for part in whole.parts)  # what a library keeps in somebody's home
        if not hidden and not any(map(whole.is_relative_to, (self._root.resolve(), *self._elsewhere))):
            self.outside.setdefault(path.name, self._place(sys._getframe(1)))  # noqa: SLF001  # its callers

    def _safely(self, note: Any, *arguments: Any) -> None:
        """Note something; what goes wrong with that must not reach the training, and is reported in the summary."""
        if getattr(self._busy, "now", False):  # what is called from here is no part of the training
            return
        self._busy.now = True
        try:
            note(*arguments)
        except Exception as error:  # a summary says why it has nothing; the training goes on
            self._failure = f"{type(error).__name__}: {error}"
        finally:
            self._busy.now = False

    # --- what is noted

    def _fit_started(self, code: CodeType, frame: FrameType) -> None:
        from handover.observation.conclusions import table  # noqa: PLC0415  # numpy: the training has it by now

        model, data, *others = (frame.f_locals[name] for name in code.co_varnames[: code.co_argcount])
        fits = (caller for caller in _callers(frame) if self._kinds.get(caller.f_code) in ("fit", "data"))
        if any(caller.f_locals.get("self") is model for caller in fits):
            return  # a class's ``fit`` called from its subclass's: the outer one has what was given
        noted = self._fitted.get(id(model))
        goes_on = code.co_name == "partial_fit" or getattr(model, "warm_start", False)
        if noted is None or not goes_on:
            unseen = "goes on from a fit that was not seen" if goes_on and _is_fitted(model) else ""
            noted = Fitted(self._weakly(model), self._place(frame), unknown=unseen)
        self._continue(noted, frame)  # from what may be the model itself, as it was
        self._fitted[id(model)] = noted
        noted.tables.append(table(data))
        noted.stopping += [one for rows in _eval_sets(frame) if (one := table(rows)) is not None]
        noted.labelled |= self._kinds[code] == "data" or (bool(others) and others[0] is not None)

    def _continue(self, noted: Fitted, frame: FrameType) -> None:
        """Add to what a model learned from what that one did from which it goes on."""
        for word, model in _given(frame, CONTINUED):
            before = self._fitted.get(id(model))
            if before is None or before.unknown or None in before.tables:
                noted.unknown = f"goes on from the model that `{word}` gives, and not all fits of that were seen"
            noted.tables[:0] = before.tables if before else []
            noted.offset = noted.offset or (before.offset if before else "")
        noted.offset = next((word for word, _ in _given(frame, OFFSETS)), noted.offset)

    def _updated(self, code: CodeType, frame: FrameType) -> None:
        """Add rows that a booster is given once more, after its training."""
        booster, data = (self._fitted.get(id(frame.f_locals[name])) for name in code.co_varnames[:2])
        if booster and data:
            booster.tables += [one for one in data.tables if all(one is not other for other in booster.tables)]

    def _was_asked(self, code: CodeType, frame: FrameType) -> None:
        """Note which rows the program itself asks a model for; a library's own questions are nobody's choice."""
        from handover.observation.conclusions import table  # noqa: PLC0415  not before a training imports its own

        asking = next(caller for caller in _callers(frame) if caller.f_code.co_flags & WRAPPER != WRAPPER)
        if _ours(asking) or not (self._root / asking.f_code.co_filename).resolve().is_relative_to(self._root):
            return
        data = frame.f_locals[code.co_varnames[1]]
        tables = self._fitted[id(data)].tables if id(data) in self._fitted else [table(data)]
        self._asked += [one for one in tables if one is not None and len(one.hashes) > 1]

    def _place(self, frame: FrameType) -> tuple[str, int] | None:
        for caller in _callers(frame):
            file = (self._root / caller.f_code.co_filename).resolve()
            if file.is_relative_to(self._root) and not _ours(caller):
                return str(file.relative_to(self._root)), caller.f_lineno
        return None

    def _weakly(self, model: Any) -> Any:
        key = id(model)  # another object may have it, once this one is gone
        try:
            return weakref.ref(model, lambda _: self._fitted.pop(key, None))
        except TypeError:
            return model

    def _trained(self, frame: FrameType, booster: Any) -> None:
        """Note a model that a `train` made of data; one of the program itself may only pass it on."""
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        arguments = [given for name in names if not hasattr(given := frame.f_locals.get(name), "fit")]
        data = next((self._fitted[id(given)] for given in arguments if id(given) in self._fitted), None)
        if data and id(booster) not in self._fitted and hasattr(booster, "__dict__"):
            own, place = self._weakly(booster), self._place(frame)
            noted = Fitted(own, place, [*data.tables], labelled=True, offset=data.offset)
            self._continue(noted, frame)
            self._fitted[id(booster)] = noted

    def _laid_out(self, frame: FrameType, matrix: Any) -> None:
        if frame.f_back is not None and _ours(frame.f_back):  # deliver() asks for the rows that judge
            return
        self._given_numbers += matrix.values.size
        if self._given_numbers <= MAX_KEPT:
            self._given.append(matrix.values.copy())  # as it was given: what is changed in place afterwards shows

    def _delivered(self, frame: FrameType, _: Any) -> None:
        if Path(frame.f_locals["to"]).resolve() == self._delivery.resolve():
            try:
                summary = self._conclusions(frame, frame.f_locals["model"])
            except Exception as error:  # whatever it is, the training itself must not fail by being observed
                summary = {"unseen": f"the observation failed ({type(error).__name__}: {error})"}
            if self.outside:
                summary["outside"] = self.outside
            self._summary.write_text(json.dumps(summary, indent=2), encoding="utf-8")

    # --- what follows

    def _conclusions(self, frame: FrameType, model: Any) -> dict[str, Any]:
        from handover.observation.conclusions import as_taken, conclude, left_out  # noqa: PLC0415  as in _was_asked

        name, own = type(model).__name__, self._own(model)
        if self._failure:
            return {"unseen": f"the observation failed ({self._failure})"}
        if self._given_numbers > MAX_KEPT:
            return {"unseen": f"matrix() gave more than {MAX_KEPT:,} numbers"}
        if own is None:
            return {"unseen": f"no fit of the {name} that was delivered was seen: {WHY_UNSEEN}"}
        if own.tables[-1] is None:
            return {"unseen": f"the {name} was fitted on what cannot be read as a table of numbers"}
        rows, given = frame.f_locals["rows"], {word: frame.f_locals[word] for word in ("contract", "heuristics")}
        held_out = frame.f_globals["matrix"](rows, **given)
        # CatBoost takes no NaN where it takes codes.
        taken: list[int] = getattr(own.model, "get_cat_feature_indices", list)()
        codes = [column for column in held_out.categories if column in taken]
        laid_out = [as_taken(values, codes, own.tables[-1]) for values in self._given]
        held_out = replace(held_out, values=as_taken(held_out.values, codes, own.tables[-1]))
        parts, unseen = self._parts(model)
        learned = [table for part in parts if part.labelled for table in part.tables if table is not None]
        stopping = [table for part in parts if part.stopped_early for table in part.stopping]
        asked = [one.hashes for one in self._asked]
        set_apart = [table.hashes for fitted in self._fitted.values() for table in fitted.stopping]
        unread = next((UNREAD for part in parts if len(part.tables) > 1 and None in part.tables), "")
        unknown = next((part.unknown for part in parts if part.unknown), "") or unread
        if unseen:
            unknown = f"has a {unseen} in it of which no fit was seen: {WHY_UNSEEN}"
        return (
            {"model": name, "place": own.place}
            | ({"unknown": f"the {name} {unknown}, so which rows it learned from is not known"} if unknown else {})
            | {"offset": next((part.offset for part in parts if part.offset), "")}
            | conclude(own.tables[-1], learned, stopping, laid_out, held_out)
            | {"left": left_out(asked, [one.hashes for one in learned], set_apart, laid_out, held_out)}
        )

    def _own(self, model: Any) -> Fitted | None:
        """Find what a model's input was when it was fitted: of one that was put together, its first step's."""
        while id(model) not in self._fitted:
            if steps := getattr(model, "steps", None):
                model = steps[0][1]
            else:  # a frozen model, or a booster in scikit-learn's clothes
                model = getattr(model, "estimator", None) or vars(model).get("_Booster")
            if model is None:
                return None
        return self._fitted[id(model)]

    def _parts(self, model: Any) -> tuple[list[Fitted], str]:
        """Go through a model and all that it is made of: what was fitted, and the type of what is, and was not seen.

        What is below a model whose fit was seen was fitted by that, be it in another process; but for a frozen one.
        """
        waiting, seen = [(model, False)], {id(model)}
        parts: list[Fitted] = []
        unseen = ""
        while waiting and len(seen) < MAX_PARTS:
            part, covered = waiting.pop()
            kept = getattr(part, "__dict__", {})
            is_seen = id(part) in self._fitted or id(kept.get("_Booster")) in self._fitted
            if id(part) in self._fitted:
                parts.append(self._fitted[id(part)])
            elif not (covered or is_seen) and _is_fitted(part) and hasattr(part, "predict"):
                unseen = type(part).__name__
            cv = kept.get("cv")
            is_frozen = type(part).__name__ == "FrozenEstimator" or (isinstance(cv, str) and cv == "prefit")
            inner = part if isinstance(part, list | tuple | dict) else vars(part)
            for one in inner.values() if isinstance(inner, dict) else inner:
                if id(one) not in seen and (isinstance(one, list | tuple | dict) or hasattr(one, "__dict__")):
                    seen.add(id(one))
                    waiting.append((one, not is_frozen and (covered or is_seen)))
        return parts, unseen


_observers: list[Observer] = []


@functools.cache
def _hook_in() -> None:
    """Hear of each audited event, once for the process: nobody can take a hook away again, and each costs time."""
    sys.addaudithook(_audited)


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _observers and isinstance(arguments[0], str | bytes):
        with contextlib.suppress(Exception):  # which would end the training's own open()
            _observers[-1].opened(*arguments)


def _kind(code: CodeType, frame: FrameType) -> Kind | None:
    name, arguments = code.co_name, code.co_varnames[: code.co_argcount]
    if name in (*FIT, *ASKED) and len(arguments) >= 2 and arguments[0] == "self":
        return "fit" if name in FIT else "ask"
    if name == "update" and arguments[:2] in UPDATED:
        return "update"
    if name == "__init__" and arguments[:3] == DATA:
        return "data"
    if name == "train" or (name in ("matrix", "deliver") and _ours(frame)):
        return name  # type: ignore[return-value]  # one of the three
    return None


def _eval_sets(frame: FrameType) -> list[Any]:
    """Give the rows of ``eval_set``, of one pair of rows and labels or of several, and of LightGBM's ``eval_X``."""
    given, plain = frame.f_locals.get("eval_set"), frame.f_locals.get("eval_X")
    pairs = [given] if isinstance(given, tuple) else given if isinstance(given, list) else []
    alone = plain if isinstance(plain, tuple) else [] if plain is None else [plain]
    return [*(pair[0] for pair in pairs if isinstance(pair, tuple | list) and pair), *alone]


def _given(frame: FrameType, words: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Give those arguments of a call that have one of these names, and a value."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given = ((word, frame.f_locals.get(word)) for word in words if word in names)
    return ((word, value) for word, value in given if value is not None)


def _is_fitted(model: Any) -> bool:
    """Whether it has what a fit leaves behind, by scikit-learn's rule for names."""
    named = getattr(model, "__dict__", {}).items()
    return any(name.endswith("_") and not name.startswith("_") and value is not None for name, value in named)


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def _ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "handover"
