"""Grants: who holds what, from the read that showed it to the read that did not.

A grant lasts as long as any of its causes (L2). Ending the last cause orders a
removal; only a read that no longer shows the access ends the grant (L12).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import exclusive
from uar.errors import NotFound, Refused
from uar.incidents import open_incident, settled
from uar.lifecycle import move, move_all
from uar.models import Account, Grant, GrantCause, ReviewItem
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderKind, OrderReason
from uar.models.states import GrantState, ItemState, OrderState
from uar.naming import full_name
from uar.origins import origins
from uar.provisioning import CANCELLABLE, end_begun, give_consent, may_consent, order
from uar.work import Work


def active(now: datetime) -> sa.ColumnElement[bool]:
    """Return the SQL condition for a grant that counts at this instant.

    A temporary grant stops counting when its time is over, even while its
    removal is under way.
    """
    lasting = sa.exists().where(
        col(GrantCause.grant_id) == col(Grant.id),
        col(GrantCause.ended_at).is_(None),
        sa.or_(col(GrantCause.ends_at).is_(None), col(GrantCause.ends_at) > now),
    )
    return sa.and_(col(Grant.ended_at).is_(None), lasting)


def holds(session: Session, account_id: int, entitlement_id: int) -> Grant | None:
    """Return the open grant of an account and an entitlement, if there is one (L1)."""
    return session.scalars(
        sa.select(Grant).where(
            col(Grant.account_id) == account_id,
            col(Grant.entitlement_id) == entitlement_id,
            col(Grant.ended_at).is_(None),
        )
    ).one_or_none()


def begin(work: Work, because: Order, *, ends_at: datetime) -> Grant:
    """Begin the grant that a read has just proven our order gave; the clock starts now (L4)."""
    assert because.request_id is not None
    grant = holds(work.session, because.account_id, because.entitlement_id)
    if grant is None:
        grant = Grant(
            app_id=because.app_id,
            connector_id=because.connector_id,
            account_id=because.account_id,
            entitlement_id=because.entitlement_id,
            began_at=work.now,
            began_order_id=because.id,
        )
        work.session.add(grant)
        work.session.flush()
        work.record("grant.begun", f"grants:{grant.id}", details={"order": because.id})
    extend(work, grant.id, because.request_id, ends_at)
    exclusive.displace(work, grant)
    return grant


def found(work: Work, because: Order) -> Grant:
    """Return the grant of access that was there before our call, begun as standing if new (L3)."""
    grant = holds(work.session, because.account_id, because.entitlement_id)
    if grant is not None:
        return grant
    grant = Grant(
        app_id=because.app_id,
        connector_id=because.connector_id,
        account_id=because.account_id,
        entitlement_id=because.entitlement_id,
        began_at=work.now,
    )
    work.session.add(grant)
    work.session.flush()
    _add_cause(work, grant, Cause.STANDING)
    work.record("grant.found", f"grants:{grant.id}", details={"order": because.id})
    return grant


def extend(work: Work, grant_id: int, request_id: int, ends_at: datetime) -> None:
    """Add a request as one more cause of a grant, with an end of its own (L2)."""
    grant = work.session.get_one(Grant, grant_id)
    lifetime = ends_at - work.now
    lead = min(max(lifetime / 5, timedelta(minutes=10)), lifetime / 2, timedelta(days=3))
    _add_cause(
        work,
        grant,
        Cause.REQUEST,
        request_id=request_id,
        ends_at=ends_at,
        warn_at=ends_at - lead,
    )
    # The warning of an earlier end would be about access that goes on.
    work.session.connection().execute(
        sa.update(GrantCause)
        .where(
            col(GrantCause.grant_id) == grant_id,
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.request_id) != request_id,
            col(GrantCause.ends_at) < ends_at,
        )
        .values(warn_at=None)
    )
    work.record(
        "grant.timed",
        f"grants:{grant_id}",
        details={"request": request_id, "ends_at": ends_at.isoformat()},
    )


def remove(
    work: Work,
    grant_id: int,
    *,
    reason: OrderReason,
    why: str,
    not_before: datetime | None = None,
    item_id: int | None = None,
    campaign_id: int | None = None,
) -> list[Order]:
    """Order the removal of every path by which an account holds an entitlement (L5).

    A direct path is removed where it is. An inherited one is removed at its
    source, which waits for the consent of an owner of the source's app unless
    the actor is one. Raises NotFound when the grant is not open any more.
    """
    # Held, so that its time does not run out, and is ordered away too, meanwhile.
    grant = work.session.get(Grant, grant_id, with_for_update=True, populate_existing=True)
    if grant is None or grant.ended_at is not None:
        raise NotFound("This access has ended already.", subject=f"grants:{grant_id}")
    made = []
    linked = {"item_id": item_id, "campaign_id": campaign_id, "reason": reason}
    for path in origins(work.session, grant_id):
        own = path.grant_id == grant_id
        consent = not own and not may_consent(work.session, work.actor.id, path.app_id)
        row = order(
            work,
            OrderKind.REVOKE,
            account_id=grant.account_id,
            entitlement_id=path.entitlement_id,
            not_before=not_before,
            needs_consent=consent,
            grant_id=path.grant_id,
            **linked,  # type: ignore[arg-type]
        )
        if not consent:
            if row.state is OrderState.CONSENT:  # another decision waits for what she agrees to
                give_consent(work, row.id, reason=why)
            end_begun(work, path.grant_id)
        made.append(row)
    if not made:
        raise Refused("The source of this access is not known yet. Sync first.")
    work.record(
        "grant.removal_ordered",
        f"grants:{grant_id}",
        reason=why,
        details={"orders": [row.id for row in made]},
    )
    return made


def lost(work: Work, grant: Grant, *, order_id: int) -> None:
    """Record that a read no longer shows the direct path of a grant that an order removed.

    The grant ends, unless it is still held through a group: then only its direct
    causes end, and it goes on (L2, L5).
    """
    through = work.session.scalars(
        sa.select(col(GrantCause.id)).where(
            col(GrantCause.grant_id) == grant.id,
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id) != 0,
        )
    ).first()
    if through is None:
        ended(work, grant, order_id=order_id)
        return
    work.session.connection().execute(
        sa.update(GrantCause)
        .where(
            col(GrantCause.grant_id) == grant.id,
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id) == 0,
        )
        .values(ended_at=work.now, warn_at=None)
    )
    if grant.state is GrantState.ENDING:
        move(work, grant, GrantState.ACTIVE, reason="still held through a group")


def ended(
    work: Work, grant: Grant, *, order_id: int | None = None, run_id: int | None = None
) -> None:
    """End a grant that a read no longer shows, with its causes.

    Reviews of it that nobody has decided become void; removals of it that wait
    are settled, for there is nothing left to remove.
    """
    removal = work.session.scalars(
        sa.select(Order).where(
            col(Order.grant_id) == grant.id,
            col(Order.kind) == OrderKind.REVOKE,
            col(Order.state).in_((*CANCELLABLE, OrderState.SENT)),
        )
    ).all()
    by = order_id or next((row.id for row in removal), None)
    move(
        work,
        grant,
        GrantState.ENDED,
        details={"order": by, "run": run_id},
        ended_at=max(work.now, grant.began_at),
        ended_order_id=by,
        ended_run_id=run_id,
    )
    work.session.connection().execute(
        sa.update(GrantCause)
        .where(col(GrantCause.grant_id) == grant.id, col(GrantCause.ended_at).is_(None))
        .values(ended_at=work.now, warn_at=None)
    )
    pending = work.session.scalars(
        sa.select(col(ReviewItem.id)).where(
            col(ReviewItem.grant_id) == grant.id, col(ReviewItem.state) == ItemState.PENDING
        )
    ).all()
    move_all(work, ReviewItem, pending, before=ItemState.PENDING, to=ItemState.VOID)
    for row in removal:
        if row.id != order_id:
            move(
                work,
                row,
                OrderState.VERIFIED,
                settled_at=work.now,
                result="A complete read no longer shows it." if run_id else "It is gone.",
            )
    settled(work, grant.account_id, grant.entitlement_id, "A read no longer shows the access.")
    if run_id is not None:
        _uncover(work, grant)


def _uncover(work: Work, grant: Grant) -> None:
    """Tell that somebody else changed exclusive access while ours was in its place (L6)."""
    displaced = exclusive.uncover(work, grant.account_id, grant.entitlement_id)
    if not displaced:
        return
    account = work.session.get_one(Account, grant.account_id)
    ours = full_name(work.session, grant.entitlement_id)
    before = full_name(work.session, displaced[-1].entitlement_id)
    open_incident(
        work,
        IncidentKind.CHANGED,
        app_id=grant.app_id,
        account_id=grant.account_id,
        entitlement_id=grant.entitlement_id,
        grant_id=grant.id,
        sentence=f"Somebody else took “{ours}” from {account.name} before its time was over. "
        f"It had replaced “{before}”; nothing was changed.",
    )


def _add_cause(work: Work, grant: Grant, kind: Cause, **values: Any) -> None:
    work.session.add(
        GrantCause(
            grant_id=grant.id,
            kind=kind,
            began_at=work.now,
            **values,
        )
    )
    work.session.flush()
