"""A campaign's removals as its dashboard shows them: ordered, on their way, proven, failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import rows
from uar.models import Entitlement, Grant, Resource, ReviewItem
from uar.models import ProvisioningOrder as Order
from uar.models.states import ItemState, OrderState
from uar.words import access_name

MOST = 100

BY_SOMEBODY = (OrderState.FAILED, OrderState.MANUAL, OrderState.CONSENT)
UNDER_WAY = (OrderState.QUEUED, OrderState.SENDING, OrderState.SENT, OrderState.CONSENT)


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """One ordered removal and how far it is."""

    order_id: int
    person: str
    app: str
    resource: str
    entitlement: str
    state: OrderState
    call: str
    result: str
    ordered_at: datetime
    not_before: datetime
    sent_at: datetime | None
    settled_at: datetime | None

    @property
    def access(self) -> str:
        """Name what is taken away."""
        return access_name(self.app, self.resource, self.entitlement)

    @property
    def verified_at(self) -> datetime | None:
        """Return when it was proven gone."""
        return self.settled_at if self.state is OrderState.VERIFIED else None

    @property
    def problem(self) -> str:
        """Say what keeps it, where somebody has to act."""
        return self.result if self.state in BY_SOMEBODY else ""


@dataclass(frozen=True, slots=True)
class RemovalCounts:
    """A campaign's removals. ``unproven`` items are decided as removed and still held."""

    ordered: int
    verified: int
    waiting: int
    manual: int
    failed: int
    cancelled: int
    unproven: int


def removal_counts(session: Session, campaign_id: int) -> RemovalCounts:
    """Count a campaign's orders by how far they are, and what is not proven gone. Two queries."""
    found = session.connection().execute(
        sa.select(col(Order.state), sa.func.count())
        .where(col(Order.campaign_id) == campaign_id)
        .group_by(col(Order.state))
    )
    n = {OrderState(state): count for state, count in found}
    unproven = session.scalar(
        sa.select(sa.func.count())
        .select_from(ReviewItem)
        .join(Grant, col(Grant.id) == col(ReviewItem.grant_id))
        .where(
            col(ReviewItem.campaign_id) == campaign_id,
            col(ReviewItem.state) == ItemState.REVOKED,
            col(Grant.ended_at).is_(None),
        )
    )
    return RemovalCounts(
        ordered=sum(n.values()) - n.get(OrderState.CANCELLED, 0),
        verified=n.get(OrderState.VERIFIED, 0),
        waiting=sum(n.get(state, 0) for state in UNDER_WAY),
        manual=n.get(OrderState.MANUAL, 0),
        failed=n.get(OrderState.FAILED, 0),
        cancelled=n.get(OrderState.CANCELLED, 0),
        unproven=int(unproven or 0),
    )


def removals(session: Session, campaign_id: int, limit: int = MOST) -> list[RemovalRow]:
    """List a campaign's orders, what needs somebody first, then the newest. One query."""
    urgency = sa.case(
        {state.value: n for n, state in enumerate((*BY_SOMEBODY, OrderState.SENT))},
        value=sa.cast(col(Order.state), sa.String),
        else_=9,
    )
    return rows(
        session,
        RemovalRow,
        sa.select(
            col(Order.id).label("order_id"),
            col(ReviewItem.person),
            col(ReviewItem.app),
            col(Resource.name).label("resource"),
            col(Entitlement.name).label("entitlement"),
            col(Order.state),
            col(Order.call),
            col(Order.result),
            col(Order.created_at).label("ordered_at"),
            col(Order.not_before),
            col(Order.sent_at),
            col(Order.settled_at),
        )
        .join(ReviewItem, col(ReviewItem.id) == col(Order.item_id))
        .join(Entitlement, col(Entitlement.id) == col(Order.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Order.campaign_id) == campaign_id)
        .order_by(urgency, col(Order.id).desc())
        .limit(limit),
    )
