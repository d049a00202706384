"""People as pages show them; reading only. Where they come from is in :mod:`uar.directory`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Account, Identity
from uar.models.kinds import PersonStatus


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as lists show them."""

    id: int
    name: str
    email: str
    employee_id: str
    department: str
    title: str
    manager_id: int | None
    manager: str | None
    status: PersonStatus
    left_at: datetime | None
    accounts: int


def people(
    session: Session, *, search: str = "", after: tuple[str, int] = ("", 0), limit: int = 50
) -> list[PersonRow]:
    """List people by name; ``after`` is the name and id of the last row seen. One query."""
    statement = (
        _person()
        .where(sa.tuple_(col(Identity.name), col(Identity.id)) > after)
        .order_by(col(Identity.name), col(Identity.id))
        .limit(limit)
    )
    searched = (col(Identity.name), col(Identity.email), col(Identity.department))
    for word in search.lower().split():
        statement = statement.where(
            sa.or_(*(sa.func.lower(each).contains(word, autoescape=True) for each in searched))
        )
    return rows(session, PersonRow, statement)


def person(session: Session, identity_id: int) -> PersonRow | None:
    """Return one person, or None. One query."""
    found = rows(session, PersonRow, _person().where(col(Identity.id) == identity_id))
    return found[0] if found else None


def _person() -> AnySelect:
    manager = sa.orm.aliased(Identity)
    accounts = (
        sa.select(sa.func.count())
        .where(col(Account.identity_id) == col(Identity.id), col(Account.gone_at).is_(None))
        .scalar_subquery()
    )
    names = (
        "id",
        "email",
        "name",
        "employee_id",
        "department",
        "title",
        "manager_id",
        "status",
        "left_at",
    )
    return sa.select(
        *(sa.inspect(Identity).columns[name] for name in names),
        col(manager.name).label("manager"),
        accounts.label("accounts"),
    ).outerjoin(manager, col(manager.id) == col(Identity.manager_id))
