"""What an order comes to: proven by a read, found to be there already, or given up.

Only here do a vendor's answers become facts about grants, requests and orders,
so that a targeted read and a complete sync settle in the same way (L12).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from uar import access_requests
from uar.grants import begin, found, lost
from uar.incidents import open_incident, settled
from uar.lifecycle import move
from uar.models import AccessRequest, Account, Connector, Entitlement, Grant, GrantCause
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind
from uar.models.states import OrderState
from uar.naming import full_name
from uar.provisioning import end_begun
from uar.work import Work

DONE = "It is done and proven."
OBSERVED = (OrderState.MANUAL, OrderState.SENT, OrderState.FAILED)


def proven(work: Work, row: Order, *, result: str) -> None:
    """Settle an order whose wish a read has just shown to be so.

    A grant begins and its clock with it (L4); a removal ends its grant.
    """
    if row.kind is OrderKind.GRANT:
        _given(work, row, result)
    else:
        _taken(work, row, result)
    settled(work, row.account_id, row.entitlement_id, DONE)


def already_there(work: Work, row: Order) -> None:
    """Settle an order for access that was there before our first call (L3): no end is set."""
    grant = found(work, row)
    move(
        work,
        row,
        OrderState.VERIFIED,
        settled_at=work.now,
        grant_id=grant.id,
        result="It was there already; nothing was sent and no end is set.",
    )
    settled(work, row.account_id, row.entitlement_id, DONE)
    if row.request_id is not None:
        access_requests.already_held(work, row.request_id)


def by_hand(work: Work, row: Order, *, result: str) -> None:
    """Leave an order to a person, because the connector cannot carry it out."""
    move(work, row, OrderState.MANUAL, result=result)


def unproven(work: Work, row: Order, *, result: str) -> None:
    """Give an order up that the vendor accepted and no read confirms; raise the alarm."""
    move(work, row, OrderState.FAILED, result=result)
    worry(work, row, IncidentKind.UNPROVEN, result)
    if row.kind is OrderKind.GRANT and row.request_id is not None:
        access_requests.failed(work, row.request_id, result)


def impossible(work: Work, row: Order, *, result: str) -> None:
    """Give an order up that must not be carried out any more (L7, L13)."""
    move(work, row, OrderState.FAILED, result=result)
    if row.kind is OrderKind.GRANT and row.request_id is not None:
        settled(work, row.account_id, row.entitlement_id, result)
        access_requests.failed(work, row.request_id, result)
    else:
        worry(work, row, IncidentKind.OVERDUE, result)


def worry(work: Work, row: Order, kind: IncidentKind, why: str) -> None:
    """Open an incident about an order, once."""
    account = work.session.get_one(Account, row.account_id)
    access = full_name(work.session, row.entitlement_id)
    wish = "give" if row.kind is OrderKind.GRANT else "remove"
    open_incident(
        work,
        kind,
        app_id=row.app_id,
        account_id=row.account_id,
        entitlement_id=row.entitlement_id,
        grant_id=row.grant_id,
        campaign_id=row.campaign_id,
        sentence=f"Could not {wish} “{access}” for {account.name} yet: {why}",
    )


def settle_observed(work: Work, observed: Sequence[tuple[int, bool]]) -> None:
    """Settle orders by what a complete sync showed: (order id, is held).

    Manual and sent ones, and grants given up too early: the vendor has made the
    change after all, so that its end must be set (L4).
    """
    for order_id, held in observed:
        row = work.session.get(Order, order_id, with_for_update=True)
        if row is None or row.state not in OBSERVED:
            continue
        if held == (row.kind is OrderKind.GRANT):
            proven(work, row, result="A complete read shows it.")


def _given(work: Work, row: Order, result: str) -> None:
    assert row.request_id is not None
    request = work.session.get_one(AccessRequest, row.request_id)
    ends_at = work.now + timedelta(minutes=request.granted_minutes)
    grant = begin(work, row, ends_at=ends_at)
    _verified(work, row, result, grant.id)
    access_requests.granted(work, request.id, grant.id, ends_at)


def _taken(work: Work, row: Order, result: str) -> None:
    grant = work.session.get(Grant, row.grant_id) if row.grant_id else None
    if grant is not None and grant.ended_at is None:
        end_begun(work, grant.id)
        _sync_what_hangs_on(work, row)
        lost(work, grant, order_id=row.id)
    _verified(work, row, result, row.grant_id)


def _verified(work: Work, row: Order, result: str, grant_id: int | None) -> None:
    move(
        work,
        row,
        OrderState.VERIFIED,
        settled_at=work.now,
        grant_id=grant_id,
        sent_at=row.sent_at,
        result=result,
    )


def _sync_what_hangs_on(work: Work, row: Order) -> None:
    """Read again soon when other access was inherited through what is now gone (L5)."""
    resource_id = sa.select(col(Entitlement.resource_id)).where(
        col(Entitlement.id) == row.entitlement_id
    )
    hangs = work.session.scalars(
        sa.select(col(GrantCause.id))
        .join(Grant, col(Grant.id) == col(GrantCause.grant_id))
        .where(
            col(Grant.account_id) == row.account_id,
            col(Grant.ended_at).is_(None),
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id) == resource_id.scalar_subquery(),
        )
    ).first()
    if hangs is not None:
        work.session.connection().execute(
            sa.update(Connector)
            .where(col(Connector.id) == row.connector_id)
            .values(next_sync_at=work.now)
        )
