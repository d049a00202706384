"""Grants that end because a complete read no longer shows them, and their causes.

A grant ends with its last cause (L2). Most end as a set. Those that a request,
an order or a review is about end one by one through :mod:`uar.grants`, which
knows what follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import col

from uar import grants, in_flight
from uar.beginnings import resolve
from uar.db import in_batches
from uar.lifecycle import move_all
from uar.models import Grant, GrantCause, ReviewItem
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, Change, ChangeOf
from uar.models.states import GrantState, ItemState, OrderState
from uar.new_grants import resolved
from uar.scratch import Scratch
from uar.steps import Plan, step
from uar.work import Work

GONE = resolved("gone_path")


@dataclass(slots=True)
class _Losing:
    """One open grant of which paths are gone, and what is left of it."""

    grant: int
    state: GrantState
    gone: set[int] = field(default_factory=set)  # via ids; 0 is direct
    ending_causes: list[int] = field(default_factory=list)
    has_other_causes: bool = False
    needs_care: bool = False

    @property
    def is_over(self) -> bool:
        """Say whether nothing is left. While ending, the direct path has no cause of its own."""
        if self.state is GrantState.ENDING and 0 not in self.gone:
            return False
        return not self.has_other_causes


def end_grants(scratch: Scratch, plan: Plan) -> int:
    """End the causes of lost paths, and the grants that have none left; return how many."""
    last = resolve(scratch, plan, GONE, Change.GONE)
    ended = 0
    for above, up_to in scratch.ranges(last):
        with step(scratch, plan, ChangeOf.PATH, Change.GONE) as work:
            losing = _losing(work, plan, above, up_to)
            _look_at_causes(work, losing)
            _look_at_orders(work, losing)
            ended += _end(work, plan, losing.values())
    return ended


def _losing(work: Work, plan: Plan, above: int, up_to: int) -> dict[int, _Losing]:
    """Collect the open grants of a range of lost paths, but those that orders are settling."""
    found = (
        work.session.connection()
        .execute(
            sa.select(
                col(Grant.id),
                col(Grant.state),
                GONE.c.account_id,
                GONE.c.entitlement_id,
                GONE.c.via_id,
            )
            .join(
                Grant,
                sa.and_(
                    col(Grant.account_id) == GONE.c.account_id,
                    col(Grant.entitlement_id) == GONE.c.entitlement_id,
                    col(Grant.ended_at).is_(None),
                    col(Grant.began_at) <= plan.started_at,
                ),
            )
            .where(GONE.c.k > above, GONE.c.k <= up_to)
        )
        .all()
    )
    accounts = sorted({row.account_id for row in found})
    busy = in_flight.busy(work.session, plan.connector_id, plan.started_at, accounts)
    losing: dict[int, _Losing] = {}
    for grant_id, state, account_id, entitlement_id, via_id in found:
        if (account_id, entitlement_id) not in busy:
            losing.setdefault(grant_id, _Losing(grant_id, state)).gone.add(via_id)
    return losing


def _look_at_causes(work: Work, losing: dict[int, _Losing]) -> None:
    for batch in in_batches(list(losing)):
        causes = work.session.connection().execute(
            sa.select(
                col(GrantCause.id),
                col(GrantCause.grant_id),
                col(GrantCause.via_id),
                col(GrantCause.kind),
            ).where(col(GrantCause.grant_id).in_(batch), col(GrantCause.ended_at).is_(None))
        )
        for cause_id, grant_id, via_id, kind in causes:
            one = losing[grant_id]
            if via_id in one.gone:
                one.ending_causes.append(cause_id)
                one.needs_care |= kind not in (Cause.STANDING, Cause.GROUP)
            else:
                one.has_other_causes = True


def _look_at_orders(work: Work, losing: dict[int, _Losing]) -> None:
    for one in losing.values():
        one.needs_care |= one.state is GrantState.ENDING
    for batch in in_batches(list(losing)):
        ordered = work.session.connection().scalars(
            sa.select(col(Order.grant_id)).where(
                col(Order.grant_id).in_(batch),
                col(Order.state).not_in((OrderState.VERIFIED, OrderState.CANCELLED)),
            )
        )
        for grant_id in ordered:
            if grant_id is not None:
                losing[grant_id].needs_care = True


def _end(work: Work, plan: Plan, losing: Iterable[_Losing]) -> int:
    ended = 0
    causes: list[int] = []
    as_a_set: dict[GrantState, list[int]] = defaultdict(list)
    for one in losing:
        if not one.is_over:
            causes += one.ending_causes
        elif one.needs_care:
            grants.ended(work, work.session.get_one(Grant, one.grant), run_id=plan.run_id)
            ended += 1
        else:
            causes += one.ending_causes
            as_a_set[one.state].append(one.grant)
    for batch in in_batches(causes):
        work.session.connection().execute(
            sa.update(GrantCause)
            .where(col(GrantCause.id).in_(batch), col(GrantCause.ended_at).is_(None))
            .values(ended_at=plan.started_at, warn_at=None)
        )
    for state, ids in as_a_set.items():
        moved = move_all(
            work,
            Grant,
            ids,
            before=state,
            to=GrantState.ENDED,
            reason=f"Sync {plan.run_id} no longer shows it.",
            ended_at=plan.started_at,
            ended_run_id=plan.run_id,
        )
        _void(work, moved)
        ended += len(moved)
    return ended


def _void(work: Work, grant_ids: Sequence[int]) -> None:
    """End the reviews of what is gone that nobody has decided."""
    for batch in in_batches(grant_ids):
        pending = work.session.connection().scalars(
            sa.select(col(ReviewItem.id)).where(
                col(ReviewItem.grant_id).in_(batch), col(ReviewItem.state) == ItemState.PENDING
            )
        )
        move_all(
            work,
            ReviewItem,
            list(pending),
            before=ItemState.PENDING,
            to=ItemState.VOID,
            reason="The access ended at the vendor.",
        )
