"""Claiming orders: which one is due in a lane, taken by compare-and-set, with a lease.

A claim is a frozen copy of everything that carrying the order out needs, so
that no row is held while a vendor is called.
"""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import AccountRecord, EntitlementRecord, Ref
from uar import exclusive
from uar.errors import Conflict
from uar.lifecycle import move
from uar.models import Account, Connector, Entitlement, Grant, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, Seen
from uar.models.orders import MOVING as MOVING_IN_SQL
from uar.models.orders import UNSETTLED
from uar.models.states import ConnectorState, OrderState
from uar.provisioning import why_by_hand
from uar.site import Site
from uar.work import Work

MOVING = (OrderState.QUEUED, OrderState.SENDING, OrderState.SENT)


@dataclass(frozen=True, slots=True)
class Claim:
    """One order taken, as it stood, with the records that a connector needs.

    ``lease`` names this one taking of it: whoever takes the order over later, even
    in the same process, has another. ``replaces`` is what giving exclusive access
    would take the place of, ``restores`` what taking it away gives back (L6).
    """

    order_id: int
    lease: str
    kind: OrderKind
    state: OrderState
    read_before: Seen
    attempts: int
    sent_at: datetime | None
    connector_id: int
    connector_kind: str
    by_hand: str
    account: AccountRecord
    entitlement: EntitlementRecord
    replaces: EntitlementRecord | None = None
    restores: EntitlementRecord | None = None
    restores_id: int | None = None


def lanes_due(session: Session, now: datetime) -> list[int]:
    """List the connectors that have an order to look at, lowest first. One query."""
    due = sa.exists().where(col(Order.connector_id) == col(Connector.id), _due(now))
    return list(
        session.scalars(sa.select(col(Connector.id)).where(due).order_by(col(Connector.id)))
    )


def next_at(session: Session) -> datetime | None:
    """Return when the next order wants to be looked at, or None. One query."""
    return session.scalars(
        sa.select(col(Order.next_at))
        .where(sa.text(MOVING_IN_SQL), _not_paused())  # word for word as in the partial index
        .order_by(col(Order.next_at))
        .limit(1)
    ).one_or_none()


def undescribed(session: Session) -> list[int]:
    """List the connectors with orders that do not say their exact call yet."""
    return list(
        session.scalars(
            sa.select(col(Order.connector_id))
            .where(
                col(Order.call) == "",
                sa.text(UNSETTLED),  # SQLite does not look into parameters for that
            )
            .distinct()
        )
    )


