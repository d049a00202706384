"""What waits for one person, as numbers: for the menu and the start page. One query."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from uar.db import one
from uar.models import (
    AccessRequest,
    AppOwner,
    ApprovalStep,
    Campaign,
    Connector,
    Entitlement,
    Identity,
    Incident,
    ProvisioningOrder,
    ReviewItem,
    SignOff,
    StepHandover,
    SyncRun,
)
from uar.models.kinds import PersonStatus, Risk, Role, StepKind
from uar.models.states import (
    CampaignState,
    ConnectorState,
    IncidentState,
    ItemState,
    OrderState,
    RequestState,
    RunState,
    StepState,
)

BY_PEOPLE = (OrderState.MANUAL, OrderState.FAILED, OrderState.CONSENT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: campaigns to review or sign, requests to answer, and what admins look at."""

    reviews: int = 0
    approvals: int = 0
    orders: int = 0
    incidents: int = 0
    connectors: int = 0


def waiting(session: Session, identity_id: int, roles: Collection[Role]) -> Waiting:
    """Count what a person should do. One query; its cost does not grow with campaigns' sizes."""
    found = one(
        session,
        Waiting,
        sa.select(
            _reviews(identity_id).label("reviews"),
            _approvals(identity_id, Role.SUPER_ADMIN in roles).label("approvals"),
            _orders(identity_id, roles).label("orders"),
            _incidents(identity_id, roles).label("incidents"),
            _connectors(roles).label("connectors"),
        ),
    )
    assert found is not None
    return found


def awaits(identity_id: int, is_super: bool) -> sa.ColumnElement[bool]:
    """Return the SQL condition on an asked step that this person may decide it (L20, L22).

    The query must join approval_step, access_request and entitlement. A step that was
    passed on waits for that person alone, while she may; super administrators stand in
    where no regular decider is left.
    """
    this = sa.literal(identity_id)
    other = sa.inspect(Identity).local_table.alias("other")
    works_here = other.c.status == PersonStatus.ACTIVE
    independent = _is_independent(other.c.id)
    nobody_has_it = ~sa.exists().where(works_here, _has_it(other.c.id), independent)
    in_turn = _is_regular(this)
    if is_super:
        nobody_regular = ~sa.exists().where(works_here, _is_regular(other.c.id), independent)
        in_turn = sa.or_(in_turn, nobody_regular)
    she_has_it = sa.exists().where(works_here, other.c.id == this, _has_it(this))
    return sa.and_(_is_independent(this), sa.or_(she_has_it, sa.and_(in_turn, nobody_has_it)))


def _reviews(identity_id: int) -> sa.ScalarSelect[int]:
    """Count open campaigns with items of hers that she has not signed."""
    return (
        sa.select(sa.func.count())
        .select_from(Campaign)
        .where(
            col(Campaign.state) == CampaignState.OPEN,
            sa.exists().where(
                col(ReviewItem.campaign_id) == col(Campaign.id),
                col(ReviewItem.reviewer_id) == identity_id,
                col(ReviewItem.state) != ItemState.VOID,
            ),
            ~sa.exists().where(
                col(SignOff.campaign_id) == col(Campaign.id), col(SignOff.by) == identity_id
            ),
        )
        .scalar_subquery()
    )


def _approvals(identity_id: int, is_super: bool) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(ApprovalStep)
        .join(AccessRequest, col(AccessRequest.id) == col(ApprovalStep.request_id))
        .join(Entitlement, col(Entitlement.id) == col(AccessRequest.entitlement_id))
        .where(
            col(ApprovalStep.state) == StepState.ASKED,
            col(AccessRequest.state) == RequestState.WAITING,
            awaits(identity_id, is_super),
        )
        .scalar_subquery()
    )


def _has_it(person: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say that the step was passed on to a person."""
    return (
        sa.exists()
        .where(
            col(StepHandover.step_id) == col(ApprovalStep.id),
            col(StepHandover.to_id) == person,
            col(StepHandover.ended_at).is_(None),
        )
        .correlate_except(StepHandover)
    )


def _is_regular(person: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say that a person is the manager or the owner whom the step asks."""
    subject = sa.inspect(Identity).local_table.alias("subject")
    # Correlated by hand: by itself SQLAlchemy looks one query up, and these may be two deep.
    manages = (
        sa.exists()
        .where(subject.c.id == col(AccessRequest.subject_id), subject.c.manager_id == person)
        .correlate_except(subject)
    )
    owns = (
        sa.exists()
        .where(col(AppOwner.app_id) == col(Entitlement.app_id), col(AppOwner.identity_id) == person)
        .correlate_except(AppOwner)
    )
    return sa.or_(
        sa.and_(col(ApprovalStep.kind) == StepKind.MANAGER, manages),
        sa.and_(col(ApprovalStep.kind) == StepKind.OWNER, owns),
    )


def _is_independent(person: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say that a person is neither subject nor requester, nor took an earlier step at high risk."""
    earlier = sa.inspect(ApprovalStep).local_table.alias("earlier")
    took_one = (
        sa.exists()
        .where(
            earlier.c.request_id == col(AccessRequest.id),
            earlier.c.decided_by == person,
            earlier.c.state == StepState.APPROVED,
        )
        .correlate_except(earlier)
    )
    return sa.and_(
        person != col(AccessRequest.subject_id),
        person != col(AccessRequest.requester_id),
        sa.or_(col(Entitlement.risk) != Risk.HIGH, ~took_one),
    )


def _orders(identity_id: int, roles: Collection[Role]) -> sa.ScalarSelect[int]:
    everywhere = {Role.SUPER_ADMIN, Role.CONNECTOR_ADMIN, Role.APP_ADMIN} & set(roles)
    return _count(
        ProvisioningOrder,
        col(ProvisioningOrder.state).in_(BY_PEOPLE),
        sa.true() if everywhere else _owned(identity_id, col(ProvisioningOrder.app_id)),
    )


def _incidents(identity_id: int, roles: Collection[Role]) -> sa.ScalarSelect[int]:
    everywhere = {Role.SUPER_ADMIN, Role.CONNECTOR_ADMIN, Role.APP_ADMIN} & set(roles)
    return _count(
        Incident,
        col(Incident.state) == IncidentState.OPEN,
        sa.true() if everywhere else _owned(identity_id, col(Incident.app_id)),
    )


def _connectors(roles: Collection[Role]) -> sa.ColumnElement[int]:
    """Count connectors with a held run or an error."""
    if not {Role.SUPER_ADMIN, Role.CONNECTOR_ADMIN} & set(roles):
        return sa.literal(0)
    held = sa.exists().where(
        col(SyncRun.connector_id) == col(Connector.id), col(SyncRun.state) == RunState.HELD
    )
    return _count(Connector, sa.or_(col(Connector.state) == ConnectorState.BROKEN, held))


def _owned(identity_id: int, app_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        col(AppOwner.app_id) == app_id, col(AppOwner.identity_id) == identity_id
    )


def _count(table: type[SQLModel], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()
