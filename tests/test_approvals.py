"""Deciding a request: L20, L21, L22, L27 and L29."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.world import Person, World
from tests.world_requests import (
    account_of,
    after,
    answer,
    ask,
    make_super,
    manage,
    now_of,
    orders_of,
    own,
    steps_of,
    told,
)
from uar import clock
from uar.access_requests import cancel
from uar.approvals import Answer, decide
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from uar.models import AccessRequest, AuditEntry, Notification
from uar.models.kinds import Approval, OrderKind, Risk
from uar.models.states import OrderState, RequestState, StepState
from uar.work import unit_of_work

BOTH = Approval.MANAGER_OWNER


def _request(world: World, **values: object) -> AccessRequest:
    account_of(world, world.ada)
    return ask(world, world.entitlement(**values), minutes=240)  # type: ignore[arg-type]


def test_the_last_approval_orders_the_change_and_nothing_has_left_yet(world: World) -> None:
    request = _request(world)

    answer(world, request, world.max, reason="only for the import")

    [order] = orders_of(world, request)
    assert now_of(world, request).state is RequestState.APPROVED
    assert (order.kind, order.state) == (OrderKind.GRANT, OrderState.QUEUED)
    assert order.account_id == request.account_id
    assert told(world, world.ada) == ["CRM · Admins member: approved"]


def test_a_first_approval_turns_to_the_next_decider(world: World) -> None:
    request = _request(world, approval=BOTH)

    answer(world, request, world.max)

    assert now_of(world, request).state is RequestState.WAITING
    assert [step.state for step in steps_of(world, request)] == [
        StepState.APPROVED,
        StepState.ASKED,
    ]
    assert told(world, world.rita) == ["Ada Byrne asks for CRM · Admins member for 4 h"]
    assert orders_of(world, request) == []


def test_a_decider_may_shorten_the_time(world: World) -> None:
    request = _request(world, approval=BOTH)

    answer(world, request, world.max, minutes=60)

    assert now_of(world, request).granted_minutes == 60
    assert steps_of(world, request)[0].minutes == 60
    assert now_of(world, request).minutes == 240


@pytest.mark.parametrize("minutes", [0, 241, 100_000])
def test_a_decider_never_lengthens_the_time(lite_world: World, minutes: int) -> None:
    request = _request(lite_world)

    with pytest.raises(Invalid, match="never lengthened"):
        answer(lite_world, request, lite_world.max, minutes=minutes)

    assert now_of(lite_world, request).state is RequestState.WAITING


def test_a_later_decider_does_not_undo_what_an_earlier_one_shortened(world: World) -> None:
    request = _request(world, approval=BOTH)
    answer(world, request, world.max, minutes=60)

    with pytest.raises(Invalid, match="1 h"):
        answer(world, request, world.rita, minutes=240)


def test_a_denial_says_why_and_ends_the_request(world: World) -> None:
    request = _request(world, approval=BOTH)

    answer(world, request, world.max, Answer.DENY, reason="Lena does this")

    fresh = now_of(world, request)
    assert fresh.state is RequestState.DENIED
    assert fresh.outcome == "Max Roth denied it: Lena does this"
    assert fresh.settled_at == clock.now()
    assert fresh.reason == request.reason
    assert [step.state for step in steps_of(world, request)] == [
        StepState.DENIED,
        StepState.DROPPED,
    ]
    assert told(world, world.ada) == ["CRM · Admins member: denied"]


def test_a_denial_without_a_reason_is_no_denial(lite_world: World) -> None:
    request = _request(lite_world)

    with pytest.raises(Invalid, match="Say why"):
        answer(lite_world, request, lite_world.max, Answer.DENY, reason="  ")

    assert now_of(lite_world, request).state is RequestState.WAITING


def test_l20_nobody_decides_about_their_own_request_in_any_role(world: World) -> None:
    own(world, world.ada, world.rita)
    make_super(world, world.ada)
    request = _request(world, approval=Approval.OWNER)

    with pytest.raises(Refused, match="their own request"):
        answer(world, request, world.ada)


def test_a_stranger_learns_nothing(world: World) -> None:
    request = _request(world)

    with pytest.raises(NotFound):
        answer(world, request, world.sam)


def test_a_request_that_does_not_exist_is_not_found(lite_world: World) -> None:
    with lite_world.as_(lite_world.max) as work, pytest.raises(NotFound):
        decide(work, 4711, Answer.APPROVE)


def test_whoever_decides_a_later_step_waits_for_the_earlier_one(world: World) -> None:
    request = _request(world, approval=BOTH)

    with pytest.raises(Forbidden, match="for Max Roth to decide"):
        answer(world, request, world.rita)


def test_l27_a_former_manager_decides_nothing_and_the_new_one_does(world: World) -> None:
    request = _request(world)
    manage(world, world.ada, world.cam)

    with pytest.raises(NotFound):
        answer(world, request, world.max)
    answer(world, request, world.cam)

    assert now_of(world, request).state is RequestState.APPROVED


def test_an_auditor_sees_it_and_does_not_decide(world: World) -> None:
    make_super(world, world.cam)
    request = _request(world)

    with pytest.raises(Forbidden, match="for Max Roth"):
        answer(world, request, world.cam)


def test_l22_super_administrators_decide_where_nobody_else_may(world: World) -> None:
    manage(world, world.ada, None)
    make_super(world, world.cam)
    request = _request(world)

    answer(world, request, world.cam)

    assert now_of(world, request).state is RequestState.APPROVED


def test_at_lower_risk_one_decision_of_manager_and_owner_in_one_is_enough(world: World) -> None:
    own(world, world.max)
    request = _request(world, approval=BOTH, risk=Risk.MEDIUM)

    answer(world, request, world.max, minutes=30)

    assert now_of(world, request).state is RequestState.APPROVED
    first, second = steps_of(world, request)
    assert (second.state, second.decided_by) == (StepState.APPROVED, world.max.id)
    assert second.reason == "the same person took step 1"
    assert (first.minutes, second.minutes) == (30, 30)


def test_at_high_risk_two_people_decide(world: World) -> None:
    own(world, world.max, world.rita)
    request = _request(world, approval=BOTH, risk=Risk.HIGH)

    answer(world, request, world.max)
    with pytest.raises(Forbidden, match="somebody else takes the next"):
        answer(world, request, world.max, step=2)
    assert now_of(world, request).state is RequestState.WAITING
    answer(world, request, world.rita)

    assert now_of(world, request).state is RequestState.APPROVED
    assert [step.decided_by for step in steps_of(world, request)] == [world.max.id, world.rita.id]


def test_a_slower_second_owner_learns_who_was_faster(world: World) -> None:
    own(world, world.rita, world.cam)
    request = _request(world, approval=Approval.OWNER)
    answer(world, request, world.rita)

    with pytest.raises(Conflict, match="Rita Ortiz approved this a minute ago"):
        answer(world, request, world.cam)


def test_a_decider_who_saw_another_step_decides_nothing(world: World) -> None:
    own(world, world.rita)
    make_super(world, world.rita)
    request = _request(world, approval=BOTH)
    answer(world, request, world.max)

    with pytest.raises(Conflict, match="Max Roth approved this"):
        answer(world, request, world.rita, step=1)


def test_a_double_click_is_one_decision(world: World) -> None:
    request = _request(world, approval=BOTH)
    answer(world, request, world.max)

    answer(world, request, world.max)

    assert [step.state for step in steps_of(world, request)] == [
        StepState.APPROVED,
        StepState.ASKED,
    ]
    assert len(told(world, world.rita)) == 1


def test_what_was_taken_back_is_not_decided(world: World) -> None:
    request = _request(world)
    with world.as_(world.ada) as work:
        cancel(work, request.id)

    with pytest.raises(Conflict, match="Ada Byrne took the request back"):
        answer(world, request, world.max)


def test_of_two_owners_at_the_same_instant_one_decides(engine: sa.Engine, world: World) -> None:
    own(world, world.rita, world.cam)
    request = _request(world, approval=Approval.OWNER)
    start = threading.Barrier(2, timeout=20)
    slower: list[str] = []

    def click(person: Person, said: Answer) -> None:
        try:
            with unit_of_work(engine, person.actor) as work:
                if engine.dialect.name == "postgresql":
                    start.wait()
                decide(work, request.id, said, reason="no need")
        except Conflict as error:
            slower.append(error.sentence)

    threads = [
        threading.Thread(target=click, args=args)
        for args in ((world.rita, Answer.APPROVE), (world.cam, Answer.DENY))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [step] = steps_of(world, request)
    name = {world.rita.id: "Rita Ortiz", world.cam.id: "Cam Lee"}[step.decided_by]
    assert len(slower) == 1
    assert slower[0].startswith(name)
    assert len(orders_of(world, request)) == (step.state is StepState.APPROVED)


def test_l29_what_the_decider_was_shown_is_kept(world: World) -> None:
    world.grant(world.ada, account=account_of(world, world.ada))
    request = _request(world, approval=BOTH, risk=Risk.HIGH)
    answer(world, request, world.max, minutes=60, reason="only for the import")

    answer(world, request, world.rita)

    seen = steps_of(world, request)[1].seen
    assert seen["person"] == "Ada Byrne"
    assert seen["asked"] == "4 h"
    assert seen["on the table"] == "1 h"
    assert seen["earlier"] == "Max Roth: only for the import"
    assert seen["holds else in this app"] == "1"
    assert seen["risk"] == "high"


def test_l28_a_decision_is_in_the_record_with_its_reason(world: World) -> None:
    request = _request(world)

    answer(world, request, world.max, reason="only for the import")

    [entry] = [row for row in world.all(AuditEntry) if row.action == "approval_step.approved"]
    assert (entry.actor, entry.reason) == ("Max Roth", "only for the import")
    assert entry.details["request"] == request.id


def test_each_step_has_its_own_time_to_be_answered(world: World) -> None:
    request = _request(world, approval=BOTH)

    with clock.frozen(after(6 * 24 * 60)):
        answer(world, request, world.max)

        assert now_of(world, request).lapses_at == clock.now() + timedelta(days=7)


def test_an_order_for_a_person_to_carry_out_is_told_as_such(world: World) -> None:
    request = _request(world, can_provision=False)

    answer(world, request, world.max)

    [order] = orders_of(world, request)
    [note] = [row for row in world.all(Notification) if row.kind == "request_approved"]
    assert order.state is OrderState.MANUAL
    assert "A person will carry it out by hand." in note.body
