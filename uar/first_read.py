"""A connector's first read, written while the vendor is still being read.

There is nothing yet that could differ or be gone, so nothing is compared or held,
and what the vendor has shown is true even if it breaks off later. What it found
is what the inventory says it began (:mod:`uar.first_report`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col

from uar import directory, first_report
from uar.db import in_batches
from uar.models import Account, Entitlement, Resource
from uar.models.kinds import Change, ChangeOf
from uar.new_grants import NEW, begin_range
from uar.pipeline import Pipeline
from uar.scratch import MANY, Scratch
from uar.staging import Path, Thing
from uar.steps import BATCH, Plan, step
from uar.things import TABLES, Child, add_things, parent_of, point_to_parents


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


class FirstRead(Pipeline):
    """The sink of a first read.

    ``begun`` is how many grants it has begun, ``first`` where its report begins.
    """

    def __init__(self, scratch: Scratch, plan: Plan) -> None:
        """Write one run's finds over the connection of the scratch."""
        super().__init__(f"sync {plan.run_id}")
        self._scratch = scratch
        self._plan = plan
        self._keys: dict[ChangeOf, list[tuple[str, str, str]]] = {what: [] for what in TABLES}
        self._children: list[Child] = []
        self._ids: dict[ChangeOf, list[int]] = {}
        self._last = 0
        self._found: Counter[ChangeOf] = Counter()
        self.begun = 0
        self.first = 0
        self.do(self._begin)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Return what was found: ``{"account": {"added": 3, "changed": 0, "gone": 0}, ...}``."""
        none = dict.fromkeys((change.value for change in Change), 0)
        return {what.value: {**none, Change.ADDED.value: self._found[what]} for what in ChangeOf}

    def things(self, what: ChangeOf, rows: Sequence[Thing]) -> None:
        """Write them."""
        self._found[what] += len(rows)
        self.do(lambda: self._write_things(what, rows))

    def all_things(self) -> None:
        """Find out whose the accounts are."""
        self.do(self._finish_things)

    def paths(self, rows: Sequence[Path]) -> None:
        """Write grants and causes."""
        self._found[ChangeOf.PATH] += len(rows)
        self.do(lambda: self._write_paths(rows))

    def _begin(self) -> None:
        self._scratch.make(NEW)
        with self._scratch.working(self._plan.actor) as work:
            self.first = first_report.begin(work, self._plan.run_id)

    def _write_things(self, what: ChangeOf, rows: Sequence[Thing]) -> None:
        self._keys[what] += [(row.type, row.vendor_id, row.slug) for row in rows]
        for batch in in_batches(rows, BATCH):
            with step(self._scratch, self._plan, what, Change.ADDED) as work:
                add_things(work, self._plan, what, batch)
        if what is ChangeOf.RESOURCE:
            self._children += [
                ((row.type, row.vendor_id), parent, row.fingerprint)
                for row in rows
                if (parent := parent_of(row.values)) is not None
            ]

    def _finish_things(self) -> None:
        scratch, plan = self._scratch, self._plan
        for children in in_batches(self._children, BATCH):
            with step(scratch, plan, ChangeOf.RESOURCE, Change.ADDED) as work:
                point_to_parents(work, plan, children)
        if sum(map(len, self._keys.values())) > MANY:
            scratch.refresh_statistics(Account, Entitlement, Resource)
        with scratch.reading() as connection:
            for what, keys in self._keys.items():
                found = dict(self._known(connection, what))
                self._ids[what] = [0, *(found[key] for key in keys)]
        directory.refresh(scratch.site, plan.app_id, plan.actor)

    def _known(
        self, connection: sa.Connection, what: ChangeOf
    ) -> list[tuple[tuple[str, str, str], int]]:
        columns = sa.inspect(TABLES[what]).columns
        named, slug = columns, sa.literal("")
        statement = sa.select(columns["id"]).where(
            columns["connector_id"] == self._plan.connector_id
        )
        if what is ChangeOf.ENTITLEMENT:
            named, slug = sa.inspect(Resource).columns, columns["slug"]
            statement = statement.join(Resource, col(Resource.id) == columns["resource_id"])
        rows = connection.execute(statement.add_columns(named["type"], named["vendor_id"], slug))
        return [((type_, vendor_id, slug), row_id) for row_id, type_, vendor_id, slug in rows]

    def _write_paths(self, rows: Sequence[Path]) -> None:
        accounts, entitlements, resources = (
            self._ids[what] for what in (ChangeOf.ACCOUNT, ChangeOf.ENTITLEMENT, ChangeOf.RESOURCE)
        )
        # Indexes of grants and causes begin with the account: rows in their order
        # touch few pages in each transaction.
        new = [(accounts[a], entitlements[e], resources[via]) for a, e, via in rows]
        new.sort()
        self._scratch.fill(NEW, ("account_id", "entitlement_id", "via_id"), new)
        last = self._last + len(new)
        for above, up_to in self._scratch.ranges(last, self._last):
            with step(self._scratch, self._plan, ChangeOf.PATH, Change.ADDED) as work:
                self.begun += begin_range(self._scratch, self._plan, work, above, up_to)
        self._last = last
