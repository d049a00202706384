"""The outbox: changes that we want at vendors.

An order is written in the transaction that decides it; only
:mod:`uar.delivery` carries it out. Where uar may not or cannot make the change
itself, the order is for a person to carry out, and says why.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import exclusive
from uar.errors import Conflict, Forbidden, NotFound, Refused
from uar.incidents import settled
from uar.lifecycle import move
from uar.models import Account, AppOwner, Connector, Entitlement, Grant, GrantCause
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason, Role
from uar.models.states import GrantState, OrderState
from uar.naming import full_name
from uar.permissions import OWN_KIND, roles_of, why_kept
from uar.work import Work

SETTLED = (OrderState.VERIFIED, OrderState.CANCELLED)
CANCELLABLE = (OrderState.CONSENT, OrderState.QUEUED, OrderState.MANUAL, OrderState.FAILED)


def unsettled(
    session: Session, account_id: int, entitlement_id: int, kind: OrderKind
) -> Order | None:
    """Return the order of this kind for this access that is not settled yet, if any."""
    return session.scalars(
        sa.select(Order).where(
            col(Order.account_id) == account_id,
            col(Order.entitlement_id) == entitlement_id,
            col(Order.kind) == kind,
            col(Order.state).not_in(SETTLED),
        )
    ).one_or_none()


def order(
    work: Work,
    kind: OrderKind,
    *,
    account_id: int,
    entitlement_id: int,
    reason: OrderReason,
    not_before: datetime | None = None,
    needs_consent: bool = False,
    grant_id: int | None = None,
    request_id: int | None = None,
    item_id: int | None = None,
    campaign_id: int | None = None,
    incident_id: int | None = None,
) -> Order:
    """Write one change into the outbox, or return the unsettled order for the same.

    One that had failed is tried again, for somebody wants it again.
    It is for a person to carry out when writing is off (L10), the connector
    cannot change this entitlement, or a rule keeps it (L7). Raises Refused for
    access that must not be given: fixed by a rule, or to an administrator (L14).
    """
    found = unsettled(work.session, account_id, entitlement_id, kind)
    if found is not None:
        if found.state is OrderState.FAILED:
            _again(work, found)
        return found
    entitlement = work.session.get_one(Entitlement, entitlement_id)
    account = work.session.get_one(Account, account_id)
    connector = work.session.get_one(Connector, entitlement.connector_id)
    if kind is OrderKind.GRANT:
        _refuse_grant(entitlement, account)
    by_hand = why_by_hand(work.session, connector, entitlement, account, kind)
    state = OrderState.MANUAL if by_hand else OrderState.QUEUED
    if needs_consent:
        state = OrderState.CONSENT
    row = Order(
        kind=kind,
        reason=reason,
        state=state,
        app_id=entitlement.app_id,
        connector_id=connector.id,
        account_id=account_id,
        entitlement_id=entitlement_id,
        grant_id=grant_id,
        request_id=request_id,
        item_id=item_id,
        campaign_id=campaign_id,
        incident_id=incident_id,
        created_at=work.now,
        not_before=not_before or work.now,
        next_at=not_before or work.now,
        result=by_hand,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "provisioning_order.created",
        f"provisioning_order:{row.id}",
        reason=reason.value,
        details={"kind": kind.value, "state": state.value, "why": by_hand},
    )
    return row


def _again(work: Work, row: Order) -> None:
    by_hand = _by_hand(work.session, row)
    to = OrderState.MANUAL if by_hand else OrderState.QUEUED
    at = max(work.now, row.not_before)
    move(
        work, row, to, reason="wanted again", next_at=at, not_before=at, attempts=0, result=by_hand
    )


def _by_hand(session: Session, row: Order) -> str:
    return why_by_hand(
        session,
        session.get_one(Connector, row.connector_id),
        session.get_one(Entitlement, row.entitlement_id),
        session.get_one(Account, row.account_id),
        row.kind,
    )


def why_by_hand(
    session: Session,
    connector: Connector,
    entitlement: Entitlement,
    account: Account,
    kind: OrderKind,
) -> str:
    """Say why a person must carry the change out; empty when the connector can."""
    if account.is_protected:
        return f"{account.name} is a protected account: uar never changes it."
    if connector.kind == OWN_KIND and kind is OrderKind.REVOKE:
        return why_kept(session, account, entitlement)
    if entitlement.fixed_why:
        return entitlement.fixed_why
    if not entitlement.can_provision:
        verb = "give" if kind is OrderKind.GRANT else "take away"
        what = full_name(session, entitlement.id)
        return f"{connector.name} cannot {verb} “{what}” by itself: do it there."
    if not connector.writes_on:
        return f"Writing to {connector.name} is switched off: do it there, or switch it on."
    return ""


def cancel(work: Work, order_id: int, *, reason: str) -> None:
    """Call a change off as long as nobody has begun to carry it out (L17).

    The grant of a removal is active again. Raises Conflict once the order is on
    its way, and Refused for the end of access whose time is over, and for a removal
    of the actor's own access (L20), unless she gave it back herself.
    """
    row = _locked(work, order_id)
    if row.state in (OrderState.SENDING, OrderState.SENT):
        raise Conflict("It is already on its way to the vendor: the decision is final.")
    if row.kind is OrderKind.REVOKE:
        _insist_on_calling_off(work, row)
    move(work, row, OrderState.CANCELLED, reason=reason, settled_at=work.now)
    settled(work, row.account_id, row.entitlement_id, reason)
    if row.kind is OrderKind.REVOKE and row.grant_id is not None:
        _restore(work, row.grant_id)


def cancel_for_item(work: Work, item_id: int, *, reason: str) -> None:
    """Call off everything that one review item's removal ordered.

    Raises Conflict, and changes nothing, once any of it is on its way or done.
    """
    found = work.session.scalars(
        sa.select(Order)
        .where(col(Order.item_id) == item_id, col(Order.state) != OrderState.CANCELLED)
        .order_by(col(Order.id))
        .with_for_update()
    ).all()
    for row in found:
        if row.state not in CANCELLABLE:
            raise Conflict("The removal is already on its way: the decision is final.")
    for row in found:
        cancel(work, row.id, reason=reason)


def retry(work: Work, order_id: int) -> None:
    """Send a failed or manual order through the connector (again), now."""
    row = _locked(work, order_id)
    by_hand = _by_hand(work.session, row)
    if by_hand:
        raise Refused(by_hand)
    move(work, row, OrderState.QUEUED, next_at=work.now, attempts=0, result="")


def mark_done(work: Work, order_id: int, *, note: str) -> None:
    """Say that a person has carried out a manual order; a read must still prove it (L12)."""
    row = _locked(work, order_id)
    if work.session.get_one(Connector, row.connector_id).kind == OWN_KIND:
        raise Refused("uar keeps its own roles itself: there is nothing to do by hand.")
    move(
        work,
        row,
        OrderState.SENT,
        action="provisioning_order.done_by_hand",
        reason=note,
        sent_at=work.now,
        next_at=work.now,
        result=f"Done by hand by {work.actor.name}: {note}",
    )


def give_consent(work: Work, order_id: int, *, reason: str = "") -> None:
    """Agree, as an owner of the source's app, that access is removed at its source (L5)."""
    row = _locked(work, order_id)
    if not may_consent(work.session, work.actor.id, row.app_id):
        raise Forbidden("Only an owner of the app can agree to this.")
    by_hand = _by_hand(work.session, row)
    at = max(work.now, row.not_before)
    move(
        work,
        row,
        OrderState.MANUAL if by_hand else OrderState.QUEUED,
        action="provisioning_order.consented",
        reason=reason,
        next_at=at,
        not_before=at,
        result=by_hand,
    )
    if row.grant_id is not None:
        end_begun(work, row.grant_id)


