"""Reviewing: my campaigns, the queue, decisions, and the signature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from uar import clock, my_reviews, queue, reviews
from uar.errors import Conflict, Invalid, NotFound, Refused, UarError
from uar.item_facts import item_facts
from uar.models.kinds import Verdict
from uar.models.states import CampaignState
from uar.queue import By, Filters, Show, Totals
from uar.review_rows import Asked, Row
from uar.review_rows import asked as asked_of
from uar.review_rows import row as row_of
from uar.web import ANYBODY, back, is_fragment, me, open_to, reading, site, working
from uar.web.errors import record_refusal
from uar.web.filters import plural
from uar.web.forms import parse, typed

blueprint = Blueprint("reviews", __name__)

SAID = {Verdict.CERTIFY: "Kept", Verdict.REVOKE: "Removed"}
EMPTY = {
    Show.UNDECIDED: "Nothing is undecided.",
    Show.ALL: "Nothing is asked of you here.",
    Show.KEPT: "You have kept nothing yet.",
    Show.REMOVED: "You have removed nothing yet.",
    Show.UNCHANGED: "Nothing is unchanged since the last review.",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What a reviewer says about one row."""

    verdict: Verdict = typed("Decision")
    reason: str = typed("Reason", default="", most=1000)


@dataclass(frozen=True, slots=True)
class DecidedTogether:
    """What a reviewer says about several rows; the domain insists on reason and rows."""

    verdict: Verdict = typed("Decision")
    reason: str = typed("Reason", default="", most=1000)
    items: tuple[int, ...] = typed("Rows", default=())


@dataclass(frozen=True, slots=True)
class Signed:
    """A reviewer's signature."""

    agree: bool = typed("Agreement", default=False)


@blueprint.get("/reviews")
@open_to(ANYBODY)
def index() -> str:
    """List the campaigns that ask me something. Two queries."""
    with reading() as session:
        found = my_reviews.my_campaigns(session, me().id, clock.now())
        upcoming = my_reviews.upcoming(session, me().id)
    return render_template(
        "reviews/index.html",
        open=[row for row in found if row.waits],
        finished=[row for row in reversed(found) if not row.waits],
        upcoming=upcoming,
    )


@blueprint.get("/reviews/<int:campaign_id>")
@open_to(ANYBODY)
def show(campaign_id: int) -> str:
    """Show a page of my queue in one campaign. Six queries, however long it is."""
    filters = _filters()
    with reading() as session:
        page = queue.queue(
            session, campaign_id, me().id, filters,
            after=request.args.get("after", type=int), now=clock.now(),
        )  # fmt: skip
    following = {**request.args.to_dict(), "after": page.after}
    return render_template(
        "reviews/queue.html",
        campaign=page.campaign,
        totals=page.totals,
        can_sign=_can_sign(page.campaign, page.totals),
        filters=filters,
        groups=page.groups,
        n_unchanged=page.n_unchanged,
        next_href=f"{request.path}?{urlencode(following)}" if page.after else None,
        empty_words=f"Nothing here matches “{filters.q}”." if filters.q else EMPTY[filters.show],
    )


@blueprint.get("/reviews/items/<int:item_id>")
@open_to(ANYBODY)
def item(item_id: int) -> str:
    """Show everything about one row: beside the queue for htmx, else as a page."""
    return _item_page(item_id)


@blueprint.post("/reviews/items/<int:item_id>/decision")
@open_to(ANYBODY)
def decide(item_id: int) -> Response:
    """Keep or remove one row."""
    try:
        form = parse(Decided, request.form)
        with working() as work:
            reviews.decide(work, item_id, form.verdict, form.reason)
    except (Invalid, Conflict, Refused) as problem:
        return _answer(item_id, problem=problem)
    return _answer(item_id, SAID[form.verdict])


@blueprint.post("/reviews/items/<int:item_id>/decision/undo")
@open_to(ANYBODY)
def undo(item_id: int) -> Response:
    """Take a decision back; where it is final, call its removal off while that is possible."""
    with reading() as session:
        _, campaign = row_of(session, item_id, me().id, clock.now())
    try:
        with working() as work:
            if campaign.is_changeable:
                reviews.undo(work, item_id)
            else:
                reviews.stop_removal(work, item_id)
    except (Conflict, Refused) as problem:
        return _answer(item_id, problem=problem)
    return _answer(item_id, "Undone" if campaign.is_changeable else "The removal is called off")


@blueprint.post("/reviews/<int:campaign_id>/decisions")
@open_to(ANYBODY)
def decide_many(campaign_id: int) -> Response:
    """Keep or remove several rows with one reason."""
    form = parse(DecidedTogether, request.form)
    try:
        with working() as work:
            n = reviews.decide_many(work, campaign_id, form.items, form.verdict, form.reason)
    except Invalid as problem:
        if request.form.get("page") != "unchanged":
            raise
        return make_response(_unchanged_page(campaign_id, form.reason, problem.problems), 422)
    return back(f"/reviews/{campaign_id}", f"{SAID[form.verdict]}: {plural(n, 'row')}.")


