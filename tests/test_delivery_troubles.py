"""What goes wrong on the way to a vendor: nothing is stuck, repeated, forgotten, or given twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.vendor_process import VendorProcess
from tests.world import Person
from tests.world_requests import part_ways
from tests.world_vendor import VendorWorld, company_server, eventually
from uar import clock, connections
from uar.db import connect
from uar.delivery import carry_out_due, carry_out_lane
from uar.endings import end_due
from uar.grants import remove
from uar.models import Account, ConnectorSecret, Grant, GrantCause, Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderKind, OrderReason
from uar.models.states import GrantState, IncidentState, OrderState, RequestState
from uar.overdue import alarm_due
from uar.provisioning import order
from uar.work import SYSTEM

ADA = "64b000000000000000000001"
MAX = "64b000000000000000000002"
MEMBERS = "/api/v2/usergroups/*/members"


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


def test_l12_while_nobody_can_look_the_proof_is_sought_ever_less_often_and_somebody_hears(
    lite: VendorWorld, noon: datetime
) -> None:
    """The vendor accepted the call and then does not answer any question."""
    request = lite.approved(minutes=60)
    lite.server.fault("503", path=MEMBERS, method="GET", after=1, times=0)
    at, looks = noon, 0
    while at < noon + timedelta(hours=1):
        with clock.frozen(at):
            carry_out_due(lite.site)
        at, looks = max(lite.orders()[0].next_at, at + timedelta(seconds=1)), looks + 1

    assert looks < 40
    assert lite.orders()[0].state is OrderState.SENT
    assert [i.kind for i in lite.all(Incident)] == [IncidentKind.UNPROVEN]

    lite.server.clear_faults()
    with clock.frozen(at):
        carry_out_due(lite.site)
    assert lite.request(request.id).state is RequestState.GRANTED
    assert [i.state for i in lite.all(Incident)] == [IncidentState.CLOSED]
    assert lite.vendor_changes() == [("add", ADA)]


def test_l27_nobody_who_left_while_the_order_waited_is_given_access(world: VendorWorld) -> None:
    request = world.approved()
    part_ways(world, _ada(world))

    carry_out_due(world.site)

    assert world.vendor_changes() == []
    assert world.request(request.id).state is RequestState.FAILED
    assert "does not work here" in world.request(request.id).outcome


def test_l16_a_grant_is_not_sent_to_a_connector_that_was_paused_after_it_was_claimed(
    lite: VendorWorld,
) -> None:
    """Its first attempt did not reach the vendor; its lease ran out during the pause."""
    request = lite.approved()
    with lite.as_(lite.rita) as work:
        work.session.connection().execute(
            sa.update(Order).values(state=OrderState.SENDING, lease_by="gone:1:x:y")
        )
        connections.pause(work, lite.connector_id, why="maintenance")

    carry_out_due(lite.site)
    assert lite.vendor_changes() == []
    assert lite.orders()[0].state is OrderState.QUEUED

    with lite.as_(lite.rita) as work:
        connections.resume(work, lite.connector_id)
    carry_out_due(lite.site)
    assert lite.request(request.id).state is RequestState.GRANTED


def test_l4_the_clock_of_what_was_sent_starts_although_the_connector_is_paused(
    lite: VendorWorld, noon: datetime
) -> None:
    request = lite.approved(minutes=10)
    lite.server.fault("503", path=MEMBERS, method="GET", after=1, times=1)
    carry_out_due(lite.site)
    assert lite.orders()[0].state is OrderState.SENT
    with lite.as_(lite.rita) as work:
        connections.pause(work, lite.connector_id, why="maintenance")

    with clock.frozen(noon + timedelta(minutes=1)):
        carry_out_due(lite.site)

    assert lite.request(request.id).state is RequestState.GRANTED


def test_l4_access_that_shows_after_we_gave_up_still_has_an_end(
    world: VendorWorld, noon: datetime
) -> None:
    world.server.switch(lag_s=1.5)
    request = world.approved(minutes=60)
    carry_out_due(world.site)
    with clock.frozen(noon + timedelta(minutes=6)):
        carry_out_due(world.site)
    assert world.orders()[0].state is OrderState.FAILED
    eventually(world.is_member)

    seen_at = noon + timedelta(minutes=30)
    with clock.frozen(seen_at):
        world.sync()

    causes = [c for c in world.all(GrantCause) if c.request_id == request.id]
    assert [(c.kind, c.ends_at) for c in causes] == [
        (Cause.REQUEST, seen_at + timedelta(minutes=60))
    ]
    with clock.frozen(seen_at + timedelta(minutes=60)):
        assert end_due(world.site) == 1
        carry_out_due(world.site)
    assert world.vendor_changes() == [("add", ADA), ("remove", ADA)]


def test_l3_what_somebody_gave_long_after_we_gave_up_is_not_ours(
    lite: VendorWorld, noon: datetime
) -> None:
    request = lite.approved(minutes=60)
    lite.server.fault("empty", path=MEMBERS, method="GET", times=0)
    for minutes in (0, 1, 3, 6):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            carry_out_due(lite.site)
    assert lite.orders()[0].state is OrderState.FAILED
    lite.server.clear_faults()

    with clock.frozen(noon + timedelta(days=2)):
        lite.sync()

    grant = lite.grant_of(request)
    assert grant is not None
    (cause,) = [c for c in lite.all(GrantCause) if c.grant_id == grant.id]
    assert (cause.kind, cause.ends_at) == (Cause.STANDING, None)


def test_an_order_that_we_cannot_carry_out_holds_up_no_other_and_somebody_hears(
    lite: VendorWorld, noon: datetime
) -> None:
    """A grant without a request is a fault of our own: nothing says when it ends."""
    with lite.site.working(SYSTEM) as work:
        account = next(a for a in lite.all(Account) if a.vendor_id == ADA)
        broken = order(
            work,
            OrderKind.GRANT,
            account_id=account.id,
            entitlement_id=lite.membership().id,
            reason=OrderReason.REQUEST,
        ).id
    with lite.site.working(SYSTEM) as work:
        good = remove(work, _held(lite).id, reason=OrderReason.REVIEW, why="denied")[0].id

    assert carry_out_lane(lite.site, lite.connector_id) == 2
    assert lite.get(Order, good).state is OrderState.VERIFIED
    at = noon
    for _ in range(6):
        at = max(at + timedelta(minutes=5), lite.get(Order, broken).next_at)
        with clock.frozen(at):
            carry_out_due(lite.site)

    assert "fault of its own" in lite.get(Order, broken).result + lite.all(Incident)[0].sentence
    assert [i.state for i in lite.all(Incident)] == [IncidentState.OPEN]
    assert lite.vendor_changes() == [("add", ADA), ("remove", MAX)]


def test_l16_removals_that_wait_for_a_connector_that_cannot_be_opened_are_an_alarm(
    lite: VendorWorld, noon: datetime
) -> None:
    """The installation's secret key is not the one that the API key was sealed with."""
    lite.approved(minutes=10)
    carry_out_due(lite.site)
    with lite.site.working(SYSTEM) as work:
        work.session.connection().execute(sa.update(ConnectorSecret).values(sealed=b"\x01none"))
    end = noon + timedelta(minutes=10)
    with clock.frozen(end):
        end_due(lite.site)
        assert carry_out_due(lite.site) == 0
        assert alarm_due(lite.site) == 0

    with clock.frozen(end + timedelta(minutes=15)):
        carry_out_due(lite.site)
        assert (alarm_due(lite.site), alarm_due(lite.site)) == (1, 0)

    (incident,) = lite.all(Incident)
    assert incident.kind is IncidentKind.OVERDUE
    assert "sealed with another" in incident.sentence


