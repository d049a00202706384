"""Runs that wait for a person because they would remove too much (CON-11)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import run_states
from uar.applying import apply, finish, plan_of
from uar.errors import Conflict, NotFound, Refused
from uar.models import Account, Entitlement, Grant, Resource, SyncRun
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderReason
from uar.models.states import RunState
from uar.scratch import Scratch
from uar.site import Site
from uar.work import Actor, Work


def apply_held(site: Site, run_id: int, by: Actor, *, reason: str = "") -> SyncRun:
    """Apply a held run after all; return it as it ended. An edge of its own: call no ``working``.

    Raises Conflict when it is not held any more, and Refused when the inventory
    has changed since otherwise than by the end of access whose time was over.
    """
    with site.working(by) as work:
        held = work.session.get(SyncRun, run_id, with_for_update=True)
        if held is None:
            raise NotFound("There is no such sync.", subject=f"sync_run:{run_id}")
        if held.state is not RunState.HELD:
            raise Conflict("This sync does not wait any more.", subject=f"sync_run:{run_id}")
        if not held.counts.get("applying"):
            _refuse_changed(work.session, held)
        # A process that dies in the middle has changed the inventory itself.
        held.counts = {**held.counts, "applying": True}
        work.session.add(held)
        work.record("sync_run.apply_asked", f"sync_run:{run_id}", reason=reason)
        plan = plan_of(work.session, held, by)
    with Scratch(site) as scratch:
        done = apply(scratch, plan, removes=True)
        finish(scratch, plan, RunState.COMPLETE, counts={**held.counts, **done})
    with site.reading() as session:
        return session.get_one(SyncRun, run_id)


def discard(work: Work, run_id: int, *, reason: str) -> None:
    """Throw a held run away; the next one reads afresh. Raises NotFound, Conflict."""
    held = work.session.get(SyncRun, run_id, with_for_update=True)
    if held is None:
        raise NotFound("There is no such sync.", subject=f"sync_run:{run_id}")
    if held.state is not RunState.HELD:
        raise Conflict("This sync does not wait any more.", subject=f"sync_run:{run_id}")
    run_states.discard_held(work, held.connector_id, reason)


def mark_of(session: Session, connector_id: int) -> list[int]:
    """Return the newest ids of a connector's inventory; a changed inventory has others."""
    return [
        session.connection().scalar(
            sa.select(sa.func.max(sa.inspect(table).columns["id"])).where(
                sa.inspect(table).columns["connector_id"] == connector_id
            )
        )
        or 0
        for table in (Account, Resource, Entitlement, Grant)
    ]


def _refuse_changed(session: Session, held: SyncRun) -> None:
    due = (OrderReason.EXPIRY, OrderReason.GIVEN_BACK, OrderReason.REAPPEARED)
    ended = session.connection().scalar(
        sa.select(sa.func.count())
        .select_from(Grant)
        .outerjoin(Order, col(Order.id) == col(Grant.ended_order_id))
        .where(
            col(Grant.connector_id) == held.connector_id,
            col(Grant.ended_at) > held.started_at,
            sa.or_(col(Order.id).is_(None), col(Order.reason).not_in(due)),
        )
    )
    if ended or mark_of(session, held.connector_id) != held.counts.get("mark"):
        raise Refused(
            "The inventory has changed since this sync read the vendor. Discard it and sync again.",
            subject=f"sync_run:{held.id}",
        )
