"""What a campaign's owner and auditors see: the list of campaigns, totals, leftovers, the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.campaigns import READERS
from uar.db import AnySelect, rows
from uar.handover import handovers, undecided_of
from uar.models import AuditEntry, Campaign, Decision, Identity, ReviewItem, SignOff
from uar.models.kinds import Risk, Verdict
from uar.models.states import CampaignState, ItemState
from uar.permissions import roles_of
from uar.words import access_name

PAGE = 100


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign of the list. ``n_late`` counts reviewers with open work once it is overdue."""

    id: int
    name: str
    state: CampaignState
    owner: str
    due_at: datetime
    is_overdue: bool
    total: int
    decided: int
    n_late: int


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """How many items there are, by what was decided."""

    total: int
    kept: int
    removed: int
    undecided: int
    skipped: int
    void: int

    @property
    def decided(self) -> int:
        """Return how many need nothing any more."""
        return self.total - self.undecided


@dataclass(frozen=True, slots=True)
class Leftover:
    """One item that nobody has decided, and who was asked."""

    person: str
    app: str
    resource: str
    entitlement: str
    risk: Risk
    reviewer: str

    @property
    def access(self) -> str:
        """Name what is held."""
        return access_name(self.app, self.resource, self.entitlement)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened."""

    at: datetime
    words: str


def campaigns_for(
    session: Session,
    viewer_id: int,
    *,
    now: datetime,
    state: CampaignState | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> list[CampaignRow]:
    """List the campaigns that a person runs or may see, newest first. Two queries."""
    sees_all = bool(roles_of(session, viewer_id) & READERS)
    late = sa.and_(col(Campaign.due_at) < now, col(Campaign.state) == CampaignState.OPEN)
    undecided = _of_campaign(sa.func.count(), col(ReviewItem.state) == ItemState.PENDING)
    late_reviewers = _of_campaign(
        sa.func.count(sa.distinct(col(ReviewItem.reviewer_id))),
        col(ReviewItem.state) == ItemState.PENDING,
    )
    statement: AnySelect = (
        sa.select(
            col(Campaign.id),
            col(Campaign.name),
            col(Campaign.state),
            col(Identity.name).label("owner"),
            col(Campaign.due_at),
            late.label("is_overdue"),
            col(Campaign.population_count).label("total"),
            (col(Campaign.population_count) - undecided).label("decided"),
            sa.case((late, late_reviewers), else_=0).label("n_late"),
        )
        .join(Identity, col(Identity.id) == col(Campaign.owner_id))
        .order_by(col(Campaign.id).desc())
        .limit(limit)
    )
    if not sees_all:
        statement = statement.where(col(Campaign.owner_id) == viewer_id)
    if state is not None:
        statement = statement.where(col(Campaign.state) == state)
    if after is not None:
        statement = statement.where(col(Campaign.id) < after)
    return rows(session, CampaignRow, statement)


def campaign_totals(session: Session, campaign_id: int) -> CampaignTotals:
    """Count a campaign's items by state. One query, from an index alone."""
    found = session.connection().execute(
        sa.select(col(ReviewItem.state), sa.func.count())
        .where(col(ReviewItem.campaign_id) == campaign_id)
        .group_by(col(ReviewItem.state))
    )
    n = {ItemState(state): count for state, count in found}
    return CampaignTotals(
        total=sum(n.values()),
        kept=n.get(ItemState.CERTIFIED, 0),
        removed=n.get(ItemState.REVOKED, 0),
        undecided=n.get(ItemState.PENDING, 0),
        skipped=n.get(ItemState.SKIPPED, 0),
        void=n.get(ItemState.VOID, 0),
    )


def leftovers(session: Session, campaign_id: int, limit: int = PAGE) -> list[Leftover]:
    """List what nobody has decided, risky first. One query."""
    undecided = sa.and_(
        col(ReviewItem.campaign_id) == campaign_id, col(ReviewItem.state) == ItemState.PENDING
    )
    return _leftovers(session, undecided, limit)


def leftovers_of(
    session: Session, campaign_id: int, reviewer_id: int | None, limit: int = PAGE
) -> list[Leftover]:
    """List what one reviewer, or nobody (None), has still to decide, risky first. One query."""
    return _leftovers(session, undecided_of(campaign_id, reviewer_id), limit)


def unsigned(session: Session, campaign_id: int) -> int:
    """Count reviewers who were asked something and have not signed. One query."""
    signed = sa.exists().where(
        col(SignOff.campaign_id) == campaign_id, col(SignOff.by) == col(ReviewItem.reviewer_id)
    )
    return int(
        session.scalar(
            sa.select(sa.func.count(sa.distinct(col(ReviewItem.reviewer_id)))).where(
                col(ReviewItem.campaign_id) == campaign_id, ~signed
            )
        )
        or 0
    )


def log(session: Session, campaign_id: int, limit: int = 20) -> list[LogLine]:
    """List what happened last: decisions, handovers, what was done to it. Three queries."""
    decided = session.connection().execute(
        sa.select(
            col(Decision.at),
            col(Identity.name),
            col(Decision.verdict),
            col(ReviewItem.person),
            col(ReviewItem.app),
            col(ReviewItem.resource),
            col(ReviewItem.entitlement),
        )
        .join(ReviewItem, col(ReviewItem.id) == col(Decision.item_id))
        .join(Identity, col(Identity.id) == col(Decision.by))
        .where(col(ReviewItem.campaign_id) == campaign_id)
        .order_by(col(Decision.id).desc())
        .limit(limit)
    )
    verbs = {
        Verdict.CERTIFY: "kept",
        Verdict.REVOKE: "removed",
        Verdict.UNDO: "took back the decision on",
    }
    lines = [
        LogLine(at, f"{by} {verbs[verdict]} {access_name(*access)} for {person}")
        for at, by, verdict, person, *access in decided
    ]
    lines += [LogLine(row.at, row.words) for row in handovers(session, campaign_id, limit)]
    done = session.connection().execute(
        sa.select(
            col(AuditEntry.at), col(AuditEntry.actor), col(AuditEntry.action),
            col(AuditEntry.reason),
        )
        .where(col(AuditEntry.subject) == f"campaign:{campaign_id}")
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    )  # fmt: skip
    for at, actor, action, reason in done:
        what = action.rpartition(".")[2].replace("_", " ")
        lines.append(LogLine(at, f"{actor}: {what}" + (f" ({reason})" if reason else "")))
    return sorted(lines, key=lambda line: line.at, reverse=True)[:limit]


def _leftovers(session: Session, which: Any, limit: int) -> list[Leftover]:
    return rows(
        session,
        Leftover,
        sa.select(
            col(ReviewItem.person),
            col(ReviewItem.app),
            col(ReviewItem.resource),
            col(ReviewItem.entitlement),
            col(ReviewItem.risk),
            sa.func.coalesce(col(Identity.name), "nobody").label("reviewer"),
        )
        .outerjoin(Identity, col(Identity.id) == col(ReviewItem.reviewer_id))
        .where(which)
        .order_by(col(ReviewItem.rank), col(ReviewItem.id))
        .limit(limit),
    )


def _of_campaign(what: Any, *conditions: Any) -> Any:
    return (
        sa.select(what)
        .where(col(ReviewItem.campaign_id) == col(Campaign.id), *conditions)
        .correlate(Campaign)
        .scalar_subquery()
    )
