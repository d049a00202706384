"""Orders carried out at a real vendor server: read, call, read back (L3, L4, L7, L11 to L16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.vendor_process import VendorProcess
from tests.world_vendor import ADMINS, VendorWorld, company_server, eventually
from uar import clock, connections
from uar.calls import describe_due
from uar.delivery import carry_out_due, carry_out_lane
from uar.endings import end_due, give_back
from uar.grants import remove
from uar.jobs import run_all
from uar.models import Grant, Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind, OrderReason, Seen
from uar.models.states import ConnectorState, GrantState, IncidentState, OrderState, RequestState

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
    from uar.db import connect

    engine = connect(sqlite_url)
    yield VendorWorld(engine, server)
    engine.dispose()


def _states(world: VendorWorld) -> list[tuple[OrderKind, OrderState]]:
    return [(row.kind, row.state) for row in world.orders()]


def test_l4_access_begins_with_the_read_that_proves_it_and_ends_on_time(
    world: VendorWorld, noon: datetime
) -> None:
    request = world.approved(minutes=10)
    approved_at = noon + timedelta(minutes=3)

    with clock.frozen(approved_at):
        carry_out_due(world.site)

    assert world.is_member()
    grant = world.grant_of(request)
    assert grant is not None
    assert (grant.state, grant.began_at) == (GrantState.ACTIVE, approved_at)
    assert world.request(request.id).state is RequestState.GRANTED

    with clock.frozen(approved_at + timedelta(minutes=10)):
        assert end_due(world.site) == 1
        carry_out_due(world.site)

    assert not world.is_member()
    grant = world.grant_of(request)
    assert grant is not None
    assert grant.state is GrantState.ENDED
    assert world.vendor_changes() == [("add", ADA), ("remove", ADA)]
    assert _states(world) == [
        (OrderKind.GRANT, OrderState.VERIFIED),
        (OrderKind.REVOKE, OrderState.VERIFIED),
    ]


def test_l3_access_that_was_there_before_is_left_without_an_end(world: VendorWorld) -> None:
    request = world.approved()
    _by_hand(world, "add")

    run_all(world.site)

    assert world.request(request.id).state is RequestState.ALREADY_HELD
    with clock.frozen(clock.now() + timedelta(days=365)):
        end_due(world.site)
        carry_out_due(world.site)
    assert world.is_member()
    assert [change for change in world.server.history() if "uar" in str(change.get("by"))] == []


def test_l12_an_accepted_call_is_not_a_grant_until_a_read_shows_it(
    lite: VendorWorld, noon: datetime
) -> None:
    lite.server.switch(lag_s=1.5)
    request = lite.approved(minutes=10)

    carry_out_due(lite.site)

    assert _states(lite) == [(OrderKind.GRANT, OrderState.SENT)]
    assert lite.grant_of(request) is None
    eventually(lite.is_member)
    seen_at = noon + timedelta(minutes=1)
    with clock.frozen(seen_at):
        carry_out_due(lite.site)
    grant = lite.grant_of(request)
    assert grant is not None
    assert grant.began_at == seen_at


def test_l12_a_vendor_that_says_yes_and_does_nothing_is_an_incident(
    lite: VendorWorld, noon: datetime
) -> None:
    lite.server.switch(lag_s=3600)
    request = lite.approved()
    carry_out_due(lite.site)

    for minutes in (1, 2, 4, 6):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            carry_out_due(lite.site)

    assert _states(lite) == [(OrderKind.GRANT, OrderState.FAILED)]
    assert [i.kind for i in lite.all(Incident)] == [IncidentKind.UNPROVEN]
    assert lite.request(request.id).state is RequestState.FAILED


def test_l11_an_order_whose_lease_ran_out_is_read_before_it_is_sent_again(
    lite: VendorWorld, noon: datetime
) -> None:
    """A process died after the vendor applied its call and before it was recorded."""
    lite.approved()
    with lite.site.working() as work:
        work.session.connection().execute(
            sa.update(Order).values(
                state=OrderState.SENDING, read_before=Seen.ABSENT, lease_by="gone:1:x", attempts=1
            )
        )
    _by_hand(lite, "add")

    carry_out_due(lite.site)

    assert _states(lite) == [(OrderKind.GRANT, OrderState.VERIFIED)]
    assert lite.request(1).state is RequestState.GRANTED
    assert [c for c in lite.vendor_changes() if c[0] == "add"] == [("add", ADA)]


def test_l13_a_group_that_got_a_rule_meanwhile_stops_the_order(lite: VendorWorld) -> None:
    request = lite.approved()
    _make_dynamic(lite)

    carry_out_due(lite.site)

    assert lite.request(request.id).state is RequestState.FAILED
    assert lite.vendor_changes() == []


def test_l7_a_removal_from_a_group_that_got_a_rule_becomes_manual(
    lite: VendorWorld, noon: datetime
) -> None:
    request = lite.approved(minutes=10)
    carry_out_due(lite.site)
    _make_dynamic(lite)

    with clock.frozen(noon + timedelta(minutes=10)):
        end_due(lite.site)
        carry_out_due(lite.site)

    assert _states(lite)[-1] == (OrderKind.REVOKE, OrderState.MANUAL)
    assert lite.orders()[-1].result
    grant = lite.grant_of(request)
    assert grant is not None
    assert grant.state is GrantState.ENDING


def test_what_somebody_removed_by_hand_meanwhile_is_proven_without_a_call(
    world: VendorWorld,
) -> None:
    request = world.approved()
    carry_out_due(world.site)
    grant = world.grant_of(request)
    assert grant is not None
    with world.as_(world.ada) as work:
        give_back(work, grant.id, why="")
    _by_hand(world, "remove")

    carry_out_due(world.site)

    assert _states(world)[-1] == (OrderKind.REVOKE, OrderState.VERIFIED)
    assert world.vendor_changes().count(("remove", ADA)) == 1


def test_a_vendor_in_trouble_is_tried_again_and_nothing_is_lost(
    lite: VendorWorld, noon: datetime
) -> None:
    request = lite.approved()
    lite.server.fault("503", times=1)

    carry_out_due(lite.site)

    (order,) = lite.orders()
    assert (order.state, order.attempts) == (OrderState.QUEUED, 1)
    assert order.next_at > noon
    with clock.frozen(order.next_at):
        carry_out_due(lite.site)
    assert lite.request(request.id).state is RequestState.GRANTED


def test_a_removal_is_tried_until_it_works_and_somebody_is_told(
    lite: VendorWorld, noon: datetime
) -> None:
    lite.approved(minutes=10)
    carry_out_due(lite.site)
    lite.server.fault("503", times=1000)
    at = noon + timedelta(minutes=10)
    with clock.frozen(at):
        end_due(lite.site)
    for _ in range(6):
        with clock.frozen(at):
            carry_out_due(lite.site)
        at = lite.orders()[-1].next_at

    assert [i.kind for i in lite.all(Incident)] == [IncidentKind.OVERDUE]
    lite.server.clear_faults()
    with clock.frozen(at):
        carry_out_due(lite.site)

    assert lite.orders()[-1].state is OrderState.VERIFIED
    assert [i.state for i in lite.all(Incident)] == [IncidentState.CLOSED]


def test_a_key_that_is_refused_breaks_the_connector_and_loses_no_order(
    lite: VendorWorld, noon: datetime
) -> None:
    request = lite.approved()
    lite.server.fault("401", times=1000)

    carry_out_due(lite.site)

    (order,) = lite.orders()
    assert order.state is OrderState.QUEUED
    assert lite.connector_row().state is ConnectorState.BROKEN
    assert "demo-key" not in order.result
    lite.server.clear_faults()
    with clock.frozen(order.next_at):
        carry_out_due(lite.site)
    assert lite.request(request.id).state is RequestState.GRANTED


def test_a_vendor_that_asks_for_a_pause_is_left_alone_by_all_orders(
    lite: VendorWorld, noon: datetime
) -> None:
    first, second = _members(lite)
    lite.server.fault("429", times=0, retry_after="30")
    lite.server.reset_counts()
    pauses: list[float] = []

    done = carry_out_lane(lite.site, lite.connector_id, rest=pauses.append)

    assert (done, lite.server.requests()["total"]) == (1, 1)
    assert pauses == [30.0]
    assert (first.next_at, second.next_at) == (noon, noon)
    lite.server.clear_faults()
    with clock.frozen(noon + timedelta(seconds=30)):
        carry_out_due(lite.site)
    assert {row.state for row in lite.orders()} == {OrderState.VERIFIED}


def test_l16_a_paused_connector_gives_nothing_new_but_still_removes_on_time(
    lite: VendorWorld, noon: datetime
) -> None:
    lite.approved(minutes=10)
    carry_out_due(lite.site)
    with lite.as_(lite.rita) as work:
        connections.pause(work, lite.connector_id, why="maintenance")

    with clock.frozen(noon + timedelta(minutes=10)):
        end_due(lite.site)
        carry_out_due(lite.site)
        assert not lite.is_member()

        lite.approved()
        carry_out_due(lite.site)

    assert not lite.is_member()
    assert _states(lite)[-1] == (OrderKind.GRANT, OrderState.QUEUED)


def test_the_exact_call_is_on_the_order_before_it_is_sent(
    lite: VendorWorld, noon: datetime
) -> None:
    lite.approved()

    assert describe_due(lite.site, lite.connector_id) == 1

    (order,) = lite.orders()
    assert order.state is OrderState.QUEUED
    assert f"/api/v2/usergroups/{ADMINS}/members" in order.call
    assert '"op": "add"' in order.call or '"op":"add"' in order.call
    assert "demo-key" not in order.call
    assert lite.vendor_changes() == []


def test_l10_a_manual_order_is_settled_by_the_sync_that_shows_it(lite: VendorWorld) -> None:
    with lite.as_(lite.rita) as work:
        connections.switch_writes(work, lite.connector_id, on=False)
    request = lite.approved()
    carry_out_lane(lite.site, lite.connector_id)
    assert _states(lite) == [(OrderKind.GRANT, OrderState.MANUAL)]

    _by_hand(lite, "add")
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        lite.sync()

    assert lite.request(request.id).state is RequestState.GRANTED


def test_l11_two_workers_carry_an_order_out_once(world: VendorWorld) -> None:
    import threading

    world.approved()
    threads = [
        threading.Thread(target=carry_out_lane, args=(world.site, world.connector_id))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.vendor_changes() == [("add", ADA)]
    assert [c for c in world.server.history(applied=False) if c["effect"] != "applied"] == []


def _members(world: VendorWorld) -> list[Order]:
    """Put Ada into crm-admins beside Max, and order both out again."""
    _by_hand(world, "add")
    with clock.frozen(clock.now() - timedelta(minutes=1)):
        world.sync()
    with world.as_(world.rita) as work:
        return [
            remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")[0]
            for grant in world.all(Grant)
            if grant.entitlement_id == world.membership().id
        ]


def _by_hand(world: VendorWorld, op: str) -> None:
    """Change the membership as an administrator of the vendor would."""
    answer = world.server.http.post(
        f"{world.server.url}/api/v2/usergroups/{ADMINS}/members",
        headers={"x-api-key": "demo-key"},
        json={"op": op, "type": "user", "id": ADA},
    )
    assert answer.status_code == 204, answer.text


def _make_dynamic(world: VendorWorld) -> None:
    answer = world.server.http.put(
        f"{world.server.url}/api/v2/usergroups/{ADMINS}",
        headers={"x-api-key": "demo-key"},
        json={"name": "crm-admins", "membershipMethod": "DYNAMIC_AUTOMATED"},
    )
    assert answer.status_code == 200, answer.text
