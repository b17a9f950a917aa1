"""The page that plays the hosting service: a server on loopback, and what it shows."""

import hashlib
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug import Request, Response
from werkzeug.exceptions import Forbidden, InternalServerError, NotFound
from werkzeug.serving import BaseWSGIServer
from werkzeug.utils import redirect

from handover.errors import CannotRunError
from handover.lesson import snapshots
from handover.lesson.exercises import EXERCISES, advance, missing
from handover.lesson.ground import MAIN, PORT, Ground
from handover.lesson.hosting import Hosting
from handover.lesson.records import Outcome
from handover.lesson.service import Service
from handover.local.emulator import LOOPBACK
from handover.local.server import listening
from handover.markup import coded
from handover.templates import environment

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY_BYTES = 10_000
"""Largest form that is read; a button's has the name of a branch."""


class Page:
    """What the page shows, and what its buttons do."""

    def __init__(self, ground: Ground, service: Service) -> None:
        self.ground = ground
        self.hosting = Hosting(ground)
        self.service = service
        self.notice = ""
        """What came of the last button, until the next one."""
        self._lock = RLock()  # one thing at a time: a button, or the look at what is done
        filters = {"coded": coded, "kind": _kind, "at": lambda name: quote(name, safe="")}
        self._templates = environment(Path(__file__).parent / "templates", html=True, filters=filters)

    def whole(self) -> str:
        """Show the exercise, the branches, the pull requests and what is deployed."""
        with self._lock:
            advance(self.ground)
            number = snapshots.reached(self.ground)
            going_on = number <= len(EXERCISES)
            branches = self.hosting.branches
            pulls = self.hosting.pulls
            return self._rendered(
                "page.html.jinja",
                number=number,
                exercises=EXERCISES,
                missing=missing(self.ground, number) if going_on else "",
                branches=[self._row(branch, commit, pulls) for branch, commit in branches.items()],
                pulls=pulls,
                deployed=self._deployed(),
            )

    def pull(self, branch: str) -> str | None:
        """Show a pull request; nothing where there is none."""
        with self._lock:
            if (pull := self.hosting.pull(branch)) is None:
                return None
            names, lines = self.hosting.changes(pull)
            commits = self.hosting.proposed(pull)
            return self._rendered(
                "pull.html.jinja",
                pull=pull,
                names=names,
                lines=lines.splitlines(),
                commits=commits,
                badge=self._badge(pull.head),
            )

    def report(self, commit: str) -> str | None:
        """Show the report of a commit's build, and note that it was opened; nothing where it has not ended."""
        record = self.hosting.record(commit)
        if not commit.isalnum() or record.outcome is Outcome.UNKNOWN:
            return None
        record.open()
        return record.html or self._rendered("log.html.jinja", record=record, subject=self.hosting.subject(commit))

    def press(self, path: str, form: dict[str, str]) -> str:
        """Do what a button says, and give where the browser goes next; what cannot be done becomes the notice."""
        branch = form.get("branch", "")
        of_the_pull = f"/pull?branch={quote(branch, safe='')}"
        with self._lock:
            try:
                match path:
                    case "/open":
                        self.hosting.open(branch)
                        self.notice = ""
                    case "/approve":
                        self.hosting.approve(branch)
                        self.notice = ""
                    case "/merge":
                        self.hosting.merge(branch)
                        self.notice = f"{branch} is merged. {MAIN} is built now, and then deployed."
                        return "/"
                    case "/back":
                        number = min(snapshots.reached(self.ground), len(EXERCISES))
                        kept = snapshots.restore(self.ground, number)
                        self.notice = f"This is the start of exercise {number}. {kept}"
                        return "/"
            except CannotRunError as error:
                self.notice = f"{str(error)[0].upper()}{str(error)[1:]}"
                return of_the_pull if self.hosting.pull(branch) else "/"
        return of_the_pull

    def _rendered(self, name: str, **words: Any) -> str:
        """Fill a template in; `state` is a word that changes when anything else of the page does."""
        template = self._templates.get_template(name)
        words |= {"ground": self.ground, "notice": self.notice, "main": MAIN, "live": self.service.live}
        words |= {"trouble": self.service.trouble or self.service.live.trouble}
        state = hashlib.sha256(template.render(words, state="").encode()).hexdigest()[:16]
        return template.render(words, state=state)

    def _row(self, branch: str, commit: str, pulls: list[Any]) -> dict[str, Any]:
        return {
            "name": branch,
            "commit": commit,
            "subject": self.hosting.subject(commit),
            "badge": self._badge(commit),
            "earlier": self._earlier(branch),
            "record": self.hosting.record(commit),
            "pull": next((pull for pull in pulls if pull.branch == branch), None),
            "new": branch != MAIN and not self.hosting.repository.contains(commit, MAIN),
        }

    def _earlier(self, branch: str) -> list[dict[str, Any]]:
        """List the builds of a branch's commits before its last one, the newest first."""
        commits = (self.hosting.repository.ask("rev-list", "--skip=1", f"{MAIN}..{branch}") or "").splitlines()
        ended = [commit for commit in commits if self.hosting.record(commit).outcome is not Outcome.UNKNOWN]
        return [
            {"commit": commit, "subject": self.hosting.subject(commit), "badge": self._badge(commit)}
            for commit in ended
        ]

    def _badge(self, commit: str) -> tuple[str, str]:
        """Give how a build stands: a class of the style sheet, and a word."""
        match self.hosting.record(commit).outcome:
            case Outcome.KEPT:
                return "kept", "green"
            case Outcome.BROKEN:
                return "broken", "red"
            case Outcome.FAILED:
                return "failed", "not checked"
        return ("running", "building") if self.service.building == commit else ("waiting", "waiting")

    def _deployed(self) -> list[dict[str, Any]]:
        """List what was deployed of the main branch, the newest first."""
        history = (self.hosting.repository.ask("rev-list", "--first-parent", "-20", MAIN) or "").splitlines()
        records = [record for commit in history if (record := self.hosting.record(commit)).answer]
        return [
            record.answer
            | {"subject": self.hosting.subject(record.commit), "live": record.commit == self.service.live.commit}
            for record in records
        ]


