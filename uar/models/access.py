"""Access requests and their approval steps."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from uar.models.base import json_dict, key, only_when, ref, stored
from uar.models.kinds import StepKind
from uar.models.states import RequestState, StepState


class AccessRequest(SQLModel, table=True):
    """One person asks for one entitlement for a number of minutes.

    ``minutes`` is what was asked, ``granted_minutes`` what the approvers left of
    it. ``is_extension`` asks to keep what an earlier request gave.
    """

    __tablename__ = "access_request"
    __table_args__ = (
        sa.Index(
            "uq_access_request_open",
            "subject_id",
            "entitlement_id",
            unique=True,
            **only_when("state IN ('waiting', 'approved')"),
        ),
        sa.Index("ix_access_request_lapse", "lapses_at", **only_when("state = 'waiting'")),
        sa.CheckConstraint("minutes > 0", name="minutes"),
        sa.CheckConstraint("granted_minutes > 0", name="granted_minutes"),
    )

    id: int = key()
    requester_id: int = ref("identity.id")
    subject_id: int = ref("identity.id", index=False)
    entitlement_id: int = ref("entitlement.id")
    account_id: int = ref("account.id")
    state: RequestState = stored(RequestState, RequestState.WAITING)
    minutes: int
    granted_minutes: int
    reason: str
    is_extension: bool = False
    filed_at: datetime
    lapses_at: datetime
    settled_at: datetime | None = None
    outcome: str = ""
    shown: dict[str, str] = json_dict()


class ApprovalStep(SQLModel, table=True):
    """One decision that a request needs; who may take it is resolved when it is taken (L27)."""

    __tablename__ = "approval_step"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "position"),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (state NOT IN ('approved', 'denied'))", name="decided"
        ),
    )

    id: int = key()
    request_id: int = ref("access_request.id", index=False)
    position: int
    kind: StepKind = stored(StepKind)
    state: StepState = stored(StepState, StepState.WAITING)
    decided_by: int | None = ref("identity.id", nullable=True)
    decided_at: datetime | None = None
    minutes: int | None = None
    reason: str = ""
    seen: dict[str, str] = json_dict()


class StepHandover(SQLModel, table=True):
    """A decider has passed a step on: ``to_id`` decides from ``at``, until it is passed on again.

    Only the open one of a step counts, and only while that person may decide.
    """

    __tablename__ = "step_handover"
    __table_args__ = (
        sa.Index("uq_step_handover_open", "step_id", unique=True, **only_when("ended_at IS NULL")),
        sa.CheckConstraint("from_id <> to_id", name="not_oneself"),
    )

    id: int = key()
    step_id: int = ref("approval_step.id")
    from_id: int = ref("identity.id", index=False)
    to_id: int = ref("identity.id")
    at: datetime
    ended_at: datetime | None = None
    reason: str
