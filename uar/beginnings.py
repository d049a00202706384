"""Grants that begin because a read showed them, with a cause for each path (L2)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import col

from uar import comebacks
from uar.db import AnySelect
from uar.lifecycle import move_all
from uar.models import Account, Entitlement, Grant, Resource, SyncChange
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Change, ChangeOf, OrderKind
from uar.models.states import GrantState, OrderState
from uar.new_grants import NEW, begin_range, between
from uar.scratch import Scratch
from uar.steps import Plan, changes, step
from uar.work import Work


def begin_grants(scratch: Scratch, plan: Plan) -> int:
    """Begin the grants and causes of all new paths; return how many grants are new.

    They begin at the instant of the read. Access that we ended ourselves and
    that is back is reported (L18).
    """
    last = resolve(scratch, plan, NEW, Change.ADDED)
    was_ended = bool(last) and _has_removed(scratch, plan)
    begun = 0
    for above, up_to in scratch.ranges(last):
        with step(scratch, plan, ChangeOf.PATH, Change.ADDED) as work:
            begun += begin_range(scratch, plan, work, above, up_to)
            if was_ended:
                _report_reappeared(work, plan, between(above, up_to))
    return begun


def rescope_grants(scratch: Scratch, plan: Plan) -> None:
    """Move grants out of scope that we look at no longer, and those back that we do (L9)."""
    for found in changes(scratch, plan, ChangeOf.PATH, Change.CHANGED):
        for to in (GrantState.OUT_OF_SCOPE, GrantState.ACTIVE):
            before = GrantState.ACTIVE if to is GrantState.OUT_OF_SCOPE else GrantState.OUT_OF_SCOPE
            ids = [row.id for row in found if row.after["state"] == to.value]
            if ids:
                with step(scratch, plan, ChangeOf.PATH, Change.CHANGED) as work:
                    move_all(work, Grant, _open_grants(work, plan, ids), before=before, to=to)


def resolve(scratch: Scratch, plan: Plan, into: sa.Table, change: Change) -> int:
    """Translate the run's differences between paths into our ids; return how many there are."""
    scratch.make(into)
    with scratch.reading() as connection:
        connection.execute(
            sa.insert(into).from_select(
                ["account_id", "entitlement_id", "via_id"],
                # Three indexes of grants and causes begin with the account: rows in
                # their order touch few pages in each transaction.
                _in_ids(plan)
                .where(col(SyncChange.change) == change)
                .order_by(col(Account.id), col(Entitlement.id)),
            )
        )
        last = connection.scalar(sa.select(sa.func.max(into.c.k)))
    scratch.analyze(into)
    return last or 0


def _in_ids(plan: Plan) -> AnySelect:
    via = sa.orm.aliased(Resource)
    return (
        sa.select(col(Account.id), col(Entitlement.id), sa.func.coalesce(via.id, 0))
        .select_from(SyncChange)
        .join(
            Account,
            sa.and_(
                col(Account.connector_id) == plan.connector_id,
                col(Account.type) == col(SyncChange.account_type),
                col(Account.vendor_id) == col(SyncChange.account_vendor_id),
            ),
        )
        .join(
            Resource,
            sa.and_(
                col(Resource.connector_id) == plan.connector_id,
                col(Resource.type) == col(SyncChange.type),
                col(Resource.vendor_id) == col(SyncChange.vendor_id),
            ),
        )
        .join(
            Entitlement,
            sa.and_(
                col(Entitlement.resource_id) == col(Resource.id),
                col(Entitlement.slug) == col(SyncChange.slug),
            ),
        )
        .outerjoin(
            via,
            sa.and_(
                col(via.connector_id) == plan.connector_id,
                col(via.type) == col(SyncChange.via_type),
                col(via.vendor_id) == col(SyncChange.via_vendor_id),
            ),
        )
        .where(
            col(SyncChange.run_id) == plan.run_id,
            col(SyncChange.what) == ChangeOf.PATH,
            sa.or_(col(SyncChange.via_vendor_id) == "", col(via.id).is_not(None)),
        )
    )


def _has_removed(scratch: Scratch, plan: Plan) -> bool:
    """Say whether we ever removed access at this vendor; asked first because it costs nothing."""
    with scratch.reading() as connection:
        found = connection.scalar(
            sa.select(col(Order.id))
            .where(
                col(Order.connector_id) == plan.connector_id,
                col(Order.state) == OrderState.VERIFIED,
                col(Order.kind) == OrderKind.REVOKE,
            )
            .limit(1)
        )
    return found is not None


def _report_reappeared(work: Work, plan: Plan, here: sa.ColumnElement[bool]) -> None:
    before = sa.orm.aliased(Grant)
    back = work.session.scalars(
        sa.select(Grant)
        .join(
            NEW,
            sa.and_(
                NEW.c.account_id == col(Grant.account_id),
                NEW.c.entitlement_id == col(Grant.entitlement_id),
            ),
        )
        .where(
            here,
            col(Grant.began_run_id) == plan.run_id,
            sa.exists().where(
                col(before.account_id) == col(Grant.account_id),
                col(before.entitlement_id) == col(Grant.entitlement_id),
                col(before.ended_at).is_not(None),
                col(before.ended_order_id).is_not(None),
            ),
        )
        .distinct()
    ).all()
    for grant in back:
        comebacks.seen_again(work, grant)


def _open_grants(work: Work, plan: Plan, change_ids: list[int]) -> list[int]:
    pair = _in_ids(plan).where(col(SyncChange.id).in_(change_ids)).subquery()
    return list(
        work.session.connection().scalars(
            sa.select(col(Grant.id))
            .join(
                pair,
                sa.and_(pair.c[0] == col(Grant.account_id), pair.c[1] == col(Grant.entitlement_id)),
            )
            .where(col(Grant.ended_at).is_(None))
        )
    )
