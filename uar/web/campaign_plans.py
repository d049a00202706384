"""Planning campaigns: the form, what it would ask while one edits, and every row of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from uar import campaigns, clock, drafts, plan_choices, previews
from uar.assignment import Ladder
from uar.drafts import Draft, ladder_of, scope_of
from uar.errors import Invalid
from uar.models import Campaign
from uar.models.kinds import RemovalAt, ReviewerRule, Role
from uar.population import Scope
from uar.previews import Preview, preview
from uar.web import back, is_fragment, me, open_to, reading, site, working
from uar.web.forms import parse, typed
from uar.web.paging import after_id, cut

blueprint = Blueprint("campaign_plans", __name__)

PLANNERS = (Role.CAMPAIGN_ADMIN,)
DUE_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is typed into the form; ``types`` are ``app:type`` and narrow their app."""

    name: str = typed("Name", most=120)
    due_on: date = typed("Due date")
    reviewer_rule: ReviewerRule = typed("Who decides")
    fallback_id: int = typed("Who stands in")
    removal_at: RemovalAt = typed("When removals are sent", default=RemovalAt.SIGN_OFF)
    instructions: str = typed("Instructions", default="", most=2000)
    apps: tuple[int, ...] = typed("Apps", default=())
    types: tuple[str, ...] = typed("Kinds of access", default=())

    @property
    def draft(self) -> Draft:
        """Return the plan as the domain wants it."""
        return Draft(
            name=self.name,
            due_on=self.due_on,
            scope=_scope([str(app_id) for app_id in self.apps], list(self.types)),
            reviewer_rule=self.reviewer_rule,
            fallback_id=self.fallback_id,
            removal_at=self.removal_at,
            instructions=self.instructions,
        )


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it stands, right or wrong, as text."""

    name: str = ""
    due_on: str = ""
    apps: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    reviewer_rule: str = ReviewerRule.MANAGER.value
    fallback_id: str = ""
    removal_at: str = RemovalAt.SIGN_OFF.value
    instructions: str = ""


@blueprint.get("/campaigns/new")
@open_to(*PLANNERS)
def new() -> str:
    """Show the form, empty or filled like another campaign (``like``)."""
    like = request.args.get("like", type=int)
    if like is not None:
        with reading() as session:
            source = campaigns.visible(session, like, me().id)
            return _page(_typed_of(source, scope_of(session, like), due=_due()))
    return _page(Typed(due_on=_due().isoformat(), fallback_id=str(me().id)))


@blueprint.post("/campaigns")
@open_to(*PLANNERS)
def create() -> Response:
    """Save a plan as a draft."""
    try:
        draft = parse(Plan, request.form).draft
        with working() as work:
            campaign = drafts.create(work, draft)
    except Invalid as problem:
        return make_response(_page(_typed(request.form), problems=problem.problems), 422)
    return back(f"/campaigns/{campaign.id}", "Saved. Nothing is frozen yet.")


@blueprint.get("/campaigns/<int:campaign_id>/change")
@open_to(*PLANNERS)
def change_form(campaign_id: int) -> str:
    """Show the form of a draft."""
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
        form = _typed_of(campaign, scope_of(session, campaign_id))
    return _page(form, campaign)


@blueprint.post("/campaigns/<int:campaign_id>")
@open_to(*PLANNERS)
def change(campaign_id: int) -> Response:
    """Change a draft."""
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
    try:
        draft = parse(Plan, request.form).draft
        with working() as work:
            campaigns.change(work, campaign_id, draft)
    except Invalid as problem:
        return make_response(_page(_typed(request.form), campaign, problem.problems), 422)
    return back(f"/campaigns/{campaign_id}", "Saved.")


@blueprint.get("/campaigns/preview")
@open_to(*PLANNERS)
def preview_form() -> str:
    """Count what the form as it stands would ask; htmx gets only that part."""
    form = _typed(request.args)
    if not is_fragment():
        return _page(form)
    counted = _preview(form)
    return render_template("campaigns/_counted.html", preview=counted)


@blueprint.get("/campaigns/<int:campaign_id>/preview")
@open_to(Role.CAMPAIGN_ADMIN, Role.AUDITOR)
def preview_rows(campaign_id: int) -> str:
    """List every row that a draft would ask."""
    with reading() as session:
        campaign = campaigns.visible(session, campaign_id, me().id)
        scope, ladder = scope_of(session, campaign_id), ladder_of(campaign)
        counted = preview(session, scope, ladder, now=clock.now(), stale=_stale())
        found = previews.preview_rows(
            session, scope, ladder, after=after_id(), limit=previews.PAGE + 1
        )
    return render_template(
        "campaigns/preview.html",
        campaign=campaign_name(campaign),
        preview=counted,
        page=cut(found, "grant_id", size=previews.PAGE),
    )


def campaign_name(campaign: Campaign) -> dict[str, Any]:
    """Return the little of a campaign that a heading needs."""
    return {"id": campaign.id, "name": campaign.name}


def _page(
    form: Typed, campaign: Campaign | None = None, problems: dict[str, str] | None = None
) -> str:
    chosen = int(form.fallback_id) if form.fallback_id.isdigit() else None
    with reading() as session:
        apps = plan_choices.app_choices(session)
        people = plan_choices.stand_ins(session, me().id, chosen)
    return render_template(
        "campaigns/new.html",
        campaign=campaign_name(campaign) if campaign else None,
        form=form,
        apps=apps,
        people=people,
        problems=problems or {},
        preview=_preview(form),
    )


def _preview(form: Typed) -> Preview | None:
    """Count with what is filled in so far; None before any app is chosen."""
    scope = _scope(form.apps, form.types)
    if not scope:
        return None
    rule = ReviewerRule.APP_OWNER if form.reviewer_rule == "app_owner" else ReviewerRule.MANAGER
    fallback = int(form.fallback_id) if form.fallback_id.isdigit() else 0
    with reading() as session:
        return preview(
            session, scope, Ladder(rule, fallback, me().id), now=clock.now(), stale=_stale()
        )


def _scope(apps: list[str], types: list[str]) -> tuple[Scope, ...]:
    """Narrow a chosen app to its chosen kinds; an app without any is meant whole."""
    found = []
    for app_id in dict.fromkeys(app for app in apps if app.isdigit()):
        kinds = [kind for app, _, kind in (part.partition(":") for part in types) if app == app_id]
        found += [Scope(int(app_id), kind) for kind in kinds if kind] or [Scope(int(app_id))]
    return tuple(found)


def _typed(form: MultiDict[str, str]) -> Typed:
    texts = {
        name: form.get(name, "").strip()[:2000]
        for name in ("name", "due_on", "reviewer_rule", "fallback_id", "removal_at", "instructions")
    }
    return Typed(**texts, apps=form.getlist("apps"), types=form.getlist("types"))


def _typed_of(campaign: Campaign, scope: tuple[Scope, ...], due: date | None = None) -> Typed:
    zone = site().settings.zone
    return Typed(
        name=campaign.name,
        due_on=(due or campaign.due_at.astimezone(zone).date()).isoformat(),
        apps=list(dict.fromkeys(str(part.app_id) for part in scope)),
        types=[f"{part.app_id}:{part.resource_type}" for part in scope if part.resource_type],
        reviewer_rule=campaign.reviewer_rule.value,
        fallback_id=str(campaign.fallback_id),
        removal_at=campaign.removal_at.value,
        instructions=campaign.instructions,
    )


def _due() -> date:
    return (clock.now().astimezone(site().settings.zone) + DUE_AFTER).date()


def _stale() -> timedelta:
    return timedelta(hours=site().settings.stale_hours)
