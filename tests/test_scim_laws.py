"""The laws of access, held by an app that speaks SCIM (L7, L9 to L13), over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.scim_company import ADA, CAM, MAX, RITA, SALES, STAFF, scim_company
from tests.test_kill import worker
from tests.vendor_process import VendorProcess, vendor
from tests.world import World
from tests.world_vendor import eventually
from uar import clock, connections, sync
from uar.db import connect
from uar.delivery import carry_out_due
from uar.grants import remove
from uar.models import Account, Connector, Entitlement, Grant, Incident, Resource, SyncRun
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderReason
from uar.models.states import GrantState, OrderState, RunState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM

REMOVED = {"op": "remove", "path": f'members[value eq "{ADA}"]'}


class ScimWorld(World):
    """The cast, with an app that speaks SCIM, read once."""

    def __init__(self, engine: sa.Engine, server: VendorProcess) -> None:
        """Connect with writing on, and read."""
        super().__init__(engine)
        self.server = server
        settings = Settings(undo_seconds=0, allow_private_hosts="127.0.0.1")
        self.site = Site(engine, settings, Vault(["test"]))
        values = {"token": "demo-token", "base_url": f"{server.url}/scim/v2"}
        with self.site.working(SYSTEM) as work:
            added = connections.add(work, self.site.vault, "scim", "Portal", values, writes_on=True)
            self.connector_id = added.id
        self.sync()

    def sync(self) -> SyncRun:
        """Read the app now."""
        return sync.run(self.site, self.connector_id, SYSTEM)

    def open_grants(self) -> set[int]:
        """The grants that have not ended."""
        return {grant.id for grant in self.all(Grant) if grant.ended_at is None}

    def grant_of(self, who: str, what: str) -> Grant:
        """The grant of one vendor id on the resource of another."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Grant)
                .join(Account, col(Account.id) == col(Grant.account_id))
                .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(col(Account.vendor_id) == who, col(Resource.vendor_id) == what)
            ).one()

    def order_removal(self, who: str = ADA, what: str = SALES) -> int:
        """Let a review end somebody's access; return the order's id."""
        grant = self.grant_of(who, what)
        with self.site.working(SYSTEM) as work:
            made = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
            return made[0].id

    def order(self, order_id: int) -> Order:
        """Read one order afresh."""
        row: Order = self.get(Order, order_id)
        return row

    def changes(self) -> list[Any]:
        """What the app really changed, as operations."""
        return [line["body"]["Operations"][0] for line in self.server.history()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    file = tmp_path / "scim.json"
    file.write_text(json.dumps(scim_company()))
    with vendor("--company", file, name="scim") as running:
        yield running


@pytest.fixture
def world(engine: sa.Engine, noon: datetime, server: VendorProcess) -> ScimWorld:
    return ScimWorld(engine, server)


@pytest.fixture
def lite(sqlite_url: str, noon: datetime, server: VendorProcess) -> Iterator[ScimWorld]:
    engine = connect(sqlite_url)
    yield ScimWorld(engine, server)
    engine.dispose()


def test_an_app_is_read_whole_and_its_accounts_are_matched(world: ScimWorld) -> None:
    assert [run.state for run in world.all(SyncRun)] == [RunState.COMPLETE]
    owners = {row.vendor_id: row.identity_id for row in world.all(Account)}

    assert owners[ADA] == world.ada.id
    assert owners[MAX] == world.max.id
    assert owners[CAM] == world.cam.id


def test_l9_a_user_who_cannot_be_read_makes_the_run_partial_and_ends_nothing(
    world: ScimWorld,
) -> None:
    before = world.open_grants()

    world.server.switch(roles="nonsense", members="never", user_groups=False)
    run = world.sync()

    assert run.state is RunState.PARTIAL
    assert "Not read: user 101 and 5 more" in run.trouble
    assert world.open_grants() == before


@pytest.mark.parametrize("hidden", ["groups", "projects"])
def test_l9_what_the_token_may_no_longer_see_is_not_gone(lite: ScimWorld, hidden: str) -> None:
    before = lite.open_grants()

    if hidden == "groups":
        lite.server.switch(groups_route="forbidden")
    else:
        lite.server.fault("403", path="/scim/v2/Projects", times=0)
    run = lite.sync()

    assert run.state is RunState.PARTIAL
    assert lite.open_grants() == before


def test_l9_discovery_that_breaks_down_changes_nothing(lite: ScimWorld) -> None:
    before = lite.open_grants()
    reader = connections.open_reader(lite.site, lite.connector_id, retries=0)
    lite.server.fault("503", path="/scim/v2/ResourceTypes", times=0)

    run = sync.run_with(lite.site, lite.connector_id, reader)
    reader.close()

    assert run.state is RunState.FAILED
    assert lite.open_grants() == before


def test_l10_with_writing_off_a_person_carries_it_out(lite: ScimWorld) -> None:
    with lite.site.working(SYSTEM) as work:
        work.session.connection().execute(
            sa.update(Connector)
            .where(col(Connector.id) == lite.connector_id)
            .values(writes_on=False)
        )

    order = lite.order_removal()
    carry_out_due(lite.site)

    assert lite.order(order).state is OrderState.MANUAL
    assert lite.changes() == []


def test_l12_a_removal_counts_when_a_read_shows_it(world: ScimWorld) -> None:
    order = world.order_removal()

    carry_out_due(world.site)

    assert world.order(order).state is OrderState.VERIFIED
    assert world.grant_of(ADA, SALES).state is GrantState.ENDED
    assert world.changes() == [REMOVED]
    assert world.sync().state is RunState.COMPLETE
    assert world.grant_of(MAX, SALES).state is GrantState.ACTIVE


def test_l12_an_accepted_removal_that_no_read_shows_is_an_incident(
    lite: ScimWorld, noon: datetime
) -> None:
    order = lite.order_removal()
    lite.server.switch(lag_s=3600.0)
    for minutes in (0, 1, 2, 4, 6):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            carry_out_due(lite.site)

    assert lite.order(order).state is OrderState.FAILED
    assert [row.kind for row in lite.all(Incident)] == [IncidentKind.UNPROVEN]
    assert lite.changes() == [REMOVED]


def test_l11_a_call_whose_answer_was_lost_is_read_before_it_is_sent_again(
    lite: ScimWorld, noon: datetime
) -> None:
    order = lite.order_removal()
    lite.server.fault("cut", method="PATCH")

    carry_out_due(lite.site)
    assert lite.order(order).state is not OrderState.VERIFIED
    with clock.frozen(noon + timedelta(minutes=10)):
        carry_out_due(lite.site)

    assert lite.order(order).state is OrderState.VERIFIED
    assert lite.changes() == [REMOVED]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_l11_a_worker_killed_around_its_call_changes_the_app_exactly_once(
    database_url: str, server: VendorProcess, tmp_path: Path, when: str
) -> None:
    engine = connect(database_url)
    world = ScimWorld(engine, server)
    order = world.order_removal()

    with worker(world, tmp_path) as first:
        server.kill_at_write(first.pid, when)
        first.wait(30)
    with worker(world, tmp_path):
        eventually(lambda: world.order(order).state is OrderState.VERIFIED, within=90)

    assert world.changes() == [REMOVED]
    engine.dispose()


def test_l13_access_that_went_meanwhile_is_proven_without_a_call(lite: ScimWorld) -> None:
    order = lite.order_removal()
    by_hand = {"person": ADA, "group": SALES}
    assert lite.server.http.post(f"{lite.server.url}/remove", data=by_hand).status_code == 303

    carry_out_due(lite.site)

    assert lite.order(order).state is OrderState.VERIFIED
    assert [line["by"] for line in lite.server.history()] == ["by hand"]


def test_l7_what_has_become_read_only_is_left_to_a_person(lite: ScimWorld) -> None:
    order = lite.order_removal(RITA, "editor")
    lite.server.switch(roles_read_only=True)

    carry_out_due(lite.site)

    row = lite.order(order)
    assert row.state is OrderState.MANUAL
    assert "for reading" in row.result
    assert lite.changes() == []


def test_l5_access_through_another_group_is_removed_at_its_source(lite: ScimWorld) -> None:
    grant = lite.grant_of(ADA, STAFF)
    with lite.site.working(SYSTEM) as work:
        orders = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
        kept = [(row.entitlement_id, row.state) for row in orders]
    source = lite.grant_of(ADA, SALES).entitlement_id

    assert [entitlement for entitlement, _ in kept] == [source]
    assert kept[0][1] is OrderState.CONSENT
    carry_out_due(lite.site)
    assert lite.changes() == []


def test_l14_no_order_touches_the_account_whose_token_it_is(lite: ScimWorld) -> None:
    lite.server.switch(me=ADA)
    connections.check(lite.site, lite.connector_id)

    order = lite.order_removal()
    carry_out_due(lite.site)

    assert lite.order(order).state is OrderState.MANUAL
    assert "protected account" in lite.order(order).result
    assert lite.changes() == []
