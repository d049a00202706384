"""Alarms: what should not have happened, removing it again, or why it may rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from uar import comebacks, incidents
from uar.errors import Forbidden, Invalid, NotFound
from uar.models import Incident
from uar.models.kinds import IncidentKind, Role
from uar.models.states import IncidentState
from uar.web import OWNERS, back, me, open_to, reading, working
from uar.web.forms import again, parse, typed

blueprint = Blueprint("incidents", __name__)

SEE_ALL = (Role.CONNECTOR_ADMIN, Role.APP_ADMIN, Role.AUDITOR, Role.CAMPAIGN_ADMIN)
CLOSERS = (Role.CONNECTOR_ADMIN, Role.APP_ADMIN)

TITLES = {
    IncidentKind.REAPPEARED: "Access came back",
    IncidentKind.OVERDUE: "Access did not end on time",
    IncidentKind.UNPROVEN: "A change is not proven",
    IncidentKind.VANISHED: "Access vanished",
    IncidentKind.CHANGED: "Changed meanwhile",
}


@dataclass(frozen=True, slots=True)
class Closing:
    """Why nothing more is to be done, or why it is removed again."""

    reason: str = typed("Reason", most=500)


@blueprint.get("/incidents")
@open_to(OWNERS, *SEE_ALL)
def index() -> str:
    """List the alarms of all apps, or of those that the person owns. One query."""
    show = "closed" if request.args.get("show") == "closed" else "open"
    state = IncidentState(show)
    with reading() as session:
        found = incidents.incidents(session, app_ids=_scope(), state=state)
    return render_template("incidents/index.html", rows=found, show=show, titles=TITLES)


@blueprint.get("/incidents/<int:incident_id>")
@open_to(OWNERS, *SEE_ALL)
def show(incident_id: int) -> str:
    """Show one alarm."""
    return render_template("incidents/show.html", **_context(incident_id), problems={}, typed={})


@blueprint.post("/incidents/<int:incident_id>/closing")
@open_to(OWNERS, *CLOSERS)
def close(incident_id: int) -> Response:
    """Close an alarm."""
    context = _context(incident_id)
    if not context["can_close"]:
        raise Forbidden("You may look at this and not close it.", subject=f"incident:{incident_id}")
    try:
        form = parse(Closing, request.form)
    except Invalid as problem:
        return again("incidents/show.html", problem, **context)
    with working() as work:
        incidents.close(work, incident_id, form.reason)
    return back("/incidents", "Closed.")


@blueprint.post("/incidents/<int:incident_id>/removal")
@open_to(OWNERS)
def remove(incident_id: int) -> Response:
    """Have access that came back removed again, which closes the alarm."""
    context = _context(incident_id)
    try:
        form = parse(Closing, request.form)
        with working() as work:
            comebacks.remove_again(work, incident_id, form.reason)
    except Invalid as problem:
        return again("incidents/show.html", problem, **context)
    return back("/incidents", "Closed, and its removal is ordered.")


def _context(incident_id: int) -> dict[str, Any]:
    with reading() as session:
        found = incidents.incidents(session, incident_id=incident_id, app_ids=_scope(), state=None)
        if not found:
            raise NotFound("There is no such alarm.", subject=f"incident:{incident_id}")
        incident = session.get_one(Incident, incident_id)
        can_remove = comebacks.may_remove_again(session, incident, me().id)
    return {
        "incident": found[0],
        "title": TITLES[found[0].kind],
        "can_remove": can_remove,
        "can_close": found[0].state is IncidentState.OPEN
        and me().may_for(found[0].app_id, *CLOSERS),
    }


def _scope() -> frozenset[int] | None:
    """Return the apps whose alarms the person may see; None when all."""
    return None if me().may(*SEE_ALL) else me().owns
