"""Exclusive access: of some entitlements an account holds one at most, as of roles in prod (L6).

Giving one replaces another. What ours replaced is *displaced*: not gone, still
reviewable, and given back when ours ends, unless a read shows that somebody else
changed it meanwhile. Which entitlements exclude each other, the connector says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect
from uar.lifecycle import move
from uar.models import (
    AccessRequest,
    Account,
    ApprovalStep,
    Entitlement,
    Grant,
    GrantCause,
    Identity,
    Resource,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, PersonStatus
from uar.models.states import GrantState, OrderState, StepState
from uar.work import Work

OTHER = sa.inspect(Entitlement).local_table.alias("other_entitlement")
HOLDING = (GrantState.ACTIVE, GrantState.ENDING)


def mates(
    session: Session, account_id: int, entitlement_id: int, *states: GrantState
) -> list[Grant]:
    """List the open grants that exclude an account's grant of this entitlement, oldest first."""
    return list(
        session.scalars(
            _mates()
            .where(
                col(Grant.account_id) == account_id,
                OTHER.c.id == entitlement_id,
                col(Grant.state).in_(states),
            )
            .order_by(col(Grant.id))
        )
    )


def replaced(session: Session, account_id: int, entitlement_id: int) -> Grant | None:
    """Return the grant in force that giving this entitlement would replace."""
    found = mates(session, account_id, entitlement_id, GrantState.ACTIVE)
    return found[-1] if found else None


def replaced_names(session: Session, request_ids: Collection[int]) -> Mapping[int, str]:
    """Name what each request's access would replace ("Operator in prod"). One query."""
    found = session.connection().execute(
        sa.select(col(AccessRequest.id), col(Entitlement.name), col(Resource.name))
        .select_from(AccessRequest)
        .join(OTHER, OTHER.c.id == col(AccessRequest.entitlement_id))
        .join(Entitlement, _excludes())
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(
            Grant,
            sa.and_(
                col(Grant.entitlement_id) == col(Entitlement.id),
                col(Grant.account_id) == col(AccessRequest.account_id),
                col(Grant.state) == GrantState.ACTIVE,
            ),
        )
        .where(col(AccessRequest.id).in_(request_ids))
        .order_by(col(Grant.id))
    )
    return {
        request_id: right if resource in right else f"{resource} · {right}"
        for request_id, right, resource in found
    }


def why_not_as_approved(session: Session, request_id: int) -> str:
    """Say why a request would replace other access than its approver saw (L13); empty when not."""
    seen = session.scalars(
        sa.select(col(ApprovalStep.seen))
        .where(
            col(ApprovalStep.request_id) == request_id,
            col(ApprovalStep.state) == StepState.APPROVED,
        )
        .order_by(col(ApprovalStep.position).desc())
    ).first()
    now = replaced_names(session, [request_id]).get(request_id, "")
    then = (seen or {}).get("replaces", now)
    if then == now:
        return ""
    return f"It would replace {now or 'nothing'} now; {then or 'nothing'} was approved. Ask again."


def desired(session: Session, account_id: int, entitlement_id: int) -> Grant | None:
    """Return the displaced grant to give back when this entitlement's ends.

    The one of the newest request that still runs, else the standing one. None
    when there is none, when it does not exist any more, or when the person left.
    """
    return session.scalars(
        _mates()
        .join(GrantCause, col(GrantCause.grant_id) == col(Grant.id))
        .join(Account, col(Account.id) == col(Grant.account_id))
        .outerjoin(Identity, col(Identity.id) == col(Account.identity_id))
        .where(
            col(Grant.account_id) == account_id,
            OTHER.c.id == entitlement_id,
            col(Grant.state) == GrantState.DISPLACED,
            col(GrantCause.ended_at).is_(None),
            col(Entitlement.gone_at).is_(None),
            col(Account.gone_at).is_(None),
            sa.or_(col(Identity.id).is_(None), col(Identity.status) == PersonStatus.ACTIVE),
        )
        .order_by(
            sa.case((col(GrantCause.kind) == Cause.STANDING, 1), else_=0),
            col(GrantCause.began_at).desc(),
            col(GrantCause.id).desc(),
        )
        .limit(1)
    ).first()


def displace(work: Work, grant: Grant) -> None:
    """Mark what a grant that a read has just shown took the place of."""
    if grant.state is not GrantState.ACTIVE:
        return
    for other in mates(work.session, grant.account_id, grant.entitlement_id, GrantState.ACTIVE):
        move(work, other, GrantState.DISPLACED, details={"by": grant.id})


def put_back(work: Work, grant: Grant) -> None:
    """Mark a displaced grant as in force again."""
    if grant.state is GrantState.DISPLACED:
        move(work, grant, GrantState.ACTIVE, reason="given back")


def place_of(session: Session, grant: Grant) -> GrantState:
    """Say whether a grant is in force, or displaced by another that is in its place."""
    covered = _covering(session, grant.account_id, grant.entitlement_id)
    return GrantState.DISPLACED if covered else GrantState.ACTIVE


def uncover(work: Work, account_id: int, entitlement_id: int) -> list[Grant]:
    """Count on what an entitlement had displaced again, when nothing of ours is in its place.

    For when a sync showed that ours is gone: it shows the one before in its place, or
    the next complete read ends that. Returns what counts again.
    """
    displaced = mates(work.session, account_id, entitlement_id, GrantState.DISPLACED)
    if not displaced or _covering(work.session, account_id, entitlement_id):
        return []
    for other in displaced:
        put_back(work, other)
    return displaced


def spoken_for(connector_id: int, since: datetime) -> sa.CompoundSelect[tuple[int, int]]:
    """Select (account, entitlement) of displaced grants, and of those in whose place our
    orders put something since.

    What a sync that began at ``since`` read about them may be older than what we know.
    Costs nothing where nothing is exclusive.
    """
    pair = (col(Grant.account_id), col(Grant.entitlement_id))
    displaced = (
        sa.select(*pair)
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .where(
            col(Entitlement.connector_id) == connector_id,
            col(Entitlement.exclusive) != "",
            col(Grant.state) == GrantState.DISPLACED,
            col(Grant.ended_at).is_(None),
        )
    )
    moved = excluded_by(
        col(Order.connector_id) == connector_id,
        sa.or_(
            col(Order.state).in_((OrderState.SENDING, OrderState.SENT)),
            col(Order.settled_at) > since,
        ),
    )
    return sa.union(displaced, moved)


def excluded_by(*conditions: sa.ColumnElement[bool]) -> AnySelect:
    """Select (account, entitlement) of all that the access of some orders excludes."""
    return (
        sa.select(col(Order.account_id), col(Entitlement.id))
        .join(OTHER, OTHER.c.id == col(Order.entitlement_id))
        .join(Entitlement, _excludes())
        .where(*conditions)
    )


def _covering(session: Session, account_id: int, entitlement_id: int) -> list[Grant]:
    """List what our own calls put into the place that an entitlement had."""
    found = mates(session, account_id, entitlement_id, *HOLDING)
    return [grant for grant in found if grant.began_order_id is not None]


def _excludes() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Entitlement.connector_id) == OTHER.c.connector_id,
        col(Entitlement.exclusive) == OTHER.c.exclusive,
        OTHER.c.exclusive != "",
        col(Entitlement.id) != OTHER.c.id,
    )


def _mates() -> AnySelect:
    return (
        sa.select(Grant)
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(OTHER, _excludes())
        .where(col(Grant.ended_at).is_(None))
    )
