"""Signing in and out. In demo mode one chooses who to be; otherwise sign-in must be configured.

Outside demo mode the page that lists people does not exist, and every page says
how sign-in is configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response

from uar import choices, sessions
from uar.settings import Settings, is_loopback
from uar.web import (
    ANYBODY,
    COOKIE,
    PUBLIC,
    NotSignedIn,
    me,
    open_to,
    reading,
    site,
    whoever,
    working,
)
from uar.web.edge import SAFE_METHODS
from uar.web.forms import parse, typed
from uar.work import SYSTEM

blueprint = Blueprint("signin", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who to be, and where to go then."""

    identity_id: int = typed("Person")
    next: str = typed("Next page", default="/")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody of the demo's cast: what she is here, and what to try as her."""

    id: int
    name: str
    sub: str
    attempt: str


def install(app: Flask) -> None:
    """Answer whoever is not signed in with the way to sign in."""
    app.register_error_handler(NotSignedIn, _ask)


def cookie_is_secure(settings: Settings) -> bool:
    """Say whether cookies go over https only: always, but on plain http to loopback."""
    base = urlsplit(settings.base_url)
    return base.scheme != "http" or not is_loopback(base.hostname or "")


@blueprint.get("/sign-in")
@open_to(PUBLIC)
def index() -> str:
    """List the people of the demo company, first those to begin with. Two queries."""
    _only_in_the_demo()
    q = request.args.get("q", "").strip()
    with reading() as session:
        people = choices.choices(session, q)
    cast: Mapping[str, tuple[str, str]] = {} if q else current_app.extensions["uar_cast"]
    by_mail = {person.email: person for person in people}
    suggested = [
        Suggestion(by_mail[mail].id, by_mail[mail].name, what, attempt)
        for mail, (what, attempt) in cast.items()
        if mail in by_mail
    ]
    return render_template(
        "signin/index.html",
        suggested=suggested,
        people=[person for person in people if person.email not in cast],
        q=q,
        next=_ours(request.args.get("next", "/")),
    )


@blueprint.post("/sign-in")
@open_to(PUBLIC)
def begin() -> Response:
    """Become somebody of the demo company."""
    _only_in_the_demo()
    form = parse(Choice, request.form)
    before = whoever()
    with site().working(SYSTEM) as work:
        token = sessions.begin(work, form.identity_id)
        if before is not None:  # nobody keeps the token of whom she was
            sessions.end(work, before.sign_in_id)
    response = redirect(_ours(form.next), 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=site().settings.session_hours * 60 * 60,
        httponly=True,
        samesite="Lax",
        secure=cookie_is_secure(site().settings),
    )
    return response


@blueprint.post("/sign-out")
@open_to(ANYBODY)
def end() -> Response:
    """Sign this browser out."""
    with working() as work:
        sessions.end(work, me().sign_in_id)
    response = redirect("/sign-in" if site().settings.demo else "/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def _ask(_error: NotSignedIn) -> Response:
    if not site().settings.demo:
        return make_response(render_template("signin/closed.html"), 401)
    wanted = request.full_path.rstrip("?") if request.method in SAFE_METHODS else "/"
    to = "/sign-in" if wanted == "/" else "/sign-in?next=" + quote(wanted, safe="/")
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": "/sign-in"})
    return redirect(to, 303)


def _only_in_the_demo() -> None:
    if not site().settings.demo:
        abort(404)


def _ours(path: str) -> str:
    """Return the path if it stays on this site, else the start page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
