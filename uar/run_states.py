"""How a sync run begins and ends, and what that means for its connector."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar import connections
from uar.connection_health import found_broken, found_ready
from uar.errors import Conflict
from uar.lifecycle import move
from uar.models import AppOwner, Connector, SyncRun
from uar.models.kinds import Role
from uar.models.states import RunState
from uar.notifications import tell
from uar.permissions import holders
from uar.work import Work

DEAD_AFTER = timedelta(seconds=60)
"""A running run without a sign of life for so long belongs to a process that died."""
ALARM_AT = 3
"""After so many failures in a row somebody is told (CON-12)."""


def begin(work: Work, connector_id: int, *, only_if_due: bool = False) -> SyncRun:
    """Begin a run; there is at most one of a connector at a time.

    Raises Refused when the connector is paused, Conflict when it is being
    synced, or is not due any more.
    """
    connector = connections.get(work.session, connector_id)
    connections.refuse_paused(connector)
    due_at = connector.next_sync_at
    if only_if_due and (due_at is None or due_at > work.now):
        raise Conflict("It is not due any more.", subject=f"connector:{connector_id}")
    fail_dead(work, connector_id)
    run = SyncRun(
        connector_id=connector_id,
        by=work.actor.name,
        started_at=work.now,
        heartbeat_at=work.now,
    )
    connector.next_sync_at = work.now + timedelta(seconds=connector.every_seconds)
    work.session.add_all([run, connector])
    busy = f"{connector.name} is being synced already."
    try:
        work.session.flush()
    except sa.exc.IntegrityError:
        raise Conflict(busy, subject=f"connector:{connector_id}") from None
    work.record("sync_run.begun", f"sync_run:{run.id}")
    return run


def fail(
    work: Work, run_id: int, trouble: str, *, requests: int = 0, at_least: timedelta = timedelta(0)
) -> None:
    """End a run that could not read the vendor; nothing of it is applied.

    The connector is broken and tried again later and later; the third failure
    in a row is told to the app's owners. Nothing happens when it has ended.
    """
    run = work.session.get_one(SyncRun, run_id, with_for_update=True)
    if run.state is not RunState.RUNNING:
        return
    move(
        work,
        run,
        RunState.FAILED,
        reason=trouble,
        trouble=trouble,
        requests=requests,
        finished_at=work.now,
    )
    connector = connections.get(work.session, run.connector_id)
    found_broken(work, connector, trouble, at_least=at_least)
    if connector.failures == ALARM_AT:
        tell_owners(
            work,
            connector,
            f"{connector.name} could not be read {ALARM_AT} times in a row",
            trouble,
        )


def fail_dead(work: Work, connector_id: int | None = None) -> int:
    """End the runs whose process died; return how many. The connector is not to blame."""
    statement = sa.select(SyncRun).where(
        col(SyncRun.state) == RunState.RUNNING,
        col(SyncRun.heartbeat_at) < work.now - DEAD_AFTER,
    )
    if connector_id is not None:
        statement = statement.where(col(SyncRun.connector_id) == connector_id)
    dead = work.session.scalars(statement.with_for_update(skip_locked=True)).all()
    for run in dead:
        why = "The process that ran it died."
        move(work, run, RunState.FAILED, reason=why, trouble=why, finished_at=work.now)
        work.session.connection().execute(
            sa.update(Connector)
            .where(col(Connector.id) == run.connector_id, col(Connector.next_sync_at).is_not(None))
            .values(next_sync_at=work.now)
        )
    return len(dead)


def hold(work: Work, run: SyncRun, why: str, **values: Any) -> None:
    """Let a run wait for a person, and tell the app's owners."""
    replaced = discard_held(work, run.connector_id, f"Sync {run.id} read the same later.")
    move(work, run, RunState.HELD, reason=why, trouble=why, finished_at=work.now, **values)
    connector = connections.get(work.session, run.connector_id)
    found_ready(work, connector)
    if not replaced:
        subject = f"The last sync of {connector.name} waits for you"
        tell_owners(work, connector, subject, f"{why} Apply or discard it.")


def finish(work: Work, run: SyncRun, to: RunState, **values: Any) -> None:
    """End a run that was applied; one that is held from before is out of date."""
    discard_held(work, run.connector_id, f"Sync {run.id} has been applied since.", but=run.id)
    move(work, run, to, finished_at=work.now, **values)
    found_ready(work, connections.get(work.session, run.connector_id))


def discard_held(work: Work, connector_id: int, why: str, *, but: int = 0) -> bool:
    """Discard the connector's held run, if there is one other than ``but``; say whether."""
    held = work.session.scalars(
        sa.select(SyncRun).where(
            col(SyncRun.connector_id) == connector_id,
            col(SyncRun.state) == RunState.HELD,
            col(SyncRun.id) != but,
        )
    ).one_or_none()
    if held is None:
        return False
    move(work, held, RunState.DISCARDED, reason=why)
    return True


def tell_owners(work: Work, connector: Connector, subject: str, body: str) -> None:
    """Tell the app's owners; without any, whoever looks after connectors (L22)."""
    owners = list(
        work.session.connection().scalars(
            sa.select(col(AppOwner.identity_id))
            .where(col(AppOwner.app_id) == connector.app_id)
            .order_by(col(AppOwner.identity_id))
        )
    )
    to = (
        owners
        or holders(work.session, Role.CONNECTOR_ADMIN)
        or holders(work.session, Role.SUPER_ADMIN)
    )
    for identity_id in to:
        tell(work, identity_id, "connector", subject, body, f"/connectors/{connector.id}")
