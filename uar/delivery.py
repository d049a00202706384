"""Carrying orders out: claim, read, call, record, read back.

Each step is a transaction of its own and no vendor is called inside one. A
process may be killed between any two lines: what was read before the first call
is on record, so the next process reads first and sends nothing twice (L11).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import EntitlementRecord, Provisioner
from connectors.errors import Remote, Unavailable
from uar import access_requests, clock, exclusive, settlement, troubles
from uar.calls import open_vendor
from uar.claims import MOVING, Claim, claim, lanes_due, mine, renew
from uar.errors import Conflict, UarError
from uar.grants import holds
from uar.lifecycle import move
from uar.models import AccessRequest, Account, Connector, Entitlement
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, Seen
from uar.models.states import ConnectorState, OrderState
from uar.permissions import OWN_KIND, why_kept
from uar.places import look, why_not_replace, with_what_still_exists
from uar.site import Site
from uar.troubles import look_again
from uar.work import Work

log = logging.getLogger(__name__)

DONE = "Read back: it is so."
FIRST_READ_BACK = timedelta(milliseconds=500)


def carry_out_due(site: Site) -> int:
    """Carry out what is due in every lane, one after the other; return how many steps."""
    with site.reading() as session:
        lanes = lanes_due(session, clock.now())
    return sum(carry_out_lane(site, connector_id) for connector_id in lanes)


def carry_out_lane(
    site: Site,
    connector_id: int,
    *,
    most: int = 200,
    stopping: Callable[[], bool] = lambda: False,
    rest: Callable[[float], None] = lambda _seconds: None,
) -> int:
    """Carry out what is due for one connector; return how many steps were taken.

    One connection to the vendor serves them all. A lane that fails because the
    vendor does, fails alone, and with its first order: ``rest`` is told for how many
    seconds to leave the vendor alone. ``stopping`` is asked between two orders.
    """
    done = 0
    try:
        opened = open_vendor(site, connector_id)
    except (Remote, UarError) as error:
        _postpone(site, connector_id, error.sentence)
        return 0
    with closing(opened):
        while done < most and not stopping():
            taken = claim(site, connector_id)
            if taken is None:
                break
            done += 1
            try:
                trouble = _step(site, taken, opened.provisioner)
            except Conflict as error:
                log.info("order %s: %s", taken.order_id, error.sentence)
                continue
            if trouble is not None:
                rest(trouble.total_seconds())
                break
    return done


def _step(site: Site, taken: Claim, vendor: Provisioner | None) -> timedelta | None:
    """Take one order a step further; return how long to leave a vendor in trouble alone."""
    try:
        _carry_out(site, taken, vendor)
    except Remote as error:
        troubles.meet(site, taken, error)
        return troubles.pause(error)
    except Conflict:
        raise
    except Exception as error:  # one order that we cannot carry out must not stop the others
        log.exception("order %s failed and is tried again", taken.order_id)
        sentence = f"uar met a fault of its own ({type(error).__name__}); its log says more."
        troubles.meet(site, taken, Unavailable(sentence))
    return None


def _carry_out(site: Site, taken: Claim, vendor: Provisioner | None) -> None:
    if taken.state is OrderState.SENT:
        _read_back(site, taken, vendor)
    elif taken.by_hand:
        _leave(site, taken, taken.by_hand)
    elif taken.connector_kind == OWN_KIND:
        _change_own(site, taken)
    elif vendor is None:
        _leave(site, taken, "This connector cannot change anything: do it at the vendor.")
    else:
        _send(site, taken, vendor)


def _change_own(site: Site, taken: Claim) -> None:
    """Give or take a role of uar itself; one at a time, so that the last one stays (L14).

    Read, change and proof are one transaction, for the vendor is this database.
    """
    with site.working() as work:
        row = mine(work, taken)
        right = work.session.get_one(Entitlement, row.entitlement_id, with_for_update=True)
        account = work.session.get_one(Account, row.account_id)
        gives = row.kind is OrderKind.GRANT
        if gives and not _may_still_give(work, row):
            return
        if gives and holds(work.session, account.id, right.id) is not None:
            settlement.already_there(work, row)
        elif not gives and (why := why_kept(work.session, account, right)):
            settlement.by_hand(work, row, result=why)
        else:
            settlement.proven(work, row, result="uar keeps this itself.")


def _send(site: Site, taken: Claim, vendor: Provisioner) -> None:
    taken = with_what_still_exists(taken, vendor)
    obstacle = vendor.obstacle(taken.entitlement)
    if taken.restores is not None:
        obstacle = obstacle or vendor.obstacle(taken.restores)
    if obstacle:
        _stop(site, taken, obstacle)
        return
    held, instead = look(taken, vendor)
    ours = taken.read_before is not Seen.UNREAD  # an earlier attempt may have sent it
    wanted = taken.kind is OrderKind.GRANT
    if held is wanted:
        with site.working() as work:
            row = mine(work, taken)
            if wanted and not ours:
                settlement.already_there(work, row)
            else:
                _prove(work, row, taken, instead)
        return
    if wanted and (why := why_not_replace(taken, instead)):
        _stop(site, taken, why)
        return
    if not _note(site, taken, Seen.ABSENT if wanted else Seen.HELD):
        return
    already = _change(taken, vendor)
    with site.working() as work:
        row = mine(work, taken)
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


def _change(taken: Claim, vendor: Provisioner) -> bool:
    """Make the change; say whether the vendor says it was so already. Sent once."""
    if taken.kind is OrderKind.GRANT:
        return vendor.grant(taken.account, taken.entitlement).already
    if taken.restores is not None:
        return vendor.grant(taken.account, taken.restores).already
    return vendor.revoke(taken.account, taken.entitlement).already


def _prove(work: Work, row: Order, taken: Claim, instead: EntitlementRecord | None) -> None:
    if taken.kind is OrderKind.REVOKE and taken.entitlement.exclusive:
        settlement.released(work, row, instead=instead, result=DONE)
    else:
        settlement.proven(work, row, result=DONE)


def _note(site: Site, taken: Claim, seen: Seen) -> bool:
    """Put on record what the read showed, before the call that changes it.

    Says no where access must not be given any more (L16, L27).
    """
    with site.working() as work:
        row = renew(work, taken)
        if taken.kind is OrderKind.GRANT and not _may_still_give(work, row):
            return False
        if row.read_before is Seen.UNREAD:
            work.session.connection().execute(
                sa.update(Order)
                .where(col(Order.id) == row.id)
                .values(read_before=seen, restores_id=taken.restores_id)
            )
            work.record(
                "provisioning_order.read", f"provisioning_order:{row.id}", details={"seen": seen}
            )
    return True


def _may_still_give(work: Work, row: Order) -> bool:
    connector = work.session.get_one(Connector, row.connector_id)
    if connector.state is ConnectorState.PAUSED:
        result = f"{connector.name} is paused."
        move(work, row, OrderState.QUEUED, next_at=work.now, result=result)
        return False
    if row.request_id is not None:
        request = work.session.get_one(AccessRequest, row.request_id)
        why = access_requests.why_not_any_more(work, request)
        why = why or exclusive.why_not_as_approved(work.session, request.id)
        if why:
            settlement.impossible(work, row, result=why)
            return False
    return True


def _read_back(site: Site, taken: Claim, vendor: Provisioner | None) -> None:
    """Look whether the vendor shows the change; settle it, or look again later."""
    held, instead = look(taken, vendor) if vendor else (None, None)
    with site.working() as work:
        row = mine(work, taken)
        sent_at = row.sent_at or work.now
        if held is None:
            _wait_for_sync(work.session, row, work.now)
        elif held is (taken.kind is OrderKind.GRANT):
            _prove(work, row, taken, instead)
        elif work.now - sent_at > timedelta(seconds=work.settings.proof_seconds):
            settlement.unproven(
                work, row, result="The vendor accepted it, but still shows it as before."
            )
        else:
            wait = min(max((work.now - sent_at) / 2, FIRST_READ_BACK), timedelta(seconds=20))
            look_again(work.session, row, work.now + wait)


def _leave(site: Site, taken: Claim, why: str) -> None:
    with site.working() as work:
        settlement.by_hand(work, mine(work, taken), result=why)


def _stop(site: Site, taken: Claim, why: str) -> None:
    """What makes it fixed has changed since it was decided (L7, L13)."""
    with site.working() as work:
        row = mine(work, taken)
        if taken.kind is OrderKind.GRANT:
            settlement.impossible(work, row, result=why)
        else:
            settlement.by_hand(work, row, result=why)


def _wait_for_sync(session: Session, row: Order, now: datetime) -> None:
    """Ask for a sync: only a complete read can tell. Look again tomorrow if none came."""
    look_again(session, row, now + timedelta(days=1))
    session.connection().execute(
        sa.update(Connector).where(col(Connector.id) == row.connector_id).values(next_sync_at=now)
    )


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
