"""Running campaigns: the list, one campaign's page, staging, opening, closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, render_template, request
from sqlmodel import Session, col
from werkzeug.wrappers import Response

from uar import campaigns, clock, dashboard, paces, reassignment, removal_rows
from uar.campaigns import Leftovers
from uar.drafts import PLANNERS, ladder_of, scope_of
from uar.errors import Invalid, Refused
from uar.incidents import incidents
from uar.models import App, Campaign, Identity
from uar.models.kinds import Completeness, RemovalAt, Role
from uar.models.states import CampaignState
from uar.previews import Preview, preview
from uar.sources import FrozenSource, frozen_sources, untrusted
from uar.web import back, me, open_to, reading, site, working
from uar.web.errors import record_refusal
from uar.web.filters import plural
from uar.web.forms import parse, typed
from uar.web.paging import after_id, cut
from uar.words import kind_name

blueprint = Blueprint("campaigns", __name__)

WHOM = (Role.CAMPAIGN_ADMIN, Role.AUDITOR)
RUNNERS = (Role.CAMPAIGN_ADMIN,)
COVERS = (Completeness.UNKNOWN, Completeness.PARTIAL, Completeness.SCOPED, Completeness.FULL)
"""From the least to the most that a population can cover."""


@dataclass(frozen=True, slots=True)
class Can:
    """What the signed-in person can do with a campaign now."""

    change: bool
    stage: bool
    open: bool
    close: bool
    cancel: bool
    copy: bool
    reassign: bool


@dataclass(frozen=True, slots=True)
class View:
    """One campaign as its pages show it; ``scope`` in words."""

    id: int
    name: str
    state: CampaignState
    owner: str
    due_at: datetime
    is_overdue: bool
    opened_at: datetime | None
    closed_at: datetime | None
    removal_at: RemovalAt
    instructions: str
    scope: str


@dataclass(frozen=True, slots=True)
class PopulationView:
    """What was frozen, from which reads, and who waived what."""

    frozen_at: datetime | None
    n_items: int
    hash: str
    sources: list[FrozenSource]
    completeness: Completeness
    waived_by: str
    waived_at: datetime | None
    waived_why: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a campaign is closed, and what becomes of what nobody decided."""

    reason: str = typed("Reason", default="", most=1000)
    leftovers: Leftovers = typed("What nobody decided", default=Leftovers.SKIP)


@blueprint.get("/campaigns")
@open_to(*WHOM)
def index() -> str:
    """List the campaigns that I run or may see. Two queries."""
    shows = {state.value: state for state in CampaignState}
    show = request.args.get("show", "all")
    with reading() as session:
        found = dashboard.campaigns_for(
            session, me().id, now=clock.now(), state=shows.get(show), after=after_id(),
            limit=dashboard.PAGE + 1,
        )  # fmt: skip
    return render_template(
        "campaigns/index.html",
        page=cut(found, "id", size=dashboard.PAGE),
        show=show if show in shows else "all",
        can_create=bool(me().roles & PLANNERS),
    )


@blueprint.get("/campaigns/<int:campaign_id>")
@open_to(*WHOM)
def show(campaign_id: int) -> str:
    """Show one campaign: what it would ask, or how far it is."""
    return _page(campaign_id)


@blueprint.post("/campaigns/<int:campaign_id>/staging")
@open_to(*RUNNERS)
def stage(campaign_id: int) -> Response:
    """Freeze the population."""
    with working() as work:
        n = campaigns.stage(work, campaign_id)
    return back(f"/campaigns/{campaign_id}", f"Frozen: {plural(n, 'row')}. Nobody is told yet.")


@blueprint.post("/campaigns/<int:campaign_id>/opening")
@open_to(*RUNNERS)
def open_campaign(campaign_id: int) -> Response:
    """Open it and tell the reviewers; with a signed waiver where a source cannot be trusted."""
    waiver = request.form.get("waiver", "")[:1000]
    try:
        with working() as work:
            campaigns.open_(work, campaign_id, waiver=waiver)
    except Refused as problem:
        record_refusal(problem)
        return make_response(_page(campaign_id, {"waiver": problem.sentence}), problem.status)
    return back(f"/campaigns/{campaign_id}", "Open. The reviewers have been told.")


@blueprint.post("/campaigns/<int:campaign_id>/cancellation")
@open_to(*RUNNERS)
def cancel(campaign_id: int) -> Response:
    """Give it up before it opens."""
    with working() as work:
        campaigns.cancel(work, campaign_id, reason=request.form.get("reason", "")[:1000])
    return back(f"/campaigns/{campaign_id}", "Cancelled. It stays readable.")


@blueprint.get("/campaigns/<int:campaign_id>/closing")
@open_to(*RUNNERS)
def closing(campaign_id: int) -> str:
    """Say what closing would do, with count and names."""
    return _closing_page(campaign_id, Closing(), {})


