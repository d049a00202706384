"""What a run read against what the inventory says, compared as sets.

The comparison reads one snapshot and writes to temporary tables only. Its
result is kept in ``sync_change``: the run's report, what a held run waits with,
and what :mod:`uar.applying` writes. Accounts, resources and entitlements are
compared here, the paths between them in :mod:`uar.paths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from uar.models import Account, Entitlement, Grant, Resource, SyncChange
from uar.models.kinds import Change, ChangeOf
from uar.models.states import GrantState
from uar.scratch import MANY, Scratch, temporary
from uar.staging import ACCOUNTS, ENTITLEMENTS, RESOURCES
from uar.work import SYSTEM

COLUMNS = (
    *("what", "change", "type", "vendor_id", "slug"),
    *("account_type", "account_vendor_id", "via_type", "via_vendor_id"),
)
FOUND = temporary(
    "found",
    sa.Column("k", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.String, nullable=False, server_default="") for name in COLUMNS),
    sa.Column("before", sa.JSON(none_as_null=True)),
    sa.Column("after", sa.JSON(none_as_null=True)),
    sa.Column("main_id", sa.Integer),  # the row that changed or is gone
)
THINGS: tuple[tuple[ChangeOf, sa.Table, type[SQLModel], tuple[str, ...]], ...] = (
    (ChangeOf.RESOURCE, RESOURCES, Resource, ("name", "description", "facts")),
    (
        ChangeOf.ENTITLEMENT,
        ENTITLEMENTS,
        Entitlement,
        ("name", "description", "purpose", "can_provision", "fixed_why", "exclusive"),
    ),
    (
        ChangeOf.ACCOUNT,
        ACCOUNTS,
        Account,
        (
            *("name", "email", "username", "status", "status_detail", "last_login_at", "mfa"),
            *("employee_id", "department", "title", "manager_vendor_id", "linked_vendor_id"),
            *("is_person", "profile"),
        ),
    ),
)
"""What is compared: as read, as kept, and which columns the vendor decides."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Whose inventory is compared, with what was read from an instant on.

    ``removes`` is False for a partial read, which proves no absence. ``scope``
    is what the read was narrowed to, in words, ``scope_before`` the same of the
    last complete one: what is outside now is not gone (L9).
    """

    connector_id: int
    started_at: datetime
    removes: bool
    scope: str = ""
    scope_before: str = ""

    @property
    def is_rescoped(self) -> bool:
        """Say whether absence may mean no more than that we look elsewhere now."""
        return bool(self.scope) and self.scope != self.scope_before


def find_new_things(connection: sa.Connection, connector_id: int) -> None:
    """Find accounts, resources and entitlements that are new or changed, once all were read."""
    find_ids(connection, connector_id)
    for what, staged, _, _ in THINGS:
        _add(connection, what, staged)


def find_lost_things(connection: sa.Connection, compared: Compared) -> None:
    """Find those that are gone, after a complete read."""
    if compared.is_rescoped:
        return
    for what, staged, table, _ in THINGS:
        _lose(connection, compared, what, staged, table)


def say_before(connection: sa.Connection) -> None:
    """Write beside each change and each loss what the inventory said before."""
    for what, _, table, names in THINGS:
        columns = sa.inspect(table).columns
        found = connection.execute(
            sa.select(FOUND.c.k, *(columns[name] for name in names))
            .join(table, columns["id"] == FOUND.c.main_id)
            .where(FOUND.c.what == what.value)
        ).all()
        if not found:
            continue
        connection.execute(
            sa.update(FOUND)
            .where(FOUND.c.k == sa.bindparam("this"))
            .values(before=sa.bindparam("values", type_=sa.JSON)),
            [
                {"this": k, "values": dict(zip(names, map(_plain, values), strict=True))}
                for k, *values in found
            ],
        )


def counts(scratch: Scratch, run_id: int) -> dict[str, dict[str, int]]:
    """Count what was kept: ``{"account": {"added": 3, ...}, ...}``, zeros included."""
    with scratch.reading() as connection:
        found = connection.execute(
            sa.select(col(SyncChange.what), col(SyncChange.change), sa.func.count())
            .where(col(SyncChange.run_id) == run_id)
            .group_by(col(SyncChange.what), col(SyncChange.change))
        ).all()
    counted = {what.value: dict.fromkeys((c.value for c in Change), 0) for what in ChangeOf}
    for what, change, count in found:
        counted[what.value][change.value] = count
    return counted


def keep(scratch: Scratch, run_id: int) -> None:
    """Write the differences into ``sync_change``, in short transactions."""
    with scratch.reading() as connection:
        last = connection.scalar(sa.select(sa.func.max(FOUND.c.k))) or 0
    names = (*COLUMNS, "before", "after")
    for above, up_to in scratch.ranges(last):
        with scratch.working(SYSTEM) as work:
            work.session.connection().execute(
                sa.insert(SyncChange).from_select(
                    ["run_id", *names],
                    sa.select(sa.literal(run_id), *(FOUND.c[name] for name in names))
                    .where(FOUND.c.k > above, FOUND.c.k <= up_to)
                    .order_by(FOUND.c.k),
                )
            )
    if last > MANY:
        scratch.refresh_statistics(SyncChange)


def find_ids(connection: sa.Connection, connector_id: int) -> None:
    """Write beside each thing that was read its row of the inventory, if it has one."""
    for staged, table in ((RESOURCES, Resource), (ACCOUNTS, Account)):
        columns = sa.inspect(table).columns
        _point(
            connection,
            staged,
            columns,
            columns["connector_id"] == connector_id,
            columns["type"] == staged.c.type,
            columns["vendor_id"] == staged.c.vendor_id,
        )
    columns = sa.inspect(Entitlement).columns
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS read_resource_key ON read_resource (type, vendor_id)"
    )
    resource_id = (
        sa.select(RESOURCES.c.id)
        .where(
            RESOURCES.c.type == ENTITLEMENTS.c.type,
            RESOURCES.c.vendor_id == ENTITLEMENTS.c.vendor_id,
        )
        .correlate(ENTITLEMENTS)
        .scalar_subquery()
    )
    _point(
        connection,
        ENTITLEMENTS,
        columns,
        columns["resource_id"] == resource_id,
        columns["slug"] == ENTITLEMENTS.c.slug,
    )


def _point(
    connection: sa.Connection, staged: sa.Table, columns: Any, *same: sa.ColumnElement[bool]
) -> None:
    def of_row(what: Any) -> Any:
        return sa.select(what).where(*same).correlate(staged).scalar_subquery()

    connection.execute(
        sa.update(staged).values(
            id=of_row(columns["id"]),
            known=of_row(sa.case((columns["gone_at"].is_(None), columns["fingerprint"]))),
        )
    )


def _add(connection: sa.Connection, what: ChangeOf, staged: sa.Table) -> None:
    is_new = staged.c.known.is_(None)
    slug = staged.c.slug if "slug" in staged.c else sa.literal("")
    connection.execute(
        sa.insert(FOUND).from_select(
            ["what", "change", "type", "vendor_id", "slug", "after", "main_id"],
            sa.select(
                sa.literal(what.value),
                sa.case((is_new, Change.ADDED.value), else_=Change.CHANGED.value),
                staged.c.type,
                staged.c.vendor_id,
                slug,
                staged.c.record,
                sa.case((~is_new, staged.c.id)),
            )
            .where(sa.or_(is_new, staged.c.known != staged.c.fingerprint))
            .order_by(staged.c.n),
        )
    )


def _lose(
    connection: sa.Connection,
    compared: Compared,
    what: ChangeOf,
    staged: sa.Table,
    table: type[SQLModel],
) -> None:
    columns = sa.inspect(table).columns
    statement = sa.select(
        sa.literal(what.value), sa.literal(Change.GONE.value), columns["id"]
    ).where(
        columns["connector_id"] == compared.connector_id,
        columns["gone_at"].is_(None),
        columns["id"].not_in(sa.select(staged.c.id).where(staged.c.id.is_not(None))),
    )
    if compared.scope:
        statement = statement.where(columns["id"].not_in(_outside(compared, what)))
    key: tuple[Any, ...] = ()
    if table is Entitlement:
        statement = statement.join(Resource, col(Resource.id) == columns["resource_id"])
        key = (col(Resource.type), col(Resource.vendor_id), columns["slug"])
    else:
        key = (columns["type"], columns["vendor_id"], sa.literal(""))
    connection.execute(
        sa.insert(FOUND).from_select(
            ["what", "change", "main_id", "type", "vendor_id", "slug"],
            statement.add_columns(*key).order_by(columns["id"]),
        )
    )


def _outside(compared: Compared, what: ChangeOf) -> Any:
    """Return the ids of things with grants that an earlier change of scope left outside."""
    of_grants = sa.select(
        col(Grant.account_id) if what is ChangeOf.ACCOUNT else col(Grant.entitlement_id)
    ).where(
        col(Grant.connector_id) == compared.connector_id,
        col(Grant.state) == GrantState.OUT_OF_SCOPE,
        col(Grant.ended_at).is_(None),
    )
    if what is not ChangeOf.RESOURCE:
        return of_grants
    return sa.select(col(Entitlement.resource_id)).where(col(Entitlement.id).in_(of_grants))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
