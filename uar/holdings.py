"""Holdings: what one person holds, how, until when, and what she may do with it.

Reading only. Asking for more time is :func:`uar.filing.file`, giving back is
:func:`uar.endings.give_back`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.catalogue import can_hold, on_offer, open_requests
from uar.db import rows
from uar.errors import NotFound
from uar.grants import holds
from uar.held_by import HeldRow, held_by
from uar.models import AccessRequest, Account, App, Entitlement, Grant, GrantCause, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, OrderKind, OrderReason, Role
from uar.models.states import GrantState
from uar.permissions import last_super
from uar.provisioning import unsettled
from uar.words import access_name

RECENT = timedelta(days=7)


class How(StrEnum):
    """How an account stands towards an entitlement, as far as asking for it goes."""

    NOT = "not"
    RUNNING = "running"  # for a while, and the time is not over
    LASTING = "lasting"  # with no end that we would set
    LEAVING = "leaving"  # its removal is on its way, or its time is over (L19)


@dataclass(frozen=True, slots=True)
class Holding:
    """How an account holds an entitlement; ``ends_at`` is the last end while it is running."""

    how: How
    grant_id: int | None = None
    ends_at: datetime | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class MyAccess:
    """One thing that a person holds, and what she may do with it.

    ``left`` is the share of its lifetime that is left, 0 to 1, and 1 without an
    end. ``extend_minutes`` is how much more time one asks for with one press, 0
    when it cannot be extended, ``reason`` what the time was asked for last.
    ``may_give_back`` is about the direct path, and ``note`` says why not.
    ``request_id`` is the open request for more.
    """

    grant_id: int
    entitlement_id: int
    app: str
    resource: str
    entitlement: str
    account: str
    state: GrantState
    began_at: datetime
    ends_at: datetime | None
    left: float
    via: str
    extend_minutes: int
    may_give_back: bool
    reason: str
    request_id: int | None
    note: str

    @property
    def access(self) -> str:
        """Name it as everywhere: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)


@dataclass(frozen=True, slots=True)
class PastAccess:
    """One thing that a person held until lately; ``reason`` is None when we did not end it.

    ``on_offer`` says whether she could ask for it again.
    """

    grant_id: int
    entitlement_id: int
    app: str
    resource: str
    entitlement: str
    began_at: datetime
    ended_at: datetime
    reason: OrderReason | None
    on_offer: bool

    @property
    def access(self) -> str:
        """Name it as everywhere: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)


def holding(session: Session, account_id: int, entitlement_id: int, now: datetime) -> Holding:
    """Say how an account holds an entitlement at this instant, as far as reads have shown."""
    grant = holds(session, account_id, entitlement_id)
    if grant is None:
        leaving = unsettled(session, account_id, entitlement_id, OrderKind.REVOKE)
        return Holding(How.LEAVING if leaving else How.NOT)
    if grant.state is GrantState.ENDING or unsettled(
        session, account_id, entitlement_id, OrderKind.REVOKE
    ):
        return Holding(How.LEAVING, grant.id)
    causes = session.connection().execute(
        sa.select(col(GrantCause.kind), col(GrantCause.ends_at), col(Resource.name))
        .outerjoin(Resource, col(Resource.id) == col(GrantCause.via_id))
        .where(col(GrantCause.grant_id) == grant.id, col(GrantCause.ended_at).is_(None))
    )
    ends: list[datetime] = []
    for kind, ends_at, via in causes:
        if ends_at is None:
            return Holding(How.LASTING, grant.id, via=via or "" if kind is Cause.GROUP else "")
        ends.append(ends_at)
    if not ends or max(ends) <= now:
        return Holding(How.LEAVING, grant.id)
    return Holding(How.RUNNING, grant.id, max(ends))


def my_access(session: Session, identity_id: int, now: datetime) -> list[MyAccess]:
    """List what a person holds, what ends soonest first, then by app and name. Five queries.

    The plain account in a directory is not listed: everybody has one.
    """
    asked = open_requests(session, identity_id)
    facts = _facts(session, identity_id)
    given = _given(session, identity_id)
    found = [
        _mine(row, facts[row.grant_id], asked.get(row.entitlement_id), given, now)
        for row in held_by(session, identity_id)
        if not row.is_plain
    ]
    return sorted(found, key=lambda row: (row.ends_at is None, row.ends_at or now))


def one_of_mine(session: Session, identity_id: int, grant_id: int, now: datetime) -> MyAccess:
    """Return one thing that a person holds. Raises NotFound when she does not."""
    for row in my_access(session, identity_id, now):
        if row.grant_id == grant_id:
            return row
    raise NotFound("There is no such access.", subject=f"grants:{grant_id}")


def lately_ended(session: Session, identity_id: int, now: datetime) -> list[PastAccess]:
    """List what a person held and lost in the last seven days, newest first. One query."""
    return rows(
        session,
        PastAccess,
        sa.select(
            col(Grant.id).label("grant_id"),
            col(Grant.entitlement_id),
            col(App.name).label("app"),
            col(Resource.name).label("resource"),
            col(Entitlement.name).label("entitlement"),
            col(Grant.began_at),
            col(Grant.ended_at),
            col(Order.reason),
            sa.and_(on_offer(), can_hold()).label("on_offer"),
        )
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(Order, col(Order.id) == col(Grant.ended_order_id))
        .where(col(Account.identity_id) == identity_id, col(Grant.ended_at) > now - RECENT)
        .order_by(col(Grant.ended_at).desc(), col(Grant.id).desc()),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    grant_id: int
    is_last_super: bool
    is_protected: bool
    on_offer: bool
    max_minutes: int


def _facts(session: Session, identity_id: int) -> Mapping[int, _Facts]:
    """Read what else decides over a person's grants, by grant."""
    found = rows(
        session,
        _Facts,
        sa.select(
            col(Grant.id).label("grant_id"),
            _is_last_super(session).label("is_last_super"),
            col(Account.is_protected),
            sa.and_(on_offer(), can_hold()).label("on_offer"),
            col(Entitlement.max_minutes),
        )
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Account.identity_id) == identity_id, col(Grant.ended_at).is_(None)),
    )
    return {row.grant_id: row for row in found}


