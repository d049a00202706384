"""What do I need, what do I hold: the catalogue, my access, giving back, more time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from uar import clock
from uar.catalogue import Offer, catalogue, offer
from uar.endings import give_back
from uar.filing import file_extension
from uar.holdings import MyAccess, lately_ended, my_access, one_of_mine
from uar.models.kinds import OrderReason, Risk
from uar.models.states import RequestState
from uar.request_records import my_requests
from uar.request_rows import RequestRow
from uar.web import ANYBODY, back, me, open_to, reading, working
from uar.web.filters import plural
from uar.web.forms import parse, typed
from uar.web.paging import PAGE, after_id, cut

blueprint = Blueprint("access", __name__)

USUAL = 60
"""Minutes that the form to ask begins with."""

ENDED_BY = {
    OrderReason.REQUEST: "",
    OrderReason.EXPIRY: "its time was over",
    OrderReason.GIVEN_BACK: "given back",
    OrderReason.REVIEW: "removed after a review",
    OrderReason.REAPPEARED: "removed again after it had come back",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Removal:
    """What is typed to give access back."""

    reason: str = typed("Reason", default="given back", most=500)
    sure: bool = typed("I know", default=False)


@dataclass(frozen=True, slots=True)
class Extension:
    """What is typed to ask for more time."""

    minutes: int = typed("How long", least=1)
    reason: str = typed("Why", default="", most=1000)


@dataclass(frozen=True, slots=True)
class Result:
    """One thing found in the catalogue."""

    entitlement_id: int
    access: str
    description: str
    risk: Risk
    holders: str
    deciders: str
    longest_minutes: int
    ask_href: str
    why_not: str
    why_not_href: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One of my own requests."""

    id: int
    access: str
    minutes: int
    filed_at: datetime
    settled_at: datetime | None
    state: RequestState
    who: str
    outcome: str
    can_cancel: bool
    again_href: str


@dataclass(frozen=True, slots=True)
class Past:
    """One thing that I held until lately."""

    access: str
    began_at: datetime
    ended_at: datetime
    why: str
    again_href: str


@blueprint.get("/access")
@open_to(ANYBODY)
def search() -> str:
    """Show what one holds and asked for, and what a search finds."""
    searched, q, now = "q" in request.args, request.args.get("q", "")[:200], clock.now()
    with reading() as session:
        found = catalogue(session, me().id, q, after=after_id(), limit=PAGE + 1) if searched else []
        held = my_access(session, me().id, now)
        waiting = my_requests(session, me().id, is_open=True)
        closed = my_requests(session, me().id, is_open=False, limit=10)
        ended = lately_ended(session, me().id, now)
    page = cut(found, "entitlement_id")
    return render_template(
        "access/index.html",
        q=q,
        results=[_result(row) for row in page.rows] if searched else None,
        next_href=page.next_href,
        held=held,
        waiting=[_asked(row) for row in waiting],
        past=[_asked(row) for row in closed],
        ended=[
            Past(row.access, row.began_at, row.ended_at, ENDED_BY[row.reason],
                 _ask_href(row.entitlement_id) if row.on_offer else "")
            for row in ended
        ],
    )  # fmt: skip


@blueprint.get("/access/<int:entitlement_id>/request")
@open_to(ANYBODY)
def ask(entitlement_id: int) -> str:
    """Show the form to ask for one thing: how long, why, who decides."""
    context = ask_context(entitlement_id)
    wanted = request.args.get("minutes", default=USUAL, type=int)
    minutes = min(max(wanted, 1), context["offer"].max_minutes)
    usual = minutes in context["offer"].durations
    form = {"minutes": minutes} if usual else {"minutes": "other", "other_minutes": minutes}
    return render_template("access/ask.html", **context, typed=form, problems={})


@blueprint.get("/grants/<int:grant_id>/removal")
@open_to(ANYBODY)
def confirm_removal(grant_id: int) -> str:
    """Ask whether access without an end is really to be given back."""
    return render_template("access/give_back.html", held=_mine(grant_id))


@blueprint.post("/grants/<int:grant_id>/removal")
@open_to(ANYBODY)
def remove(grant_id: int) -> Response:
    """Give access back. What has no end is given back on a page that says what that means."""
    form = parse(Removal, request.form)
    held = _mine(grant_id)
    if held.ends_at is None and not form.sure:
        return back(f"/grants/{grant_id}/removal")
    with working() as work:
        give_back(work, grant_id, why=form.reason)
    return back("/access", f"{held.access} is given back. It counts as gone once a read shows it.")


@blueprint.post("/grants/<int:grant_id>/extension")
@open_to(ANYBODY)
def extend(grant_id: int) -> Response:
    """Ask for more time."""
    form = parse(Extension, request.form)
    with working() as work:
        filed = file_extension(work, grant_id, form.minutes, form.reason)
    return back(f"/requests/{filed.id}", "Asked for more time.")


def ask_context(entitlement_id: int) -> dict[str, Any]:
    """Return what the form to ask needs. Raises NotFound for what cannot be asked for."""
    with reading() as session:
        found = offer(session, me().id, entitlement_id)
    return {"offer": found, "holders": holders(found), "deciders": deciders(found)}


def holders(row: Offer) -> str:
    """Say who else has it: "9 of 12 on your team hold it"."""
    if row.team and row.team_holds:
        return f"{row.team_holds} of {row.team} {row.team_name}"
    if not row.holders:
        return "nobody yet"
    return plural(row.holders, "person", "people")


def deciders(row: Offer) -> str:
    """Say who decides, in order: "Max Roth, then Rita Ortiz"."""
    return row.problem or ", then ".join(row.decides)


def _result(row: Offer) -> Result:
    why_not, href = "", ""
    if row.request_id is not None:
        why_not, href = "You asked for it", f"/requests/{row.request_id}"
    elif row.is_held and row.held_until is None:
        why_not = "You hold it"
    elif row.problem:
        why_not = "Nobody can decide"
    return Result(
        entitlement_id=row.entitlement_id,
        access=row.access,
        description=row.description,
        risk=row.risk,
        holders=holders(row),
        deciders=deciders(row),
        longest_minutes=row.max_minutes,
        ask_href="" if why_not else _ask_href(row.entitlement_id),
        why_not=why_not,
        why_not_href=href,
    )


def _asked(row: RequestRow) -> Asked:
    return Asked(
        id=row.request_id,
        access=row.access,
        minutes=row.granted_minutes,
        filed_at=row.filed_at,
        settled_at=row.settled_at,
        state=row.state,
        who=f"{row.deciders.words} decides" if row.deciders else "",
        outcome=row.outcome,
        can_cancel=row.state in (RequestState.WAITING, RequestState.APPROVED),
        again_href=f"{_ask_href(row.entitlement_id)}?minutes={row.minutes}",
    )


def _ask_href(entitlement_id: int) -> str:
    return f"/access/{entitlement_id}/request"


def _mine(grant_id: int) -> MyAccess:
    with reading() as session:
        return one_of_mine(session, me().id, grant_id, clock.now())
