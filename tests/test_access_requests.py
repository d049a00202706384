"""From approval to the end: L3, L4, L17, taking back and lapsing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import World
from tests.world_requests import (
    account_of,
    after,
    answer,
    ask,
    now_of,
    orders_of,
    part_ways,
    prove,
    site_of,
    steps_of,
    told,
)
from uar import clock, settlement
from uar.access_requests import cancel, failed, granted, lapse_due, order_due
from uar.endings import end_due
from uar.errors import Conflict, NotFound
from uar.grants import holds
from uar.lifecycle import move
from uar.models import (
    AccessRequest,
    Account,
    AuditEntry,
    Entitlement,
    Grant,
    GrantCause,
    Notification,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import AccountStatus, Cause, OrderKind
from uar.models.states import GrantState, OrderState, RequestState, StepState
from uar.provisioning import cancel as call_off
from uar.work import SYSTEM, unit_of_work


def _approved(world: World, right: Entitlement | None = None, **values: int) -> AccessRequest:
    account_of(world, world.ada)
    request = ask(world, right or world.entitlement(), **values)
    answer(world, request, world.max)
    return request


def _running(world: World, minutes: int = 60, **values: int) -> tuple[Entitlement, AccessRequest]:
    """Ada holds something for a while, from now on."""
    right = world.entitlement(**values)
    request = _approved(world, right, minutes=minutes)
    prove(world, orders_of(world, request)[0])
    return right, request


def _cancel(world: World, request: AccessRequest) -> None:
    with world.as_(world.ada) as work:
        cancel(work, request.id)


def test_l4_the_clock_starts_when_a_read_shows_the_access(world: World) -> None:
    request = _approved(world, minutes=60)

    with clock.frozen(after(25)):
        prove(world, orders_of(world, request)[0])
        ends_at = after(60)

    [cause] = world.all(GrantCause)
    assert cause.ends_at == ends_at
    assert now_of(world, request).state is RequestState.GRANTED


def test_the_requester_is_told_the_exact_end(world: World) -> None:
    request = _approved(world, minutes=90)

    prove(world, orders_of(world, request)[0])

    note = world.all(Notification)[-1]
    assert (note.identity_id, note.kind) == (world.ada.id, "request_granted")
    assert "It ends on Thursday 12 March 2026, 13:30 UTC." in note.body


def test_the_shortened_time_is_what_is_granted(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement(), minutes=240)
    answer(world, request, world.max, minutes=30)

    prove(world, orders_of(world, request)[0])

    assert world.all(GrantCause)[0].ends_at == after(30)


def test_l3_what_was_there_before_our_call_closes_the_request_with_no_end(world: World) -> None:
    request = _approved(world)

    with unit_of_work(world.engine, SYSTEM) as work:
        order = work.session.get_one(Order, orders_of(world, request)[0].id)
        move(work, order, OrderState.SENDING)
        settlement.already_there(work, order)

    assert now_of(world, request).state is RequestState.ALREADY_HELD
    assert world.all(GrantCause)[0].ends_at is None
    assert told(world, world.ada)[-1] == "CRM · Admins member: already held"


def test_a_change_that_cannot_be_made_fails_its_request_and_says_why(world: World) -> None:
    request = _approved(world)

    with unit_of_work(world.engine, SYSTEM) as work:
        failed(work, request.id, "The group does not exist any more.")

    assert now_of(world, request).state is RequestState.FAILED
    assert now_of(world, request).outcome == "The group does not exist any more."
    assert told(world, world.ada)[-1] == "CRM · Admins member: failed"


def test_a_failed_change_that_works_after_all_is_told_too(world: World) -> None:
    request = _approved(world)
    with unit_of_work(world.engine, SYSTEM) as work:
        order = work.session.get_one(Order, orders_of(world, request)[0].id)
        move(work, order, OrderState.SENDING)
        settlement.unproven(work, order, result="No read shows it.")
    with unit_of_work(world.engine, SYSTEM) as work:
        move(work, work.session.get_one(Order, order.id), OrderState.QUEUED)

    prove(world, orders_of(world, request)[0])

    assert told(world, world.ada)[-1] == "CRM · Admins member: granted"
    assert "Until" in now_of(world, request).outcome


def test_being_told_twice_changes_and_says_nothing_more(world: World) -> None:
    _, request = _running(world)
    before = len(world.all(Notification))

    with unit_of_work(world.engine, SYSTEM) as work:
        granted(work, request.id, world.all(Grant)[0].id, after(60))

    assert len(world.all(Notification)) == before


def test_l27_nothing_is_ordered_for_somebody_who_left_meanwhile(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())
    part_ways(world, world.ada)

    answer(world, request, world.max)

    assert now_of(world, request).state is RequestState.FAILED
    assert now_of(world, request).outcome == "Ada Byrne does not work here any more."
    assert orders_of(world, request) == []


@pytest.mark.parametrize("values", [{"status": AccountStatus.DISABLED}, {"identity_id": None}])
def test_l27_nothing_is_ordered_for_an_account_that_changed(
    lite_world: World, values: dict[str, object]
) -> None:
    account = account_of(lite_world, lite_world.ada)
    request = ask(lite_world, lite_world.entitlement())
    with unit_of_work(lite_world.engine, SYSTEM) as work:
        for name, value in values.items():
            setattr(work.session.get_one(Account, account.id), name, value)

    answer(lite_world, request, lite_world.max)

    assert now_of(lite_world, request).state is RequestState.FAILED
    assert orders_of(lite_world, request) == []


def test_l7_what_a_rule_keeps_meanwhile_fails_the_request(lite_world: World) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement()
    request = ask(lite_world, right)
    with unit_of_work(lite_world.engine, SYSTEM) as work:
        work.session.get_one(Entitlement, right.id).fixed_why = "Now a rule decides: change it."

    answer(lite_world, request, lite_world.max)

    assert now_of(lite_world, request).outcome == "Now a rule decides: change it."


def test_a_waiting_request_can_be_taken_back(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())

    _cancel(world, request)

    assert now_of(world, request).state is RequestState.CANCELLED
    assert [step.state for step in steps_of(world, request)] == [StepState.DROPPED]


def test_an_approved_request_can_be_taken_back_until_its_order_is_claimed(world: World) -> None:
    request = _approved(world)

    _cancel(world, request)

    assert now_of(world, request).state is RequestState.CANCELLED
    assert orders_of(world, request)[0].state is OrderState.CANCELLED


def test_l17_once_its_order_is_claimed_it_cannot_be_taken_back(world: World) -> None:
    request = _approved(world)
    with unit_of_work(world.engine, SYSTEM) as work:
        move(work, work.session.get_one(Order, orders_of(world, request)[0].id), OrderState.SENDING)

    with pytest.raises(Conflict, match="on its way"):
        _cancel(world, request)

    assert now_of(world, request).state is RequestState.APPROVED


def test_a_closed_request_cannot_be_taken_back(world: World) -> None:
    _, request = _running(world)

    with pytest.raises(Conflict, match="already granted"):
        _cancel(world, request)


def test_only_who_asked_takes_it_back(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())

    for person in (world.sam, world.max, world.rita):
        with world.as_(person) as work, pytest.raises(NotFound):
            cancel(work, request.id)


def test_an_order_that_is_called_off_by_others_does_not_leave_a_request_approved(
    world: World,
) -> None:
    request = _approved(world)
    with world.as_(world.rita) as work:
        call_off(work, orders_of(world, request)[0].id, reason="wrong group")

    assert [order_due(site_of(world)) for _ in range(2)] == [1, 0]

    assert now_of(world, request).state is RequestState.FAILED


def test_a_failed_order_does_not_stand_in_for_a_new_request(world: World) -> None:
    right = world.entitlement()
    first = _approved(world, right)
    with unit_of_work(world.engine, SYSTEM) as work:
        order = work.session.get_one(Order, orders_of(world, first)[0].id)
        move(work, order, OrderState.SENDING)
        settlement.unproven(work, order, result="No read shows it.")

    second = _approved(world, right)

    assert orders_of(world, first)[0].state is OrderState.CANCELLED
    assert [order.state for order in orders_of(world, second)] == [OrderState.QUEUED]


def test_what_nobody_answers_lapses(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())

    with clock.frozen(request.lapses_at - timedelta(seconds=1)):
        assert lapse_due(site_of(world)) == 0
    with clock.frozen(request.lapses_at):
        assert [lapse_due(site_of(world)) for _ in range(2)] == [1, 0]

    assert now_of(world, request).state is RequestState.LAPSED
    assert [step.state for step in steps_of(world, request)] == [StepState.DROPPED]
    assert told(world, world.ada) == ["CRM · Admins member: lapsed"]


def test_what_is_decided_does_not_lapse(world: World) -> None:
    request = _approved(world)

    with clock.frozen(request.lapses_at + timedelta(days=1)):
        assert lapse_due(site_of(world)) == 0


def test_l28_the_way_of_a_request_is_in_the_record(world: World) -> None:
    _, request = _running(world)

    actions = [
        row.action for row in world.all(AuditEntry) if row.subject == f"access_request:{request.id}"
    ]

    assert actions == ["access_request.filed", "access_request.approved", "access_request.granted"]


def test_access_asked_for_ends_on_time_and_only_a_read_ends_it(world: World) -> None:
    right, request = _running(world, 10)
    account = now_of(world, request).account_id

    with clock.frozen(after(10)):
        end_due(site_of(world))
        with world.reading() as session:
            held = holds(session, account, right.id)
            assert held is not None
            assert held.state is GrantState.ENDING
        [removal] = [order for order in world.all(Order) if order.kind is OrderKind.REVOKE]
        prove(world, removal)

    with world.reading() as session:
        assert holds(session, account, right.id) is None
    assert world.all(GrantCause)[0].kind is Cause.REQUEST
