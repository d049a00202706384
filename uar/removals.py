"""Removals that reviews decided: ordering them when their moment comes, and how far they are.

The moment is the campaign's (L17): at the decision, at the reviewer's sign-off or
when the campaign closes; the time for second thoughts comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import grants
from uar.db import rows
from uar.decisions import latest
from uar.errors import NotFound, Refused
from uar.models import (
    Campaign,
    Decision,
    Entitlement,
    Grant,
    GrantCause,
    ReviewItem,
    SignOff,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderReason, RemovalAt
from uar.models.states import CampaignState, ItemState, OrderState
from uar.provisioning import cancel_for_item
from uar.work import Work


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item whose access a reviewer wants removed, and why."""

    id: int
    grant_id: int
    campaign_id: int
    reason: str


def order_removal(work: Work, wanted: Wanted) -> None:
    """Order the removal of every path of one item's access, after the time for undoing.

    Access whose source is not known yet cannot be ordered away; the record says so,
    and closing the campaign tries again.
    """
    try:
        grants.remove(
            work,
            wanted.grant_id,
            reason=OrderReason.REVIEW,
            why=wanted.reason,
            not_before=work.now + timedelta(seconds=work.settings.undo_seconds),
            item_id=wanted.id,
            campaign_id=wanted.campaign_id,
        )
    except (Refused, NotFound) as error:
        work.record(
            "review_item.removal_not_ordered", f"review_item:{wanted.id}", reason=error.sentence
        )


def order_removals(work: Work, campaign_id: int, reviewer_id: int | None = None) -> int:
    """Order what is to be removed and was never ordered; return for how many items.

    Of one reviewer, or of the whole campaign. A removal that was called off has an
    order and is therefore not ordered again.
    """
    wanted = _wanted(
        work.session,
        col(ReviewItem.campaign_id) == campaign_id,
        sa.true() if reviewer_id is None else col(ReviewItem.reviewer_id) == reviewer_id,
        ~sa.exists().where(col(Order.item_id) == col(ReviewItem.id)),
    )
    for item in wanted:
        order_removal(work, item)
    return len(wanted)


def call_off(work: Work, item: ReviewItem, *, reason: str) -> bool:
    """Call off what one item's removal ordered, but not what other items still want removed.

    Says whether there was anything. Raises Conflict once any of it has begun: the
    decision is final then.
    """
    ordered = work.session.scalars(
        sa.select(col(Order.id)).where(
            col(Order.item_id) == item.id, col(Order.state) != OrderState.CANCELLED
        )
    ).first()
    if ordered is None:
        return False
    cancel_for_item(work, item.id, reason=reason)
    work.session.flush()
    for other in _wanted(work.session, _shares_a_path(item), _is_due()):
        order_removal(work, other)
    return True


def _wanted(session: Session, *conditions: sa.ColumnElement[bool]) -> list[Wanted]:
    """List items to be removed that still are there, in order, with the reason that counts."""
    return rows(
        session,
        Wanted,
        sa.select(
            col(ReviewItem.id),
            col(ReviewItem.grant_id),
            col(ReviewItem.campaign_id),
            col(Decision.reason),
        )
        .join(Grant, col(Grant.id) == col(ReviewItem.grant_id))
        .join(Decision, col(Decision.id) == latest())
        .where(
            col(ReviewItem.state) == ItemState.REVOKED, col(Grant.ended_at).is_(None), *conditions
        )
        .order_by(col(ReviewItem.id)),
    )


def _shares_a_path(item: ReviewItem) -> sa.ColumnElement[bool]:
    """Match other items whose removal goes through an order that was this item's."""
    order, through, cause = (
        sa.orm.aliased(Order),
        sa.orm.aliased(Entitlement),
        sa.orm.aliased(GrantCause),
    )
    inherited = sa.exists().where(
        col(cause.grant_id) == col(ReviewItem.grant_id),
        col(cause.ended_at).is_(None),
        col(cause.via_id) == col(through.resource_id),
    )
    return sa.and_(
        col(ReviewItem.id) != item.id,
        col(ReviewItem.account_id) == item.account_id,
        sa.exists()
        .where(
            col(order.item_id) == item.id,
            col(order.state) == OrderState.CANCELLED,
            col(through.id) == col(order.entitlement_id),
            sa.or_(col(order.entitlement_id) == col(ReviewItem.entitlement_id), inherited),
        )
        .correlate(ReviewItem),
    )


def _is_due() -> sa.ColumnElement[bool]:
    """Match items whose campaign has come to the moment at which removals are ordered."""
    signed = sa.exists().where(
        col(SignOff.campaign_id) == col(ReviewItem.campaign_id),
        col(SignOff.by) == col(ReviewItem.reviewer_id),
    )
    return (
        sa.exists()
        .where(
            col(Campaign.id) == col(ReviewItem.campaign_id),
            sa.or_(
                col(Campaign.state) == CampaignState.CLOSED,
                col(Campaign.removal_at) == RemovalAt.DECISION,
                sa.and_(col(Campaign.removal_at) == RemovalAt.SIGN_OFF, signed),
            ),
        )
        .correlate(ReviewItem)
    )
