"""What an order comes to: proven by a read, found to be there already, or given up.

Only here do a vendor's answers become facts about grants, requests and orders,
so that a targeted read and a complete sync settle in the same way (L12).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import EntitlementRecord
from uar import access_requests, exclusive
from uar.claims import right
from uar.grants import begin, ended, found, lost
from uar.incidents import open_incident, settled
from uar.lifecycle import move
from uar.models import AccessRequest, Account, Connector, Entitlement, Grant, GrantCause
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind, OrderReason
from uar.models.states import GrantState, OrderState
from uar.naming import full_name
from uar.provisioning import end_begun
from uar.work import Work

DONE = "It is done and proven."
OBSERVED = (OrderState.MANUAL, OrderState.SENT, OrderState.FAILED)
ENDS = (OrderReason.EXPIRY, OrderReason.GIVEN_BACK)


def proven(work: Work, row: Order, *, result: str) -> None:
    """Settle an order whose wish a read has just shown to be so.

    A grant begins and its clock with it (L4); a removal ends its grant.
    """
    if row.kind is OrderKind.GRANT:
        _given(work, row, result)
    else:
        _taken(work, row, result)
    settled(work, row.account_id, row.entitlement_id, DONE)


def released(work: Work, row: Order, *, instead: EntitlementRecord | None, result: str) -> None:
    """Settle the removal of exclusive access by what a read showed in its place (L6).

    What it was to give back is in force again if it is there. If something is there
    that nobody asked us for, nothing is changed and the app's owner is told.
    """
    session, about = work.session, (row.account_id, row.entitlement_id)
    wanted = session.get(Grant, row.restores_id) if row.restores_id else None
    wanted = wanted or exclusive.desired(session, *about)
    proven(work, row, result=result)
    displaced = exclusive.mates(session, *about, GrantState.DISPLACED)
    known = (*displaced, *exclusive.mates(session, *about, *exclusive.HOLDING))
    there = next((grant for grant in known if _is(session, grant, instead)), None)
    if there is not None:
        exclusive.put_back(work, there)
        return
    is_changed = wanted is not None or (instead is not None and row.reason in ENDS)
    for grant in displaced:  # the same read shows that they are not there
        ended(work, grant, order_id=None if is_changed else row.id)
    if is_changed:
        _changed_meanwhile(work, row, instead, wanted)


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
            if not held:
                exclusive.uncover(work, row.account_id, row.entitlement_id)


def _is(session: Session, grant: Grant, seen: EntitlementRecord | None) -> bool:
    mine = right(session, grant.entitlement_id)
    return seen is not None and (mine.resource, mine.slug) == (seen.resource, seen.slug)


def _changed_meanwhile(
    work: Work, row: Order, instead: EntitlementRecord | None, wanted: Grant | None
) -> None:
    account = work.session.get_one(Account, row.account_id)
    has = f"has “{instead.name}” now" if instead else "has none of them any more"
    lost_name = full_name(work.session, row.entitlement_id)
    given = full_name(work.session, wanted.entitlement_id) if wanted else ""
    kept = f" “{given}” was not given back." if given else ""
    open_incident(
        work,
        IncidentKind.CHANGED,
        app_id=row.app_id,
        account_id=row.account_id,
        entitlement_id=row.entitlement_id,
        grant_id=row.grant_id,
        sentence=f"{account.name} {has}, which somebody else set while uar gave “{lost_name}”: "
        f"nothing was changed.{kept}",
    )


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
