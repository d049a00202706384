"""The short transactions in which a run's differences reach the inventory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar.errors import Conflict
from uar.models import SyncChange, SyncRun
from uar.models.kinds import Change, ChangeOf
from uar.models.states import RunState
from uar.scratch import Scratch
from uar.work import Actor, Work

BATCH = 500
"""How many accounts, resources or entitlements one transaction writes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run's differences on their way into the inventory.

    ``state`` is the state that the run must be in for as long as this lasts.
    """

    run_id: int
    connector_id: int
    app_id: int
    started_at: datetime
    state: RunState
    actor: Actor


@contextmanager
def step(scratch: Scratch, plan: Plan, what: ChangeOf, change: Change) -> Iterator[Work]:
    """Begin one short transaction of a run, and record it.

    Raises Conflict when the run is no longer this process's to apply.
    """
    with scratch.working(plan.actor) as work:
        scratch.look_up_by_index(work)
        alive = work.session.connection().execute(
            sa.update(SyncRun)
            .where(col(SyncRun.id) == plan.run_id, col(SyncRun.state) == plan.state)
            .values(heartbeat_at=work.now)
        )
        if alive.rowcount != 1:
            raise Conflict("Somebody else has ended this sync.", subject=f"sync_run:{plan.run_id}")
        yield work
        work.record(
            "sync_run.applied",
            f"sync_run:{plan.run_id}",
            details={"what": what.value, "change": change.value},
        )


def changes(
    scratch: Scratch, plan: Plan, what: ChangeOf, change: Change
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Read the run's differences of one kind, in batches."""
    after = 0
    while True:
        with scratch.reading() as connection:
            found = connection.execute(
                sa.select(SyncChange)
                .where(
                    col(SyncChange.run_id) == plan.run_id,
                    col(SyncChange.what) == what,
                    col(SyncChange.change) == change,
                    col(SyncChange.id) > after,
                )
                .order_by(col(SyncChange.id))
                .limit(BATCH)
            ).all()
        if not found:
            return
        yield found
        after = found[-1].id
