"""Plans of campaigns: what is typed, checked and changed before anything is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.assignment import Ladder
from uar.db import rows
from uar.errors import Forbidden, Invalid
from uar.models import App, Campaign, CampaignScope, Identity
from uar.models.kinds import PersonStatus, RemovalAt, ReviewerRule, Role
from uar.permissions import roles_of
from uar.population import Scope
from uar.privileged import with_own_roles
from uar.work import Work

LONGEST_NAME = 120
FURTHEST_DUE = timedelta(days=2 * 366)
PLANNERS = frozenset({Role.CAMPAIGN_ADMIN, Role.SUPER_ADMIN})


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan. ``due_on`` counts to the end of that day where the organisation is."""

    name: str
    due_on: date
    scope: tuple[Scope, ...]
    reviewer_rule: ReviewerRule
    fallback_id: int
    removal_at: RemovalAt = RemovalAt.SIGN_OFF
    instructions: str = ""


def create(work: Work, draft: Draft) -> Campaign:
    """Write a plan down; the actor owns the campaign.

    Raises Forbidden to whoever is no campaign administrator, Invalid by field.
    """
    actor_id = work.actor.id
    if actor_id is None or not roles_of(work.session, actor_id) & PLANNERS:
        raise Forbidden("Only campaign administrators plan campaigns.")
    _insist_on_sense(work, draft)
    campaign = Campaign(owner_id=actor_id, created_at=work.now, **_columns(work, draft))
    work.session.add(campaign)
    work.session.flush()
    _add_scope(work, campaign.id, draft.scope)
    work.record("campaign.created", f"campaign:{campaign.id}", details=_details(draft))
    return campaign


def rewrite(work: Work, campaign: Campaign, draft: Draft) -> None:
    """Replace the plan of a draft that the actor may change. Raises Invalid by field."""
    _insist_on_sense(work, draft)
    for name, value in _columns(work, draft).items():
        setattr(campaign, name, value)
    work.session.flush()
    work.session.connection().execute(
        sa.delete(CampaignScope).where(col(CampaignScope.campaign_id) == campaign.id)
    )
    _add_scope(work, campaign.id, draft.scope)
    work.record("campaign.changed", f"campaign:{campaign.id}", details=_details(draft))


def scope_of(session: Session, campaign_id: int) -> tuple[Scope, ...]:
    """Return the scope of a campaign, by app and type."""
    return tuple(
        rows(
            session,
            Scope,
            sa.select(col(CampaignScope.app_id), col(CampaignScope.resource_type))
            .where(col(CampaignScope.campaign_id) == campaign_id)
            .order_by(col(CampaignScope.app_id), col(CampaignScope.resource_type)),
        )
    )


def complete_scope(work: Work, campaign_id: int) -> tuple[Scope, ...]:
    """Return what a campaign is about to freeze, after adding what belongs to it anyway (L25)."""
    planned = scope_of(work.session, campaign_id)
    scope = with_own_roles(work.session, planned)
    if added := scope[len(planned) :]:
        _add_scope(work, campaign_id, added)
        work.record(
            "campaign.scope_completed",
            f"campaign:{campaign_id}",
            reason="uar's own roles are part of every campaign over privileged access",
        )
    return scope


def ladder_of(campaign: Campaign) -> Ladder:
    """Return who reviews under a campaign."""
    return Ladder(campaign.reviewer_rule, campaign.fallback_id, campaign.owner_id)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the last second of a day in a time zone, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone).astimezone(UTC)


def _insist_on_sense(work: Work, draft: Draft) -> None:
    problems = {}
    if not draft.name.strip():
        problems["name"] = "Give it a name that reviewers understand."
    elif len(draft.name) > LONGEST_NAME:
        problems["name"] = f"The name is too long: at most {LONGEST_NAME} characters."
    if draft.due_on > (work.now + FURTHEST_DUE).date():
        problems["due_on"] = "Choose a due date within the next two years."
    elif end_of_day(draft.due_on, work.settings.zone) <= work.now:
        problems["due_on"] = "The due date has passed."
    apps = {part.app_id for part in draft.scope}
    known = set(work.session.scalars(sa.select(col(App.id)).where(col(App.id).in_(apps))))
    if not apps or apps != known:
        problems["apps"] = "Choose at least one app."
    fallback = work.session.get(Identity, draft.fallback_id)
    if fallback is None or fallback.status is not PersonStatus.ACTIVE:
        problems["fallback_id"] = "Choose somebody who works here."
    if problems:
        raise Invalid("The plan cannot be used yet.", problems)


def _columns(work: Work, draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name.strip(),
        "instructions": draft.instructions.strip(),
        "fallback_id": draft.fallback_id,
        "reviewer_rule": draft.reviewer_rule,
        "removal_at": draft.removal_at,
        "due_at": end_of_day(draft.due_on, work.settings.zone),
    }


def _add_scope(work: Work, campaign_id: int, scope: tuple[Scope, ...]) -> None:
    """Add each part once; a whole app makes its types superfluous."""
    whole = {part.app_id for part in scope if not part.resource_type}
    work.session.add_all(
        CampaignScope(campaign_id=campaign_id, app_id=app_id, resource_type=resource_type)
        for app_id, resource_type in sorted({(part.app_id, part.resource_type) for part in scope})
        if not resource_type or app_id not in whole
    )
    work.session.flush()


def _details(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name.strip(),
        "due_on": draft.due_on.isoformat(),
        "scope": [f"{part.app_id}:{part.resource_type}" for part in draft.scope],
        "reviewer_rule": draft.reviewer_rule.value,
        "fallback": draft.fallback_id,
        "removal_at": draft.removal_at.value,
    }
