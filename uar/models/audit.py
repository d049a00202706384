"""The record of what was done, and the chain of seals over it. Both are insert-only."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from uar.models.base import json_dict, key


class AuditEntry(SQLModel, table=True):
    """Who did what to which thing, when and why (L28). Triggers refuse update and delete."""

    __tablename__ = "audit_entry"
    __table_args__ = (sa.Index("ix_audit_entry_subject", "subject", "id"),)

    id: int = key()
    at: datetime
    actor: str
    actor_id: int | None = None
    action: str = Field(index=True)
    subject: str
    reason: str = ""
    details: dict[str, Any] = json_dict()
    request_ref: str = ""


class AuditSeal(SQLModel, table=True):
    """One link: the hash over the link before it and one audit entry."""

    __tablename__ = "audit_seal"

    seq: int = Field(primary_key=True)
    audit_id: int = Field(foreign_key="audit_entry.id", unique=True)
    previous: str
    hash: str