def _kind(line: str) -> str:
    """Give the class of a line of a difference."""
    if line.startswith(("diff ", "index ", "--- ", "+++ ", "@@")):
        return "about"
    return {"+": "added", "-": "removed"}.get(line[:1], "")


@contextmanager
def opened(ground: Ground, port: int | None = None) -> Iterator[BaseWSGIServer]:
    """Open the page; `serve_forever` of what is given answers. Builds and deployments end with it.

    Raises
    ------
    CannotRunError
        When a port is not available; names it.
    """
    chosen = port or ground.port
    for needed in (chosen, chosen + 1):
        _require_free(needed)
    ground.remote.do("config", "lesson.port", str(chosen))
    service = Service(ground)
    own = {f"{name}:{chosen}" for name in (LOOPBACK, "localhost")}
    with listening(chosen, _application(Page(ground, service), own)) as server:
        service.start()
        try:
            yield server
        finally:
            service.stop()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise CannotRunError(
                f"port {port} of {LOOPBACK} is not available ({error.strerror}): is the page open in another terminal? "
                f"If not, choose another port, as in --port {PORT + 100}"
            ) from None


def _application(page: Page, own: Collection[str]) -> "WSGIApplication":
    """Translate between HTTP and the page.

    Parameters
    ----------
    own
        What a browser on this machine calls this server: by a name of somebody else's that leads here, or with a form
        of another site's page, nobody gets an answer.
    """

    @Request.application
    def answer(request: Request) -> Response:
        origin = request.headers.get("origin", "").removeprefix("http://")
        if request.headers.get("host") not in own or (origin and origin not in own):
            raise Forbidden
        request.max_content_length = BODY_BYTES
        if request.method == "POST":
            return redirect(page.press(request.path, request.form.to_dict()), 303)
        try:
            text = _shown(page, request)
        except CannotRunError as error:  # what it looks at was moved or deleted
            raise InternalServerError(str(error)) from None
        if text is None:
            raise NotFound
        return Response(text, mimetype="text/html", headers={"cache-control": "no-store"})

    return answer


def _shown(page: Page, request: Request) -> str | None:
    match request.path.split("/"):
        case ["", ""]:
            return page.whole()
        case ["", "pull"]:
            return page.pull(request.args.get("branch", ""))
        case ["", "reports", commit]:
            return page.report(commit)
    return None
