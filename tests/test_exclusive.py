"""Exclusive access at a real vendor server: replaced, displaced, given back (L6, L13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.connectors.workato_cast import ADA
from tests.vendor_process import VendorProcess
from tests.world_requests import answer, ask
from tests.world_vendor import eventually
from tests.world_workato import WorkatoWorld, workspace_server
from uar import clock
from uar.calls import describe_due
from uar.db import connect
from uar.delivery import carry_out_due
from uar.endings import end_due, give_back
from uar.grants import remove
from uar.models import ApprovalStep, Connector, Entitlement, Identity, SyncChange
from uar.models.kinds import (
    Change,
    ChangeOf,
    IncidentKind,
    OrderKind,
    OrderReason,
    PersonStatus,
)
from uar.models.states import GrantState, OrderState, RequestState, RunState
from uar.provisioning import cancel, mark_done
from uar.request_rows import request_row

UNTOUCHED = {"dev": "Admin", "test": "Analyst"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with workspace_server(tmp_path) as running:
        yield running


@pytest.fixture
def world(engine: sa.Engine, noon: datetime, server: VendorProcess) -> WorkatoWorld:
    return WorkatoWorld(engine, server)


@pytest.fixture
def lite(sqlite_url: str, noon: datetime, server: VendorProcess) -> Iterator[WorkatoWorld]:
    engine = connect(sqlite_url)
    yield WorkatoWorld(engine, server)
    engine.dispose()


def at(world: WorkatoWorld, noon: datetime, minutes: float) -> None:
    """Let everything happen that is due so many minutes after noon."""
    with clock.frozen(noon + timedelta(minutes=minutes)):
        end_due(world.site)
        carry_out_due(world.site)


# given and given back


def test_l6_a_ten_minute_admin_returns_to_operator(world: WorkatoWorld, noon: datetime) -> None:
    request = world.approved("Admin", minutes=10)

    at(world, noon, 1)

    assert world.roles_at_vendor() == {**UNTOUCHED, "prod": "Admin"}
    assert world.request(request.id).state is RequestState.GRANTED
    assert world.state_of("Admin") is GrantState.ACTIVE
    assert world.state_of("Operator") is GrantState.DISPLACED

    at(world, noon, 11)

    assert world.roles_at_vendor() == {**UNTOUCHED, "prod": "Operator"}
    assert world.state_of("Admin") is GrantState.ENDED
    assert world.state_of("Operator") is GrantState.ACTIVE
    assert world.vendor_changes() == [("prod", "Admin"), ("prod", "Operator")]
    assert [(row.kind, row.state) for row in world.orders()] == [
        (OrderKind.GRANT, OrderState.VERIFIED),
        (OrderKind.REVOKE, OrderState.VERIFIED),
    ]
    assert world.incidents() == []


def test_l6_a_role_given_to_somebody_without_one_ends_without_access(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.by_hand("prod", "No access")
    lite.sync()
    lite.approved("Admin")

    at(lite, noon, 1)
    at(lite, noon, 11)

    assert lite.roles_at_vendor() == {**UNTOUCHED, "prod": "No access"}
    assert lite.incidents() == []


def test_l6_given_back_early_the_role_before_returns(lite: WorkatoWorld, noon: datetime) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    grant = lite.grant_of_role("Admin")
    assert grant is not None

    with lite.as_(lite.ada) as work:
        give_back(work, grant.id, why="")
    at(lite, noon, 2)

    assert lite.roles_at_vendor()["prod"] == "Operator"
    assert lite.state_of("Operator") is GrantState.ACTIVE


def test_l6_the_newest_request_that_still_runs_comes_before_the_standing_role(
    world: WorkatoWorld, noon: datetime
) -> None:
    world.approved("Analyst", minutes=60)
    at(world, noon, 1)
    with clock.frozen(noon + timedelta(minutes=2)):
        world.approved("Admin", minutes=10)
    at(world, noon, 2)
    assert world.roles_at_vendor()["prod"] == "Admin"
    assert world.state_of("Analyst") is GrantState.DISPLACED

    at(world, noon, 13)
    assert world.roles_at_vendor()["prod"] == "Analyst"
    assert world.state_of("Analyst") is GrantState.ACTIVE
    assert world.state_of("Operator") is GrantState.DISPLACED

    at(world, noon, 62)
    assert world.roles_at_vendor()["prod"] == "Operator"
    assert world.state_of("Operator") is GrantState.ACTIVE
    assert world.incidents() == []


def test_l6_a_request_whose_time_is_over_while_it_is_displaced_is_not_given_back(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Analyst", minutes=10)
    at(lite, noon, 1)
    with clock.frozen(noon + timedelta(minutes=2)):
        lite.approved("Admin", minutes=60)
    at(lite, noon, 2)

    at(lite, noon, 12)
    assert lite.roles_at_vendor()["prod"] == "Admin"
    assert lite.state_of("Analyst") is GrantState.ENDED
    assert lite.state_of("Admin") is GrantState.ACTIVE

    at(lite, noon, 63)
    assert lite.roles_at_vendor()["prod"] == "Operator"
    assert lite.incidents() == []


def test_l12_the_role_before_is_in_force_only_when_a_read_shows_it(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.server.switch(lag_s=1.5)
    eventually(lambda: lite.roles_at_vendor()["prod"] == "Admin")

    at(lite, noon, 11)
    assert lite.orders()[-1].state is OrderState.SENT
    assert lite.state_of("Operator") is GrantState.DISPLACED

    eventually(lambda: lite.roles_at_vendor()["prod"] == "Operator")
    at(lite, noon, 12)
    assert lite.orders()[-1].state is OrderState.VERIFIED
    assert lite.state_of("Operator") is GrantState.ACTIVE


# changed meanwhile


@pytest.mark.parametrize("role", ["Analyst", "No access"])
def test_l6_a_role_that_somebody_changed_meanwhile_is_left_and_told(
    world: WorkatoWorld, noon: datetime, role: str
) -> None:
    world.approved("Admin")
    at(world, noon, 1)
    world.by_hand("prod", role)

    at(world, noon, 11)

    assert world.roles_at_vendor()["prod"] == role
    assert world.vendor_changes() == [("prod", "Admin")]
    (incident,) = world.incidents()
    assert incident.kind is IncidentKind.CHANGED
    assert "“Workato · Operator in prod” was not given back" in incident.sentence
    assert world.state_of("Admin") is GrantState.ENDED
    assert world.state_of("Operator") is GrantState.ENDED


def test_l6_a_role_that_somebody_gave_back_by_hand_is_in_force_again(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.by_hand("prod", "Operator")

    at(lite, noon, 11)

    assert lite.vendor_changes() == [("prod", "Admin")]
    assert lite.incidents() == []
    assert lite.state_of("Operator") is GrantState.ACTIVE


# the baseline is gone


def test_l6_a_baseline_that_was_denied_is_not_given_back(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    operator = lite.grant_of_role("Operator")
    assert operator is not None

    with lite.as_(lite.rita) as work:
        remove(work, operator.id, reason=OrderReason.REVIEW, why="not needed")
    at(lite, noon, 2)
    assert lite.state_of("Operator") is GrantState.ENDED
    assert lite.roles_at_vendor()["prod"] == "Admin"

    at(lite, noon, 11)
    assert lite.roles_at_vendor()["prod"] == "No access"
    assert lite.incidents() == []


def test_l6_a_denial_of_the_baseline_that_is_called_off_leaves_it_displaced(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    operator = lite.grant_of_role("Operator")
    assert operator is not None
    with lite.as_(lite.rita) as work:
        (order,) = remove(work, operator.id, reason=OrderReason.REVIEW, why="not needed")
    assert lite.state_of("Operator") is GrantState.ENDING

    with lite.as_(lite.cam) as work:
        cancel(work, order.id, reason="a mistake")

    assert lite.state_of("Operator") is GrantState.DISPLACED
    at(lite, noon, 11)
    assert lite.roles_at_vendor()["prod"] == "Operator"


def test_l6_nothing_is_given_back_to_a_person_who_left(lite: WorkatoWorld, noon: datetime) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    with lite.as_(lite.cam) as work:
        work.session.connection().execute(
            sa.update(Identity)
            .where(col(Identity.id) == lite.ada.id)
            .values(status=PersonStatus.INACTIVE)
        )

    at(lite, noon, 11)

    assert lite.roles_at_vendor()["prod"] == "No access"
    assert lite.state_of("Operator") is GrantState.ENDED


def test_l6_a_role_that_was_deleted_is_not_given_back(lite: WorkatoWorld, noon: datetime) -> None:
    lite.by_hand("prod", "Release manager")
    lite.sync()
    lite.approved("Admin")
    at(lite, noon, 1)
    with lite.as_(lite.cam) as work:
        work.session.connection().execute(
            sa.update(Entitlement)
            .where(col(Entitlement.id) == lite.role("Release manager").id)
            .values(gone_at=clock.now())
        )

    at(lite, noon, 11)

    assert lite.roles_at_vendor()["prod"] == "No access"


def test_l6_nor_one_that_turns_out_to_be_deleted_only_then(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.by_hand("prod", "Release manager")
    lite.sync()
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.server.fault("empty", path="/api/roles", times=0)

    at(lite, noon, 11)

    assert lite.roles_at_vendor()["prod"] == "No access"
    assert lite.state_of("Release manager") is GrantState.ENDED


def test_l6_where_no_access_cannot_be_expressed_a_person_does_it(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.by_hand("prod", "No access")
    lite.sync()
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.server.switch(no_access_put=False)

    at(lite, noon, 11)

    order = lite.orders()[-1]
    assert (order.kind, order.state) == (OrderKind.REVOKE, OrderState.MANUAL)
    assert "set it for Ada Byrne in prod" in order.result
    assert lite.state_of("Admin") is GrantState.ENDING


# what was decided


def test_l6_the_approver_sees_what_is_replaced_and_it_is_kept(lite: WorkatoWorld) -> None:
    request = ask(lite, lite.role("Admin"), minutes=10)

    with lite.reading() as session:
        row = request_row(session, request.id)
    answer(lite, request, lite.max)

    assert row is not None
    assert row.replaces == "Operator in prod"
    assert lite.all(ApprovalStep)[0].seen["replaces"] == "Operator in prod"


def test_l13_access_that_would_replace_another_role_than_was_decided_is_not_given(
    lite: WorkatoWorld, noon: datetime
) -> None:
    request = lite.approved("Admin")
    lite.by_hand("prod", "Analyst")

    at(lite, noon, 1)

    assert lite.vendor_changes() == []
    assert lite.request(request.id).state is RequestState.FAILED
    assert "would replace “Analyst in prod” now" in lite.request(request.id).outcome


def test_l13_nor_when_a_sync_has_seen_the_other_role(lite: WorkatoWorld, noon: datetime) -> None:
    request = lite.approved("Admin")
    lite.by_hand("prod", "Analyst")
    lite.sync()

    at(lite, noon, 1)

    assert lite.vendor_changes() == []
    assert "Operator in prod was approved" in lite.request(request.id).outcome


def test_the_call_of_a_removal_says_what_it_gives_back(lite: WorkatoWorld, noon: datetime) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    with clock.frozen(noon + timedelta(minutes=11)):
        end_due(lite.site)
        describe_due(lite.site, lite.connector_id)

    assert '"name": "Operator"' in lite.orders()[-1].call
    assert f"PUT {lite.server.url}/api/members/{ADA} " in lite.orders()[-1].call


# syncs meanwhile


def test_l6_a_sync_does_not_end_what_is_displaced(world: WorkatoWorld, noon: datetime) -> None:
    world.approved("Admin")
    at(world, noon, 1)

    with clock.frozen(noon + timedelta(minutes=5)):
        run = world.sync()

    assert run.state is RunState.COMPLETE
    assert world.state_of("Operator") is GrantState.DISPLACED
    assert world.state_of("Admin") is GrantState.ACTIVE
    gone = [
        row for row in world.all(SyncChange)
        if row.run_id == run.id and (row.what, row.change) == (ChangeOf.PATH, Change.GONE)
    ]  # fmt: skip
    assert gone == []

    at(world, noon, 11)
    with clock.frozen(noon + timedelta(minutes=12)):
        world.sync()
    assert world.state_of("Operator") is GrantState.ACTIVE
    assert world.state_of("Admin") is GrantState.ENDED
    assert world.incidents() == []


def test_l6_a_sync_that_shows_another_role_ends_ours_and_then_the_displaced_one(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.by_hand("prod", "Analyst")

    for minutes in (5, 6):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            assert lite.sync().state is RunState.COMPLETE

    assert lite.state_of("Admin") is GrantState.ENDED
    assert lite.state_of("Operator") is GrantState.ENDED
    assert lite.state_of("Analyst") is GrantState.ACTIVE
    assert [each.kind for each in lite.incidents()] == [IncidentKind.CHANGED]
    at(lite, noon, 11)
    assert lite.roles_at_vendor()["prod"] == "Analyst"


def test_l6_what_a_person_sets_by_hand_for_an_order_displaces_the_same(
    lite: WorkatoWorld, noon: datetime
) -> None:
    with lite.as_(lite.rita) as work:
        work.session.connection().execute(sa.update(Connector).values(writes_on=False))
    request = lite.approved("Admin")
    at(lite, noon, 1)
    assert lite.orders()[0].state is OrderState.MANUAL
    lite.by_hand("prod", "Admin")

    with clock.frozen(noon + timedelta(minutes=2)):
        lite.sync()

    assert lite.request(request.id).state is RequestState.GRANTED
    assert lite.state_of("Operator") is GrantState.DISPLACED

    with clock.frozen(noon + timedelta(minutes=13)):
        end_due(lite.site)
        lite.by_hand("prod", "Operator")
        with lite.as_(lite.rita) as work:
            mark_done(work, lite.orders()[-1].id, note="set back")
    at(lite, noon, 14)
    assert lite.state_of("Operator") is GrantState.ACTIVE
    assert lite.incidents() == []


def test_l6_a_change_that_shows_only_after_we_gave_up_displaces_the_same(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.server.switch(lag_s=3600.0)
    lite.approved("Admin", minutes=60)
    for minutes in (1, 2, 4, 8):
        at(lite, noon, minutes)
    assert lite.orders()[0].state is OrderState.FAILED
    lite.server.switch(lag_s=0.0)

    with clock.frozen(noon + timedelta(minutes=9)):
        lite.sync()
    assert lite.state_of("Admin") is GrantState.ACTIVE
    assert lite.state_of("Operator") is GrantState.DISPLACED

    at(lite, noon, 70)
    assert lite.roles_at_vendor()["prod"] == "Operator"


def test_a_role_of_another_environment_is_never_displaced(
    lite: WorkatoWorld, noon: datetime
) -> None:
    lite.approved("Admin")

    at(lite, noon, 1)

    assert lite.state_of("Admin", "dev") is GrantState.ACTIVE
    assert lite.state_of("Analyst", "test") is GrantState.ACTIVE


def test_the_connector_says_when_somebody_is_gone(lite: WorkatoWorld, noon: datetime) -> None:
    """A removal from somebody who is no collaborator any more is proven without a call."""
    lite.approved("Admin")
    at(lite, noon, 1)
    lite.server.http.post(f"{lite.server.url}/remove", data={"person": ADA})

    at(lite, noon, 11)

    assert lite.state_of("Admin") is GrantState.ENDED
    assert lite.vendor_changes() == [("prod", "Admin")]
