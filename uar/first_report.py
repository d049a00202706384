"""What a connector's first read found, as pages show it: what the inventory says it began.

Everything was new, so a copy of it in ``sync_change`` would say nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from uar.db import AnySelect
from uar.models import Account, Entitlement, Grant, GrantCause, Resource, SyncRun
from uar.models.kinds import ChangeOf
from uar.work import Work

FIRST = "first"
"""Under this name a first read's counts keep the newest cause that was there before it."""

KINDS: tuple[tuple[ChangeOf, type[SQLModel]], ...] = (
    (ChangeOf.RESOURCE, Resource),
    (ChangeOf.ENTITLEMENT, Entitlement),
    (ChangeOf.ACCOUNT, Account),
    (ChangeOf.PATH, GrantCause),
)
"""In the order in which a page lists them, and whose ids they go by."""
SHIFT = 1 << 48
"""A cursor is the kind's place times this, and the row's id."""


def begin(work: Work, run_id: int) -> int:
    """Mark a run as the first of its connector, before it writes; return the mark."""
    mark = work.session.connection().scalar(sa.select(sa.func.max(col(GrantCause.id)))) or 0
    row = work.session.get_one(SyncRun, run_id)
    row.counts = {FIRST: mark}
    work.session.add(row)
    return mark


def found(
    session: Session, run_id: int, what: ChangeOf | None, *, after: int, limit: int
) -> Iterator[dict[str, Any]]:
    """Yield what a first read found, by kind, each in the order found. At most five queries."""
    run = session.get_one(SyncRun, run_id)
    for place, (kind, table) in enumerate(KINDS):
        if what not in (None, kind) or after >= (place + 1) * SHIFT:
            continue
        shown = sa.inspect(table).columns["id"]
        statement = _paths(run) if kind is ChangeOf.PATH else _things(run, kind)
        rows = session.connection().execute(
            statement.where(shown > max(after - place * SHIFT, 0)).order_by(shown).limit(limit)
        )
        for row in rows.mappings():
            yield {**row, "what": kind, "id": place * SHIFT + row["id"]}
            limit -= 1
        if limit <= 0:
            return


def _things(run: SyncRun, what: ChangeOf) -> AnySelect:
    table = dict(KINDS)[what]
    columns = sa.inspect(table).columns
    of = sa.inspect(Resource).columns if what is ChangeOf.ENTITLEMENT else columns
    statement = sa.select(
        columns["id"],
        of["type"],
        of["vendor_id"],
        (columns["slug"] if what is ChangeOf.ENTITLEMENT else sa.literal("")).label("slug"),
        columns["name"],
        (sa.null() if what is ChangeOf.ACCOUNT else of["name"]).label("resource"),
        sa.null().label("account"),
        sa.null().label("via"),
    ).where(columns["connector_id"] == run.connector_id, columns["first_seen_at"] == run.started_at)
    if what is ChangeOf.ENTITLEMENT:
        statement = statement.join(Resource, col(Resource.id) == columns["resource_id"])
    return statement


def _paths(run: SyncRun) -> AnySelect:
    via = sa.orm.aliased(Resource)
    return (
        sa.select(
            col(GrantCause.id),
            col(Resource.type),
            col(Resource.vendor_id),
            col(Entitlement.slug),
            sa.literal("").label("name"),
            col(Resource.name).label("resource"),
            col(Account.name).label("account"),
            col(via.name).label("via"),
        )
        .select_from(GrantCause)
        .join(Grant, col(Grant.id) == col(GrantCause.grant_id))
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(via, col(via.id) == col(GrantCause.via_id))
        .where(
            col(GrantCause.id) > run.counts[FIRST],
            col(Grant.began_run_id) == run.id,
            col(GrantCause.began_at) == run.started_at,
        )
    )
