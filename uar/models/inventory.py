"""Who holds what, where: apps, resources, entitlements, accounts, grants and their causes.

Nothing is deleted. What a read no longer shows gets ``gone_at`` or ``ended_at``.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from uar.models.base import json_dict, key, only_when, ref, stored
from uar.models.kinds import AccountKind, AccountStatus, Approval, AppStatus, Cause, Match, Risk
from uar.models.states import GrantState

OPEN_GRANT = "ended_at IS NULL"
PAST_GRANT = "ended_at IS NOT NULL"


class App(SQLModel, table=True):
    """A governed application. ``is_own`` marks uar itself, whose entitlements are its roles."""

    id: int = key()
    name: str = Field(unique=True)
    status: AppStatus = stored(AppStatus, AppStatus.MANAGED)
    is_directory: bool = False
    is_own: bool = False
    description: str = ""
    created_at: datetime


class AppOwner(SQLModel, table=True):
    """A person who answers for an app."""

    __tablename__ = "app_owner"

    app_id: int = Field(foreign_key="app.id", primary_key=True)
    identity_id: int = Field(foreign_key="identity.id", primary_key=True, index=True)


class Resource(SQLModel, table=True):
    """A named thing of an app that access is to: a group, an application, a role."""

    __table_args__ = (sa.UniqueConstraint("connector_id", "type", "vendor_id"),)

    id: int = key()
    app_id: int = ref("app.id")
    connector_id: int = ref("connector.id", index=False)
    type: str
    vendor_id: str
    name: str
    description: str = ""
    parent_id: int | None = ref("resource.id", nullable=True)
    facts: dict[str, str] = json_dict()
    fingerprint: str = ""
    is_builtin: bool = False
    first_seen_at: datetime
    gone_at: datetime | None = None


class Entitlement(SQLModel, table=True):
    """A right on a resource, the thing that is asked for, reviewed and removed.

    ``can_provision`` says that the connector can change it, ``fixed_why`` why
    nobody can by hand (L7). Of those with the same ``exclusive`` at one connector an
    account holds one at most (L6). The columns from ``risk`` to ``max_minutes`` are ours
    and survive syncs.
    """

    __table_args__ = (
        sa.UniqueConstraint("resource_id", "slug"),
        sa.CheckConstraint("max_minutes > 0", name="some_time"),
    )

    id: int = key()
    app_id: int = ref("app.id")
    connector_id: int = ref("connector.id")
    resource_id: int = ref("resource.id", index=False)
    slug: str
    name: str
    description: str = ""
    purpose: str = ""
    can_provision: bool = False
    fixed_why: str = ""
    is_builtin: bool = False
    fingerprint: str = ""
    first_seen_at: datetime
    gone_at: datetime | None = None
    risk: Risk = stored(Risk, Risk.LOW)
    requestable: bool = False
    approval: Approval = stored(Approval, Approval.MANAGER)
    max_minutes: int = 60 * 24
    exclusive: str = ""


class Account(SQLModel, table=True):
    """A login inside an app. ``type`` is the vendor's (user, admin), ``kind`` is ours."""

    __table_args__ = (
        sa.UniqueConstraint("connector_id", "type", "vendor_id"),
        sa.Index("ix_account_app_id_name", "app_id", "name", "id"),
    )

    id: int = key()
    app_id: int = ref("app.id", index=False)
    connector_id: int = ref("connector.id", index=False)
    type: str
    vendor_id: str
    name: str
    email: str = Field(default="", index=True)
    username: str = ""
    status: AccountStatus = stored(AccountStatus, AccountStatus.UNSPECIFIED)
    status_detail: str = ""
    last_login_at: datetime | None = None
    mfa: bool | None = None
    employee_id: str = ""
    department: str = ""
    title: str = ""
    manager_vendor_id: str = ""
    linked_vendor_id: str = ""
    is_person: bool = True
    profile: dict[str, str] = json_dict()
    fingerprint: str = ""
    first_seen_at: datetime
    gone_at: datetime | None = None
    kind: AccountKind = stored(AccountKind, AccountKind.PERSON)
    is_protected: bool = False
    identity_id: int | None = ref("identity.id", nullable=True)
    match: Match = stored(Match, Match.NONE)


class Grant(SQLModel, table=True):
    """One account holds one entitlement, from the read that showed it to the read that did not.

    ``began_order_id`` names our own call that gave it; ``ended_order_id`` the one
    that took it (without foreign keys, for orders point at grants already).
    ``reappeared`` marks a grant that came back after we ended it. App and connector
    are the account's; a foreign key for each would say so once more, at the price of
    a look-up for every row of a read, and so would one for each run.
    """

    __tablename__ = "grants"
    __table_args__ = (
        sa.Index(
            "uq_grants_open", "account_id", "entitlement_id", unique=True, **only_when(OPEN_GRANT)
        ),
        sa.Index("ix_grants_entitlement_id_account_id", "entitlement_id", "account_id"),
        sa.Index("ix_grants_past", "account_id", "entitlement_id", **only_when(PAST_GRANT)),
        sa.Index("ix_grants_connector_id", "connector_id", **only_when(OPEN_GRANT)),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="interval"),
    )

    id: int = key()
    app_id: int
    connector_id: int
    account_id: int = ref("account.id", index=False)
    entitlement_id: int = ref("entitlement.id", index=False)
    state: GrantState = stored(GrantState, GrantState.ACTIVE)
    began_at: datetime
    began_run_id: int | None = None
    began_order_id: int | None = None
    ended_at: datetime | None = None
    ended_run_id: int | None = None
    ended_order_id: int | None = None
    reappeared: bool = False


class GrantCause(SQLModel, table=True):
    """One reason why a grant exists, with an end of its own (L2).

    ``via_id`` is the resource it is inherited through, 0 when it is direct.
    ``ends_at`` is when we mean to end it, ``ended_at`` when it ended.
    """

    __tablename__ = "grant_cause"
    __table_args__ = (
        sa.Index(
            "uq_grant_cause_open",
            "grant_id",
            "via_id",
            "kind",
            "request_id",
            unique=True,
            **only_when(OPEN_GRANT),
        ),
        sa.Index("ix_grant_cause_past", "grant_id", **only_when(PAST_GRANT)),
        sa.Index(
            "ix_grant_cause_due",
            "ends_at",
            **only_when("ended_at IS NULL AND ends_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_grant_cause_warn",
            "warn_at",
            **only_when("ended_at IS NULL AND warn_at IS NOT NULL"),
        ),
        sa.CheckConstraint("(kind = 'group') = (via_id <> 0)", name="via"),
        sa.CheckConstraint("(kind = 'request') = (request_id <> 0)", name="request"),
        sa.CheckConstraint("kind = 'request' OR ends_at IS NULL", name="ends"),
    )

    id: int = key()
    grant_id: int = ref("grants.id", index=False)
    kind: Cause = stored(Cause)
    via_id: int = 0
    request_id: int = 0
    began_at: datetime
    ends_at: datetime | None = None
    warn_at: datetime | None = None
    ended_at: datetime | None = None
