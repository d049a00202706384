"""The campaigns that ask one person something: to decide now, and finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import one, rows
from uar.models import Campaign, Identity, ReviewItem, SignOff
from uar.models.states import CampaignState, ItemState

MOST = 200


@dataclass(frozen=True, slots=True)
class MyCampaign:
    """One campaign that asks, or asked, a reviewer something; the counts are of her items."""

    id: int
    name: str
    owner: str
    due_at: datetime
    is_overdue: bool
    closed_at: datetime | None
    signed_at: datetime | None
    total: int
    undecided: int
    kept: int
    removed: int

    @property
    def decided(self) -> int:
        """Return how many need nothing any more."""
        return self.total - self.undecided

    @property
    def waits(self) -> bool:
        """Say whether she still has to decide or to sign."""
        return self.closed_at is None and self.signed_at is None


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A campaign that is frozen and not open yet, and will ask her something."""

    name: str


def my_campaigns(session: Session, identity_id: int, now: datetime) -> list[MyCampaign]:
    """List the campaigns that ask a person something, what is due first. One query."""
    return rows(
        session,
        MyCampaign,
        sa.select(
            col(Campaign.id),
            col(Campaign.name),
            col(Identity.name).label("owner"),
            col(Campaign.due_at),
            sa.and_(col(Campaign.due_at) < now, col(Campaign.closed_at).is_(None)).label(
                "is_overdue"
            ),
            col(Campaign.closed_at),
            col(SignOff.at).label("signed_at"),
            _mine(identity_id).label("total"),
            _mine(identity_id, ItemState.PENDING).label("undecided"),
            _mine(identity_id, ItemState.CERTIFIED).label("kept"),
            _mine(identity_id, ItemState.REVOKED).label("removed"),
        )
        .join(Identity, col(Identity.id) == col(Campaign.owner_id))
        .outerjoin(
            SignOff,
            sa.and_(col(SignOff.campaign_id) == col(Campaign.id), col(SignOff.by) == identity_id),
        )
        .where(
            col(Campaign.state).in_((CampaignState.OPEN, CampaignState.CLOSED)), _asks(identity_id)
        )
        .order_by(
            col(Campaign.closed_at).is_not(None),
            col(SignOff.at).is_not(None),
            col(Campaign.due_at),
            col(Campaign.id),
        )
        .limit(MOST),
    )


def upcoming(session: Session, identity_id: int) -> Upcoming | None:
    """Return the staged campaign that will ask a person next. One query."""
    return one(
        session,
        Upcoming,
        sa.select(col(Campaign.name))
        .where(col(Campaign.state) == CampaignState.STAGED, _asks(identity_id))
        .order_by(col(Campaign.due_at), col(Campaign.id))
        .limit(1),
    )


def _asks(identity_id: int) -> Any:
    return sa.exists().where(
        col(ReviewItem.campaign_id) == col(Campaign.id),
        col(ReviewItem.reviewer_id) == identity_id,
    )


def _mine(identity_id: int, *states: ItemState) -> Any:
    """Count her items in these states, all states when none is named, from an index alone."""
    counted = (
        sa.select(sa.func.count())
        .select_from(ReviewItem)
        .where(
            col(ReviewItem.campaign_id) == col(Campaign.id),
            col(ReviewItem.reviewer_id) == identity_id,
        )
        .correlate(Campaign)
    )
    if states:
        counted = counted.where(col(ReviewItem.state).in_(states))
    return counted.scalar_subquery()
