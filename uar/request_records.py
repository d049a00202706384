"""One access request from its filing to its end, and a person's own requests. Reading only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.catalogue import OPEN
from uar.db import rows
from uar.errors import NotFound
from uar.models import AccessRequest, ApprovalStep, AuditEntry, GrantCause, Identity
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Role, StepKind
from uar.models.states import OrderState, RequestState, StepState
from uar.permissions import roles_of
from uar.policies import authority
from uar.provisioning import CANCELLABLE
from uar.request_rows import RequestRow, excluded, filled, request_row, requests

READERS = frozenset({Role.AUDITOR, Role.SUPER_ADMIN})

SAID = {
    "access_request.filed": "asked for it",
    "access_request.refused": "tried what was refused",
    "approval_step.asked": "asked who decides next",
    "approval_step.approved": "approved this step",
    "approval_step.denied": "denied this step",
    "access_request.approved": "was the last who had to approve",
    "access_request.granted": "told that the access works",
    "provisioning_order.created": "ordered the change",
    "provisioning_order.sending": "took the change on",
    "provisioning_order.read": "read how it is before changing it",
    "provisioning_order.sent": "sent the change",
    "provisioning_order.verified": "read that it is done",
    "provisioning_order.queued": "will try the change again",
    "provisioning_order.manual": "left the change to a person",
    "provisioning_order.failed": "gave the change up",
    "provisioning_order.cancelled": "called the change off",
    "grant.begun": "saw the access begin",
    "grant.timed": "set its end",
    "grant.warned": "warned that it ends soon",
    "grants.ending": "found its time over",
    "grants.ended": "saw that it is gone",
}
"""What the record's own words mean to whoever asked; what is not here is said as it is."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a request; ``who`` names those who may take it now, and why they stand in."""

    position: int
    kind: StepKind
    state: StepState
    decided_by: str
    decided_at: datetime | None
    minutes: int | None
    reason: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of what happened to a request, its steps, its orders and its grant."""

    at: datetime
    actor: str
    action: str
    reason: str
    details: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Say it: "Max Roth approved this step (only for the import)"."""
        if self.action == "approval_step.handed_over":
            return f"{self.actor} passed this step on to {self.details['name']} ({self.reason})"
        plain = self.action.replace("_", " ").replace(".", " ")
        done = (
            f"{self.actor} {SAID[self.action]}" if self.action in SAID else f"{self.actor}: {plain}"
        )
        why = "" if self.action == "provisioning_order.created" else self.reason
        return done + (f" ({why})" if why else "")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """Everything about one request that those who may see it are shown.

    ``began_at`` and ``ends_at`` are those of the access it gave while that lasts,
    ``order_state`` and ``order_result`` of the newest order it led to.
    """

    row: RequestRow
    requester: str
    steps: tuple[StepRow, ...]
    log: tuple[LogLine, ...]
    began_at: datetime | None
    ends_at: datetime | None
    over_at: datetime | None
    order_state: OrderState | None
    order_result: str
    may_cancel: bool


def record_of(session: Session, request_id: int, identity_id: int) -> RequestRecord:
    """Return one request. Raises NotFound unless the person may see it.

    That are whoever asked, whose access it is, who decided or may decide any of
    its steps, auditors and super administrators.
    """
    row = visible(session, request_id, identity_id)
    steps = _steps(session, row)
    order = session.scalars(
        sa.select(Order).where(col(Order.request_id) == request_id).order_by(col(Order.id).desc())
    ).first()
    cause = session.scalars(
        sa.select(GrantCause).where(col(GrantCause.request_id) == request_id)
    ).first()
    running = cause if cause and cause.ended_at is None else None
    return RequestRecord(
        row=row,
        requester=session.get_one(Identity, row.requester_id).name,
        steps=tuple(steps),
        log=_log(session, request_id, cause),
        began_at=running.began_at if running else None,
        ends_at=running.ends_at if running else None,
        over_at=cause.ended_at if cause else None,
        order_state=order.state if order else None,
        order_result=order.result if order else "",
        may_cancel=_may_cancel(row, identity_id, order),
    )


