"""The ways in which accounts hold entitlements: those read against those known.

A path is direct or leads through a resource, such as a group. A direct one is
known when the grant has any open cause of its own, whatever its kind, or is
ending: what was given on request is not found a second time as standing (L2).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar import in_flight
from uar.differences import COLUMNS, FOUND, Compared
from uar.in_flight import SETTLING
from uar.models import Account, Entitlement, Grant, GrantCause, ProvisioningOrder, Resource
from uar.models.kinds import Change, ChangeOf
from uar.models.states import GrantState, OrderState
from uar.staging import ACCOUNTS, ENTITLEMENTS, PAIR, PATHS, RESOURCES, SEEN, between_known

LOST = between_known("lost")


def compare_paths(connection: sa.Connection, compared: Compared) -> None:
    """Find paths that are new or gone, once all were noted and all things compared."""
    in_flight.note(connection, compared)
    _add(connection)
    if compared.removes:
        _lose(connection, compared)
        if compared.scope or compared.scope_before:
            _rescope(connection, compared)
        _say_gone(connection)


def observed(connection: sa.Connection, compared: Compared) -> list[tuple[int, bool]]:
    """Say of each order that waits for a read whether this one showed the direct path.

    Those are the manual ones, the sent ones that are older than the read, and grants
    that were given up although we had called for them.
    """
    order = ProvisioningOrder
    held = sa.exists().where(
        *(SEEN.c[name] == getattr(order, name) for name in PAIR), SEEN.c.via_id == 0
    )
    found = connection.execute(
        sa.select(col(order.id), held)
        .where(
            col(order.connector_id) == compared.connector_id,
            col(order.created_at) <= compared.started_at,
            sa.or_(
                col(order.state) == OrderState.MANUAL,
                in_flight.given_up(compared.started_at),
                sa.and_(
                    col(order.state) == OrderState.SENT,
                    col(order.sent_at) <= compared.started_at,
                ),
            ),
        )
        .order_by(col(order.id))
    )
    return [(order_id, bool(is_held)) for order_id, is_held in found]


def _add(connection: sa.Connection) -> None:
    """Find what was read and has no cause; nothing with something new in it has one."""
    caused = sa.exists().where(
        same(SEEN.c, Grant),
        col(Grant.ended_at).is_(None),
        col(GrantCause.grant_id) == col(Grant.id),
        col(GrantCause.via_id) == SEEN.c.via_id,
        col(GrantCause.ended_at).is_(None),
    )
    ending = sa.exists().where(
        same(SEEN.c, Grant),
        col(Grant.state) == GrantState.ENDING,
        col(Grant.ended_at).is_(None),
    )
    settling = sa.exists().where(same(SEEN.c, SETTLING.c))
    uncaused = (
        sa.select(SEEN)
        .where(~caused, ~sa.and_(SEEN.c.via_id == 0, ending), ~settling)
        .subquery("uncaused")
    )
    kind = sa.literal(ChangeOf.PATH.value), sa.literal(Change.ADDED.value)
    account, entitlement, via = ACCOUNTS.c, ENTITLEMENTS.c, RESOURCES.c
    with_new_things = (
        sa.select(
            *kind,
            entitlement.type,
            entitlement.vendor_id,
            entitlement.slug,
            account.type,
            account.vendor_id,
            sa.func.coalesce(via.type, ""),
            sa.func.coalesce(via.vendor_id, ""),
        )
        .select_from(PATHS)
        .join(ACCOUNTS, account.n == PATHS.c.account_n)
        .join(ENTITLEMENTS, entitlement.n == PATHS.c.entitlement_n)
        .outerjoin(RESOURCES, via.n == PATHS.c.via_n)
        .order_by(PATHS.c.k)
    )
    for statement in (_through(uncaused, *kind), with_new_things):
        connection.execute(sa.insert(FOUND).from_select(COLUMNS, statement))


def _lose(connection: sa.Connection, compared: Compared) -> None:
    """Collect what is known and was not read."""
    known = sa.union_all(
        sa.select(col(Grant.account_id), col(Grant.entitlement_id), col(GrantCause.via_id))
        .join(GrantCause, col(GrantCause.grant_id) == col(Grant.id))
        .where(
            col(Grant.connector_id) == compared.connector_id,
            col(Grant.ended_at).is_(None),
            col(GrantCause.ended_at).is_(None),
        ),
        sa.select(
            col(Grant.account_id), col(Grant.entitlement_id), sa.literal(0).label("via_id")
        ).where(
            col(Grant.connector_id) == compared.connector_id,
            col(Grant.state) == GrantState.ENDING,
            col(Grant.ended_at).is_(None),
        ),
    ).subquery()
    seen = sa.exists().where(*(SEEN.c[name] == known.c[name] for name in (*PAIR, "via_id")))
    settling = sa.exists().where(
        *(SETTLING.c[name] == known.c[name] for name in PAIR), SETTLING.c.only_new.is_(False)
    )
    connection.execute(
        sa.insert(LOST).from_select(
            [*PAIR, "via_id"], sa.select(known).where(~seen, ~settling).distinct()
        )
    )


def _rescope(connection: sa.Connection, compared: Compared) -> None:
    """Take out of the lost what is out of scope now, and note what is in scope again (L9)."""
    if compared.scope:
        outside = sa.exists().where(
            same(LOST.c, Grant), col(Grant.state) == GrantState.OUT_OF_SCOPE
        )
        unlisted = sa.or_(
            LOST.c.account_id.not_in(_ids(ACCOUNTS)),
            LOST.c.entitlement_id.not_in(_ids(ENTITLEMENTS)),
            sa.and_(LOST.c.via_id != 0, LOST.c.via_id.not_in(_ids(RESOURCES))),
        )
        if compared.is_rescoped:
            _say_state(
                connection,
                GrantState.OUT_OF_SCOPE,
                sa.select(LOST.c.account_id, LOST.c.entitlement_id).where(
                    unlisted, ~outside, ~sa.exists().where(same(SEEN.c, LOST.c))
                ),
            )
            connection.execute(sa.delete(LOST).where(unlisted))
        else:
            connection.execute(sa.delete(LOST).where(unlisted, outside))
    _say_state(
        connection,
        GrantState.ACTIVE,
        sa.select(SEEN.c.account_id, SEEN.c.entitlement_id)
        .join(Grant, same(SEEN.c, Grant))
        .where(col(Grant.state) == GrantState.OUT_OF_SCOPE, col(Grant.ended_at).is_(None)),
    )


def _say_state(
    connection: sa.Connection, state: GrantState, pairs: sa.Select[tuple[Any, Any]]
) -> None:
    pair = pairs.distinct().subquery()
    connection.execute(
        sa.insert(FOUND).from_select(
            ["what", "change", "after", *COLUMNS[2:7]],
            _in_words(
                pair,
                sa.literal(ChangeOf.PATH.value),
                sa.literal(Change.CHANGED.value),
                sa.literal({"state": state.value}, sa.JSON),
            ),
        )
    )


def _say_gone(connection: sa.Connection) -> None:
    gone = _through(LOST, sa.literal(ChangeOf.PATH.value), sa.literal(Change.GONE.value))
    connection.execute(sa.insert(FOUND).from_select(COLUMNS, gone))


def _through(path: sa.FromClause, *first: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Name accounts, entitlements and what they lead through in the vendor's ids."""
    via = sa.orm.aliased(Resource)
    return (
        _in_words(path, *first)
        .add_columns(sa.func.coalesce(via.type, ""), sa.func.coalesce(via.vendor_id, ""))
        .outerjoin(via, path.c.via_id == via.id)
        .order_by(path.c.account_id, path.c.entitlement_id, path.c.via_id)
    )


def _in_words(pair: sa.FromClause, *first: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Name accounts and entitlements in the vendor's ids."""
    return (
        sa.select(
            *first,
            col(Resource.type),
            col(Resource.vendor_id),
            col(Entitlement.slug),
            col(Account.type),
            col(Account.vendor_id),
        )
        .select_from(pair)
        .join(Account, col(Account.id) == pair.c.account_id)
        .join(Entitlement, col(Entitlement.id) == pair.c.entitlement_id)
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
    )


def _ids(staged: sa.Table) -> sa.Select[tuple[Any]]:
    return sa.select(staged.c.id).where(staged.c.id.is_not(None))


def same(columns: Any, table: Any) -> sa.ColumnElement[bool]:
    """Return the condition that both are about the same account and entitlement."""
    return sa.and_(*(columns[name] == getattr(table, name) for name in PAIR))
