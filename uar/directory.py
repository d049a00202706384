"""People come from the accounts of apps that are marked as directory, by mail address.

Nobody is deleted: who is no longer there becomes inactive. Where two
directories know the same person, the one added first decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar.db import AnySelect
from uar.matching import do_not_disagree, has_mail, mail_key, match_accounts
from uar.models import Account, App, Identity
from uar.models.kinds import AccountStatus, Match, PersonStatus
from uar.pouring import amend, pour_new, table_of
from uar.site import Site
from uar.work import Actor, Work

BATCH = 500
NOT_LEFT = ("locked", "staged")
"""Vendors' words for an account that is disabled though its owner has not left."""

TAKEN = ("name", "employee_id", "department", "title")
"""What a person's directory account decides, beside mail address and status."""


def refresh(site: Site, app_id: int, actor: Actor) -> None:
    """Bring people and the matching of accounts up to date after an app was read.

    For a directory that is people, then everybody's accounts, then managers and
    leavers; for another app its own accounts. Only what differs is written, in
    transactions of a few milliseconds.
    """
    with site.reading() as session:
        is_directory = session.get_one(App, app_id).is_directory
    if not is_directory:
        match_accounts(site, actor, app_id=app_id)
        return
    with site.reading() as session:
        renamed = session.connection().execute(_renamed()).all()
    for pairs in _batches(renamed):
        with site.working(actor) as work:
            _rename(work, pairs)
    with site.reading() as session:
        found = session.connection().execute(_differing()).mappings().all()
    for batch in _batches(found):
        with site.working(actor) as work:
            _write_people(work, app_id, batch)
    match_accounts(site, actor)
    with site.reading() as session:
        managers = session.connection().execute(_other_managers()).all()
        leavers = list(session.connection().scalars(_leavers()))
    for pairs in _batches(managers):
        with site.working(actor) as work:
            _write_managers(work, app_id, pairs)
    for ids in _batches(leavers):
        with site.working(actor) as work:
            _leave(work, ids)


def _sources() -> sa.Subquery:
    """Select the directory accounts that decide about a person, with the address as a key.

    An address that two accounts of a directory share decides about nobody.
    """
    mail = mail_key(col(Account.email))
    return (
        sa.select(
            col(Account.id),
            mail.label("mail"),
            sa.func.count().over(partition_by=[col(Account.app_id), mail]).label("sharing"),
            sa.func.row_number()
            .over(partition_by=mail, order_by=[col(Account.app_id), col(Account.id)])
            .label("rank"),
        )
        .join(App, col(App.id) == col(Account.app_id))
        .where(
            col(App.is_directory),
            col(Account.is_person),
            col(Account.gone_at).is_(None),
            col(Account.email) != "",
        )
        .subquery()
    )


def _renamed() -> AnySelect:
    """Select people whose directory account has another address now that nobody has.

    The account is the same by the vendor's own id, so the person is too, even
    when somebody else got the old address.
    """
    source = _sources()
    taken, other = sa.orm.aliased(Identity), sa.orm.aliased(Account)
    return (
        sa.select(col(Identity.id), source.c.mail)
        .select_from(source)
        .join(Account, col(Account.id) == source.c.id)
        .join(Identity, col(Identity.id) == col(Account.identity_id))
        .where(
            source.c.sharing == 1,
            source.c.rank == 1,
            col(Account.match) == Match.MAIL,
            col(Identity.email) != source.c.mail,
            do_not_disagree(),
            ~sa.exists().where(col(taken.email) == source.c.mail, col(taken.email) != ""),
            ~sa.exists().where(
                col(other.identity_id) == col(Identity.id),
                mail_key(col(other.email)) == col(Identity.email),
                col(other.gone_at).is_(None),
            ),
        )
        .order_by(col(Identity.id))
    )


def _rename(work: Work, pairs: Sequence[Any]) -> None:
    _update(
        work,
        [{"id": each, "email": mail, "changed_at": work.now} for each, mail in pairs],
    )
    work.record_all(
        "identity.address_changed",
        [(f"identity:{identity_id}", {"email": mail}) for identity_id, mail in pairs],
    )


