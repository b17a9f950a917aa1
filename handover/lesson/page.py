"""The page that plays the hosting service: a server on loopback, and what it shows."""

import hashlib
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
from handover.lesson.ground import PORT, Ground
from handover.lesson.hosting import Outcome
from handover.lesson.repository import MAIN
from handover.lesson.service import Service
from handover.local.emulator import LOOPBACK
from handover.local.server import listening, open_port
from handover.markup import coded
from handover.templates import environment

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY_BYTES = 10_000
"""Largest form that is read; a button's has the name of a branch."""
ELSEWHERE = f"is the page open in another terminal? If not, choose another port, as in --port {PORT + 100}"
STATE = "the state of the page"
"""What stands in the layout in its place."""


class Page:
    """What the page shows, and what its buttons do."""

    def __init__(self, ground: Ground, service: Service) -> None:
        self.ground = ground
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
            todo = missing(self.ground, number) if number <= len(EXERCISES) else ""
            pulls = {pull.branch: pull for pull in self.ground.remote.pulls}
            return self._rendered("page.html.jinja", number=number, exercises=EXERCISES, missing=todo, pulls=pulls)

    def pull(self, branch: str) -> str:
        """Show a pull request; ``NotFound`` where there is none."""
        with self._lock:
            if (pull := self.ground.remote.pull(branch)) is None:
                raise NotFound
            names, lines = self.ground.remote.changes(pull)
            return self._rendered("pull.html.jinja", pull=pull, names=names, lines=lines)

    def report(self, commit: str) -> str:
        """Show the report of a commit's build, and note that it was opened; ``NotFound`` where it has not ended."""
        record = self.ground.remote.record(commit)
        if not commit.isalnum() or record.outcome is Outcome.UNKNOWN:
            raise NotFound
        record.open()
        return record.read("report.html") or self._rendered("log.html.jinja", record=record)

    def press(self, path: str, form: dict[str, str]) -> str:
        """Do what a button says, and give where the browser goes next; what cannot be done becomes the notice."""
        branch = form.get("branch", "")
        of_the_pull = f"/pull?branch={quote(branch, safe='')}"
        with self._lock:
            self.notice = ""
            try:
                match path:
                    case "/open":
                        self.ground.remote.open(branch)
                    case "/approve":
                        self.ground.remote.approve(branch)
                    case "/merge":
                        self.ground.remote.merge(branch)
                        self.notice = f"{branch} is merged. {MAIN} is built now, and then deployed."
                        return "/"
                    case "/back":
                        number = min(snapshots.reached(self.ground), len(EXERCISES))
                        kept = snapshots.restore(self.ground, number)
                        self.notice = f"This is the start of exercise {number}. {kept}"
                        return "/"
            except CannotRunError as error:
                self.notice = f"{str(error)[0].upper()}{str(error)[1:]}"
                return of_the_pull if self.ground.remote.pull(branch) else "/"
        return of_the_pull

    def _rendered(self, name: str, **words: Any) -> str:
        """Fill a template in; `state` is a word that changes when anything else of the page does."""
        words |= {"ground": self.ground, "hosting": self.ground.remote, "service": self.service, "main": MAIN}
        words |= {"notice": self.notice, "trouble": self.service.trouble or self.service.live.trouble}
        text = self._templates.get_template(name).render(words)
        return text.replace(STATE, hashlib.sha256(text.encode()).hexdigest()[:16])


def _kind(line: str) -> str:
    """Give the class of a line of a difference."""
    if line.startswith(("diff ", "index ", "--- ", "+++ ", "@@")):
        return "about"
    return {"+": "added", "-": "removed"}.get(line[:1], "")


@contextmanager
def opened(ground: Ground, port: int | None = None) -> Iterator[BaseWSGIServer]:
    """Open the page; `serve_forever` of what is given answers. Builds and deployments end with it.

    ``CannotRunError`` when a port is not available; names it.
    """
    chosen = port or ground.port
    for needed in (chosen, chosen + 1):
        open_port(needed, ELSEWHERE).close()
    ground.remote.do("config", "lesson.port", str(chosen))
    service = Service(ground)
    own = {f"{name}:{chosen}" for name in (LOOPBACK, "localhost")}
    with listening(chosen, _application(Page(ground, service), own)) as server:
        service.start()
        try:
            yield server
        finally:
            service.stop()


def _application(page: Page, own: Collection[str]) -> "WSGIApplication":
    """Translate between HTTP and the page.

    What a browser on this machine calls this server is its ``own``: by a name of somebody else's that leads here, or
    with a form of another site's page, nobody gets an answer.
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
            match request.path.split("/"):
                case ["", ""]:
                    text = page.whole()
                case ["", "pull"]:
                    text = page.pull(request.args.get("branch", ""))
                case ["", "reports", commit]:
                    text = page.report(commit)
                case _:
                    raise NotFound
        except CannotRunError as error:  # what it looks at was moved or deleted
            raise InternalServerError(str(error)) from None
        return Response(text, mimetype="text/html", headers={"cache-control": "no-store"})

    return answer
