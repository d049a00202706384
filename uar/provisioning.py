"""The outbox: changes that we want at vendors.

An order is written in the transaction that decides it; only
:mod:`uar.delivery` carries it out. Where uar may not or cannot make the change
itself, the order is for a person to carry out, and says why.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.errors import Conflict, Forbidden, NotFound, Refused
from uar.lifecycle import move
from uar.models import Account, AppOwner, Connector, Entitlement, Grant, GrantCause, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason, Role
from uar.models.states import GrantState, OrderState
from uar.permissions import roles_of
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

    It is for a person to carry out when writing is off (L10), the connector
    cannot change this entitlement, or a rule keeps it (L7). Raises Refused for
    access that must not be given: fixed by a rule, or to an administrator (L14).
    """
    found = unsettled(work.session, account_id, entitlement_id, kind)
    if found is not None:
        return found
    entitlement = work.session.get_one(Entitlement, entitlement_id)
    account = work.session.get_one(Account, account_id)
    connector = work.session.get_one(Connector, entitlement.connector_id)
    if kind is OrderKind.GRANT:
        _refuse_grant(entitlement, account)
    by_hand = why_by_hand(connector, entitlement, account, kind)
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


def why_by_hand(
    connector: Connector, entitlement: Entitlement, account: Account, kind: OrderKind
) -> str:
    """Say why a person must carry the change out; empty when the connector can."""
    if account.is_protected:
        return f"{account.name} is a protected account: uar never changes it."
    if entitlement.fixed_why:
        return entitlement.fixed_why
    if not entitlement.can_provision:
        verb = "give" if kind is OrderKind.GRANT else "take away"
        return f"{connector.name} cannot {verb} “{entitlement.name}” by itself: do it there."
    if not connector.writes_on:
        return f"Writing to {connector.name} is switched off: do it there, or switch it on."
    return ""


def cancel(work: Work, order_id: int, *, reason: str) -> None:
    """Call a change off as long as nobody has begun to carry it out (L17).

    The grant of a removal is active again. Raises Conflict once the order is on
    its way, and Refused for the end of access whose time is over.
    """
    row = _locked(work, order_id)
    if row.state in (OrderState.SENDING, OrderState.SENT):
        raise Conflict("It is already on its way to the vendor: the decision is final.")
    if row.kind is OrderKind.REVOKE and row.reason is OrderReason.EXPIRY:
        raise Refused("Access for a time ends on time. Ask for more time instead.")
    move(work, row, OrderState.CANCELLED, reason=reason, settled_at=work.now)
    if row.kind is OrderKind.REVOKE and row.grant_id is not None:
        _restore(work, row.grant_id)


def cancel_for_item(work: Work, item_id: int, *, reason: str) -> None:
    """Call off everything that one review item's removal ordered.

    Raises Conflict, and changes nothing, once any of it is on its way or done.
    """
    found = work.session.scalars(
        sa.select(Order)
        .where(col(Order.item_id) == item_id, col(Order.state) != OrderState.CANCELLED)
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
    entitlement = work.session.get_one(Entitlement, row.entitlement_id)
    account = work.session.get_one(Account, row.account_id)
    connector = work.session.get_one(Connector, row.connector_id)
    by_hand = why_by_hand(connector, entitlement, account, row.kind)
    if by_hand:
        raise Refused(by_hand)
    move(work, row, OrderState.QUEUED, next_at=work.now, attempts=0, result="")


def mark_done(work: Work, order_id: int, *, note: str) -> None:
    """Say that a person has carried out a manual order; a read must still prove it (L12)."""
    row = _locked(work, order_id)
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
    entitlement = work.session.get_one(Entitlement, row.entitlement_id)
    account = work.session.get_one(Account, row.account_id)
    connector = work.session.get_one(Connector, row.connector_id)
    by_hand = why_by_hand(connector, entitlement, account, row.kind)
    move(
        work,
        row,
        OrderState.MANUAL if by_hand else OrderState.QUEUED,
        action="provisioning_order.consented",
        reason=reason,
        next_at=max(work.now, row.not_before),
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
    if grant.state is GrantState.ACTIVE:
        move(work, grant, GrantState.ENDING)


def also_lost(session: Session, account_id: int, entitlement_id: int) -> list[str]:
    """Name what else an account would lose with an entitlement, because it is inherited (L5)."""
    return list(
        session.scalars(
            sa.select(col(Entitlement.name))
            .join(GrantCause, col(GrantCause.entitlement_id) == col(Entitlement.id))
            .where(
                col(GrantCause.account_id) == account_id,
                col(GrantCause.ended_at).is_(None),
                col(GrantCause.via_id)
                == sa.select(col(Entitlement.resource_id))
                .where(col(Entitlement.id) == entitlement_id)
                .scalar_subquery(),
            )
            .order_by(col(Entitlement.name))
        )
    )


def resource_of(session: Session, entitlement: Entitlement) -> Resource:
    """Return the resource that an entitlement is on."""
    return session.get_one(Resource, entitlement.resource_id)


def _refuse_grant(entitlement: Entitlement, account: Account) -> None:
    if entitlement.fixed_why:
        raise Refused(entitlement.fixed_why)
    if not account.is_person:
        raise Refused(
            f"{account.name} is an administrator account: it is reviewed, never given access."
        )


def _restore(work: Work, grant_id: int) -> None:
    grant = work.session.get_one(Grant, grant_id, with_for_update=True)
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
        move(work, grant, GrantState.ACTIVE, reason="removal called off")


def _locked(work: Work, order_id: int) -> Order:
    row = work.session.get(Order, order_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such order.", subject=f"provisioning_order:{order_id}")
    return row
