"""A unit of work: one session, one actor, one instant, one transaction.

A function that writes takes a ``Work`` and therefore cannot be anonymous,
undated or unaudited. This is the only file that commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from uar import clock
from uar.models import AuditEntry
from uar.settings import Settings

request_ref: ContextVar[str] = ContextVar("request_ref", default="")
"""The id of the web request or job under way; it is in the log and in the audit row."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person (``id`` is the identity's) or a part of uar (``id`` is None)."""

    name: str
    id: int | None = None


SYSTEM = Actor("uar")
DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Work:
    """What every verb that writes is handed."""

    session: Session
    actor: Actor
    now: datetime
    settings: Settings = DEFAULTS

    def record(
        self,
        action: str,
        subject: str,
        *,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one audit row: ``noun.past_participle`` about ``kind:id``."""
        self.record_all(action, [(subject, details or {})], reason=reason)

    def record_all(
        self, action: str, subjects: Sequence[tuple[str, Mapping[str, Any]]], *, reason: str = ""
    ) -> None:
        """Add one audit row for each subject, in one statement."""
        if not subjects:
            return
        self.session.flush()
        self.session.connection().execute(
            sa.insert(AuditEntry),
            [
                {
                    "at": self.now,
                    "actor": self.actor.name,
                    "actor_id": self.actor.id,
                    "action": action,
                    "subject": subject,
                    "reason": reason,
                    "details": dict(details),
                    "request_ref": request_ref.get(),
                }
                for subject, details in subjects
            ],
        )


@contextmanager
def unit_of_work(engine: sa.Engine, actor: Actor, settings: Settings = DEFAULTS) -> Iterator[Work]:
    """Begin a transaction for one actor; leaving commits, any exception rolls back.

    Enter it only at an edge: a POST view, a job's step, a command. Never call a
    vendor, a mail server or anything remote inside.
    """
    with engine.connect() as connection, work_on(connection, actor, settings) as work:
        yield work


@contextmanager
def work_on(
    connection: sa.Connection, actor: Actor, settings: Settings = DEFAULTS
) -> Iterator[Work]:
    """Begin the same on a connection of the caller's own, such as one with temporary tables."""
    with (
        Session(connection, autoflush=True, expire_on_commit=False) as session,
        connection.begin(),
    ):
        yield Work(session, actor, clock.now(), settings)
        session.flush()
