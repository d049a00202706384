"""Sync runs as pages show them: what they found and what they logged; reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import first_report
from uar.db import rows
from uar.errors import NotFound
from uar.first_report import FIRST
from uar.models import Account, Resource, SyncChange, SyncLog, SyncRun
from uar.models.kinds import Change, ChangeOf, Completeness
from uar.models.states import RunState


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as pages show it. ``counts`` has, by kind, what was added, changed and gone."""

    id: int
    connector_id: int
    state: RunState
    completeness: Completeness
    by: str
    started_at: datetime
    finished_at: datetime | None
    requests: int
    trouble: str
    counts: dict[str, Any]

    def total(self, change: Change) -> int:
        """Sum one kind of change over accounts, resources, entitlements and paths."""
        return sum(self.counts.get(what.value, {}).get(change.value, 0) for what in ChangeOf)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a run's log."""

    id: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One difference that a run found, named as far as the inventory knows names."""

    id: int
    what: ChangeOf
    change: Change
    type: str
    vendor_id: str
    slug: str
    account: str | None
    resource: str | None
    via: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def differing(self) -> dict[str, tuple[Any, Any]]:
        """Return the values that changed, each before and after."""
        before, after = self.before or {}, self.after or {}
        return {
            name: (before[name], after[name])
            for name in before
            if name in after and before[name] != after[name]
        }


def runs(session: Session, connector_id: int, *, limit: int = 20) -> list[RunRow]:
    """List a connector's runs, newest first. One query."""
    statement = (
        sa.select(*(sa.inspect(SyncRun).columns[name] for name in _RUN))
        .where(col(SyncRun.connector_id) == connector_id)
        .order_by(col(SyncRun.id).desc())
        .limit(limit)
    )
    return rows(session, RunRow, statement)


def run_row(session: Session, run_id: int) -> RunRow:
    """Return one run. Raises NotFound. One query."""
    statement = sa.select(*(sa.inspect(SyncRun).columns[name] for name in _RUN))
    found = rows(session, RunRow, statement.where(col(SyncRun.id) == run_id))
    if not found:
        raise NotFound("There is no such sync.", subject=f"sync_run:{run_id}")
    return found[0]


def lines(session: Session, run_id: int, *, after: int = 0, limit: int = 500) -> list[Line]:
    """List a run's log, oldest first; ``after`` is the last id seen. One query."""
    statement = (
        sa.select(col(SyncLog.id), col(SyncLog.at), col(SyncLog.text))
        .where(col(SyncLog.run_id) == run_id, col(SyncLog.id) > after)
        .order_by(col(SyncLog.id))
        .limit(limit)
    )
    return rows(session, Line, statement)


def changes(
    session: Session,
    run_id: int,
    *,
    what: ChangeOf | None = None,
    change: Change | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[ChangeRow]:
    """List what a run found, in the order found; ``after`` is the last id seen.

    Two queries; after a first read as many as six.
    """
    run = run_row(session, run_id)
    if FIRST in run.counts:
        if change not in (None, Change.ADDED):
            return []
        return [
            _added(row)
            for row in first_report.found(session, run_id, what, after=after, limit=limit)
        ]
    resource, via = sa.orm.aliased(Resource), sa.orm.aliased(Resource)
    names = ("id", "what", "change", "type", "vendor_id", "slug", "before", "after")
    statement = (
        sa.select(
            *(sa.inspect(SyncChange).columns[name] for name in names),
            _name(col(Account.name), col(SyncChange.account_vendor_id)).label("account"),
            _name(col(resource.name), col(SyncChange.vendor_id)).label("resource"),
            _name(col(via.name), col(SyncChange.via_vendor_id)).label("via"),
        )
        .outerjoin(
            Account,
            sa.and_(
                col(Account.connector_id) == run.connector_id,
                col(Account.type) == col(SyncChange.account_type),
                col(Account.vendor_id) == col(SyncChange.account_vendor_id),
            ),
        )
        .outerjoin(
            resource,
            sa.and_(
                col(resource.connector_id) == run.connector_id,
                col(resource.type) == col(SyncChange.type),
                col(resource.vendor_id) == col(SyncChange.vendor_id),
            ),
        )
        .outerjoin(
            via,
            sa.and_(
                col(via.connector_id) == run.connector_id,
                col(via.type) == col(SyncChange.via_type),
                col(via.vendor_id) == col(SyncChange.via_vendor_id),
            ),
        )
        .where(col(SyncChange.run_id) == run_id, col(SyncChange.id) > after)
        .order_by(col(SyncChange.id))
        .limit(limit)
    )
    if what is not None:
        statement = statement.where(col(SyncChange.what) == what)
    if change is not None:
        statement = statement.where(col(SyncChange.change) == change)
    return rows(session, ChangeRow, statement)


def _added(row: dict[str, Any]) -> ChangeRow:
    name = row.pop("name")
    return ChangeRow(
        **row, change=Change.ADDED, before=None, after={"name": name} if name else None
    )


_RUN = tuple(RunRow.__dataclass_fields__)


def _name(name: Any, vendor_id: Any) -> sa.ColumnElement[str | None]:
    return sa.func.coalesce(name, sa.func.nullif(vendor_id, ""))
