"""Taking an order: one taker at a time, told apart by its lease, found through an index."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.world import World
from tests.world_requests import site_of
from uar import claims, clock
from uar.claims import claim, mine, next_at, release_dead, renew
from uar.errors import Conflict
from uar.lifecycle import move
from uar.models import Connector
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import ConnectorState, OrderState
from uar.provisioning import order

LEASE = timedelta(seconds=45)


def _ordered(world: World, kind: OrderKind = OrderKind.REVOKE) -> Order:
    grant = world.grant()
    other = world.account(world.max)
    with world.as_(world.rita) as work:
        return order(
            work,
            kind,
            account_id=grant.account_id if kind is OrderKind.REVOKE else other.id,
            entitlement_id=grant.entitlement_id,
            grant_id=grant.id if kind is OrderKind.REVOKE else None,
            reason=OrderReason.REVIEW,
        )


def test_l11_whoever_lost_a_lease_can_neither_send_nor_record(world: World, noon: datetime) -> None:
    """Even in one process: threads and forked processes are told apart by the lease."""
    row = _ordered(world)
    site = site_of(world)
    first = claim(site, row.connector_id)
    assert first is not None
    with clock.frozen(noon + LEASE):
        second = claim(site, row.connector_id)
        assert second is not None

        for do in (mine, renew):
            with pytest.raises(Conflict, match="taken this order over"), world.as_(world.cam) as w:
                do(w, first)
        with world.as_(world.cam) as work:
            assert renew(work, second).id == row.id


def test_l11_what_was_settled_meanwhile_is_not_sent_again(world: World) -> None:
    row = _ordered(world)
    taken = claim(site_of(world), row.connector_id)
    assert taken is not None
    with world.as_(world.rita) as work:
        move(work, work.session.get_one(Order, row.id), OrderState.VERIFIED, settled_at=work.now)

    with pytest.raises(Conflict, match="verified"), world.as_(world.cam) as work:
        renew(work, taken)


def test_l11_a_forked_process_has_a_name_of_its_own() -> None:
    """The web server's processes are forked after this module was imported."""
    mine_ = claims._process(os.getpid())
    out, into = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(into, claims._process(os.getpid()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(into)
    with open(out) as told:
        assert told.read() not in ("", mine_)


def test_what_a_dead_process_had_taken_is_free_at_once_and_what_a_living_one_has_is_not(
    world: World, noon: datetime
) -> None:
    dead, living = _ordered(world), _ordered(world)
    site = site_of(world)
    taken = [claim(site, row.connector_id) for row in (dead, living)]
    host = claims._process(os.getpid()).partition(":")[0]
    with world.as_(world.rita) as work:
        work.session.connection().execute(
            sa.update(Order).where(Order.id == dead.id).values(lease_by=f"{host}:{2**22 + 1}:a:b")
        )
    assert None not in taken
    assert next_at_of(world) == noon + LEASE

    assert release_dead(site) == 1

    again = claim(site, dead.connector_id)
    assert again is not None
    assert again.order_id == dead.id
    assert claim(site, dead.connector_id) is None


def test_l16_a_paused_connector_holds_grants_back_but_not_what_was_sent(world: World) -> None:
    waiting = _ordered(world, OrderKind.GRANT)
    with world.as_(world.rita) as work:
        connector = work.session.get_one(Connector, waiting.connector_id)
        move(work, connector, ConnectorState.PAUSED)
    assert claim(site_of(world), waiting.connector_id) is None

    with world.as_(world.rita) as work:
        row = work.session.get_one(Order, waiting.id)
        move(work, row, OrderState.SENDING)
        move(work, row, OrderState.SENT, sent_at=work.now)

    taken = claim(site_of(world), waiting.connector_id)
    assert taken is not None
    assert taken.state is OrderState.SENT


def test_looking_for_what_is_due_reads_an_index_and_not_the_history(lite_world: World) -> None:
    """Every process looks four times a second."""
    asked: list[tuple[str, object]] = []
    sa.event.listen(
        lite_world.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, *_: asked.append((statement, parameters)),
    )
    with lite_world.reading() as session:
        claims.lanes_due(session, clock.now())
        next_at(session)
        claims.undescribed(session)
        queries = [(s, p) for s, p in asked if "provisioning_order" in s]

        plans = [
            " ".join(
                row[-1]
                for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p)
            )
            for s, p in queries
        ]

    assert len(plans) == 3
    assert "SEARCH provisioning_order USING INDEX" in plans[0], plans
    assert "ix_provisioning_order_due" in plans[1], plans
    assert "ix_provisioning_order_undescribed" in plans[2], plans


def next_at_of(world: World) -> datetime | None:
    with world.reading() as session:
        return next_at(session)
