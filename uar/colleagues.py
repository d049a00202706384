"""Finding the person whom somebody means, from what was typed: a name or a mail address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.errors import Invalid
from uar.models import Identity
from uar.models.kinds import PersonStatus
from uar.words import either

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works here."""

    id: int
    name: str
    email: str


def colleague(session: Session, identity_id: int) -> Colleague | None:
    """Return a person who works here, or None. One query."""
    found = rows(session, Colleague, _active().where(col(Identity.id) == identity_id))
    return found[0] if found else None


def named(session: Session, typed: str) -> Colleague:
    """Return the one person who works here and has this mail address, or else this name.

    Raises Invalid about the field ``to``, with whom it might mean. Two queries at most.
    """
    wanted = " ".join(typed.split())
    if not wanted:
        raise _cannot("Say whom: a name or a mail address.")
    same = sa.func.lower(wanted)  # the database lowers both: SQLite knows only A to Z
    exact = sa.or_(
        sa.func.lower(col(Identity.email)) == same, sa.func.lower(col(Identity.name)) == same
    )
    found = rows(session, Colleague, _active().where(exact).limit(MOST_NAMED))
    by_mail = [person for person in found if person.email.lower() == wanted.lower()]
    if by_mail or len(found) == 1:
        return (by_mail or found)[0]
    if found:
        raise _cannot(f"Several people are called that. Say which by mail: {_mails(found)}.")
    similar = _active().limit(MOST_NAMED)
    for word in wanted.split():
        similar = similar.where(col(Identity.name).icontains(word, autoescape=True))
    meant = rows(session, Colleague, similar)
    if meant:
        raise _cannot(f"Nobody is called exactly that. Do you mean {_both(meant)}?")
    raise _cannot("Nobody who works here has this name or mail address.")


def _active() -> AnySelect:
    return (
        sa.select(col(Identity.id), col(Identity.name), col(Identity.email))
        .where(col(Identity.status) == PersonStatus.ACTIVE)
        .order_by(col(Identity.name), col(Identity.id))
    )


def _mails(people: Sequence[Colleague]) -> str:
    return either([person.email or "one without an address" for person in people], MOST_NAMED)


def _both(people: Sequence[Colleague]) -> str:
    words = [f"{p.name} ({p.email})" if p.email else p.name for p in people]
    return either(words, MOST_NAMED)


def _cannot(sentence: str) -> Invalid:
    return Invalid(sentence, {"to": sentence})