def visible(session: Session, request_id: int, identity_id: int) -> RequestRow:
    """Return the row of a request. Raises NotFound unless the person may see it."""
    row = request_row(session, request_id)
    if row is None or not _may_see(session, row, identity_id):
        raise NotFound("There is no such request.", subject=f"access_request:{request_id}")
    return row


def my_requests(
    session: Session, identity_id: int, *, is_open: bool, limit: int = 20
) -> list[RequestRow]:
    """List a person's own requests, newest first: those under way, or those that are closed."""
    state = col(AccessRequest.state)
    statement = requests().where(
        sa.or_(
            col(AccessRequest.subject_id) == identity_id,
            col(AccessRequest.requester_id) == identity_id,
        ),
        state.in_(OPEN) if is_open else state.not_in(OPEN),
    )
    return filled(session, statement.order_by(col(AccessRequest.id).desc()).limit(limit))


def _may_see(session: Session, row: RequestRow, identity_id: int) -> bool:
    if identity_id in (row.subject_id, row.requester_id) or row.may_decide(identity_id):
        return True
    if any(taken.by_id == identity_id for taken in row.earlier):
        return True
    if READERS & roles_of(session, identity_id):
        return True
    kinds = session.scalars(
        sa.select(col(ApprovalStep.kind)).where(col(ApprovalStep.request_id) == row.request_id)
    )
    who = authority(session, [row.subject_id], [row.app_id])
    return any(
        identity_id
        in who.deciders(
            kind, subject_id=row.subject_id, app_id=row.app_id, excluded=excluded(row)
        ).ids
        for kind in kinds
    )


def _steps(session: Session, row: RequestRow) -> list[StepRow]:
    found = rows(
        session,
        StepRow,
        sa.select(
            col(ApprovalStep.position),
            col(ApprovalStep.kind),
            col(ApprovalStep.state),
            sa.func.coalesce(col(Identity.name), "").label("decided_by"),
            col(ApprovalStep.decided_at),
            col(ApprovalStep.minutes),
            col(ApprovalStep.reason),
        )
        .outerjoin(Identity, col(Identity.id) == col(ApprovalStep.decided_by))
        .where(col(ApprovalStep.request_id) == row.request_id)
        .order_by(col(ApprovalStep.position)),
    )
    who = authority(session, [row.subject_id], [row.app_id])
    named = []
    for step in found:
        deciders = (step.position == row.position and row.deciders) or who.deciders(
            step.kind, subject_id=row.subject_id, app_id=row.app_id, excluded=excluded(row)
        )
        open_ = step.state in (StepState.ASKED, StepState.WAITING)
        named.append(replace(step, who=deciders.words if open_ else ""))
    return named


def _log(session: Session, request_id: int, cause: GrantCause | None) -> tuple[LogLine, ...]:
    """Say what happened to a request and to the access that it led to, until that was gone."""
    grant_id = cause.grant_id if cause else 0
    step_ids: Sequence[int] = session.scalars(
        sa.select(col(ApprovalStep.id)).where(col(ApprovalStep.request_id) == request_id)
    ).all()
    subjects = [f"access_request:{request_id}", *(f"approval_step:{id_}" for id_ in step_ids)]
    order_ids = session.scalars(
        sa.select(col(Order.id)).where(
            sa.or_(col(Order.request_id) == request_id, col(Order.grant_id) == grant_id)
        )
    ).all()
    subjects += [f"provisioning_order:{id_}" for id_ in order_ids]
    subjects.append(f"grants:{grant_id}")
    found = rows(
        session,
        LogLine,
        sa.select(
            col(AuditEntry.at),
            col(AuditEntry.actor),
            col(AuditEntry.action),
            col(AuditEntry.reason),
            col(AuditEntry.details),
        )
        .where(col(AuditEntry.subject).in_(subjects))
        .order_by(col(AuditEntry.id).desc())
        .limit(100),
    )
    return tuple(found)


def _may_cancel(row: RequestRow, identity_id: int, order: Order | None) -> bool:
    if identity_id not in (row.subject_id, row.requester_id):
        return False
    if row.state is RequestState.WAITING:
        return True
    return row.state is RequestState.APPROVED and (order is None or order.state in CANCELLABLE)
