"""Accounts, entitlements and grants of an app, as pages and exports show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, one, rows
from uar.errors import Invalid, NotFound
from uar.exports import export as export
from uar.models import Account, App, Entitlement, Grant, GrantCause, Identity, Resource
from uar.models.kinds import AccountKind, AccountStatus, Approval, AppStatus, Match, Risk
from uar.models.states import GrantState
from uar.work import Work

Key = tuple[str, int]
"""The name and id of the last row of a page; the next page begins after it."""
START: Key = ("", 0)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account with its person, if it is known whose it is."""

    id: int
    type: str
    vendor_id: str
    name: str
    email: str
    username: str
    status: AccountStatus
    status_detail: str
    last_login_at: datetime | None
    mfa: bool | None
    kind: AccountKind
    is_protected: bool
    gone_at: datetime | None
    identity_id: int | None
    identity: str | None
    match: Match


@dataclass(frozen=True, slots=True)
class EntitlementRow:
    """One right on a resource, with how many hold it."""

    id: int
    name: str
    description: str
    slug: str
    resource_id: int
    resource: str
    resource_type: str
    risk: Risk
    requestable: bool
    approval: Approval
    max_minutes: int
    can_provision: bool
    fixed_why: str
    is_builtin: bool
    gone_at: datetime | None
    grants: int


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One account holds one entitlement: since when, and whether directly or through what."""

    id: int
    state: GrantState
    began_at: datetime
    ended_at: datetime | None
    account_id: int
    account: str
    identity_id: int | None
    identity: str | None
    entitlement_id: int
    entitlement: str
    resource: str
    resource_type: str
    direct: bool
    via: str | None
    ends_at: datetime | None


def accounts(
    session: Session, app_id: int, *, search: str = "", after: Key = START, limit: int = 100
) -> list[AccountRow]:
    """List an app's accounts by name, those that are gone too. One query."""
    statement = _searched(
        _of_accounts(app_id), search, Account.name, Account.email, Account.username
    )
    return rows(session, AccountRow, _page(statement, Account, after, limit))


def account(session: Session, app_id: int, account_id: int) -> AccountRow:
    """Return one account of an app. Raises NotFound. One query."""
    found = one(session, AccountRow, _of_accounts(app_id).where(col(Account.id) == account_id))
    if found is None:
        raise NotFound("There is no such account.", subject=f"account:{account_id}")
    return found


def entitlements(
    session: Session, app_id: int, *, search: str = "", after: Key = START, limit: int = 100
) -> list[EntitlementRow]:
    """List an app's entitlements by name, those that are gone too. One query."""
    statement = _searched(_of_entitlements(app_id), search, Entitlement.name, Resource.name)
    return rows(session, EntitlementRow, _page(statement, Entitlement, after, limit))


def entitlement(session: Session, app_id: int, entitlement_id: int) -> EntitlementRow:
    """Return one entitlement of an app. Raises NotFound. One query."""
    found = one(
        session,
        EntitlementRow,
        _of_entitlements(app_id).where(col(Entitlement.id) == entitlement_id),
    )
    if found is None:
        raise NotFound("There is no such access.", subject=f"entitlement:{entitlement_id}")
    return found


