"""The inbox: requests that wait for one person, and those that she decided.

Reading only; deciding is :func:`uar.approvals.decide`. Who may decide is the law
of :mod:`uar.policies`; the condition in SQL only narrows down what is read.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.models import AccessRequest, ApprovalStep
from uar.models.kinds import Role
from uar.models.states import RequestState
from uar.permissions import roles_of
from uar.request_rows import RequestRow, filled, requests
from uar.waiting import awaits


def inbox(
    session: Session, identity_id: int, *, after: int | None = None, limit: int = 100
) -> list[RequestRow]:
    """List what waits for a person's decision, longest waiting first.

    ``after`` is the last request seen. The number of queries does not depend on
    the rows.
    """
    is_super = Role.SUPER_ADMIN in roles_of(session, identity_id)
    statement = requests().where(
        col(AccessRequest.state) == RequestState.WAITING,
        col(ApprovalStep.id).is_not(None),
        awaits(identity_id, is_super),
    )
    if after is not None:
        statement = statement.where(col(AccessRequest.id) > after)
    found = filled(session, statement.order_by(col(AccessRequest.id)).limit(limit))
    return [row for row in found if row.may_decide(identity_id)]


def decided(
    session: Session, identity_id: int, *, after: int | None = None, limit: int = 100
) -> list[RequestRow]:
    """List what a person decided a step of, newest request first; ``after`` is the last seen."""
    step = sa.orm.aliased(ApprovalStep)
    mine = sa.exists().where(
        col(step.request_id) == col(AccessRequest.id), col(step.decided_by) == identity_id
    )
    statement = requests().where(mine)
    if after is not None:
        statement = statement.where(col(AccessRequest.id) < after)
    return filled(session, statement.order_by(col(AccessRequest.id).desc()).limit(limit))


def n_decided_since(session: Session, identity_id: int, since: datetime) -> int:
    """Count the requests that a person has decided a step of since an instant. One query."""
    found = session.connection().scalar(
        sa.select(sa.func.count(sa.distinct(col(ApprovalStep.request_id)))).where(
            col(ApprovalStep.decided_by) == identity_id, col(ApprovalStep.decided_at) >= since
        )
    )
    return found or 0