@blueprint.post("/campaigns/<int:campaign_id>/closing")
@open_to(*RUNNERS)
def close(campaign_id: int) -> Response:
    """Close it for good."""
    form = parse(Closing, request.form)
    try:
        with working() as work:
            campaigns.close(work, campaign_id, reason=form.reason, leftovers=form.leftovers)
    except Invalid as problem:
        return make_response(_closing_page(campaign_id, form, problem.problems), 422)
    return back(f"/campaigns/{campaign_id}", "Closed.")


def _page(campaign_id: int, problems: dict[str, str] | None = None) -> str:
    now, stale = clock.now(), timedelta(hours=site().settings.stale_hours)
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
        can = _can(campaign, runs=campaigns.may_run(session, campaign, me().id))
        staged = campaign.staged_at is not None
        planned = None if staged else _preview(session, campaign, now, stale)
        wrong = untrusted(session, campaign_id, now=now, stale=stale) if can.open else []
        context = {
            "campaign": _view(session, campaign, now),
            "totals": dashboard.campaign_totals(session, campaign_id),
            "reviewers": paces.reviewers(session, campaign, now) if staged else [],
            "removed": removal_rows.removal_counts(session, campaign_id),
            "removals": removal_rows.removals(session, campaign_id),
            "incidents": incidents(session, campaign_id=campaign_id),
            "population": _population(session, campaign) if staged else None,
            "log": dashboard.log(session, campaign_id),
        }
    return render_template(
        "campaigns/show.html",
        **context,
        can=can,
        preview=planned,
        wrong=wrong,
        problems=problems or {},
    )


def _closing_page(campaign_id: int, form: Closing, problems: dict[str, str]) -> str:
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
        if not _can(campaign, runs=campaigns.may_run(session, campaign, me().id)).close:
            raise Refused("Only an open campaign can be closed.", see=f"/campaigns/{campaign_id}")
        context: dict[str, Any] = {
            "campaign": _view(session, campaign, clock.now()),
            "totals": dashboard.campaign_totals(session, campaign_id),
            "rows": dashboard.leftovers(session, campaign_id),
            "n_unsigned": dashboard.unsigned(session, campaign_id),
        }
    return render_template("campaigns/close.html", **context, form=form, problems=problems)


def _can(campaign: Campaign, *, runs: bool) -> Can:
    draft, staged = (
        campaign.state is CampaignState.DRAFT,
        campaign.state is CampaignState.STAGED,
    )
    return Can(
        change=runs and draft,
        stage=runs and draft,
        open=runs and staged,
        close=runs and campaign.state is CampaignState.OPEN,
        cancel=runs and (draft or staged),
        copy=runs and not draft,
        reassign=runs and campaign.state in reassignment.CAN,
    )


def _preview(
    session: Session, campaign: Campaign, now: datetime, stale: timedelta
) -> Preview | None:
    if campaign.state is not CampaignState.DRAFT:
        return None
    scope = scope_of(session, campaign.id)
    return preview(session, scope, ladder_of(campaign), now=now, stale=stale)


def _view(session: Session, campaign: Campaign, now: datetime) -> View:
    parts = scope_of(session, campaign.id)
    names: dict[int, str] = {
        row.id: row.name
        for row in session.scalars(
            sa.select(App).where(col(App.id).in_({part.app_id for part in parts}))
        )
    }
    words: dict[int, list[str]] = {}
    for part in parts:
        words.setdefault(part.app_id, []).append(kind_name(part.resource_type))
    return View(
        id=campaign.id,
        name=campaign.name,
        state=campaign.state,
        owner=session.get_one(Identity, campaign.owner_id).name,
        due_at=campaign.due_at,
        is_overdue=campaign.state is CampaignState.OPEN and campaign.due_at < now,
        opened_at=campaign.opened_at,
        closed_at=campaign.closed_at,
        removal_at=campaign.removal_at,
        instructions=campaign.instructions,
        scope="; ".join(
            names[app_id] + (f": {', '.join(kinds)}" if any(kinds) else "")
            for app_id, kinds in words.items()
        ),
    )


def _population(session: Session, campaign: Campaign) -> PopulationView:
    read = frozen_sources(session, campaign.id)
    signer = session.get(Identity, campaign.waived_by) if campaign.waived_by else None
    least = min((COVERS.index(source.completeness) for source in read), default=0)
    return PopulationView(
        frozen_at=campaign.staged_at,
        n_items=campaign.population_count,
        hash=campaign.population_hash,
        sources=read,
        completeness=COVERS[least],
        waived_by=signer.name if signer else "",
        waived_at=campaign.waived_at,
        waived_why=campaign.waived_why,
    )
