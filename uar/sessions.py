"""Who is signed in: rows, and the tokens that browsers hold. Sign-in itself is the web's.

A token is 256 random bits; only its hash is kept, so that the table cannot be
used to sign in. No row is ever deleted.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, one
from uar.errors import NotFound
from uar.models import Identity, SignIn
from uar.models.kinds import PersonStatus
from uar.work import Work

SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One person in one browser; ``sign_in_id`` names the row."""

    sign_in_id: int
    id: int
    name: str
    email: str
    title: str
    department: str
    seen_at: datetime


def find(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Return who holds a token, or None: unknown, ended, too old, or she left. One query."""
    statement: AnySelect = (
        sa.select(
            col(SignIn.id).label("sign_in_id"),
            col(Identity.id),
            col(Identity.name),
            col(Identity.email),
            col(Identity.title),
            col(Identity.department),
            col(SignIn.seen_at),
        )
        .join(Identity, col(Identity.id) == col(SignIn.identity_id))
        .where(
            col(SignIn.token_hash) == _hash(token),
            col(SignIn.ended_at).is_(None),
            col(SignIn.ends_at) > now,
            col(Identity.status) == PersonStatus.ACTIVE,
        )
    )
    return one(session, SignedIn, statement)


def begin(work: Work, identity_id: int) -> str:
    """Sign a person in for ``UAR_SESSION_HOURS`` and return the token for her browser.

    Raises NotFound for somebody who does not exist or has left.
    """
    person = work.session.get(Identity, identity_id)
    if person is None or person.status is not PersonStatus.ACTIVE:
        raise NotFound("There is no such person here.", subject=f"identity:{identity_id}")
    token = secrets.token_urlsafe(32)
    row = SignIn(
        identity_id=identity_id,
        token_hash=_hash(token),
        began_at=work.now,
        seen_at=work.now,
        ends_at=work.now + timedelta(hours=work.settings.session_hours),
    )
    work.session.add(row)
    work.session.flush()
    work.record("sign_in.begun", f"sign_in:{row.id}", details={"identity": identity_id})
    return token


def note_seen(work: Work, sign_in_id: int) -> None:
    """Note that a browser is still in use; at most every five minutes."""
    work.session.connection().execute(
        sa.update(SignIn)
        .where(col(SignIn.id) == sign_in_id, col(SignIn.seen_at) < work.now - SEEN_EVERY)
        .values(seen_at=work.now)
    )


def end(work: Work, sign_in_id: int) -> None:
    """Sign a browser out; nothing when it is out already."""
    ended = work.session.connection().execute(
        sa.update(SignIn)
        .where(col(SignIn.id) == sign_in_id, col(SignIn.ended_at).is_(None))
        .values(ended_at=work.now)
    )
    if ended.rowcount:
        work.record("sign_in.ended", f"sign_in:{sign_in_id}")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
