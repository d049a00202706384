"""Syncs of a real vendor server over HTTP, in health and in sickness."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.errors import Unauthorised
from tests.vendor_process import VendorProcess
from tests.world_vendor import ADMINS, VendorWorld, company_server
from uar import connections, exports, runs, sync
from uar.db import connect
from uar.errors import Conflict, Invalid
from uar.models import Account, Connector, Grant, Identity, Resource, SyncRun
from uar.models.states import ConnectorState, RunState
from uar.work import SYSTEM

MAX = "64b000000000000000000002"
ADA = "64b000000000000000000001"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with company_server(tmp_path) as running:
        yield running


@pytest.fixture
def world(engine: sa.Engine, noon: datetime, server: VendorProcess) -> VendorWorld:
    return VendorWorld(engine, server)


@pytest.fixture
def lite(sqlite_url: str, noon: datetime, server: VendorProcess) -> Iterator[VendorWorld]:
    engine = connect(sqlite_url)
    yield VendorWorld(engine, server)
    engine.dispose()


def _open(world: VendorWorld) -> set[int]:
    return {grant.id for grant in world.all(Grant) if grant.ended_at is None}


def _sync_without_patience(world: VendorWorld) -> SyncRun:
    reader = connections.open_reader(world.site, world.connector_id, retries=0)
    try:
        return sync.run_with(world.site, world.connector_id, reader)
    finally:
        reader.close()


def test_the_inventory_is_what_the_vendor_has(world: VendorWorld) -> None:
    with world.reading() as session:
        found = exports.export(session, "JumpCloud")

    group = {"type": "group", "id": ADMINS}
    application = {"type": "app", "id": "64a000000000000000000001"}
    assert [row["identity"] for row in found["accounts"]] == [
        f"{name}@example.test" for name in ("ada", "max", "rita", "cam", "sam")
    ]
    assert {"type": "group", "id": ADMINS, "name": "crm-admins", "parent": None} in found[
        "resources"
    ]
    assert {"resource": group, "slug": "member"} in found["entitlements"]
    assert found["grants"] == [
        {
            "resource": application,
            "slug": "access",
            "account": MAX,
            "direct": False,
            "via": [group],
        },
        {"resource": group, "slug": "member", "account": MAX, "direct": True, "via": []},
    ]
    assert {row.manager_id for row in world.all(Identity) if row.name.startswith("Ada")} == {
        world.max.id
    }


def test_a_change_at_the_vendor_is_found_by_the_next_sync(world: VendorWorld) -> None:
    world.server.http.post(
        f"{world.server.url}/api/v2/usergroups/{ADMINS}/members",
        json={"op": "add", "type": "user", "id": ADA},
        headers={"x-api-key": "demo-key"},
    ).raise_for_status()

    run = world.sync()

    assert run.counts["path"] == {"added": 2, "changed": 0, "gone": 0}


@pytest.mark.parametrize(
    ("kind", "path", "after", "state"),
    [
        ("cut", "/api/v2/usergroups", 0, RunState.FAILED),
        ("same_page", "/api/*systemusers", 0, RunState.FAILED),
        ("500", "/api/v2/usergroups", 0, RunState.FAILED),
        ("500", f"/api/v2/usergroups/{ADMINS}/members", 0, RunState.PARTIAL),
        ("500", "/api/search/systemusers", 1, RunState.FAILED),
        ("empty", "/api/search/systemusers", 0, RunState.HELD),
        ("html", "/api/applications", 0, RunState.FAILED),
        ("truncated", "/api/applications", 0, RunState.FAILED),
        ("401", "/api", 3, RunState.FAILED),
    ],
)
def test_a_vendor_that_misbehaves_loses_us_nothing(
    lite: VendorWorld, kind: str, path: str, after: int, state: RunState
) -> None:
    before = _open(lite)
    lite.server.switch(memberof=False, search_most=2, systemusers_most=2)
    lite.server.fault(kind, path=path, after=after, times=0)

    run = _sync_without_patience(lite)

    assert run.trouble
    assert run.state is state, run.trouble
    assert _open(lite) == before
    assert all(row.gone_at is None for row in lite.all(Account) + lite.all(Resource))

    lite.server.clear_faults()
    assert lite.sync().state is RunState.COMPLETE
    assert _open(lite) == before


def test_a_vendor_that_dies_is_a_failed_run_with_a_reason(lite: VendorWorld) -> None:
    before = _open(lite)
    lite.server.die()

    run = _sync_without_patience(lite)

    assert run.state is RunState.FAILED
    assert "cannot be reached" in run.trouble
    assert _open(lite) == before
    assert lite.get(Connector, lite.connector_id).state is ConnectorState.BROKEN


def test_no_secret_is_in_the_log_the_report_or_the_row(lite: VendorWorld) -> None:
    lite.server.fault("401", path="/api")

    run = lite.sync()

    with lite.reading() as session:
        text = "\n".join(line.text for line in runs.lines(session, run.id))
        row = session.get_one(Connector, lite.connector_id)
    assert "/api/search/systemusers" in text
    assert "demo-key" not in text + run.trouble + str(row.settings)
    assert row.trouble == run.trouble


def test_a_check_says_who_we_are_and_makes_the_connector_ready(lite: VendorWorld) -> None:
    with lite.site.working() as work:
        new = connections.add(
            work, lite.site.vault, "jumpcloud", "Second",
            {"api_key": "demo-key", "base_url": lite.server.url},
        )  # fmt: skip

    signed_in = connections.check(lite.site, new.id, lite.rita.actor)

    assert signed_in.organisation
    assert lite.get(Connector, new.id).state is ConnectorState.READY
    assert lite.get(Connector, new.id).next_sync_at is None, "nobody has asked for a sync yet"


def test_a_check_that_fails_says_why(lite: VendorWorld) -> None:
    with lite.site.working() as work:
        new = connections.add(
            work, lite.site.vault, "jumpcloud", "Second",
            {"api_key": "wrong", "base_url": lite.server.url},
        )  # fmt: skip

    with pytest.raises(Unauthorised):
        connections.check(lite.site, new.id, lite.rita.actor)

    row = lite.get(Connector, new.id)
    assert row.state is ConnectorState.BROKEN
    assert "does not accept the credentials" in row.trouble


def test_a_private_address_that_nobody_allowed_is_refused_when_entered(lite: VendorWorld) -> None:
    with pytest.raises(Invalid, match="private"), lite.site.working() as work:
        connections.add(
            work, lite.site.vault, "jumpcloud", "Third",
            {"api_key": "demo-key", "base_url": "https://10.0.0.1"},
        )  # fmt: skip


@pytest.mark.postgres
@pytest.mark.slow
def test_two_processes_cannot_sync_a_connector_at_once(
    postgres_url: str, noon: datetime, server: VendorProcess
) -> None:
    engine = connect(postgres_url)
    world = VendorWorld(engine, server)
    server.switch(latency_ms=50)
    both = threading.Barrier(2)
    outcomes: list[object] = []

    def go() -> None:
        both.wait()
        try:
            outcomes.append(sync.run(world.site, world.connector_id, SYSTEM).state)
        except Conflict as conflict:
            outcomes.append(conflict.sentence)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    assert sorted(map(str, outcomes)) == ["JumpCloud is being synced already.", "complete"]


def test_what_is_due_is_synced_once(world: VendorWorld) -> None:
    with world.site.working() as work:
        connections.sync_now(work, world.connector_id)

    assert sync.run_due(world.site) == 1
    assert sync.run_due(world.site) == 0
    assert len(world.all(SyncRun)) == 2


def test_the_requests_of_a_run_are_counted(world: VendorWorld) -> None:
    world.server.reset_counts()

    run = world.sync()

    assert run.requests == world.server.requests()["total"] > 0
