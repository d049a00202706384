"""Passing an approval step on: who may, to whom, who decides then, and what is left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.test_waiting import approvals
from tests.world import Person, World
from tests.world_requests import (
    WHY,
    account_of,
    answer,
    ask,
    make_super,
    manage,
    now_of,
    own,
    part_ways,
    steps_of,
    told,
)
from uar import clock
from uar.access_requests import cancel
from uar.approvals import Answer
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused, UarError
from uar.models import AccessRequest, AuditEntry, Notification, StepHandover
from uar.models.kinds import Approval, Risk
from uar.models.states import RequestState, StepState
from uar.request_records import record_of
from uar.step_handover import pass_on

BOTH = Approval.MANAGER_OWNER
LEAVE = "on leave until May"


def request_of(world: World, **values: object) -> AccessRequest:
    account_of(world, world.ada)
    return ask(world, world.entitlement(**values))  # type: ignore[arg-type]


def hand(
    world: World,
    request: AccessRequest,
    by: Person,
    to: Person,
    *,
    reason: str = LEAVE,
    step: int | None = None,
) -> None:
    with world.as_(by) as work:
        pass_on(work, request.id, to.id, reason, step=step)


def test_the_one_it_was_passed_to_decides_and_nobody_else(world: World) -> None:
    request = request_of(world)

    hand(world, request, world.max, world.sam)

    assert (approvals(world, world.sam), approvals(world, world.max)) == (1, 0)
    with pytest.raises(Forbidden, match=r"for Sam Hill \(passed on by Max Roth\) to decide"):
        answer(world, request, world.max)
    answer(world, request, world.sam)
    assert now_of(world, request).state is RequestState.APPROVED
    assert [step.decided_by for step in steps_of(world, request)] == [world.sam.id]


def test_she_may_deny_it_too(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    answer(world, request, world.sam, Answer.DENY, reason="not needed")

    assert now_of(world, request).outcome == "Sam Hill denied it: not needed"


def test_a_step_passed_on_is_followed_by_the_next_as_usual(world: World) -> None:
    request = request_of(world, approval=BOTH)
    hand(world, request, world.max, world.sam)

    answer(world, request, world.sam)

    assert [step.state for step in steps_of(world, request)] == [
        StepState.APPROVED, StepState.ASKED,
    ]  # fmt: skip
    assert (approvals(world, world.rita), approvals(world, world.sam)) == (1, 0)


@pytest.mark.parametrize("approval", [Approval.MANAGER, Approval.OWNER])
def test_l20_l21_it_never_goes_to_whoever_asked(world: World, approval: Approval) -> None:
    request = request_of(world, approval=approval)
    by = world.max if approval is Approval.MANAGER else world.rita

    with pytest.raises(Refused, match="Nobody decides about their own request"):
        hand(world, request, by, world.ada)

    assert world.all(StepHandover) == []


def test_l20_whoever_asked_cannot_pass_it_on(world: World) -> None:
    own(world, world.ada, world.rita)
    request = request_of(world, approval=Approval.OWNER)

    with pytest.raises(Refused, match="own request"):
        hand(world, request, world.ada, world.sam)


def test_l20_delegation_is_not_transitive_it_only_goes_back(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    with pytest.raises(Refused, match="give it back to Max Roth, or decide"):
        hand(world, request, world.sam, world.cam)
    hand(world, request, world.sam, world.max, reason="I do not know her")

    assert (approvals(world, world.max), approvals(world, world.sam)) == (1, 0)
    hand(world, request, world.max, world.cam)
    answer(world, request, world.cam)
    assert now_of(world, request).state is RequestState.APPROVED


def test_an_owner_to_whom_it_was_passed_passes_it_on_by_her_own_right(world: World) -> None:
    own(world, world.rita, world.cam)
    request = request_of(world, approval=Approval.OWNER)
    hand(world, request, world.rita, world.cam)
    assert (approvals(world, world.rita), approvals(world, world.cam)) == (0, 1)

    hand(world, request, world.cam, world.sam)

    assert approvals(world, world.sam) == 1


def test_at_high_risk_it_does_not_come_back_to_whoever_took_a_step(world: World) -> None:
    own(world, world.rita, world.cam)
    request = request_of(world, risk=Risk.HIGH, approval=BOTH)
    answer(world, request, world.max)

    with pytest.raises(Refused, match="Max Roth took an earlier step"):
        hand(world, request, world.rita, world.max)

    hand(world, request, world.rita, world.sam)
    assert approvals(world, world.sam) == 1


def test_l22_at_high_risk_it_does_not_go_to_whoever_alone_can_take_the_next(world: World) -> None:
    request = request_of(world, risk=Risk.HIGH, approval=BOTH)

    with pytest.raises(Refused, match="Rita Ortiz alone can take step 2"):
        hand(world, request, world.max, world.rita)

    make_super(world, world.cam)
    hand(world, request, world.max, world.rita)
    answer(world, request, world.rita)
    assert approvals(world, world.cam) == 1


@pytest.mark.parametrize("who", ["sam", "rita", "cam"])
def test_a_stranger_passes_nothing_on(world: World, who: str) -> None:
    request = request_of(world)

    with pytest.raises(NotFound):
        hand(world, request, getattr(world, who), world.sam)

    assert world.all(StepHandover) == []


def test_l27_whoever_is_not_the_manager_any_more_passes_nothing_on(world: World) -> None:
    request = request_of(world)
    manage(world, world.ada, world.rita)

    with pytest.raises(NotFound):
        hand(world, request, world.max, world.sam)


def test_l27_l22_once_she_has_left_whom_the_policy_names_decides(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    part_ways(world, world.sam)

    assert (approvals(world, world.sam), approvals(world, world.max)) == (0, 1)
    with pytest.raises(UarError):
        answer(world, request, world.sam)
    answer(world, request, world.max)
    assert now_of(world, request).state is RequestState.APPROVED


def test_l22_once_both_have_left_a_super_administrator_stands_in(world: World) -> None:
    make_super(world, world.cam)
    request = request_of(world)
    hand(world, request, world.max, world.sam)
    assert approvals(world, world.cam) == 0

    part_ways(world, world.sam)
    part_ways(world, world.max)

    assert approvals(world, world.cam) == 1
    answer(world, request, world.cam)
    assert "super administrator" in steps_of(world, request)[0].seen["stands in"]


def test_l27_she_decides_though_whoever_passed_it_on_has_left(world: World) -> None:
    make_super(world, world.cam)
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    part_ways(world, world.max)

    assert (approvals(world, world.sam), approvals(world, world.cam)) == (1, 0)
    answer(world, request, world.sam)


def test_a_super_administrator_who_stands_in_may_pass_it_on(world: World) -> None:
    make_super(world, world.cam)
    manage(world, world.ada, None)
    request = request_of(world)

    hand(world, request, world.cam, world.sam)

    assert (approvals(world, world.sam), approvals(world, world.cam)) == (1, 0)


def test_l29_that_it_was_passed_on_is_kept_with_the_decision(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    answer(world, request, world.sam)

    assert steps_of(world, request)[0].seen["passed on"] == f"Max Roth: {LEAVE}"


def test_l28_it_is_in_the_record_and_on_the_page(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)

    [entry] = [e for e in world.all(AuditEntry) if e.action == "approval_step.handed_over"]
    with world.reading() as session:
        record = record_of(session, request.id, world.ada.id)

    assert (entry.actor_id, entry.reason, entry.at) == (world.max.id, LEAVE, NOON)
    assert entry.details["from"] == world.max.id
    assert entry.details["to"] == world.sam.id
    assert record.steps[0].who == "Sam Hill (passed on by Max Roth)"
    assert record.log[0].words == f"Max Roth passed this step on to Sam Hill ({LEAVE})"


def test_who_had_it_until_when_is_kept(world: World) -> None:
    request = request_of(world)
    hand(world, request, world.max, world.sam)
    with clock.frozen(NOON + timedelta(hours=2)):
        hand(world, request, world.sam, world.max, reason="I do not know her")

    first, second = world.all(StepHandover)

    assert (first.from_id, first.to_id) == (world.max.id, world.sam.id)
    assert (first.at, first.ended_at) == (NOON, NOON + timedelta(hours=2))
    assert (second.to_id, second.ended_at) == (world.max.id, None)


def test_she_is_told_with_everything_to_decide_from(world: World) -> None:
    request = request_of(world)

    hand(world, request, world.max, world.sam)

    [note] = [n for n in world.all(Notification) if n.identity_id == world.sam.id]
    assert note.subject == "Ada Byrne asks for CRM · Admins member for 1 h"
    for words in (WHY, f"Max Roth passed it on to you: “{LEAVE}”"):
        assert words in note.body
    assert note.path == f"/requests/{request.id}"


def test_other_owners_are_told_that_they_need_not_decide_any_more(world: World) -> None:
    own(world, world.rita, world.cam)
    request = request_of(world, approval=Approval.OWNER)

    hand(world, request, world.rita, world.sam)

    assert "Sam Hill decides" in told(world, world.cam)[-1]
    assert not any("Sam Hill decides" in subject for subject in told(world, world.rita))


@pytest.mark.parametrize(
    ("to", "reason", "field"),
    [("sam", " ", "reason"), ("max", LEAVE, "to")],
)
def test_another_person_and_a_reason_are_needed(
    world: World, to: str, reason: str, field: str
) -> None:
    request = request_of(world)

    with pytest.raises(Invalid) as wrong:
        hand(world, request, world.max, getattr(world, to), reason=reason)

    assert set(wrong.value.problems) == {field}


def test_somebody_who_left_is_passed_nothing(world: World) -> None:
    request = request_of(world)
    part_ways(world, world.sam)

    with pytest.raises(Invalid, match="somebody who works here"):
        hand(world, request, world.max, world.sam)


def test_what_is_decided_or_taken_back_is_not_passed_on(world: World) -> None:
    own(world, world.rita, world.cam)
    request = request_of(world, approval=Approval.OWNER)
    answer(world, request, world.rita)
    with pytest.raises(Conflict, match="Rita Ortiz approved this a minute ago"):
        hand(world, request, world.cam, world.sam)

    other = ask(world, world.entitlement("Readers"))
    with world.as_(world.ada) as work:
        cancel(work, other.id)
    with pytest.raises(Conflict, match="took the request back"):
        hand(world, other, world.max, world.sam)


def test_the_step_that_was_seen_is_passed_on_or_none(world: World) -> None:
    manage(world, world.ada, world.rita)
    request = request_of(world, approval=BOTH, risk=Risk.LOW)

    with pytest.raises(Conflict):
        hand(world, request, world.rita, world.sam, step=2)
