"""A data file becomes a project: the files that every project has, the drafted contract and training, and the tool."""

import hashlib
import json
import re
import shlex
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from handover.contract import Contract, ContractError
from handover.draft import Draft, Report, Track, agreed, drafted, writing
from handover.draft.fields import Field, LeftOut
from handover.draft.target import Target
from handover.errors import CannotRunError
from handover.git import Snapshot, git
from handover.init import behaviours
from handover.init.hosting import CI, DEFAULT, PLACES, chosen, notes, place, placed, worded
from handover.init.release import File, Release, current
from handover.local.stack import unavailable
from handover.project import DISTRIBUTION, Project, toy_data
from handover.skips import FILE
from handover.templates import environment
from predictor.delivery import load_source

type Ask = Callable[[str], tuple[Sequence[Field], Target]]

EXAMPLE = "credit-risk"
"""The project whose files every other one gets, with its own name in place of this one."""
MAX_NAME = 20  # a role's name has 64 characters, and the stack's 28 (.github/oidc-role.yaml), with "-staging" in it
TEMPLATES = environment(Path(__file__).parent / "templates", html=False, filters={"shell": shlex.quote})
DELIVERY = Project(Path()).delivery.as_posix()
DATA = "modelling/data"
FIRST_COMMIT = "A project, as handover init writes it"
PRIVATE = """\
Git ignores {data}. Finish README.md beside it: where is the data kept?
contract.py has the words of every category, rare ones too: read it before you push."""
UNIGNORED = "{data} itself lies in this repository, where git does not ignore it: move it out before you commit."


def init(folder: Path, data: Path, target: str, track: Track = iter, *, private: bool = False, ci: CI = DEFAULT) -> str:
    """Write a project, in a folder that does not exist yet and has its name, of data as ``drafted`` takes it.

    ``private`` data stays out of the repository: git ignores it, and the draft quotes no single row.

    It says what became of each column, and what to do next.
    ``CannotRunError`` when the data cannot be used, the name is none, the folder exists, or another project of the
    repository has the name; nothing has been written then.
    """
    name = _vacant(folder)
    draft = drafted(name, data, target, track, private=private)

    def more(whole: Path) -> Mapping[str, File]:
        """Draft what the model must do, by the model that the project's training makes."""
        if private:
            (whole / DATA / draft.data.name).chmod(0o600)
        try:
            text = behaviours.drafted(whole, draft.report.fields, _usual_row(draft.report))
        except Exception:  # a training may fail in any way: `make model` says why, where something can be done about it
            return {}
        return {f"{DELIVERY}/behaviours.py": _file(text)} if text else {}

    written, *notes = _write_project(folder, name, _own(name, draft, ci, private=private), more, ci=ci)
    lines = [draft.report.text(), "", written]
    if private:
        lines.append(PRIVATE.format(data=f"{DATA}/{draft.data.name}"))
        # Whether git has it, or would take it with `git add --all`.
        if Snapshot(folder).text("ls-files", "--cached", "--others", "--exclude-standard", "--", str(data.resolve())):
            lines.append(UNIGNORED.format(data=data))
    return "\n".join([*lines, *notes, "", "Next:", *_next(folder, "train")])


def agree(folder: Path, ask: Ask, left_out: Sequence[LeftOut] = (), *, ci: CI = DEFAULT) -> str:
    """Write a project of a contract alone: there is no data and no model yet, and a stand-in answers.

    ``ask`` gives the fields and the answer of the contract of a name; ``left_out`` is what an example has, and the
    contract has not. It says what is still to be agreed, and what to do next.

    ``CannotRunError`` as ``init`` does, and when the contract is none.
    """
    name = _vacant(folder)
    fields, answer = ask(name)
    contract = agreed.contract(name, fields, answer)
    # What production could not enforce, or whose names callers could not tell apart, is refused.
    try:
        written: Contract = load_source(contract.encode(), Path("agreed_contract.py")).CONTRACT
        for _, fault in written.lookalikes:
            raise CannotRunError(fault)
    except ContractError as error:
        raise CannotRunError(str(error)) from error
    report = Report(name, "", tuple(fields), tuple(left_out), answer, ())
    own = _texts(name, report, {field.name: agreed.usual(field) for field in fields}, ci) | {
        f"{DELIVERY}/contract.py": _file(contract),
        f"{DELIVERY}/heuristics.py": _file(writing.rendered("heuristics.py", name=name, examples=())),
    }
    lines = _write_project(folder, name, own, lambda _: {}, ci=ci)
    questions = [(field.name, field.question) for field in fields if field.question]
    questions += [(column.header, f"Left out, for {column.why}.") for column in left_out]
    questions += [("the answer", answer.evidence)] if answer.evidence else []
    if questions:
        lines += ["", f"For both teams to settle, in {folder / DELIVERY / 'contract.py'}:"]
        lines += [f"  {name}: {question}" for name, question in questions]
    return "\n".join([*lines, "", "Next, with a stand-in that answers until there is a model:", *_next(folder, "stub")])