def test_a_removal_that_failed_is_sent_again_when_a_review_wants_it_again(
    lite: VendorWorld, noon: datetime
) -> None:
    grant_id = _held(lite).id
    lite.server.switch(lag_s=3600)
    with lite.as_(lite.rita) as work:
        (row,) = remove(work, grant_id, reason=OrderReason.REVIEW, why="denied")
    for minutes in (0, 1, 3, 6):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            carry_out_due(lite.site)
    assert lite.get(Order, row.id).state is OrderState.FAILED
    assert [i.state for i in lite.all(Incident)] == [IncidentState.OPEN]
    lite.server.switch(lag_s=0)

    with clock.frozen(noon + timedelta(days=90)):
        with lite.as_(lite.rita) as work:
            again = remove(work, grant_id, reason=OrderReason.REVIEW, why="again")
        carry_out_due(lite.site)

    assert [o.id for o in again] == [row.id]
    assert lite.get(Grant, grant_id).state is GrantState.ENDED
    assert [i.state for i in lite.all(Incident)] == [IncidentState.CLOSED]


def _held(world: VendorWorld) -> Grant:
    """Return the grant of the only member of crm-admins."""
    (held,) = [g for g in world.all(Grant) if g.entitlement_id == world.membership().id]
    return held


def _ada(world: VendorWorld) -> Person:
    row = world.identity("ada@example.test")
    return Person(row.id, row.name, row.email)
