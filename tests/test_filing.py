"""Filing a request: what may be asked for, by whom, for how long; L3, L14, L19, L22."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.world import World
from tests.world_requests import (
    WHY,
    account_of,
    after,
    answer,
    ask,
    make_super,
    manage,
    orders_of,
    own,
    part_ways,
    prove,
    steps_of,
    told,
)
from uar.approvals import Answer
from uar.errors import Invalid, NotFound, Refused
from uar.filing import file, file_extension
from uar.grants import remove
from uar.models import AccessRequest, AuditEntry, Grant, Notification, Resource
from uar.models.kinds import AccountStatus, Approval, AppStatus, Cause, OrderReason, Risk, StepKind
from uar.models.states import RequestState, StepState
from uar.work import SYSTEM, unit_of_work


def test_a_request_waits_for_its_first_step(world: World) -> None:
    world.account(world.ada)
    right = world.entitlement(approval=Approval.MANAGER_OWNER)

    request = ask(world, right, minutes=90)

    assert request.state is RequestState.WAITING
    assert (request.minutes, request.granted_minutes) == (90, 90)
    assert request.lapses_at == after(7 * 24 * 60)
    assert [(step.kind, step.state) for step in steps_of(world, request)] == [
        (StepKind.MANAGER, StepState.ASKED),
        (StepKind.OWNER, StepState.WAITING),
    ]


def test_the_first_decider_is_told_who_what_how_long_why_and_how_risky(world: World) -> None:
    world.account(world.ada)

    request = ask(world, world.entitlement(risk=Risk.HIGH), minutes=240)

    [note] = world.all(Notification)
    assert note.identity_id == world.max.id
    assert note.subject == "Ada Byrne asks for CRM · Admins member for 4 h"
    assert WHY in note.body
    assert "Risk: high." in note.body
    assert note.path == f"/requests/{request.id}"


def test_l29_what_the_requester_was_shown_is_kept(world: World) -> None:
    world.account(world.ada)
    right = world.entitlement(approval=Approval.MANAGER_OWNER, max_minutes=3 * 24 * 60)

    request = ask(world, right)

    assert request.shown == {
        "access": "CRM · Admins member",
        "account": "Ada Byrne",
        "risk": "low",
        "longest": "3 days",
        "decides": "Max Roth, then Rita Ortiz",
    }


def test_l28_filing_is_in_the_record_with_its_reason(world: World) -> None:
    world.account(world.ada)

    request = ask(world, world.entitlement())

    [entry] = [row for row in world.all(AuditEntry) if row.action == "access_request.filed"]
    assert (entry.actor, entry.subject) == ("Ada Byrne", f"access_request:{request.id}")
    assert entry.reason == WHY


@pytest.mark.parametrize(
    ("minutes", "reason", "field"),
    [(0, WHY, "minutes"), (-5, WHY, "minutes"), (121, WHY, "minutes"), (60, "  why ", "reason")],
)
def test_a_length_or_a_reason_that_will_not_do_is_named(
    lite_world: World, minutes: int, reason: str, field: str
) -> None:
    lite_world.account(lite_world.ada)
    right = lite_world.entitlement(max_minutes=120)

    with pytest.raises(Invalid) as problem:
        ask(lite_world, right, minutes=minutes, reason=reason)

    assert list(problem.value.problems) == [field]


def test_the_longest_duration_and_the_shortest_are_allowed(lite_world: World) -> None:
    lite_world.account(lite_world.ada)

    longest = ask(lite_world, lite_world.entitlement("A", max_minutes=120), minutes=120)
    shortest = ask(lite_world, lite_world.entitlement("B", max_minutes=120), minutes=1)

    assert (longest.minutes, shortest.minutes) == (120, 1)


def test_asking_twice_is_refused_with_a_link_to_the_open_request(world: World) -> None:
    world.account(world.ada)
    right = world.entitlement()
    request = ask(world, right)

    with pytest.raises(Refused, match="still open") as refusal:
        ask(world, right)

    assert refusal.value.see == f"/requests/{request.id}"
    assert len(world.all(AccessRequest)) == 1


def test_two_clicks_at_once_make_one_request(engine: sa.Engine, world: World) -> None:
    world.account(world.ada)
    right = world.entitlement()
    start = threading.Barrier(2, timeout=20)
    refusals: list[str] = []

    def click() -> None:
        try:
            with unit_of_work(engine, world.ada.actor) as work:
                if engine.dialect.name == "postgresql":
                    start.wait()  # SQLite lets only one of them in at a time
                file(work, right.id, 60, WHY)
        except Refused as error:
            refusals.append(error.see)

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [request] = world.all(AccessRequest)
    assert refusals == [f"/requests/{request.id}"]


def test_a_closed_request_does_not_stand_in_the_way(world: World) -> None:
    world.account(world.ada)
    right = world.entitlement()
    answer(world, ask(world, right), world.max, Answer.DENY, reason="not now")

    again = ask(world, right)

    assert again.state is RequestState.WAITING


def test_l3_what_is_held_without_an_end_is_not_asked_for(world: World) -> None:
    right = world.entitlement()
    world.grant(world.ada, right)

    with pytest.raises(Refused, match="already hold it, with no end"):
        ask(world, right)


def test_l3_what_is_held_through_a_group_is_not_asked_for(world: World) -> None:
    right = world.entitlement("CRM", type_="app")
    group = world.entitlement("crm-users")
    through = world.get(Resource, group.resource_id)
    world.grant(entitlement=right, account=world.account(world.ada), kind=Cause.GROUP, via=through)

    with pytest.raises(Refused, match="through crm-users"):
        ask(world, right)


def test_asking_for_what_runs_out_is_asking_for_more_time(world: World) -> None:
    right = world.entitlement()
    world.grant(world.ada, right, kind=Cause.REQUEST, request_id=77, ends_at=after(10))

    request = ask(world, right)

    assert request.is_extension
    assert told(world, world.max) == ["Ada Byrne asks for CRM · Admins member for 1 h more"]


def test_more_time_may_be_asked_for_by_the_grant_and_for_the_same_reason(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())
    answer(world, request, world.max)
    prove(world, orders_of(world, request)[0])
    [grant] = world.all(Grant)

    with world.as_(world.ada) as work:
        more = file_extension(work, grant.id, 30)
    with world.as_(world.sam) as work, pytest.raises(NotFound):
        file_extension(work, grant.id, 30)

    assert (more.reason, more.minutes, more.is_extension) == (f"More time: {WHY}", 30, True)


def test_l19_while_its_removal_is_on_its_way_it_is_a_new_request(world: World) -> None:
    right = world.entitlement()
    grant = world.grant(world.ada, right)
    with unit_of_work(world.engine, SYSTEM) as work:
        remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")

    request = ask(world, right)

    assert not request.is_extension


def test_l19_once_its_time_is_over_it_is_a_new_request(world: World) -> None:
    right = world.entitlement()
    world.grant(world.ada, right, kind=Cause.REQUEST, request_id=77, ends_at=after(0))

    assert not ask(world, right).is_extension


@pytest.mark.parametrize(
    "change",
    [{"requestable": False}, {"gone_at": after(0)}, {"is_builtin": True}],
    ids=["not offered", "gone", "built in"],
)
def test_what_is_not_offered_does_not_exist(lite_world: World, change: dict[str, object]) -> None:
    lite_world.account(lite_world.ada)
    right = lite_world.entitlement(**change)

    with pytest.raises(NotFound):
        ask(lite_world, right)


def test_nothing_of_an_app_that_is_not_managed_is_offered(lite_world: World) -> None:
    lite_world.account(lite_world.ada)
    right = lite_world.entitlement()
    lite_world.crm.status = AppStatus.UNMANAGED
    lite_world.add(lite_world.crm)

    with pytest.raises(NotFound):
        ask(lite_world, right)


def test_l7_what_a_rule_keeps_is_refused_with_what_to_change_instead(lite_world: World) -> None:
    lite_world.account(lite_world.ada)
    right = lite_world.entitlement(fixed_why="A rule decides who is in it: change the rule.")

    with pytest.raises(Refused, match="change the rule"):
        ask(lite_world, right)


def test_without_an_account_one_learns_whom_to_ask_for_one(lite_world: World) -> None:
    right = lite_world.entitlement()

    with pytest.raises(Refused, match=r"no account in CRM .* Ask Rita Ortiz for one first"):
        ask(lite_world, right)


@pytest.mark.parametrize(
    "values",
    [
        {"type": "admin", "is_person": False},
        {"status": AccountStatus.DISABLED},
        {"is_protected": True},
        {"gone_at": after(0)},
    ],
    ids=["administrator", "disabled", "protected", "gone"],
)
def test_l14_an_account_that_cannot_hold_it_does_not_count(
    lite_world: World, values: dict[str, object]
) -> None:
    lite_world.account(lite_world.ada, **values)

    with pytest.raises(Refused, match="no account in CRM"):
        ask(lite_world, lite_world.entitlement())


def test_with_both_accounts_the_persons_own_one_gets_it(lite_world: World) -> None:
    lite_world.account(lite_world.ada, type="admin", is_person=False)
    person = lite_world.account(lite_world.ada)

    assert ask(lite_world, lite_world.entitlement()).account_id == person.id


def test_somebody_who_left_asks_for_nothing(lite_world: World) -> None:
    lite_world.account(lite_world.ada)
    part_ways(lite_world, lite_world.ada)

    with pytest.raises(Refused, match="not active"):
        ask(lite_world, lite_world.entitlement())


def test_l22_what_nobody_could_decide_is_refused_on_filing(world: World) -> None:
    account_of(world, world.ada)
    manage(world, world.ada, None)

    with pytest.raises(Refused, match="Nobody can decide"):
        ask(world, world.entitlement())

    assert world.all(AccessRequest) == []


def test_l22_at_high_risk_one_person_alone_is_not_enough_for_two_steps(world: World) -> None:
    account_of(world, world.ada)
    own(world, world.max)

    with pytest.raises(Refused, match="Nobody can decide"):
        ask(world, world.entitlement(risk=Risk.HIGH, approval=Approval.MANAGER_OWNER))


def test_l22_a_super_administrator_who_stands_in_is_told_why(world: World) -> None:
    account_of(world, world.ada)
    manage(world, world.ada, None)
    make_super(world, world.cam)

    request = ask(world, world.entitlement())

    [note] = [row for row in world.all(Notification) if row.identity_id == world.cam.id]
    assert "You are asked as super administrator: there is no manager" in note.body
    assert "super administrator" in request.shown["decides"]
