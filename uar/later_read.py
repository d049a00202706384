"""A read of a connector that was read before, staged while it goes on, to be compared.

No snapshot is held meanwhile. Which rows of the inventory the things are does not
change under a run: only this one writes accounts, resources and entitlements of
its connector.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from uar import differences
from uar.differences import FOUND
from uar.in_flight import SETTLING
from uar.models.kinds import ChangeOf
from uar.paths import LOST
from uar.pipeline import Pipeline
from uar.scratch import Scratch
from uar.staging import ACCOUNTS, ENTITLEMENTS, PAIR, PATHS, RESOURCES, SEEN, STAGED, Path, Thing
from uar.steps import Plan

PATH_COLUMNS = ("account_n", "entitlement_n", "via_n")
SEEN_COLUMNS = (*PAIR, "via_id")


class LaterRead(Pipeline):
    """The sink of every read but the first."""

    def __init__(self, scratch: Scratch, plan: Plan) -> None:
        """Stage over the connection of the scratch."""
        super().__init__(f"sync {plan.run_id}")
        self._scratch = scratch
        self._plan = plan
        self._ids: dict[ChangeOf, list[int | None]] = {}
        self.do(
            lambda: scratch.make(
                *(ACCOUNTS, RESOURCES, ENTITLEMENTS, PATHS, FOUND, SEEN, LOST, SETTLING)
            )
        )

    def things(self, what: ChangeOf, rows: Sequence[Thing]) -> None:
        """Collect them."""
        self.do(lambda: self._collect(what, rows))

    def all_things(self) -> None:
        """Find those that are new or changed."""
        self.do(self._compare_things)

    def paths(self, rows: Sequence[Path]) -> None:
        """Stage them, by what the inventory knows of them."""
        self.do(lambda: self._stage_paths(rows))

    def _collect(self, what: ChangeOf, rows: Sequence[Thing]) -> None:
        slugs = what is ChangeOf.ENTITLEMENT
        names = ("n", "type", "vendor_id", "fingerprint", "record", *(("slug",) if slugs else ()))
        self._scratch.fill(
            STAGED[what],
            names,
            [
                (r.n, r.type, r.vendor_id, r.fingerprint, r.text, *((r.slug,) if slugs else ()))
                for r in rows
            ],
        )

    def _compare_things(self) -> None:
        self._scratch.analyze(ACCOUNTS, RESOURCES, ENTITLEMENTS)
        with self._scratch.reading() as connection:
            differences.find_new_things(connection, self._plan.connector_id)
            for what, staged in STAGED.items():
                ids = connection.scalars(sa.select(staged.c.id).order_by(staged.c.n))
                self._ids[what] = [0, *ids]
        self._scratch.analyze(ACCOUNTS, RESOURCES, ENTITLEMENTS)

    def _stage_paths(self, rows: Sequence[Path]) -> None:
        accounts, entitlements, resources = (
            self._ids[what] for what in (ChangeOf.ACCOUNT, ChangeOf.ENTITLEMENT, ChangeOf.RESOURCE)
        )
        known: list[tuple[int | None, ...]] = []
        with_new_things: list[Path] = []
        for row in rows:
            ids = accounts[row[0]], entitlements[row[1]], resources[row[2]]
            if None in ids:
                with_new_things.append(row)
            else:
                known.append(ids)
        self._scratch.fill(SEEN, SEEN_COLUMNS, known)
        self._scratch.fill(PATHS, PATH_COLUMNS, with_new_things)
