"""A unit of work: one session, one actor, one instant, one transaction.

A function that writes takes a ``Work`` and therefore cannot be anonymous,
undated or unaudited. This is the only file that commits.
"""

from __future__ import annotations

import gc
import threading
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
        _COLLECTING.paused(connection),
        connection.begin(),
    ):
        yield Work(session, actor, clock.now(), settings)
        session.flush()


class _Collecting:
    """Keeps Python from looking for garbage while SQLite's lock is held or waited for.

    Among all that a sync has read that takes a tenth of a second, and stops every
    thread; whoever else wants to write would wait for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pauses = 0

    @contextmanager
    def paused(self, connection: sa.Connection) -> Iterator[None]:
        if connection.dialect.name != "sqlite":
            yield
            return
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._lock:
            self._pauses += by
            (gc.disable if self._pauses else gc.enable)()


_COLLECTING = _Collecting()
