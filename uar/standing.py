"""How far the removal of reviewed access is: ordered, sent, proven gone, or still held (L5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Entitlement, Grant, GrantCause, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind
from uar.models.states import OrderState
from uar.provisioning import CANCELLABLE, SETTLED


@dataclass(frozen=True, slots=True)
class Standing:
    """How one item's removal stands now.

    ``sends_at`` is when it leaves, while it can still be called off (``is_stoppable``);
    ``is_final`` says that it has begun or is done. ``words`` is empty, or what a
    person should know.
    """

    sends_at: datetime | None = None
    is_final: bool = False
    is_stoppable: bool = False
    is_sent: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class OrderOf:
    """One order about an item's access: its own, or one that another item made first."""

    item_id: int | None
    grant_id: int | None
    state: OrderState
    not_before: datetime
    result: str


@dataclass(frozen=True, slots=True)
class OpenPath:
    """One inherited way in which access is still held, and the order that will end it."""

    grant_id: int
    name: str
    state: OrderState | None
    not_before: datetime | None
    result: str | None


NOTHING = Standing()


def standings(session: Session, grants_of: Mapping[int, int]) -> dict[int, Standing]:
    """Say how the removals of these items (item id to grant id) stand. Two queries."""
    orders = _orders(session, grants_of)
    paths: dict[int, list[OpenPath]] = defaultdict(list)
    for path in rows(session, OpenPath, _open_paths(list(grants_of.values()))):
        paths[path.grant_id].append(path)
    return {
        item_id: _standing(
            [order for order in orders if order.item_id == item_id],
            [order for order in orders if order.grant_id == grant_id],
            paths[grant_id],
        )
        for item_id, grant_id in grants_of.items()
    }


def _standing(
    own: Sequence[OrderOf], about: Sequence[OrderOf], paths: Sequence[OpenPath]
) -> Standing:
    states = {order.state for order in own}
    final = any(state not in (*CANCELLABLE, OrderState.CANCELLED) for state in states)
    live = [
        (order.state, order.not_before, order.result)
        for order in {*own, *about}
        if order.state not in SETTLED
    ]
    live += [
        (path.state, path.not_before, path.result or "")
        for path in paths
        if path.state is not None and path.not_before is not None
    ]
    found = {state for state, _, _ in live}
    words = _words(live, own, paths)
    queued = [not_before for state, not_before, _ in live if state is OrderState.QUEUED]
    return Standing(
        sends_at=min(queued) if queued and found == {OrderState.QUEUED} else None,
        is_final=final,
        is_stoppable=bool(states & set(CANCELLABLE)) and not final,
        is_sent=bool(found & {OrderState.SENDING, OrderState.SENT}),
        words=words,
    )


def _words(
    live: Sequence[tuple[OrderState, datetime, str]],
    own: Sequence[OrderOf],
    paths: Sequence[OpenPath],
) -> str:
    """Say what stands in the way, the worst first."""
    for state, start in (
        (OrderState.FAILED, "the removal failed"),
        (OrderState.MANUAL, "to be done by hand"),
        (OrderState.CONSENT, "waits for the consent of an owner of its source"),
    ):
        for order_state, _, result in live:
            if order_state is state:
                return f"{start}: {result}" if result else start
    states = {order.state for order in own}
    through = ", ".join(sorted({path.name for path in paths}))
    if through and OrderState.VERIFIED in states:
        return f"still held through {through}"
    if not live and states == {OrderState.CANCELLED}:
        return "the removal was called off"
    return ""


def _orders(session: Session, grants_of: Mapping[int, int]) -> list[OrderOf]:
    return rows(
        session,
        OrderOf,
        sa.select(
            col(Order.item_id),
            col(Order.grant_id),
            col(Order.state),
            col(Order.not_before),
            col(Order.result),
        )
        .where(
            col(Order.kind) == OrderKind.REVOKE,
            sa.or_(
                col(Order.item_id).in_(list(grants_of)),
                col(Order.grant_id).in_(list(grants_of.values())),
            ),
        )
        .order_by(col(Order.id)),
    )


def _open_paths(grant_ids: Sequence[int]) -> AnySelect:
    """Select the inherited paths of these grants with the unsettled removal of each source."""
    return (
        sa.select(
            col(GrantCause.grant_id),
            col(Resource.name),
            col(Order.state),
            col(Order.not_before),
            col(Order.result),
        )
        .select_from(GrantCause)
        .join(Grant, col(Grant.id) == col(GrantCause.grant_id))
        .join(Resource, col(Resource.id) == col(GrantCause.via_id))
        .outerjoin(Entitlement, col(Entitlement.resource_id) == col(Resource.id))
        .outerjoin(
            Order,
            sa.and_(
                col(Order.account_id) == col(Grant.account_id),
                col(Order.entitlement_id) == col(Entitlement.id),
                col(Order.kind) == OrderKind.REVOKE,
                col(Order.state).not_in(SETTLED),
            ),
        )
        .where(col(GrantCause.grant_id).in_(list(grant_ids)), col(GrantCause.ended_at).is_(None))
        .order_by(col(GrantCause.id))
    )
