"""Whom one can be in the demo, and what each is for. Reading only."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import (
    Account,
    App,
    AppOwner,
    Campaign,
    Entitlement,
    Grant,
    Identity,
    Resource,
    ReviewItem,
)
from uar.models.kinds import PersonStatus, Role
from uar.models.states import CampaignState, ItemState
from uar.permissions import TITLES

LIMIT = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One person whom one can be; ``purpose`` says what she does here, in words."""

    id: int
    name: str
    email: str
    sub: str
    purpose: str
    rank: int


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    name: str
    email: str
    title: str
    department: str
    n_items: int
    n_reports: int
    n_apps: int


def choices(session: Session, q: str = "") -> list[Choice]:
    """List everybody who works here, those with something to do first. Two queries."""
    statement: AnySelect = (
        sa.select(
            col(Identity.id),
            col(Identity.name),
            col(Identity.email),
            col(Identity.title),
            col(Identity.department),
            _n_items().label("n_items"),
            _n_reports().label("n_reports"),
            sa.select(sa.func.count())
            .select_from(AppOwner)
            .where(col(AppOwner.identity_id) == col(Identity.id))
            .scalar_subquery()
            .label("n_apps"),
        )
        .where(col(Identity.status) == PersonStatus.ACTIVE)
        .order_by(col(Identity.name), col(Identity.id))
        .limit(LIMIT)
    )
    for word in q.split():
        statement = statement.where(col(Identity.name).icontains(word, autoescape=True))
    found = rows(session, _Row, statement)
    roles = _roles(session)
    return sorted(
        (_choice(row, roles.get(row.id, [])) for row in found), key=lambda c: (c.rank, c.name, c.id)
    )


def _choice(row: _Row, roles: list[Role]) -> Choice:
    facts = [
        (0, f"reviewer, {row.n_items} to decide" if row.n_items else ""),
        *((1, TITLES[role][0].lower()) for role in roles),
        (2, _many(row.n_apps, "owner of an app", "owner of {} apps")),
        (3, _many(row.n_reports, "manager of one person", "manager of {} people")),
        (4, "" if roles else "employee"),
    ]
    said = [(rank, words) for rank, words in facts if words]
    words = ", ".join(words for rank, words in said if rank < 4 or len(said) == 1)
    sub = ", ".join(filter(None, (row.title, row.department)))
    return Choice(row.id, row.name, row.email, sub, words[:1].upper() + words[1:], said[0][0])


def _many(count: int, one: str, many: str) -> str:
    return "" if not count else one if count == 1 else many.format(count)


def _n_items() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(ReviewItem)
        .join(Campaign, col(Campaign.id) == col(ReviewItem.campaign_id))
        .where(
            col(ReviewItem.reviewer_id) == col(Identity.id),
            col(ReviewItem.state) == ItemState.PENDING,
            col(Campaign.state) == CampaignState.OPEN,
        )
        .correlate(Identity)
        .scalar_subquery()
    )


def _n_reports() -> sa.ScalarSelect[int]:
    report = sa.inspect(Identity).local_table.alias("report")
    return (
        sa.select(sa.func.count())
        .select_from(report)
        .where(report.c.manager_id == col(Identity.id), report.c.status == PersonStatus.ACTIVE)
        .correlate(Identity)
        .scalar_subquery()
    )


def _roles(session: Session) -> dict[int | None, list[Role]]:
    found = session.connection().execute(
        sa.select(col(Account.identity_id), col(Resource.vendor_id))
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .where(
            col(App.is_own), col(Grant.ended_at).is_(None), col(Account.identity_id).is_not(None)
        )
        .order_by(col(Resource.id))
    )
    roles: dict[int | None, list[Role]] = {}
    for identity_id, word in found:
        roles.setdefault(identity_id, []).append(Role(word))
    return roles
