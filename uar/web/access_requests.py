"""Requests: filing, the approvals inbox, one request with its log, deciding, taking back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from uar import clock
from uar.access_requests import cancel
from uar.approvals import Answer, decide
from uar.errors import Conflict, Invalid, UarError
from uar.filing import file
from uar.inbox import decided, inbox, n_decided_since
from uar.request_records import record_of, visible
from uar.web import ANYBODY, back, is_fragment, me, open_to, reading, site, working
from uar.web.access import ask_context
from uar.web.errors import record_refusal
from uar.web.forms import again, parse, typed
from uar.web.paging import PAGE, after_id, cut
from uar.web.request_cards import Card, card

blueprint = Blueprint("access_requests", __name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is typed to ask for access; ``minutes`` is a number, or "other" beside a number."""

    entitlement: int = typed("Access")
    minutes: str = typed("How long", default="", most=15)
    other_minutes: int = typed("How long", default=0)
    reason: str = typed("Why", default="", most=1000)

    @property
    def length(self) -> int:
        """Return the minutes asked for; 0 when none were."""
        if self.minutes == "other":
            return self.other_minutes
        return int(self.minutes) if self.minutes.isascii() and self.minutes.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is typed to decide; ``step`` is the position that the decider saw."""

    verdict: Answer = typed("Decision")
    reason: str = typed("Reason", default="", most=1000)
    step: int | None = typed("Step", default=None)


@blueprint.get("/requests")
@open_to(ANYBODY)
def index() -> str:
    """List what waits for one's decision, or what one decided."""
    show = "decided" if request.args.get("show") == "decided" else "waiting"
    today = (
        clock.now()
        .astimezone(site().settings.zone)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    with reading() as session:
        read = decided if show == "decided" else inbox
        page = cut(read(session, me().id, after=after_id(), limit=PAGE + 1), "request_id")
        n_today = n_decided_since(session, me().id, today)
    return render_template(
        "requests/index.html",
        show=show,
        rows=[card(row, me().id) for row in page.rows],
        more=page.more,
        next_href=page.next_href,
        n_today=n_today,
    )


@blueprint.post("/requests")
@open_to(ANYBODY)
def create() -> Response:
    """Ask for access."""
    try:
        form = parse(Wish, request.form)
        with working() as work:
            filed = file(work, form.entitlement, form.length, form.reason)
    except Invalid as problem:
        entitlement_id = request.form.get("entitlement", default=0, type=int)
        return again("access/ask.html", problem, **ask_context(entitlement_id))
    return back(f"/requests/{filed.id}", "Asked. You are told as soon as it is decided.")


@blueprint.get("/requests/<int:request_id>")
@open_to(ANYBODY)
def show(request_id: int) -> str:
    """Show one request."""
    return render_template("requests/show.html", **_context(request_id))


@blueprint.post("/requests/<int:request_id>/decision")
@open_to(ANYBODY)
def take(request_id: int) -> Response:
    """Decide the step that is asked now; each button has its minutes in the address."""
    try:
        form = parse(Verdict, request.form)
        minutes = request.args.get("minutes", type=int)
        with working() as work:
            decide(
                work,
                request_id,
                form.verdict,
                minutes=minutes if form.verdict is Answer.APPROVE else None,
                reason=form.reason,
                step=form.step,
            )
    except (Invalid, Conflict) as error:
        return _not_taken(request_id, error)
    fresh = _card(request_id)
    said = f"{fresh.decision or 'Decided'}: {fresh.person}, {fresh.access}."
    if is_fragment():
        return make_response(render_template("requests/_decided.html", row=fresh, said=said))
    return back("/requests", said)


@blueprint.post("/requests/<int:request_id>/cancellation")
@open_to(ANYBODY)
def take_back(request_id: int) -> Response:
    """Take one's own request back."""
    with working() as work:
        cancel(work, request_id)
    return back("/access", "The request is taken back.")


def _not_taken(request_id: int, error: UarError) -> Response:
    """Show the fresh row with what went wrong, and what was typed; nothing is lost."""
    record_refusal(error)
    fresh = _card(request_id)
    if isinstance(error, Conflict):
        row = replace(fresh, note=error.sentence)
    else:
        row = replace(fresh, problem=error.sentence, typed=request.form.get("reason", "")[:1000])
    if is_fragment():
        page = render_template("requests/_decided.html", row=row, said=error.sentence)
    else:
        page = render_template("requests/show.html", **{**_context(request_id), "row": row})
    response = make_response(page)
    response.status_code = error.status
    return response


def _card(request_id: int) -> Card:
    with reading() as session:
        return card(visible(session, request_id, me().id), me().id)


def _context(request_id: int) -> dict[str, Any]:
    now = clock.now()
    with reading() as session:
        record = record_of(session, request_id, me().id)
    left = 0.0
    if record.ends_at is not None and record.began_at is not None:
        lifetime = (record.ends_at - record.began_at).total_seconds()
        left = max((record.ends_at - now).total_seconds(), 0) / max(lifetime, 1)
    return {
        "record": record,
        "request": record.row,
        "row": card(record.row, me().id, n_lengths=4),
        "left": min(left, 1.0),
    }
