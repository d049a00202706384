"""One answer for each kind of error: status, page or fragment, and a line in the record.

What failed rolled its own work back, so the refusal is recorded in a second unit
of work (L28).
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask import Flask, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused, UarError
from uar.web import NotSignedIn, recognise, site, whoever
from uar.web.edge import SAFE_METHODS
from uar.work import SYSTEM, request_ref

log = logging.getLogger("uar.web")

TITLES: dict[type[UarError], str] = {
    NotFound: "There is nothing here",
    Forbidden: "You may not do this",
    Invalid: "That cannot be used",
    Conflict: "Somebody was faster",
    Refused: "That is refused",
}
SENTENCES = {
    404: "There is no such page, or it is not yours to see.",
    405: "This address cannot be used like that.",
    413: "That is too much to send at once.",
}


def install(app: Flask) -> None:
    """Map every error to its answer."""
    app.register_error_handler(UarError, _ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(SecurityError, _not_our_name)
    for beyond in (sa.exc.DataError, OverflowError):
        app.register_error_handler(beyond, _beyond)
    app.register_error_handler(Exception, _unforeseen)


def answer(
    status: int, title: str, sentence: str, *, see: str = "", see_label: str = ""
) -> Response:
    """Show an error: a note at the top of the page for htmx, else a page of its own."""
    if "HX-Request" in request.headers:
        response = make_response(render_template("_problem.html", sentence=sentence, see=see))
        response.headers["HX-Retarget"] = "#flash"
        response.headers["HX-Reswap"] = "innerHTML"
        response.headers["HX-Reselect"] = "#problem"
    else:
        response = make_response(
            render_template(
                "error.html",
                status=status,
                title=title,
                sentence=sentence,
                action_href=see,
                action_label=see_label or ("Go on there" if see else ""),
                request_id=request_ref.get(),
            )
        )
    response.status_code = status
    return response


def _ours(error: UarError) -> Response:
    record_refusal(error)
    sentence = error.sentence
    if isinstance(error, Invalid):
        sentence = " ".join(dict.fromkeys([sentence, *error.problems.values()]))
    see, label = "", ""
    if isinstance(error, Refused):
        see = error.see
    elif request.method not in SAFE_METHODS and not isinstance(error, NotFound):
        see, label = _came_from(), "Go back"
    return answer(error.status, TITLES.get(type(error), "Something went wrong"), sentence, see=see,
                  see_label=label)  # fmt: skip


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=error.get_headers())
    sentence = SENTENCES.get(status, "This address cannot be used like that.")
    return answer(
        status, "There is nothing here" if status == 404 else "That cannot be done", sentence
    )


def _not_our_name(_error: SecurityError) -> Response:
    """Say it without a page: nothing of ours can be linked under a name that is not ours."""
    return Response("This site does not go by that name.\n", 400, mimetype="text/plain")


def _beyond(error: Exception) -> Response:
    """Say that something in the request is nothing that a database can hold."""
    log.warning("request=%s cannot be used: %s", request_ref.get(), type(error).__name__)
    return answer(400, TITLES[Invalid], "A number or a character in it cannot be used.")


def _unforeseen(error: Exception) -> Response:
    """Say that it is our fault. The trace goes to the log, never to the page."""
    log.error("request=%s failed", request_ref.get(), exc_info=error)
    return answer(
        500,
        "Something went wrong",
        "It is our fault, and nothing was changed. Try again; if it stays, tell your administrator "
        "the request's id.",
    )


def record_refusal(error: UarError) -> None:
    """Write a refusal into the record, in a unit of work of its own (L28)."""
    if "me" not in g:  # refused before anybody looked
        recognise()
    person = whoever()
    is_refusal = isinstance(error, Refused | Forbidden) or (
        isinstance(error, NotFound | Conflict) and request.method not in SAFE_METHODS
    )
    if not is_refusal or isinstance(error, NotSignedIn):
        return
    subject = error.subject or f"page:{request.path[:200]}"
    with site().working(person.actor if person else SYSTEM) as work:
        work.record(
            f"{subject.partition(':')[0]}.refused",
            subject,
            reason=error.sentence,
            details={"method": request.method, "path": request.path[:200], "status": error.status},
        )


def _came_from() -> str:
    """Return the page of ours that the form was on, or nothing."""
    referrer = request.headers.get("Referer", "")
    start = f"{request.scheme}://{request.host}/"
    path = "/" + referrer.removeprefix(start)
    leaves = path.startswith(("//", "/\\"))
    return path if referrer.startswith(start) and not leaves else ""
