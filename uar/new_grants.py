"""The statements that begin grants and their causes, from new paths in a temporary table.

PostgreSQL does both in one, and need not look up again what it has just begun.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from uar.models import Grant, GrantCause
from uar.models.kinds import Cause
from uar.models.states import GrantState
from uar.scratch import Scratch, temporary
from uar.steps import Plan
from uar.work import Work


def resolved(name: str) -> sa.Table:
    """Declare a temporary table of differences between paths, in ids of the inventory."""
    return temporary(
        name,
        sa.Column("k", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("entitlement_id", sa.Integer, nullable=False),
        sa.Column("via_id", sa.Integer, nullable=False),
    )


NEW = resolved("new_path")


def begin_range(scratch: Scratch, plan: Plan, work: Work, above: int, up_to: int) -> int:
    """Begin the grants and causes of a range of new paths; return how many grants are new."""
    connection, here = work.session.connection(), between(above, up_to)
    if scratch.is_sqlite:
        begun = connection.execute(
            _new_grants(scratch, plan, here), execution_options={"preserve_rowcount": True}
        ).rowcount
        connection.execute(_new_causes(scratch, plan, here))
        return begun
    scratch.join_freely(work)
    begun, caused = map(int, connection.execute(_both(scratch, plan, here)).one())
    scratch.look_up_by_index(work)
    if caused < up_to - above:  # some are further ways to what an earlier range began
        connection.execute(_new_causes(scratch, plan, here))
    return begun


def between(above: int, up_to: int) -> sa.ColumnElement[bool]:
    """Return the condition that a new path is of a range."""
    return sa.and_(NEW.c.k > above, NEW.c.k <= up_to)


def _both(scratch: Scratch, plan: Plan, here: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Begin grants and their causes at once, without looking the new grants up again.

    Selects how many of each. PostgreSQL only: SQLite's looking up is cheaper than
    its RETURNING, and it knows no insert inside a query.
    """
    begun = (
        _new_grants(scratch, plan, here)
        .returning(col(Grant.id), col(Grant.account_id), col(Grant.entitlement_id))
        .cte("begun")
    )
    values = _cause(plan, begun.c.id)
    caused = (
        sa.insert(GrantCause)
        .from_select(
            list(values),
            sa.select(*values.values())
            .join_from(
                NEW,
                begun,
                sa.and_(
                    begun.c.account_id == NEW.c.account_id,
                    begun.c.entitlement_id == NEW.c.entitlement_id,
                ),
            )
            .where(here),
        )
        .returning(col(GrantCause.id))
        .cte("caused")
    )
    return sa.select(
        *(
            sa.select(sa.func.count()).select_from(each).scalar_subquery()
            for each in (begun, caused)
        )
    )


def _new_grants(
    scratch: Scratch, plan: Plan, here: sa.ColumnElement[bool]
) -> sqlite.Insert | postgresql.Insert:
    values = {
        "app_id": sa.literal(plan.app_id),
        "connector_id": sa.literal(plan.connector_id),
        "account_id": NEW.c.account_id,
        "entitlement_id": NEW.c.entitlement_id,
        "state": sa.literal(GrantState.ACTIVE.value),
        "began_at": _instant(plan),
        "began_run_id": sa.literal(plan.run_id),
        "reappeared": sa.false(),
    }
    insert = sqlite.insert if scratch.is_sqlite else postgresql.insert
    # A delivery may begin the same grant between our look and our insert.
    return (
        insert(Grant)
        .from_select(list(values), sa.select(*values.values()).where(here).order_by(NEW.c.k))
        .on_conflict_do_nothing()
    )


def _new_causes(scratch: Scratch, plan: Plan, here: sa.ColumnElement[bool]) -> sa.Executable:
    values = _cause(plan, col(Grant.id))
    caused = sa.exists().where(
        col(GrantCause.grant_id) == col(Grant.id),
        col(GrantCause.via_id) == NEW.c.via_id,
        col(GrantCause.ended_at).is_(None),
    )
    insert = sqlite.insert if scratch.is_sqlite else postgresql.insert
    return (
        insert(GrantCause)
        .from_select(
            list(values),
            sa.select(*values.values())
            .select_from(NEW)
            .join(
                Grant,
                sa.and_(
                    col(Grant.account_id) == NEW.c.account_id,
                    col(Grant.entitlement_id) == NEW.c.entitlement_id,
                    col(Grant.ended_at).is_(None),
                ),
            )
            .where(
                here,
                # What this run has begun has no causes yet, but those of its own paths.
                sa.or_(
                    col(Grant.began_run_id) == plan.run_id,
                    sa.and_(
                        ~caused,
                        sa.or_(NEW.c.via_id != 0, col(Grant.state) != GrantState.ENDING),
                    ),
                ),
            )
            .order_by(NEW.c.k),
        )
        .on_conflict_do_nothing()
    )


def _cause(plan: Plan, grant_id: Any) -> dict[str, sa.ColumnElement[Any]]:
    return {
        "grant_id": grant_id,
        "kind": sa.case(
            (NEW.c.via_id == 0, sa.literal(Cause.STANDING.value)), else_=Cause.GROUP.value
        ),
        "via_id": NEW.c.via_id,
        "request_id": sa.literal(0),
        "began_at": _instant(plan),
    }


def _instant(plan: Plan) -> sa.ColumnElement[datetime]:
    return sa.literal(plan.started_at, sa.inspect(Grant).columns["began_at"].type)
