"""A connector's first read, written while the vendor is still being read.

There is nothing yet that could be gone, so nothing can be held, and what the
vendor has shown is true even if it breaks off later. The vendor's answers and
the database's work then cost their time side by side: here in a thread of its
own, which owns the scratch from the moment that all things are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar import differences, directory
from uar.beginnings import NEW, begin_range
from uar.differences import COLUMNS, FOUND, Compared
from uar.models import Account, Entitlement, Resource, SyncChange
from uar.models.kinds import Change, ChangeOf
from uar.scratch import MANY, Scratch
from uar.staging import ACCOUNTS, ENTITLEMENTS, PATHS, RESOURCES
from uar.steps import Plan, step
from uar.things import write_things


def is_first(scratch: Scratch, plan: Plan) -> bool:
    """Say whether a connector has never had an account or a resource."""
    with scratch.reading() as connection:
        return not any(
            connection.scalar(
                sa.select(sa.inspect(table).columns["id"])
                .where(sa.inspect(table).columns["connector_id"] == plan.connector_id)
                .limit(1)
            )
            for table in (Account, Resource)
        )


class FirstRead:
    """The sink of a first read. Use it in a ``with`` block, which waits for all that it took."""

    def __init__(self, scratch: Scratch, plan: Plan) -> None:
        """Write one run's paths, from the connection of the scratch."""
        self._scratch = scratch
        self._plan = plan
        self._writer = ThreadPoolExecutor(1, f"sync {plan.run_id}")
        self._jobs: list[Future[None]] = []
        self._last_read = 0
        self._last_new = 0
        self.begun = 0

    def __enter__(self) -> FirstRead:
        """Begin to take."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait; after an error only for what is being written. Raises what went wrong there."""
        self._writer.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            self._raise_what_failed()

    def things(self) -> None:
        """Write accounts, resources and entitlements, and find out whose accounts they are."""
        self._do(self._write_things)

    def paths(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Write paths, grants and causes."""
        self._do(lambda: self._write_paths(rows))

    def _do(self, job: Callable[[], None]) -> None:
        self._raise_what_failed()
        self._jobs.append(self._writer.submit(job))

    def _raise_what_failed(self) -> None:
        """Stop reading as soon as what was read cannot be written."""
        while self._jobs and self._jobs[0].done():
            self._jobs.pop(0).result()

    def _write_things(self) -> None:
        scratch, plan = self._scratch, self._plan
        scratch.make(FOUND, NEW)
        with scratch.reading() as connection:
            compared = Compared(plan.connector_id, plan.started_at, removes=False)
            differences.compare_things(connection, compared)
        differences.keep(scratch, plan.run_id)
        if write_things(scratch, plan) > MANY:
            scratch.refresh_statistics(Account, Entitlement, Resource)
        with scratch.reading() as connection:
            differences.find_ids(connection, plan.connector_id)
        scratch.analyze(ACCOUNTS, ENTITLEMENTS, RESOURCES)
        directory.refresh(scratch.site, plan.app_id, plan.actor)

    def _write_paths(self, rows: Sequence[tuple[int, int, int]]) -> None:
        scratch, plan = self._scratch, self._plan
        scratch.fill(PATHS, rows)
        with scratch.reading() as connection:
            connection.execute(_in_ids(self._last_read))
            self._last_read = connection.scalar(sa.select(sa.func.max(PATHS.c.k))) or 0
            last = connection.scalar(sa.select(sa.func.max(NEW.c.k))) or 0
        for above, up_to in scratch.ranges(last, self._last_new):
            with step(scratch, plan, ChangeOf.PATH, Change.ADDED) as work:
                work.session.connection().execute(_as_changes(plan, above, up_to))
                self.begun += begin_range(scratch, plan, work, above, up_to)
        self._last_new = last


def _in_ids(above: int) -> sa.Executable:
    return sa.insert(NEW).from_select(
        ["account_id", "entitlement_id", "via_id"],
        sa.select(ACCOUNTS.c.id, ENTITLEMENTS.c.id, sa.func.coalesce(RESOURCES.c.id, 0))
        .select_from(PATHS)
        .join(ACCOUNTS, ACCOUNTS.c.n == PATHS.c.account_n)
        .join(ENTITLEMENTS, ENTITLEMENTS.c.n == PATHS.c.entitlement_n)
        .outerjoin(RESOURCES, RESOURCES.c.n == PATHS.c.via_n)
        .where(PATHS.c.k > above)
        .order_by(ACCOUNTS.c.id, ENTITLEMENTS.c.id),
    )


def _as_changes(plan: Plan, above: int, up_to: int) -> sa.Executable:
    """Keep a range of new paths as the run's report does."""
    via = sa.orm.aliased(Resource)
    values: list[Any] = [
        sa.literal(plan.run_id),
        sa.literal(ChangeOf.PATH.value),
        sa.literal(Change.ADDED.value),
        col(Resource.type),
        col(Resource.vendor_id),
        col(Entitlement.slug),
        col(Account.type),
        col(Account.vendor_id),
        sa.func.coalesce(via.type, ""),
        sa.func.coalesce(via.vendor_id, ""),
    ]
    return sa.insert(SyncChange).from_select(
        ["run_id", *COLUMNS],
        sa.select(*values)
        .select_from(NEW)
        .join(Account, col(Account.id) == NEW.c.account_id)
        .join(Entitlement, col(Entitlement.id) == NEW.c.entitlement_id)
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(via, col(via.id) == NEW.c.via_id)
        .where(NEW.c.k > above, NEW.c.k <= up_to)
        .order_by(NEW.c.k),
    )