def _vacant(folder: Path) -> str:
    """Give the name of the project that a folder will be; nothing may be there yet."""
    plain = unicodedata.normalize("NFKD", folder.name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not re.match("[a-z]", name):
        raise CannotRunError(f"'{folder.name or folder}' is not a name: begin with a letter, as in my-model")
    if len(name) > MAX_NAME:
        raise CannotRunError(
            f"'{name}' is too long a name: AWS has room for {MAX_NAME} characters of it in the names of its roles"
        )
    if folder.exists() or folder.is_symlink():
        raise CannotRunError(f"{folder} is there already: choose another name, or remove it")
    return name


def _write_project(
    folder: Path, name: str, own: Mapping[str, File], more: Callable[[Path], Mapping[str, File]], *, ci: CI
) -> list[str]:
    """Write all files of a project at once, or none; say so, and what to know of its place in a repository.

    To what is its ``own``, ``more`` adds what is made of the project as it is by then, in a folder of its own.
    """
    inside = place(folder)
    files = rendered(current(), name, inside, ci) | dict(own)
    at_root = {path: file for path, file in files.items() if path.startswith("../")}
    if taken := [path for path in at_root if (folder.resolve() / path).resolve().exists()]:
        raise CannotRunError(
            f"{PurePath(taken[0]).name} is there already: a project in this repository is called {name}"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as scratch:
            whole = Path(scratch) / "project"
            write({path: file for path, file in files.items() if path not in at_root}, whole)
            last = more(whole)
            write(last, whole)
            whole.rename(folder)
        write(at_root, folder.resolve())
    except OSError as error:
        raise CannotRunError(f"{folder} cannot be written: {error.strerror}") from None
    return [f"{folder} is a project of {len(files) + len(last)} files{_committed(folder)}.", *notes(files, inside)]


def example(file: Path) -> Path:
    """Write the toy data; ``CannotRunError`` when the file exists, or cannot be written."""
    content = toy_data().read_bytes()
    try:
        with file.open("xb") as new:
            new.write(content)
    except FileExistsError:
        raise CannotRunError(f"{file} is there already: choose another name, or remove it") from None
    except OSError as error:
        raise CannotRunError(f"{file} cannot be written: {error.strerror}") from None
    return file


def rendered(release: Release, name: str, inside: str = ".", ci: CI = DEFAULT) -> dict[str, File]:
    """Give the files that the project called ``name`` has of a release, by their paths.

    Of a project ``inside`` a folder of its repository, what lies at the root has a path of ``../``.
    """
    files = {path: worded(file, {EXAMPLE: name}) for path, file in release.project.items()}
    return placed(chosen(files, ci), name, inside) | {
        "requirements/handover.txt": _filled("handover.txt", distribution=DISTRIBUTION, release=release),
        f"vendor/{release.name}": File(release.content),
    }


def write(files: Mapping[str, File], to: Path) -> None:
    """Write files below a folder."""
    for path, file in files.items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_bytes(file.content)
        mode = (to / path).stat().st_mode
        (to / path).chmod(mode | 0o111 if file.executable else mode & ~0o111)


def _own(name: str, draft: Draft, ci: CI, *, private: bool) -> dict[str, File]:
    """Give the files that are the project's own from the beginning, and that no upgrade touches."""
    files = _texts(name, draft.report, _usual_row(draft.report), ci, private=private) | {
        f"{DELIVERY}/contract.py": _file(draft.contract),
        f"{DELIVERY}/heuristics.py": _file(draft.heuristics),
        Project(Path()).training.as_posix(): _file(draft.training),
    }
    if private:
        words = {"data": draft.data, "sha256": hashlib.sha256(draft.data.content).hexdigest()}
        templates = {f"{DATA}/README.md": "data.md", f"{DATA}/.gitignore": "data.gitignore", FILE: "skips.toml"}
        files |= {path: _filled(template, **words) for path, template in templates.items()}
    kept = f"{DATA}/{draft.data.name}"
    if kept in files:
        raise CannotRunError(f"{draft.data.name} is a name that git would not ignore: give the data file another one")
    return files | {kept: File(draft.data.content)}


def _texts(name: str, report: Report, usual: Mapping[str, Any], ci: CI, *, private: bool = False) -> dict[str, File]:
    """Give what people read first, and what tools read of a project."""
    request = json.dumps(usual, ensure_ascii=False)
    words: dict[str, Any] = {"name": name, "report": report, "request": request, "private": private, "ci": ci}
    templates = {"README.md": "README.md", "pyproject.toml": "pyproject.toml", "modelling/card.md": "card.md"}
    return {path: worded(_filled(template, **words), PLACES[ci]) for path, template in templates.items()}


def _filled(template: str, /, **words: Any) -> File:
    return _file(TEMPLATES.get_template(f"{template}.jinja").render(**words))


def _file(text: str) -> File:
    return File(text.encode())


def _usual_row(report: Report) -> dict[str, Any]:
    """Make a row of each field's usual value: the middle one of numbers, the most frequent of others.

    Of several classes it is a usual row of the largest: one between them would be of none.
    """
    labels = report.target.labels.tolist()
    largest, _ = Counter(labels).most_common(1)[0]
    row = {}
    for field in report.fields:
        known = [value for value in field.values if value is not None]
        of_rows = zip(field.values, labels, strict=True)
        own = [value for value, label in of_rows if label == largest and value is not None]
        if report.target.classes and len(own) > 1:
            known = own
        most_common = Counter(known).most_common(1)[0][0]
        row[field.name] = replace(field, values=known).middle if field.is_number else most_common
    return row


def _next(folder: Path, delivers: str) -> list[str]:
    """Say what to type in a new project: on Linux all is one target; elsewhere each command, of which none is make."""
    if unavailable():
        return [f"  cd {folder}", "  handover setup", f"  handover {delivers}", "  handover check --for modelling"]
    return [f"  cd {shlex.quote(str(folder))} && make run"]


def _committed(folder: Path) -> str:
    """Commit a new project, unless it lies in a repository; say what came of it, as a sentence goes on."""
    if shutil.which("git") is None:
        return "; git is not installed, so nothing is committed"
    if git(folder, "rev-parse", "--is-inside-work-tree") is not None:
        return " in the repository that it lies in, for you to commit"
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    if git(folder, "commit", "--quiet", "--no-verify", "--message", FIRST_COMMIT) is not None:
        return ", and a repository with a first commit"
    return ", and a repository; for the first commit, tell git who you are (git config user.name, user.email)"
