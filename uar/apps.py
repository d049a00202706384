"""Governed apps: their owners, what may be asked for, and how well their accounts are matched.

What a sync reads is :mod:`uar.inventory`; here is what people decide about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from uar.db import AnySelect, one, rows
from uar.errors import Forbidden, Invalid, NotFound
from uar.models import Account, App, AppOwner, Connector, Entitlement, Identity
from uar.models.kinds import AccountStatus, Approval, AppStatus, PersonStatus, Risk, Role
from uar.permissions import roles_of
from uar.work import Work

LONGEST = 60 * 24 * 365
"""The longest that access for a while may be asked for, in minutes."""


@dataclass(frozen=True, slots=True)
class AppRow:
    """One app with how much of it there is now."""

    id: int
    name: str
    description: str
    status: AppStatus
    is_directory: bool
    is_own: bool
    accounts: int
    entitlements: int
    connector_id: int | None


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who answers for an app."""

    app_id: int
    id: int
    name: str
    email: str
    status: PersonStatus


@dataclass(frozen=True, slots=True)
class AccountOf:
    """One account in one app, for lists over several apps."""

    id: int
    app_id: int
    app: str
    name: str
    email: str
    type: str
    status: AccountStatus
    is_person: bool
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Matched:
    """How many of an app's accounts of people are matched to a person."""

    matched: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How an entitlement may be asked for; ``max_minutes`` is the longest one may ask."""

    risk: Risk
    requestable: bool
    approval: Approval
    max_minutes: int


def apps(session: Session, *, search: str = "", ids: Collection[int] | None = None) -> list[AppRow]:
    """List the apps by name, only those of ``ids`` when it is given. One query."""
    statement = _apps().order_by(col(App.name), col(App.id))
    for word in search.split():
        statement = statement.where(col(App.name).icontains(word, autoescape=True))
    if ids is not None:
        statement = statement.where(col(App.id).in_(ids))
    return rows(session, AppRow, statement)


def get(session: Session, app_id: int) -> AppRow:
    """Return one app. Raises NotFound. One query."""
    found = one(session, AppRow, _apps().where(col(App.id) == app_id))
    if found is None:
        raise NotFound("There is no such app.", subject=f"app:{app_id}")
    return found


def owners(session: Session, app_id: int | None = None) -> list[Owner]:
    """List the owners of an app, or of all apps, by name. One query."""
    statement = (
        sa.select(
            col(AppOwner.app_id),
            col(Identity.id),
            col(Identity.name),
            col(Identity.email),
            col(Identity.status),
        )
        .join(Identity, col(Identity.id) == col(AppOwner.identity_id))
        .order_by(col(Identity.name), col(Identity.id), col(AppOwner.app_id))
    )
    if app_id is not None:
        statement = statement.where(col(AppOwner.app_id) == app_id)
    return rows(session, Owner, statement)


def accounts_of(session: Session, identity_id: int) -> list[AccountOf]:
    """List a person's accounts in every app that are there now. One query."""
    return rows(session, AccountOf, _accounts().where(col(Account.identity_id) == identity_id))


def unmatched(session: Session, app_id: int, limit: int = 200) -> list[AccountOf]:
    """List the accounts of people that belong to nobody we know, by name. One query."""
    statement = _accounts().where(
        col(Account.app_id) == app_id, col(Account.is_person), col(Account.identity_id).is_(None)
    )
    return rows(session, AccountOf, statement.limit(limit))


def matched(session: Session, app_id: int) -> Matched:
    """Count an app's accounts of people, and those that are matched. One query."""
    found = session.connection().execute(
        sa.select(sa.func.count(col(Account.identity_id)), sa.func.count(col(Account.id))).where(
            col(Account.app_id) == app_id, col(Account.gone_at).is_(None), col(Account.is_person)
        )
    )
    return Matched(*found.one())


