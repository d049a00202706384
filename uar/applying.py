"""Writes what a run found into the inventory, in transactions of a few milliseconds.

First what is new and what changed, then what is gone. Each step may be done
twice without harm: a process that dies in between leaves an inventory in which
everything is true, and the next run finds the rest.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from uar import brake, connections, directory, run_states
from uar.beginnings import begin_grants, rescope_grants
from uar.losses import end_grants
from uar.models import Account, Entitlement, Grant, GrantCause, Resource, SyncRun
from uar.models.states import RunState
from uar.scratch import MANY, Scratch
from uar.steps import Plan
from uar.things import end_things, write_things
from uar.work import Actor


def plan_of(session: Session, row: SyncRun, by: Actor) -> Plan:
    """Return what the steps of a run need to know about it."""
    app_id = connections.get(session, row.connector_id).app_id
    return Plan(row.id, row.connector_id, app_id, row.started_at, row.state, by)


def apply(scratch: Scratch, plan: Plan, *, removes: bool) -> dict[str, Any]:
    """Write the run's differences; return how many grants began and ended.

    Without ``removes`` nothing is taken away. Raises Conflict when somebody
    else has ended the run meanwhile; what was written until then is true.
    """
    if write_things(scratch, plan) > MANY:
        scratch.refresh_statistics(Account, Entitlement, Resource)
    begun = begin_grants(scratch, plan)
    ended = 0
    if removes:
        rescope_grants(scratch, plan)
        ended = end_grants(scratch, plan)
        end_things(scratch, plan)
    directory.refresh(scratch.site, plan.app_id, plan.actor)
    if begun > MANY:
        scratch.refresh_statistics(Grant, GrantCause)
    return {"grants": {"begun": begun, "ended": ended}}


def finish(scratch: Scratch, plan: Plan, to: RunState, **values: Any) -> None:
    """End the run, with what is in the inventory now; ``values`` are columns of its row."""
    with scratch.reading() as connection:
        after = brake.population(connection, plan.connector_id)
    values["counts"] = {**values["counts"], "after": after}
    with scratch.working(plan.actor) as work:
        row = work.session.get_one(SyncRun, plan.run_id, with_for_update=True)
        run_states.finish(work, row, to, **values)