def may_consent(session: Session, identity_id: int | None, app_id: int) -> bool:
    """Say whether a person owns the app, or may do everything."""
    if identity_id is None:
        return False
    owns = session.scalars(
        sa.select(AppOwner).where(
            col(AppOwner.app_id) == app_id, col(AppOwner.identity_id) == identity_id
        )
    ).first()
    return owns is not None or Role.SUPER_ADMIN in roles_of(session, identity_id)


def end_begun(work: Work, grant_id: int) -> None:
    """Mark a grant as ending, because its removal is ordered; nothing when it is already."""
    grant = work.session.get_one(Grant, grant_id)
    if grant.state in (GrantState.ACTIVE, GrantState.DISPLACED):
        move(work, grant, GrantState.ENDING)


def _insist_on_calling_off(work: Work, row: Order) -> None:
    if row.reason is OrderReason.EXPIRY:
        raise Refused("Access for a time ends on time. Ask for more time instead.")
    holder = work.session.get_one(Account, row.account_id).identity_id
    hers = work.actor.id is not None and holder == work.actor.id
    if hers and row.reason is not OrderReason.GIVEN_BACK:
        raise Refused(
            "This is your own access: somebody else must call its removal off.",
            subject=f"provisioning_order:{row.id}",
        )


def _refuse_grant(entitlement: Entitlement, account: Account) -> None:
    if entitlement.fixed_why:
        raise Refused(entitlement.fixed_why)
    if not account.is_person:
        raise Refused(
            f"{account.name} is an administrator account: it is reviewed, never given access."
        )


def _restore(work: Work, grant_id: int) -> None:
    grant = work.session.get_one(Grant, grant_id, with_for_update=True, populate_existing=True)
    others = work.session.scalars(
        sa.select(Order).where(
            col(Order.grant_id) == grant_id,
            col(Order.kind) == OrderKind.REVOKE,
            col(Order.state).not_in(SETTLED),
        )
    ).first()
    reasons = work.session.scalars(
        sa.select(GrantCause).where(
            col(GrantCause.grant_id) == grant_id, col(GrantCause.ended_at).is_(None)
        )
    ).first()
    if reasons is None:
        raise Refused("The time of this access is over: the removal cannot be called off.")
    if others is None and grant.state is GrantState.ENDING:
        move(work, grant, exclusive.place_of(work.session, grant), reason="removal called off")


def _locked(work: Work, order_id: int) -> Order:
    row = work.session.get(Order, order_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such order.", subject=f"provisioning_order:{order_id}")
    return row