def set_owners(work: Work, app_id: int, emails: Sequence[str]) -> None:
    """Make exactly these people the owners of an app. Raises Invalid naming who is unknown.

    An app without owners is allowed, and said wherever its owner would decide. For uar
    itself only super administrators do this, else Forbidden.
    """
    app = work.session.get(App, app_id)
    if app is None:
        raise NotFound("There is no such app.", subject=f"app:{app_id}")
    _insist_on_authority(work, app)
    wanted = {email.strip().lower() for email in emails if email.strip()}
    found = work.session.connection().execute(
        sa.select(col(Identity.email), col(Identity.id)).where(
            col(Identity.email).in_(wanted), col(Identity.status) == PersonStatus.ACTIVE
        )
    )
    ids = {email: identity_id for email, identity_id in found}  # noqa: C416 - typed
    unknown = sorted(wanted - set(ids))
    if unknown:
        raise Invalid(
            "Nobody who works here has this address.",
            {"owners": f"Nobody who works here has the address {', '.join(unknown)}."},
        )
    before = {owner.id: owner.name for owner in owners(work.session, app_id)}
    if set(before) == set(ids.values()):
        return
    work.session.connection().execute(sa.delete(AppOwner).where(col(AppOwner.app_id) == app_id))
    for identity_id in sorted(ids.values()):
        work.session.add(AppOwner(app_id=app_id, identity_id=identity_id))
    work.record(
        "app.owners_set",
        f"app:{app_id}",
        details={"before": sorted(before), "after": sorted(ids.values())},
    )


def set_terms(work: Work, app_id: int, entitlement_id: int, terms: Terms) -> None:
    """Say how an entitlement may be asked for. Raises Invalid, NotFound.

    What nobody can give by hand is not asked for (L7). For uar's own roles only super
    administrators say it, else Forbidden.
    """
    row = work.session.get(Entitlement, entitlement_id)
    if row is None or row.app_id != app_id:
        raise NotFound("There is no such access.", subject=f"entitlement:{entitlement_id}")
    _insist_on_authority(work, work.session.get_one(App, app_id))
    problems = {}
    if terms.requestable and (row.fixed_why or row.is_builtin):
        why = row.fixed_why or "it stands for having an account, which uar does not make."
        problems["requestable"] = f"Nobody can ask for it: {why}"
    if not 0 < terms.max_minutes <= LONGEST:
        problems["max_minutes"] = f"The longest time is between 1 and {LONGEST} minutes."
    if problems:
        raise Invalid("It cannot be set like this.", problems)
    before = Terms(row.risk, row.requestable, row.approval, row.max_minutes)
    if before == terms:
        return
    row.risk, row.requestable = terms.risk, terms.requestable
    row.approval, row.max_minutes = terms.approval, terms.max_minutes
    work.session.add(row)
    work.record(
        "entitlement.terms_set",
        f"entitlement:{entitlement_id}",
        details={"before": asdict(before), "after": asdict(terms)},
    )


def _insist_on_authority(work: Work, app: App) -> None:
    """Let nobody make a way to uar's own roles who does not have them all (L25)."""
    if not app.is_own or work.actor.id is None:
        return
    if Role.SUPER_ADMIN not in roles_of(work.session, work.actor.id):
        raise Forbidden(
            "Only a super administrator says this about uar itself.", subject=f"app:{app.id}"
        )


def _apps() -> AnySelect:
    def count(table: type[SQLModel], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .select_from(table)
            .where(sa.inspect(table).columns["app_id"] == col(App.id), *conditions)
            .correlate(App)
            .scalar_subquery()
        )

    connector = (
        sa.select(sa.func.min(col(Connector.id)))
        .where(col(Connector.app_id) == col(App.id), col(App.is_own).is_(False))
        .correlate(App)
        .scalar_subquery()
    )
    return sa.select(
        col(App.id),
        col(App.name),
        col(App.description),
        col(App.status),
        col(App.is_directory),
        col(App.is_own),
        count(Account, col(Account.gone_at).is_(None)).label("accounts"),
        count(Entitlement, col(Entitlement.gone_at).is_(None)).label("entitlements"),
        connector.label("connector_id"),
    )


def _accounts() -> AnySelect:
    return (
        sa.select(
            col(Account.id),
            col(Account.app_id),
            col(App.name).label("app"),
            col(Account.name),
            col(Account.email),
            col(Account.type),
            col(Account.status),
            col(Account.is_person),
            col(Account.last_login_at),
        )
        .join(App, col(App.id) == col(Account.app_id))
        .where(col(Account.gone_at).is_(None))
        .order_by(col(App.name), col(Account.name), col(Account.id))
    )