def _differing() -> AnySelect:
    """Select the directory accounts that say something else than the person's row, or have none.

    ``known`` is that row's id. An account whose employee id is another one than
    the person's is somebody else who got the address, unless it is hers already.
    """
    source = _sources()
    left = sa.or_(
        col(Account.status) == AccountStatus.DELETED,
        sa.and_(
            col(Account.status) == AccountStatus.DISABLED,
            col(Account.status_detail).not_in(NOT_LEFT),
        ),
    )
    status = sa.case((left, PersonStatus.INACTIVE.value), else_=PersonStatus.ACTIVE.value)
    columns = sa.inspect(Account).columns
    differs = [columns[name] != sa.inspect(Identity).columns[name] for name in TAKEN]
    return (
        sa.select(
            source.c.mail,
            *(columns[name] for name in TAKEN),
            status.label("status"),
            col(Identity.id).label("known"),
            col(Identity.status).label("was"),
        )
        .select_from(source)
        .join(Account, col(Account.id) == source.c.id)
        .outerjoin(Identity, has_mail(source.c.mail))
        .where(
            source.c.sharing == 1,
            source.c.rank == 1,
            sa.or_(
                col(Identity.id).is_(None),
                *differs,
                sa.cast(col(Identity.status), sa.String) != status,
            ),
            sa.or_(
                col(Identity.id).is_(None),
                col(Account.identity_id) == col(Identity.id),
                do_not_disagree(),
            ),
        )
        .order_by(source.c.id)
    )


def _write_people(work: Work, app_id: int, found: Sequence[Any]) -> None:
    new: list[dict[str, Any]] = []
    same: list[dict[str, Any]] = []
    moved: dict[PersonStatus, list[dict[str, Any]]] = {status: [] for status in PersonStatus}
    for row in found:
        status = PersonStatus(row["status"])
        values = {name: row[name] for name in TAKEN}
        values |= {"status": status, "changed_at": work.now}
        left = {"left_at": None if status is PersonStatus.ACTIVE else work.now}
        this = {"id": row["known"]}
        if this["id"] is None:
            new.append({**values, **left, "email": row["mail"], "created_at": work.now})
        elif row["was"] is status:
            same.append({**this, **values})
        else:
            moved[status].append({**this, **values, **left})
    # Two directories may learn of the same person at the same moment.
    pour_new(work.session.connection(), table_of(Identity), new)
    for rows in (same, *moved.values()):
        _update(work, rows)
    counts = {"new": len(new), "changed": len(found) - len(new)}
    work.record("identity.refreshed", f"app:{app_id}", details=counts)
    _record(work, "identity.left", [row["id"] for row in moved[PersonStatus.INACTIVE]])
    _record(work, "identity.returned", [row["id"] for row in moved[PersonStatus.ACTIVE]])


def _update(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    amend(work.session.connection(), table_of(Identity), rows)


def _record(work: Work, action: str, ids: Sequence[int], reason: str = "") -> None:
    work.record_all(action, [(f"identity:{each}", {}) for each in ids], reason=reason)


def _other_managers() -> AnySelect:
    """Select people whose manager is not who their directory account names, with that one."""
    source = _sources()
    manager = sa.orm.aliased(Account)
    named = sa.case((col(manager.identity_id) != col(Identity.id), col(manager.identity_id)))
    return (
        sa.select(col(Identity.id), named.label("manager_id"))
        .select_from(source)
        .join(Account, col(Account.id) == source.c.id)
        .join(Identity, col(Identity.id) == col(Account.identity_id))
        .outerjoin(
            manager,
            sa.and_(
                col(manager.connector_id) == col(Account.connector_id),
                col(manager.type) == col(Account.type),
                col(manager.vendor_id) == col(Account.manager_vendor_id),
                col(manager.gone_at).is_(None),
            ),
        )
        .where(
            source.c.sharing == 1,
            source.c.rank == 1,
            col(Identity.manager_id).is_distinct_from(named),
        )
        .order_by(col(Identity.id))
    )


def _write_managers(work: Work, app_id: int, pairs: Sequence[Any]) -> None:
    _update(
        work,
        [
            {"id": each, "manager_id": manager_id, "changed_at": work.now}
            for each, manager_id in pairs
        ],
    )
    work.record("identity.managers_refreshed", f"app:{app_id}", details={"changed": len(pairs)})


def _leavers() -> AnySelect:
    """Select active people who had a directory account and have none any more."""

    def has(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
        return (
            sa.exists()
            .where(col(Account.identity_id) == col(Identity.id))
            .where(col(Account.is_person), *conditions)
            .where(col(App.id) == col(Account.app_id), col(App.is_directory))
        )

    return sa.select(col(Identity.id)).where(
        col(Identity.status) == PersonStatus.ACTIVE,
        has(col(Account.gone_at).is_not(None)),
        ~has(col(Account.gone_at).is_(None)),
    )


def _leave(work: Work, ids: Sequence[int]) -> None:
    left = work.session.connection().scalars(
        sa.update(Identity)
        .where(col(Identity.id).in_(ids), col(Identity.status) == PersonStatus.ACTIVE)
        .values(status=PersonStatus.INACTIVE, left_at=work.now, changed_at=work.now)
        .returning(col(Identity.id))
    )
    _record(work, "identity.left", list(left), "no longer in the directory")


def _batches(found: Sequence[Any]) -> list[Sequence[Any]]:
    return [found[start : start + BATCH] for start in range(0, len(found), BATCH)]
