"""The scheduler at work: due to the second, one lane for each vendor, any number of processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.vendor_process import VendorProcess
from tests.world_vendor import ADMINS, VendorWorld, company_server, eventually, later
from uar import clock, connections, sync
from uar.db import connect
from uar.grants import remove
from uar.models import AuditEntry, AuditSeal, Entitlement, Grant, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderReason
from uar.models.states import OrderState
from uar.scheduler import Scheduler
from uar.work import SYSTEM

MAX = "64b000000000000000000002"
OTHERS = [f"64b00000000000000000000{n}" for n in (1, 3, 4, 5)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with company_server(tmp_path) as running:
        yield running


@contextmanager
def opened(url: str, server: VendorProcess, *, members: int = 1) -> Iterator[VendorWorld]:
    """Open the company, with so many members of crm-admins; the clock runs."""
    for person in OTHERS[: members - 1]:
        _put_in(server, person)
    engine = connect(url)
    try:
        yield VendorWorld(engine, server, lease_seconds=3)
    finally:
        engine.dispose()


@contextmanager
def running(world: VendorWorld, n: int = 1) -> Iterator[list[Scheduler]]:
    """Run so many schedulers on one database."""
    schedulers = [Scheduler(world.site) for _ in range(n)]
    for scheduler in schedulers:
        scheduler.start()
    try:
        yield schedulers
    finally:
        for scheduler in schedulers:
            scheduler.stop()


def test_what_is_due_in_300_ms_leaves_within_a_second_of_it(
    database_url: str, server: VendorProcess
) -> None:
    with opened(database_url, server) as world, running(world):
        eventually(lambda: _is_idle(world))
        (order_id,) = _remove_all(world, world.connector_id, at=clock.now() + later(0.3))

        eventually(lambda: _state(world, order_id) is OrderState.VERIFIED, within=5)

        order = world.get(Order, order_id)
        assert order.sent_at is not None
        assert later(0) <= order.sent_at - order.not_before < later(1)
        assert world.vendor_changes() == [("remove", MAX)]


def test_one_hung_vendor_holds_up_no_other(
    sqlite_url: str, server: VendorProcess, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with (
        company_server(tmp_path / "other") as healthy,
        opened(sqlite_url, server) as world,
    ):
        second = _connect(world, healthy)
        server.fault("hang", path="/api/v2/usergroups", times=0, seconds=3)
        with running(world):
            (stuck,) = _remove_all(world, world.connector_id)
            (moves,) = _remove_all(world, second)

            eventually(lambda: _state(world, moves) is OrderState.VERIFIED, within=2)

            assert _state(world, stuck) is not OrderState.VERIFIED
            server.clear_faults()
            eventually(lambda: _state(world, stuck) is OrderState.VERIFIED)
    assert world.vendor_changes() == [("remove", MAX)]


def test_stopping_finishes_what_is_under_way_and_begins_nothing_else(
    sqlite_url: str, server: VendorProcess
) -> None:
    with opened(sqlite_url, server, members=5) as world:
        server.switch(latency_ms=100)
        before = set(threading.enumerate())
        scheduler = Scheduler(world.site)
        scheduler.start()
        ids = _remove_all(world, world.connector_id)
        eventually(lambda: OrderState.SENDING in _states(world, ids), within=5)

        began = time.monotonic()
        scheduler.stop()

        assert time.monotonic() - began < 3
        assert set(threading.enumerate()) <= before
        states = _states(world, ids)
        assert OrderState.SENDING not in states
        assert OrderState.QUEUED in states


@pytest.mark.postgres
def test_two_schedulers_on_one_database_carry_each_order_out_once(
    postgres_url: str, server: VendorProcess
) -> None:
    with opened(postgres_url, server, members=5) as world:
        server.switch(latency_ms=20)
        with running(world, 2):
            ids = _remove_all(world, world.connector_id)
            eventually(lambda: set(_states(world, ids)) == {OrderState.VERIFIED})

        changes = [change for change in world.vendor_changes() if change[0] == "remove"]
        assert sorted(changes) == sorted(("remove", person) for person in [MAX, *OTHERS])
        assert [line for line in server.history(applied=False) if line["effect"] != "applied"] == []


def _put_in(server: VendorProcess, person: str) -> None:
    """Make a person a member, as an administrator of the vendor would."""
    answer = server.http.post(
        f"{server.url}/api/v2/usergroups/{ADMINS}/members",
        headers={"x-api-key": "demo-key"},
        json={"op": "add", "type": "user", "id": person},
    )
    assert answer.status_code == 204, answer.text


def _connect(world: VendorWorld, server: VendorProcess) -> int:
    """Connect a second vendor and read it."""
    settings = {"api_key": "demo-key", "base_url": server.url}
    with world.site.working(SYSTEM) as work:
        connector = connections.add(
            work, world.site.vault, "jumpcloud", "Second", settings, writes_on=True,
            is_directory=False,
        )  # fmt: skip
    sync.run(world.site, connector.id, SYSTEM)
    return connector.id


def _remove_all(world: VendorWorld, connector_id: int, *, at: datetime | None = None) -> list[int]:
    """Order the removal of everybody from crm-admins at one vendor."""
    right = _right(world, connector_id)
    with world.site.working(SYSTEM) as work:
        held = work.session.scalars(sa.select(Grant).where(col(Grant.entitlement_id) == right))
        return [
            order.id
            for grant in held.all()
            for order in remove(
                work, grant.id, reason=OrderReason.REVIEW, why="denied", not_before=at
            )
        ]


def _right(world: VendorWorld, connector_id: int) -> int:
    with world.reading() as session:
        return session.scalars(
            sa.select(col(Entitlement.id))
            .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
            .where(
                col(Resource.vendor_id) == ADMINS,
                col(Entitlement.connector_id) == connector_id,
                ~col(Entitlement.is_builtin),
            )
        ).one()


def _is_idle(world: VendorWorld) -> bool:
    """Say whether the jobs have been through once: what was recorded is sealed."""
    return len(world.all(AuditSeal)) == len(world.all(AuditEntry))


def _state(world: VendorWorld, order_id: int) -> OrderState:
    return _states(world, [order_id])[0]


def _states(world: VendorWorld, ids: list[int]) -> list[OrderState]:
    return [order.state for order in world.orders() if order.id in ids]
