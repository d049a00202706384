"""Removals that should be done by now and are not: an alarm for each, once (L16).

This is the net under everything else: whatever keeps a removal from being carried
out, somebody hears of it.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from uar.models import Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind, OrderReason
from uar.models.states import IncidentState, OrderState
from uar.settlement import worry
from uar.site import Site
from uar.work import Work

BATCH = 100
BY_ITSELF = timedelta(minutes=15)
"""How long after its moment a removal that uar carries out itself may take."""
BY_HAND = timedelta(hours=1)
"""How long a person may take for access whose time is over."""


def alarm_due(site: Site) -> int:
    """Raise an alarm about each removal that is late, up to a hundred; return how many.

    Not about what waits for a consent, and not about what a review leaves to a
    person: the campaign shows those. An alarm that somebody closed is not raised
    again for the same removal.
    """
    with site.working() as work:
        late = work.session.scalars(
            sa.select(Order)
            .where(col(Order.kind) == OrderKind.REVOKE, _is_late(work), ~_is_known())
            .order_by(col(Order.id))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for order in late:
            worry(work, order, IncidentKind.OVERDUE, order.result or "it is not done.")
        return len(late)


def _is_late(work: Work) -> sa.ColumnElement[bool]:
    timely = (OrderReason.EXPIRY, OrderReason.REAPPEARED)
    return sa.or_(
        sa.and_(
            col(Order.state).in_((OrderState.QUEUED, OrderState.SENDING)),
            col(Order.not_before) <= work.now - BY_ITSELF,
        ),
        sa.and_(col(Order.state) == OrderState.SENT, col(Order.sent_at) <= work.now - BY_ITSELF),
        sa.and_(
            col(Order.state).in_((OrderState.MANUAL, OrderState.FAILED)),
            col(Order.reason).in_(timely),
            col(Order.not_before) <= work.now - BY_HAND,
        ),
    )


def _is_known() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        col(Incident.account_id) == col(Order.account_id),
        col(Incident.entitlement_id) == col(Order.entitlement_id),
        col(Incident.kind).in_((IncidentKind.OVERDUE, IncidentKind.UNPROVEN)),
        sa.or_(
            col(Incident.state) == IncidentState.OPEN,
            col(Incident.opened_at) >= col(Order.not_before),
        ),
    )
