"""Access that our own orders are changing while a run reads the vendor.

What was read about it may be older than what we know, so a sync leaves it to
the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import exclusive
from uar.db import AnySelect, in_batches
from uar.differences import Compared
from uar.models import Grant, ProvisioningOrder
from uar.models.kinds import OrderKind, Seen
from uar.models.states import OrderState
from uar.scratch import temporary
from uar.staging import PAIR, SEEN

A_DAY = timedelta(days=1)
SETTLING = temporary(
    "settling",
    *(sa.Column(each, sa.Integer, primary_key=True) for each in PAIR),
    sa.Column("only_new", sa.Boolean, nullable=False),
)


def note(connection: sa.Connection, compared: Compared) -> None:
    """Note the access that orders are settling, or settled since this read began.

    What was read about it may be older than what we know. A new path that an
    order is about to give is the order's to record, with its request.
    """
    order, since = ProvisioningOrder, compared.started_at
    of_connector = col(order.connector_id) == compared.connector_id
    of_orders = sa.select(col(order.account_id), col(order.entitlement_id)).where(
        of_connector,
        sa.or_(
            col(order.state).in_((OrderState.SENDING, OrderState.SENT)),
            col(order.settled_at) > since,
        ),
    )
    of_grants = sa.select(col(Grant.account_id), col(Grant.entitlement_id)).where(
        col(Grant.connector_id) == compared.connector_id,
        sa.or_(
            sa.and_(col(Grant.began_at) > since, col(Grant.began_run_id).is_(None)),
            sa.and_(col(Grant.ended_at) > since, col(Grant.ended_run_id).is_(None)),
        ),
    )
    of_places = exclusive.spoken_for(compared.connector_id, since).subquery()
    either = sa.union(
        of_orders, of_grants, sa.select(of_places), _about_to_be_displaced(compared)
    ).subquery()
    waiting = (
        sa.select(col(order.account_id), col(order.entitlement_id), sa.true())
        .where(
            of_connector,
            col(order.kind) == OrderKind.GRANT,
            sa.or_(col(order.state).in_((OrderState.QUEUED, OrderState.MANUAL)), given_up(since)),
            ~sa.exists().where(
                SETTLING.c.account_id == col(order.account_id),
                SETTLING.c.entitlement_id == col(order.entitlement_id),
            ),
        )
        .distinct()
    )
    for statement in (sa.select(either, sa.false()), waiting):
        connection.execute(sa.insert(SETTLING).from_select([*PAIR, "only_new"], statement))


def _about_to_be_displaced(compared: Compared) -> AnySelect:
    """Match what orders replaced that this read shows to be carried out after all.

    A person did, or the vendor, after we had given up waiting.
    """
    order = ProvisioningOrder
    shown = sa.exists().where(
        SEEN.c.account_id == col(order.account_id),
        SEEN.c.entitlement_id == col(order.entitlement_id),
        SEEN.c.via_id == 0,
    )
    return exclusive.excluded_by(
        col(order.connector_id) == compared.connector_id,
        col(order.kind) == OrderKind.GRANT,
        sa.or_(col(order.state) == OrderState.MANUAL, given_up(compared.started_at)),
        shown,
    )


def given_up(since: datetime) -> sa.ColumnElement[bool]:
    """Match grants that the vendor accepted in the day before and no read confirmed.

    They may still show: then they are ours, and have an end (L4). What shows up
    later than that was given by somebody else (L3).
    """
    order = ProvisioningOrder
    return sa.and_(
        col(order.kind) == OrderKind.GRANT,
        col(order.state) == OrderState.FAILED,
        col(order.read_before) == Seen.ABSENT,
        col(order.sent_at) > since - A_DAY,
    )


def busy(
    session: Session, connector_id: int, since: datetime, accounts: Sequence[int]
) -> set[tuple[int, int]]:
    """Return the pairs of account and entitlement that orders are settling or settled since.

    The same as in ``note``, asked again when a difference is about to be written.
    """
    order = ProvisioningOrder
    found: set[tuple[int, int]] = set()
    places = exclusive.spoken_for(connector_id, since).subquery()
    for batch in in_batches(accounts):
        found.update(
            (account_id, entitlement_id)
            for account_id, entitlement_id in session.connection().execute(
                sa.select(col(order.account_id), col(order.entitlement_id)).where(
                    col(order.connector_id) == connector_id,
                    col(order.account_id).in_(batch),
                    sa.or_(
                        col(order.state).in_((OrderState.SENDING, OrderState.SENT)),
                        col(order.settled_at) > since,
                    ),
                )
            )
        )
        found.update(
            (account_id, entitlement_id)
            for account_id, entitlement_id in session.connection().execute(
                sa.select(places).where(places.c.account_id.in_(batch))
            )
        )
    return found