def _is_last_super(session: Session) -> sa.ColumnElement[bool]:
    """Match the grant of a role that must stay, for nobody else has it for good (L14)."""
    return sa.and_(
        col(App.is_own),
        col(Resource.vendor_id) == Role.SUPER_ADMIN.value,
        col(Account.identity_id) == last_super(session),
    )


def _given(session: Session, identity_id: int) -> Mapping[int, tuple[int, str]]:
    """Map a person's temporary grants to the minutes and the reason of the newest request."""
    found = session.connection().execute(
        sa.select(
            col(GrantCause.grant_id),
            col(AccessRequest.granted_minutes),
            col(AccessRequest.reason),
        )
        .join(AccessRequest, col(AccessRequest.id) == col(GrantCause.request_id))
        .where(col(AccessRequest.subject_id) == identity_id, col(GrantCause.ended_at).is_(None))
        .order_by(col(GrantCause.id))
    )
    return {grant_id: (minutes, reason) for grant_id, minutes, reason in found}


def _mine(
    row: HeldRow,
    facts: _Facts,
    request_id: int | None,
    given: Mapping[int, tuple[int, str]],
    now: datetime,
) -> MyAccess:
    minutes, reason = given.get(row.grant_id, (60, ""))
    over = row.ends_at is not None and row.ends_at <= now
    running = row.state is GrantState.ACTIVE and not over
    note = _why_kept(row, facts) if running else ""
    more = running and row.ends_at is not None and facts.on_offer and request_id is None
    return MyAccess(
        grant_id=row.grant_id,
        entitlement_id=row.entitlement_id,
        app=row.app,
        resource=row.resource,
        entitlement=row.entitlement,
        account=row.account,
        # Its time is over though the job that ends it has not come by yet.
        state=GrantState.ENDING if over and row.state is GrantState.ACTIVE else row.state,
        began_at=row.began_at,
        ends_at=row.ends_at,
        left=_left(row, now),
        via=row.via,
        extend_minutes=min(minutes, facts.max_minutes) if more else 0,
        may_give_back=running and not note,
        reason=reason,
        request_id=request_id,
        note=note or ("more time is asked for" if request_id and running else ""),
    )


def _why_kept(row: HeldRow, facts: _Facts) -> str:
    """Say why the holder cannot give it back here; empty when she can."""
    if row.is_builtin:
        return "an account: ask the owner of the app to close it"
    if facts.is_last_super:
        return "the last super administrator: give somebody else the role first"
    if facts.is_protected:
        return "a protected account: uar never changes it"
    if not row.direct:
        return f"comes through {row.via}: give that back"
    return ""


def _left(row: HeldRow, now: datetime) -> float:
    if row.ends_at is None:
        return 1.0
    lifetime = (row.ends_at - row.began_at).total_seconds()
    if lifetime <= 0:
        return 0.0
    return min(max((row.ends_at - now).total_seconds() / lifetime, 0.0), 1.0)