@blueprint.get("/reviews/<int:campaign_id>/unchanged")
@open_to(ANYBODY)
def unchanged(campaign_id: int) -> str:
    """List by name what has not changed since I kept it, to keep it together."""
    return _unchanged_page(campaign_id, "", {})


@blueprint.get("/reviews/<int:campaign_id>/signature")
@open_to(ANYBODY)
def signature(campaign_id: int) -> Response | str:
    """Show what I am about to sign."""
    with reading() as session:
        campaign = asked_of(session, campaign_id, me().id, clock.now())
    if campaign.signed_at is not None or campaign.state is CampaignState.CLOSED:
        return back(f"/reviews/{campaign_id}", "There is nothing more to sign here.", "info")
    return _signature_page(campaign_id, {})


@blueprint.post("/reviews/<int:campaign_id>/signature")
@open_to(ANYBODY)
def sign(campaign_id: int) -> Response:
    """Sign what I decided."""
    with reading() as session:
        campaign = asked_of(session, campaign_id, me().id, clock.now())
        totals = queue.totals(session, campaign_id, me().id)
    words = _statement(campaign, totals)
    try:
        if not parse(Signed, request.form).agree:
            raise Invalid("", {"agree": "Say that every decision is your own."})
        with working() as work:
            reviews.sign(work, campaign_id, words)
    except Invalid as problem:
        problems = problem.problems or {"": problem.sentence}
        return make_response(_signature_page(campaign_id, problems), 422)
    return back("/reviews", f"Signed: {campaign.name}. Thank you.")


def _filters() -> Filters:
    """Read what is looked at from the address; what makes no sense there is ignored."""
    shows, groups = {show.value: show for show in Show}, {by.value: by for by in By}
    return Filters(
        show=shows.get(request.args.get("show", ""), Show.UNDECIDED),
        q=request.args.get("q", "").strip()[:100],
        group=groups.get(request.args.get("group", ""), By.ACCESS),
    )


def _answer(item_id: int, said: str = "", problem: UarError | None = None) -> Response:
    """Show the row as it is now: in its place for htmx, else in the queue or on its page."""
    if problem is not None:
        record_refusal(problem)
    filters = _filters()
    with reading() as session:
        row, campaign = row_of(
            session, item_id, me().id, clock.now(), by_person=filters.group is By.PERSON
        )
        totals = queue.totals(session, campaign.id, me().id)
    status = problem.status if problem is not None else 200
    row = replace(row, problem=_sentence(problem), reason=_reason(row, problem))
    about = f"{row.person}, {row.access}"
    if is_fragment():
        page = render_template(
            "reviews/_decided.html",
            row=row,
            campaign=campaign,
            totals=totals,
            filters=filters,
            can_sign=_can_sign(campaign, totals),
            said=row.problem or f"{said}: {about}.",
        )
        return make_response(page, status)
    if problem is not None:
        return make_response(_item_page(item_id, row), status)
    query = "?group=person" if filters.group is By.PERSON else ""
    return back(f"/reviews/{campaign.id}{query}", f"{said}: {about}.")


def _sentence(problem: UarError | None) -> str:
    if isinstance(problem, Invalid):
        return " ".join(problem.problems.values()) or problem.sentence
    return problem.sentence if problem is not None else ""


def _reason(row: Row, problem: UarError | None) -> str:
    """Keep what was typed when it could not be used."""
    return request.form.get("reason", "")[:1000] if problem is not None else row.reason


def _item_page(item_id: int, row: Row | None = None) -> str:
    with reading() as session:
        found, campaign = row_of(session, item_id, me().id, clock.now())
        facts = item_facts(session, found, clock.now())
    return render_template(
        "reviews/_facts.html" if is_fragment() else "reviews/item.html",
        row=row or found,
        facts=facts,
        campaign=campaign,
        filters=Filters(),
    )


def _unchanged_page(campaign_id: int, reason: str, problems: dict[str, str]) -> str:
    with reading() as session:
        campaign = asked_of(session, campaign_id, me().id, clock.now())
        if not campaign.is_changeable:
            raise NotFound("There is nothing to decide here any more.")
        found = queue.unchanged(session, campaign_id, me().id, clock.now())
    return render_template(
        "reviews/keep_all.html", campaign=campaign, rows=found, reason=reason, problems=problems
    )


def _signature_page(campaign_id: int, problems: dict[str, str]) -> str:
    with reading() as session:
        campaign = asked_of(session, campaign_id, me().id, clock.now())
        totals = queue.totals(session, campaign_id, me().id)
        removals = queue.removed(session, campaign_id, me().id, clock.now())
    return render_template(
        "reviews/sign.html",
        campaign=campaign,
        totals=totals,
        removals=removals,
        n_removals=totals.removed,
        undo_seconds=site().settings.undo_seconds,
        statement=_statement(campaign, totals),
        problems=problems,
    )


def _statement(campaign: Asked, totals: Totals) -> str:
    return reviews.STATEMENT.format(
        n=plural(totals.total, "row"), name=campaign.name, kept=totals.kept, removed=totals.removed
    )


def _can_sign(campaign: Asked, totals: Totals) -> bool:
    return campaign.is_changeable and totals.undecided == 0
