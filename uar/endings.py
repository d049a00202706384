"""How access ends: on time, or given back.

``end_due`` and ``warn_due`` are jobs: they act on what is due at the instant of
their unit of work, and are safe to call twice and by several processes.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import is_sqlite
from uar.errors import NotFound, Refused
from uar.grants import remove
from uar.lifecycle import move_all
from uar.models import (
    Account,
    Connector,
    Entitlement,
    Grant,
    GrantCause,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason, Seen
from uar.models.states import GrantState, OrderState
from uar.naming import full_name
from uar.notifications import tell
from uar.permissions import why_kept
from uar.provisioning import SETTLED
from uar.site import Site
from uar.work import Work

BATCH = 1000


def end_due(site: Site) -> int:
    """End the causes whose time is over, up to a thousand; return how many.

    A grant with another open cause goes on (L2). For the others the removal is
    ordered. Set-wise: the number of statements does not depend on the number of
    grants.
    """
    with site.working() as work:
        due = (
            sa.select(col(GrantCause.id))
            .where(col(GrantCause.ended_at).is_(None), col(GrantCause.ends_at) <= work.now)
            .order_by(col(GrantCause.ends_at))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        grant_ids = work.session.scalars(
            sa.update(GrantCause)
            .where(col(GrantCause.id).in_(due), col(GrantCause.ended_at).is_(None))
            .values(ended_at=work.now, warn_at=None)
            .returning(col(GrantCause.grant_id))
            .execution_options(synchronize_session=False)
        ).all()
        if grant_ids:
            _order_removals(work, sorted(set(grant_ids)))
        return len(grant_ids)


def next_end(session: Session) -> datetime | None:
    """Return when the next cause ends, or None. One query on a partial index."""
    return session.scalars(
        sa.select(col(GrantCause.ends_at))
        .where(col(GrantCause.ended_at).is_(None), col(GrantCause.ends_at).is_not(None))
        .order_by(col(GrantCause.ends_at))
        .limit(1)
    ).one_or_none()


def warn_due(site: Site) -> int:
    """Tell people whose access ends soon, up to a hundred; return how many."""
    with site.working() as work:
        due = work.session.scalars(
            sa.select(GrantCause)
            .where(col(GrantCause.ended_at).is_(None), col(GrantCause.warn_at) <= work.now)
            .order_by(col(GrantCause.warn_at))
            .limit(100)
            .with_for_update(skip_locked=True)
        ).all()
        for cause in due:
            _warn(work, cause)
        return len(due)


def give_back(work: Work, grant_id: int, *, why: str) -> list[Order]:
    """Order the removal of access that its holder no longer wants (L3).

    Raises NotFound unless the actor is the holder, Refused for what must stay (L14).
    """
    grant = work.session.get(Grant, grant_id)
    account = grant and work.session.get_one(Account, grant.account_id)
    if not (grant and account and work.actor.id and account.identity_id == work.actor.id):
        raise NotFound("There is no such access.", subject=f"grants:{grant_id}")
    right = work.session.get_one(Entitlement, grant.entitlement_id)
    if right.is_builtin:
        raise Refused("An account itself is not given back here: ask the owner of the app.")
    if kept := why_kept(work.session, account, right):
        raise Refused(kept)
    if account.is_protected:
        raise Refused(f"{account.name} is a protected account: uar never changes it.")
    return remove(work, grant_id, reason=OrderReason.GIVEN_BACK, why=why or "given back")


def _order_removals(work: Work, grant_ids: list[int]) -> None:
    """Move the grants that no cause keeps, and write one removal for each, set-wise."""
    session = work.session
    # An extension locks its grant before it adds a cause: wait for it, then look.
    session.execute(
        sa.select(col(Grant.id))
        .where(col(Grant.id).in_(grant_ids))
        .order_by(col(Grant.id))
        .with_for_update()
    )
    # Two plain look-ups by id: an anti-join is a nested loop to a planner that
    # has no statistics yet, and then a thousand rows take half a second.
    kept = set(
        session.scalars(
            sa.select(col(GrantCause.grant_id)).where(
                col(GrantCause.grant_id).in_(grant_ids), col(GrantCause.ended_at).is_(None)
            )
        )
    )
    over = [grant_id for grant_id in grant_ids if grant_id not in kept]
    moved = move_all(work, Grant, over, before=GrantState.ACTIVE, to=GrantState.ENDING)
    rest = sorted(set(over) - set(moved))
    if rest:
        for state in (GrantState.OUT_OF_SCOPE, GrantState.DISPLACED):
            moved += move_all(work, Grant, rest, before=state, to=GrantState.ENDING)
        _hurry(work, rest)
    if not moved:
        return
    by_itself = sa.and_(
        col(Connector.writes_on),
        col(Entitlement.can_provision),
        col(Entitlement.fixed_why) == "",
        ~col(Account.is_protected),
    )
    # order() for one row says why it is by hand; for a thousand that is one CASE.
    words = "It cannot be changed by uar itself: do it at the vendor."
    ordered = session.scalars(
        sa.select(col(Order.grant_id)).where(
            col(Order.grant_id).in_(moved),
            col(Order.kind) == OrderKind.REVOKE,
            col(Order.state).not_in(SETTLED),
        )
    ).all()
    values = {
        "kind": sa.literal(OrderKind.REVOKE.value),
        "reason": sa.literal(OrderReason.EXPIRY.value),
        "state": sa.case(
            (by_itself, sa.literal(OrderState.QUEUED.value)),
            else_=sa.literal(OrderState.MANUAL.value),
        ),
        "app_id": col(Grant.app_id),
        "connector_id": col(Grant.connector_id),
        "account_id": col(Grant.account_id),
        "entitlement_id": col(Grant.entitlement_id),
        "grant_id": col(Grant.id),
        "created_at": _instant(work),
        "not_before": _instant(work),
        "next_at": _instant(work),
        "attempts": sa.literal(0),
        "lease_by": sa.literal(""),
        "read_before": sa.literal(Seen.UNREAD.value),
        "call": sa.literal(""),
        "result": sa.case((by_itself, sa.literal("")), else_=sa.literal(words)),
    }
    made = session.scalars(
        sa.insert(Order)
        .from_select(
            list(values),
            sa.select(*values.values())
            .select_from(Grant)
            .join(Connector, col(Connector.id) == col(Grant.connector_id))
            .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
            .join(Account, col(Account.id) == col(Grant.account_id))
            .where(col(Grant.id).in_(set(moved) - set(ordered))),
            include_defaults=False,
        )
        .returning(col(Order.id))
    ).all()
    work.record_all(
        "provisioning_order.created",
        [(f"provisioning_order:{row_id}", {"kind": "revoke"}) for row_id in made],
        reason=OrderReason.EXPIRY.value,
    )


def _hurry(work: Work, grant_ids: list[int]) -> None:
    """Let removals that wait for second thoughts go now: there is nothing to undo any more."""
    work.session.connection().execute(
        sa.update(Order)
        .where(
            col(Order.grant_id).in_(grant_ids),
            col(Order.kind) == OrderKind.REVOKE,
            col(Order.state) == OrderState.QUEUED,
            col(Order.not_before) > work.now,
        )
        .values(not_before=work.now, next_at=work.now)
    )


def _instant(work: Work) -> sa.ColumnElement[object]:
    """Return the instant as a bound value of the column's own type on either database."""
    value = sa.literal(work.now, sa.inspect(Order).columns["created_at"].type)
    return value if is_sqlite(work.session) else sa.cast(value, sa.DateTime(timezone=True))


def _warn(work: Work, cause: GrantCause) -> None:
    grant = work.session.get_one(Grant, cause.grant_id)
    account = work.session.get_one(Account, grant.account_id)
    cause.warn_at = None
    work.session.add(cause)
    if account.identity_id is None or cause.ends_at is None:
        return
    end = cause.ends_at.astimezone(work.settings.zone)
    access = full_name(work.session, grant.entitlement_id)
    tell(
        work,
        account.identity_id,
        "ending_soon",
        f"{access}: your access ends at {end:%H:%M}",
        f"Your access to {access} ends on {end:%d %B} at {end:%H:%M} ({end.tzname()}).\n"
        "You can ask for more time, or give it back earlier.",
        "/access",
    )
    work.record("grant.warned", f"grants:{cause.grant_id}")
