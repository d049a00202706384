"""People, and who is signed in."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from uar.models.base import json_dict, key, only_when, ref, stored
from uar.models.kinds import PersonStatus


class Identity(SQLModel, table=True):
    """A person of the directory. Mail is lower-cased and the key; never deleted."""

    __table_args__ = (
        sa.Index("uq_identity_email", "email", unique=True, **only_when("email <> ''")),
    )

    id: int = key()
    email: str = Field(default="")
    name: str
    employee_id: str = Field(default="", index=True)
    department: str = Field(default="", index=True)
    title: str = Field(default="", index=True)
    manager_id: int | None = ref("identity.id", nullable=True)
    status: PersonStatus = stored(PersonStatus, PersonStatus.ACTIVE)
    created_at: datetime
    changed_at: datetime
    left_at: datetime | None = None


class SignIn(SQLModel, table=True):
    """One browser that is signed in; the cookie holds the token, we hold its hash."""

    __tablename__ = "sign_in"

    id: int = key()
    identity_id: int = ref("identity.id")
    token_hash: str = Field(unique=True)
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None


class Notification(SQLModel, table=True):
    """One message for one person, queued in the transaction that caused it."""

    __table_args__ = (sa.Index("ix_notification_due", "send_at", **only_when("sent_at IS NULL")),)

    id: int = key()
    identity_id: int = ref("identity.id")
    kind: str
    subject: str
    body: str
    path: str = ""
    created_at: datetime
    send_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    trouble: str = ""
    facts: dict[str, str] = json_dict()
