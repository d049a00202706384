"""Handing work on: a reviewer's rows by the campaign's owner, one's own rows, an approval step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request
from sqlmodel import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from uar import campaigns, clock, dashboard, plan_choices, queue, reassignment, step_handover
from uar.colleagues import named
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from uar.models import Identity
from uar.models.kinds import Role
from uar.reassignment import Reassigned, n_undecided
from uar.request_records import visible
from uar.review_rows import asked
from uar.reviews import NOT_YOURS
from uar.web import ANYBODY, back, me, open_to, reading, working
from uar.web.errors import record_refusal
from uar.web.filters import plural
from uar.web.forms import parse, typed

blueprint = Blueprint("handovers", __name__)

NOBODY = 0
"""Stands in an address for rows without a reviewer."""
MOST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Given:
    """To whom, and why; the domain insists on both."""

    to: str = typed("To whom", default="", most=200)
    reason: str = typed("Reason", default="", most=1000)
    reviewer: int = typed("Whose rows", default=NOBODY, most=MOST_ID)
    items: tuple[int, ...] = typed("Rows", default=())
    step: int | None = typed("Step", default=None)


@blueprint.get("/campaigns/<int:campaign_id>/handover")
@open_to(Role.CAMPAIGN_ADMIN)
def of_reviewer(campaign_id: int) -> str:
    """Say what one reviewer has not decided, and ask who shall."""
    return _reviewer_page(campaign_id, request.args)


@blueprint.post("/campaigns/<int:campaign_id>/handover")
@open_to(Role.CAMPAIGN_ADMIN)
def reassign(campaign_id: int) -> Response:
    """Give what a reviewer has not decided to somebody else."""
    try:
        form = parse(Given, request.form)
        with working() as work:
            to = named(work.session, form.to)
            done = reassignment.reassign(
                work, campaign_id, form.reviewer or None, to.id, form.reason
            )
    except (Invalid, Refused) as problem:
        return _again(_reviewer_page(campaign_id, request.form, problem), problem)
    return _said(f"/campaigns/{campaign_id}", done)


@blueprint.get("/reviews/<int:campaign_id>/handover")
@open_to(ANYBODY)
def of_rows(campaign_id: int) -> Response | str:
    """List my rows that I want to pass on, and ask to whom."""
    if not request.args.getlist("items"):
        return back(f"/reviews/{campaign_id}", "Select at least one row.", "info")
    return _rows_page(campaign_id, request.args)


@blueprint.post("/reviews/<int:campaign_id>/handover")
@open_to(ANYBODY)
def pass_rows_on(campaign_id: int) -> Response:
    """Pass my rows on."""
    try:
        form = parse(Given, request.form)
        with working() as work:
            to = named(work.session, form.to)
            done = reassignment.pass_on(work, campaign_id, form.items, to.id, form.reason)
    except (Invalid, Refused) as problem:
        return _again(_rows_page(campaign_id, request.form, problem), problem)
    with reading() as session:
        has_more = queue.totals(session, campaign_id, me().id).total > 0
    return _said(f"/reviews/{campaign_id}" if has_more else "/reviews", done)


@blueprint.get("/requests/<int:request_id>/handover")
@open_to(ANYBODY)
def of_step(request_id: int) -> str:
    """Say what would be passed on, and ask to whom."""
    return _step_page(request_id, request.args)


@blueprint.post("/requests/<int:request_id>/handover")
@open_to(ANYBODY)
def pass_step_on(request_id: int) -> Response:
    """Pass the step that is asked now on."""
    try:
        form = parse(Given, request.form)
        with working() as work:
            to = named(work.session, form.to)
            row = step_handover.pass_on(work, request_id, to.id, form.reason, step=form.step)
    except (Invalid, Refused) as problem:
        return _again(_step_page(request_id, request.form, problem), problem)
    return back("/requests", f"Passed on to {to.name}: {row.person}, {row.access}.")


def _again(page: str, problem: Invalid | Refused) -> Response:
    """Show the page with its problem and what was typed; a refusal is in the record (L28)."""
    record_refusal(problem)
    return make_response(page, problem.status)


def _said(where: str, done: Reassigned) -> Response:
    words = f"{plural(done.moved, 'row')} passed on to {done.taker}. {done.left}".strip()
    return back(where, words, "warn" if done.left else "good")


def _reviewer_page(
    campaign_id: int, values: MultiDict[str, str], problem: Invalid | Refused | None = None
) -> str:
    reviewer_id = next(iter(_ids(values, "reviewer")), NOBODY) or None
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
        if not campaigns.may_run(session, campaign, me().id):
            raise Forbidden("You may see this campaign and not run it.")
        n = n_undecided(session, campaign_id, reviewer_id)
        if not n or campaign.state not in reassignment.CAN:
            raise Conflict(
                "Nothing is undecided there any more.", subject=f"campaign:{campaign_id}"
            )
        person = session.get(Identity, reviewer_id) if reviewer_id else None
        context = {
            "campaign": {"id": campaign.id, "name": campaign.name},
            "reviewer": {"id": reviewer_id or NOBODY, "name": person.name if person else "nobody"},
            "n": n,
            "rows": dashboard.leftovers_of(session, campaign_id, reviewer_id),
            **_common(session, values, problem),
        }
    return render_template("handovers/reviewer.html", **context)


def _rows_page(
    campaign_id: int, values: MultiDict[str, str], problem: Invalid | Refused | None = None
) -> str:
    wanted = _ids(values, "items")
    with reading() as session:
        campaign = asked(session, campaign_id, me().id, clock.now())
        rows = queue.chosen(session, campaign, me().id, wanted)
        if not rows:
            raise NotFound(NOT_YOURS, subject=f"campaign:{campaign_id}")
        context = {
            "campaign": {"id": campaign.id, "name": campaign.name},
            "rows": rows,
            **_common(session, values, problem),
        }
    return render_template("handovers/rows.html", **context)


def _step_page(
    request_id: int, values: MultiDict[str, str], problem: Invalid | Refused | None = None
) -> str:
    with reading() as session:
        row = visible(session, request_id, me().id)
        if not row.may_decide(me().id):
            raise Forbidden(
                "This is not for you to decide.", subject=f"access_request:{request_id}"
            )
        context = {"request": row, **_common(session, values, problem)}
    return render_template("handovers/step.html", **context)


def _ids(values: MultiDict[str, str], name: str) -> list[int]:
    """Read ids as they came, at most as many as one passes on together; the rest is ignored."""
    texts = [text for text in values.getlist(name) if text.isascii() and text.isdigit()]
    return [id_ for text in texts[: reassignment.MOST] if (id_ := int(text[:10])) <= MOST_ID]


def _common(
    session: Session, values: MultiDict[str, str], problem: Invalid | Refused | None
) -> dict[str, Any]:
    """Return what all three pages show: whom one can choose, what was typed, what is wrong."""
    problems: dict[str, str] = {}
    if problem is not None:
        problems = problem.problems if isinstance(problem, Invalid) else {"to": problem.sentence}
    return {
        "people": plan_choices.stand_ins(session, me().id),
        "to": values.get("to", "")[:200],
        "reason": values.get("reason", "")[:1000],
        "problems": problems,
    }