def claim(site: Site, connector_id: int) -> Claim | None:
    """Take the order of a lane that has been due for longest; None when there is none.

    A queued order becomes *sending*, for the length of the lease. One that was
    being sent when its lease ran out keeps its state: the claim says so, and it
    is read before it is sent again (L11).
    """
    with site.working() as work:
        row = work.session.scalars(
            sa.select(Order)
            .where(_due(work.now), col(Order.connector_id) == connector_id)
            .order_by(col(Order.next_at), col(Order.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        taken = _copy(work.session, row, f"{_process(os.getpid())}:{uuid.uuid4().hex[:8]}")
        until = work.now + timedelta(seconds=work.settings.lease_seconds)
        if row.state is OrderState.QUEUED:
            move(
                work,
                row,
                OrderState.SENDING,
                next_at=until,
                lease_by=taken.lease,
                attempts=row.attempts + 1,
            )
        else:
            _lease(work, row.id, until, taken.lease)
        return taken


def renew(work: Work, taken: Claim) -> Order:
    """Keep a claimed order for another lease, and return it as ``mine`` does."""
    row = mine(work, taken)
    until = work.now + timedelta(seconds=work.settings.lease_seconds)
    _lease(work, row.id, until, taken.lease)
    return row


def mine(work: Work, taken: Claim) -> Order:
    """Return the claimed order for writing.

    Raises Conflict when somebody else took it over or has settled it meanwhile.
    """
    row = work.session.get_one(Order, taken.order_id, with_for_update=True)
    if row.lease_by != taken.lease:
        raise Conflict("Another worker has taken this order over.")
    if row.state not in (OrderState.SENDING, OrderState.SENT):
        raise Conflict(f"It is {row.state.value} meanwhile.")
    return row


def release_dead(site: Site) -> int:
    """Let go at once of what a dead process on this machine had taken; return how many.

    Called when a worker starts, so that a restart does not wait for leases.
    """
    host, _, _ = _process(os.getpid()).partition(":")
    with site.working() as work:
        taken = work.session.scalars(
            sa.select(Order).where(
                col(Order.state).in_((OrderState.SENDING, OrderState.SENT)),
                col(Order.lease_by).startswith(f"{host}:", autoescape=True),
                col(Order.next_at) > work.now,
            )
        ).all()
        dead = [row.id for row in taken if not _lives(row.lease_by)]
        for order_id in dead:
            _lease(work, order_id, work.now, "")
        return len(dead)


def records(session: Session, row: Order) -> tuple[AccountRecord, EntitlementRecord]:
    """Return what an order is about in the vendor's own ids."""
    account = session.get_one(Account, row.account_id)
    return (
        AccountRecord(
            type=account.type,
            id=account.vendor_id,
            name=account.name,
            email=account.email,
            username=account.username,
        ),
        right(session, row.entitlement_id),
    )


def right(session: Session, entitlement_id: int) -> EntitlementRecord:
    """Return an entitlement in the vendor's own ids."""
    entitlement = session.get_one(Entitlement, entitlement_id)
    resource = session.get_one(Resource, entitlement.resource_id)
    return EntitlementRecord(
        resource=Ref(resource.type, resource.vendor_id),
        slug=entitlement.slug,
        name=entitlement.name,
        can_provision=entitlement.can_provision,
        fixed_why=entitlement.fixed_why,
        exclusive=entitlement.exclusive,
    )


def gives_back(session: Session, row: Order) -> Grant | None:
    """Return the displaced grant that a removal gives back; as it was sent, once it is (L6)."""
    if row.kind is not OrderKind.REVOKE:
        return None
    if row.state is OrderState.SENT:
        return session.get(Grant, row.restores_id) if row.restores_id else None
    return exclusive.desired(session, row.account_id, row.entitlement_id)


def _copy(session: Session, row: Order, lease: str) -> Claim:
    connector = session.get_one(Connector, row.connector_id)
    by_hand = why_by_hand(
        session,
        connector,
        session.get_one(Entitlement, row.entitlement_id),
        session.get_one(Account, row.account_id),
        row.kind,
    )
    account, entitlement = records(session, row)
    replaces = restores = None
    if entitlement.exclusive:
        if row.kind is OrderKind.GRANT:
            replaces = exclusive.replaced(session, row.account_id, row.entitlement_id)
        restores = gives_back(session, row)
    return Claim(
        order_id=row.id,
        lease=lease,
        kind=row.kind,
        state=row.state,
        read_before=row.read_before,
        attempts=row.attempts,
        sent_at=row.sent_at,
        connector_id=row.connector_id,
        connector_kind=connector.kind,
        by_hand=by_hand,
        account=account,
        entitlement=entitlement,
        replaces=right(session, replaces.entitlement_id) if replaces else None,
        restores=right(session, restores.entitlement_id) if restores else None,
        restores_id=restores.id if restores else None,
    )


def _lease(work: Work, order_id: int, until: datetime, lease: str) -> None:
    work.session.connection().execute(
        sa.update(Order).where(col(Order.id) == order_id).values(next_at=until, lease_by=lease)
    )


def _due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(col(Order.state).in_(MOVING), col(Order.next_at) <= now, _not_paused())


def _not_paused() -> sa.ColumnElement[bool]:
    """Pausing a connector stops new grants; removals that are due go on (L16).

    So does what may have been sent already: the clock of such a grant has to start (L4).
    """
    paused = sa.select(col(Connector.id)).where(col(Connector.state) == ConnectorState.PAUSED)
    return sa.or_(
        col(Order.kind) == OrderKind.REVOKE,
        col(Order.state) != OrderState.QUEUED,
        col(Order.connector_id).not_in(paused),
    )


@cache
def _process(pid: int) -> str:
    """Name a process in leases; it is asked by its number, for a forked one is another."""
    return f"{socket.gethostname()}:{pid}:{uuid.uuid4().hex[:8]}"


def _lives(lease_by: str) -> bool:
    """Say whether the process of a lease on this machine may still be alive."""
    if lease_by.startswith(_process(os.getpid()) + ":"):
        return True
    pid = int(lease_by.split(":")[1])
    if pid == os.getpid():
        return False  # the number was given to us after the other one died
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