def grants(
    session: Session,
    *,
    app_id: int | None = None,
    account_id: int | None = None,
    entitlement_id: int | None = None,
    past: bool = False,
    after: int = 0,
    limit: int = 100,
) -> list[GrantRow]:
    """List open grants, or past ones, by id; ``after`` is the last one seen. One query."""
    ended = col(GrantCause.ended_at)
    still = [ended.is_not(None) if past else ended.is_(None)]
    via = sa.orm.aliased(Resource)

    def of_causes(what: Any, *conditions: Any) -> Any:
        return (
            sa.select(what)
            .select_from(GrantCause)
            .outerjoin(via, col(via.id) == col(GrantCause.via_id))
            .where(col(GrantCause.grant_id) == col(Grant.id), *still, *conditions)
            .scalar_subquery()
        )

    count = sa.func.count(col(GrantCause.id))
    direct = of_causes(count, col(GrantCause.via_id) == 0)
    lasting = of_causes(count, col(GrantCause.ends_at).is_(None))
    last_end = of_causes(sa.func.max(col(GrantCause.ends_at)))
    names = ("id", "state", "began_at", "ended_at", "account_id", "entitlement_id")
    statement = (
        sa.select(
            *(sa.inspect(Grant).columns[name] for name in names),
            col(Account.name).label("account"),
            col(Account.identity_id),
            col(Identity.name).label("identity"),
            col(Entitlement.name).label("entitlement"),
            col(Resource.name).label("resource"),
            col(Resource.type).label("resource_type"),
            # While its removal is under way a grant may have no cause any more.
            sa.or_(direct > 0, of_causes(count) == 0).label("direct"),
            of_causes(sa.func.min(col(via.name))).label("via"),
            sa.case((lasting > 0, None), else_=last_end).label("ends_at"),
        )
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(Identity, col(Identity.id) == col(Account.identity_id))
        .where(
            col(Grant.id) > after,
            col(Grant.ended_at).is_not(None) if past else col(Grant.ended_at).is_(None),
        )
        .order_by(col(Grant.id))
        .limit(limit)
    )
    wanted = {"app_id": app_id, "account_id": account_id, "entitlement_id": entitlement_id}
    for name, value in wanted.items():
        if value is not None:
            statement = statement.where(sa.inspect(Grant).columns[name] == value)
    return rows(session, GrantRow, statement)


def _of_accounts(app_id: int) -> AnySelect:
    own = [name for name in AccountRow.__dataclass_fields__ if name in Account.model_fields]
    return (
        sa.select(
            *(sa.inspect(Account).columns[name] for name in own),
            col(Identity.name).label("identity"),
        )
        .outerjoin(Identity, col(Identity.id) == col(Account.identity_id))
        .where(col(Account.app_id) == app_id)
    )


def _of_entitlements(app_id: int) -> AnySelect:
    held = (
        sa.select(sa.func.count())
        .where(col(Grant.entitlement_id) == col(Entitlement.id), col(Grant.ended_at).is_(None))
        .scalar_subquery()
    )
    own = [name for name in EntitlementRow.__dataclass_fields__ if name in Entitlement.model_fields]
    return (
        sa.select(
            *(sa.inspect(Entitlement).columns[name] for name in own),
            col(Resource.name).label("resource"),
            col(Resource.type).label("resource_type"),
            held.label("grants"),
        )
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Entitlement.app_id) == app_id)
    )


def managed_app(work: Work, name: str, *, is_directory: bool = False) -> App:
    """Return the app of this name, governed from now on; made if there is none.

    A directory stays one. Raises Invalid for uar's own app.
    """
    app = work.session.scalars(sa.select(App).where(col(App.name) == name)).one_or_none()
    if app is None:
        app = App(name=name, is_directory=is_directory, created_at=work.now)
        work.session.add(app)
        work.session.flush()
        work.record("app.created", f"app:{app.id}", details={"name": name})
    if app.is_own:
        sentence = "The app uar is this tool itself: nothing is connected to it."
        raise Invalid(sentence, {"app": sentence})
    app.status = AppStatus.MANAGED
    app.is_directory = app.is_directory or is_directory
    work.session.add(app)
    return app


def _searched(statement: AnySelect, search: str, *columns: Any) -> AnySelect:
    for word in search.lower().split():
        statement = statement.where(
            sa.or_(*(sa.func.lower(each).contains(word, autoescape=True) for each in columns))
        )
    return statement


def _page(
    statement: AnySelect, table: type[Account] | type[Entitlement], after: Key, limit: int
) -> AnySelect:
    key = (col(table.name), col(table.id))
    return statement.where(sa.tuple_(*key) > after).order_by(*key).limit(limit)
