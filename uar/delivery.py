"""Carrying orders out: claim, read, call, record, read back.

Each step is a transaction of its own and no vendor is called inside one. A
process may be killed between any two lines: what was read before the first call
is on record, so the next process reads first and sends nothing twice (L11).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import AccountRecord, EntitlementRecord, Provisioner
from connectors.errors import RateLimited, Remote, Unauthorised
from uar import clock, settlement
from uar.claims import MOVING, Claim, claim, lanes_due, mine, records, renew
from uar.connections import open_reader
from uar.errors import Conflict, UarError
from uar.lifecycle import move
from uar.models import Connector
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind, Seen
from uar.models.states import ConnectorState, OrderState
from uar.permissions import OWN_KIND
from uar.provisioning import SETTLED
from uar.site import Site
from uar.work import Work

log = logging.getLogger(__name__)

PATIENCE = 5
"""Attempts after which somebody is told; a removal is tried on all the same."""
GIVE_UP_GRANT = 12
LONGEST_WAIT = timedelta(minutes=5)
FIRST_READ_BACK = timedelta(milliseconds=500)


def carry_out_due(site: Site) -> int:
    """Carry out what is due in every lane, one after the other; return how many steps."""
    with site.reading() as session:
        lanes = lanes_due(session, clock.now())
    return sum(carry_out_lane(site, connector_id) for connector_id in lanes)


def carry_out_lane(site: Site, connector_id: int, *, most: int = 200) -> int:
    """Carry out what is due for one connector; return how many steps were taken.

    One connection to the vendor serves them all. A lane that fails because the
    vendor does, fails alone.
    """
    done = 0
    try:
        opened = _vendor(site, connector_id)
    except (Remote, UarError) as error:
        _postpone(site, connector_id, error.sentence)
        return 0
    with closing(opened):
        vendor = opened.provisioner
        while done < most and (taken := claim(site, connector_id)) is not None:
            done += 1
            try:
                _carry_out(site, taken, vendor)
            except Remote as error:
                _trouble(site, taken, error)
            except Conflict as error:
                log.info("order %s: %s", taken.order_id, error.sentence)
    return done


def describe_due(site: Site, connector_id: int) -> int:
    """Write the exact call onto orders that do not say it yet, before anything is sent."""
    with site.reading() as session:
        rows = session.scalars(
            sa.select(Order).where(
                col(Order.connector_id) == connector_id,
                col(Order.call) == "",
                col(Order.state).not_in(SETTLED),
            )
        ).all()
        todo = [(row.id, row.kind, *records(session, row)) for row in rows[:200]]
    if not todo:
        return 0
    try:
        opened = _vendor(site, connector_id)
    except (Remote, UarError) as error:
        calls = {order_id: f"Not known: {error.sentence}" for order_id, *_ in todo}
    else:
        with closing(opened):
            calls = {
                order_id: _call_text(opened.provisioner, kind, account, entitlement)
                for order_id, kind, account, entitlement in todo
            }
    with site.working() as work:
        for order_id, text in calls.items():
            work.session.connection().execute(
                sa.update(Order).where(col(Order.id) == order_id).values(call=text)
            )
    return len(calls)


def _call_text(
    vendor: Provisioner | None,
    kind: OrderKind,
    account: AccountRecord,
    entitlement: EntitlementRecord,
) -> str:
    if vendor is None:
        return "in uar itself"
    try:
        return vendor.call(kind.value, account, entitlement)
    except Remote as error:
        return error.sentence


@dataclass(frozen=True, slots=True)
class _Vendor:
    """A connector opened for changes: None when it cannot make any, or is uar itself."""

    provisioner: Provisioner | None
    close: Callable[[], None]


def _vendor(site: Site, connector_id: int) -> _Vendor:
    with site.reading() as session:
        kind = session.get_one(Connector, connector_id).kind
    if kind == OWN_KIND:
        return _Vendor(None, lambda: None)
    reader = open_reader(site, connector_id, log.debug, retries=0)
    return _Vendor(reader if isinstance(reader, Provisioner) else None, reader.close)


def _carry_out(site: Site, taken: Claim, vendor: Provisioner | None) -> None:
    if taken.connector_kind == OWN_KIND:
        with site.working() as work:
            settlement.proven(work, mine(work, taken.order_id), result="uar keeps this itself.")
    elif vendor is None:
        _leave(site, taken, "This connector cannot change anything: do it at the vendor.")
    elif taken.state is OrderState.SENT:
        _read_back(site, taken, vendor)
    elif taken.by_hand:
        _leave(site, taken, taken.by_hand)
    else:
        _send(site, taken, vendor)


def _send(site: Site, taken: Claim, vendor: Provisioner) -> None:
    obstacle = vendor.obstacle(taken.entitlement)
    if obstacle:
        _stop(site, taken, obstacle)
        return
    held = vendor.holds(taken.account, taken.entitlement)
    ours = taken.read_before is not Seen.UNREAD  # an earlier attempt may have sent it
    wanted = taken.kind is OrderKind.GRANT
    if held is wanted:
        with site.working() as work:
            row = mine(work, taken.order_id)
            if wanted and not ours:
                settlement.already_there(work, row)
            else:
                settlement.proven(work, row, result="Read back: it is so.")
        return
    _note(site, taken, Seen.ABSENT if wanted else Seen.HELD)
    if wanted:
        already = vendor.grant(taken.account, taken.entitlement).already
    else:
        already = vendor.revoke(taken.account, taken.entitlement).already
    with site.working() as work:
        row = mine(work, taken.order_id)
        if wanted and already and not ours:
            # Our read lagged, or somebody was faster: our call did not add it (L3).
            settlement.already_there(work, row)
            return
        move(
            work,
            row,
            OrderState.SENT,
            sent_at=work.now,
            next_at=work.now + timedelta(seconds=work.settings.lease_seconds),
            result="The vendor says it was so already." if already else "The vendor accepted it.",
        )
    _read_back(site, taken, vendor)


def _note(site: Site, taken: Claim, seen: Seen) -> None:
    """Put on record what the read showed, before the call that changes it."""
    with site.working() as work:
        row = mine(work, taken.order_id)
        renew(work, row.id)
        if row.read_before is Seen.UNREAD:
            work.session.connection().execute(
                sa.update(Order).where(col(Order.id) == row.id).values(read_before=seen)
            )
            work.record(
                "provisioning_order.read", f"provisioning_order:{row.id}", details={"seen": seen}
            )


def _read_back(site: Site, taken: Claim, vendor: Provisioner) -> None:
    """Look whether the vendor shows the change; settle it, or look again later."""
    held = vendor.holds(taken.account, taken.entitlement)
    with site.working() as work:
        row = mine(work, taken.order_id)
        sent_at = row.sent_at or work.now
        if held is None:
            _wait_for_sync(work.session, row, work.now)
        elif held is (taken.kind is OrderKind.GRANT):
            settlement.proven(work, row, result="Read back: it is so.")
        elif work.now - sent_at > timedelta(seconds=work.settings.proof_seconds):
            settlement.unproven(
                work, row, result="The vendor accepted it, but still shows it as before."
            )
        else:
            wait = min(max((work.now - sent_at) / 2, FIRST_READ_BACK), timedelta(seconds=20))
            _look_again(work.session, row, work.now + wait)


def _leave(site: Site, taken: Claim, why: str) -> None:
    with site.working() as work:
        settlement.by_hand(work, mine(work, taken.order_id), result=why)


def _stop(site: Site, taken: Claim, why: str) -> None:
    """What makes it fixed has changed since it was decided (L7, L13)."""
    with site.working() as work:
        row = mine(work, taken.order_id)
        if taken.kind is OrderKind.GRANT:
            settlement.impossible(work, row, result=why)
        else:
            settlement.by_hand(work, row, result=why)


def _trouble(site: Site, taken: Claim, error: Remote) -> None:
    """Try again later what may pass; hand the rest to a person."""
    with site.working() as work:
        row = mine(work, taken.order_id)
        if isinstance(error, Unauthorised):
            _break(work, row.connector_id, error.sentence)
        wait = _wait(row.attempts, error)
        if row.state is OrderState.SENT:
            _look_again(work.session, row, work.now + wait)
            return
        if not error.retry:
            settlement.by_hand(work, row, result=error.sentence)
            settlement.worry(work, row, IncidentKind.OVERDUE, error.sentence)
            return
        if row.kind is OrderKind.GRANT and row.attempts >= GIVE_UP_GRANT:
            settlement.by_hand(work, row, result=error.sentence)
            return
        move(work, row, OrderState.QUEUED, next_at=work.now + wait, result=error.sentence)
        if row.attempts >= PATIENCE:
            settlement.worry(work, row, IncidentKind.OVERDUE, error.sentence)


def _wait(attempts: int, error: Remote) -> timedelta:
    asked = error.retry_after if isinstance(error, RateLimited) else None
    wait = timedelta(seconds=asked) if asked else timedelta(seconds=2 ** min(attempts, 9))
    return min(wait, LONGEST_WAIT)


def _look_again(session: Session, row: Order, at: datetime) -> None:
    session.connection().execute(sa.update(Order).where(col(Order.id) == row.id).values(next_at=at))


def _wait_for_sync(session: Session, row: Order, now: datetime) -> None:
    """Ask for a sync: only a complete read can tell. Look again tomorrow if none came."""
    _look_again(session, row, now + timedelta(days=1))
    session.connection().execute(
        sa.update(Connector).where(col(Connector.id) == row.connector_id).values(next_sync_at=now)
    )


def _break(work: Work, connector_id: int, sentence: str) -> None:
    connector = work.session.get_one(Connector, connector_id)
    if connector.state is ConnectorState.READY:
        move(work, connector, ConnectorState.BROKEN, reason=sentence, trouble=sentence)


def _postpone(site: Site, connector_id: int, sentence: str) -> None:
    """Look at a whole lane again in a minute, because its connector cannot be opened."""
    with site.working() as work:
        work.session.connection().execute(
            sa.update(Order)
            .where(
                col(Order.connector_id) == connector_id,
                col(Order.state).in_(MOVING),
                col(Order.next_at) <= work.now,
            )
            .values(next_at=work.now + timedelta(minutes=1), result=sentence)
        )
