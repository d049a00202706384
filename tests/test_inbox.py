"""The inbox: what waits for whom, and with which facts."""

from __future__ import annotations

from datetime import timedelta

from tests.queries import asserts_queries
from tests.world import Person, World
from tests.world_requests import (
    WHY,
    account_of,
    after,
    answer,
    ask,
    make_super,
    manage,
    own,
)
from uar import clock
from uar.approvals import Answer
from uar.inbox import decided, inbox, n_decided_since
from uar.models.kinds import Approval, Cause, Risk
from uar.models.states import RequestState
from uar.request_rows import RequestRow

BOTH = Approval.MANAGER_OWNER


def _waiting(world: World, person: Person) -> list[RequestRow]:
    with world.reading() as session:
        return inbox(session, person.id)


def test_the_row_carries_the_reason_the_duration_and_the_risk(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement(risk=Risk.HIGH, approval=BOTH), minutes=240)

    [row] = _waiting(world, world.max)

    assert (row.request_id, row.person, row.department) == (request.id, "Ada Byrne", "Sales")
    assert row.access == "CRM · Admins member"
    assert (row.reason, row.minutes, row.risk) == (WHY, 240, Risk.HIGH)
    assert (row.position, row.n_steps) == (1, 2)
    assert row.earlier == ()
    assert row.lengths == (240, 60, 30, 10)


def test_a_later_step_shows_what_was_said_before(world: World) -> None:
    own(world, world.rita)
    account_of(world, world.ada)
    request = ask(world, world.entitlement(approval=BOTH), minutes=240)
    assert _waiting(world, world.rita) == []

    answer(world, request, world.max, minutes=60, reason="only for the import")

    [row] = _waiting(world, world.rita)
    [taken] = row.earlier
    assert (taken.by, taken.minutes, taken.reason) == ("Max Roth", 60, "only for the import")
    assert (row.position, row.granted_minutes) == (2, 60)
    assert _waiting(world, world.max) == []


def test_the_row_says_how_much_else_the_person_holds_in_that_app(world: World) -> None:
    account = account_of(world, world.ada)
    for name in ("A", "B"):
        world.grant(entitlement=world.entitlement(name), account=account)
    world.grant(entitlement=world.entitlement("CRM", is_builtin=True), account=account)
    erp = world.app("ERP")
    world.grant(
        entitlement=world.entitlement("X", app=erp), account=world.account(world.ada, app=erp)
    )
    right = world.entitlement("C")
    world.grant(
        entitlement=right, account=account, kind=Cause.REQUEST, request_id=9, ends_at=after(5)
    )
    ask(world, right)

    [row] = _waiting(world, world.max)

    assert row.others == 2
    assert row.is_extension


def test_l20_ones_own_request_waits_for_others(world: World) -> None:
    own(world, world.ada, world.rita)
    make_super(world, world.ada)
    account_of(world, world.ada)
    ask(world, world.entitlement(approval=Approval.OWNER))

    assert _waiting(world, world.ada) == []
    assert len(_waiting(world, world.rita)) == 1


def test_l22_super_administrators_see_what_nobody_else_may_decide(world: World) -> None:
    make_super(world, world.cam)
    for person in (world.ada, world.max):
        account_of(world, person)
    manage(world, world.max, world.rita)
    right = world.entitlement()
    ask(world, right)
    ask(world, right, by=world.max)
    assert _waiting(world, world.cam) == []

    manage(world, world.ada, None)

    [row] = _waiting(world, world.cam)
    assert row.deciders is not None
    assert "there is no manager" in row.deciders.fallback


def test_l27_a_new_manager_finds_it_and_the_former_one_does_not(world: World) -> None:
    account_of(world, world.ada)
    ask(world, world.entitlement())

    manage(world, world.ada, world.cam)

    assert len(_waiting(world, world.cam)) == 1
    assert _waiting(world, world.max) == []


def test_a_stranger_has_nothing_to_decide(world: World) -> None:
    account_of(world, world.ada)
    ask(world, world.entitlement())

    assert _waiting(world, world.sam) == []


def test_what_was_decided_is_listed_newest_first_with_its_end(world: World) -> None:
    account_of(world, world.ada)
    first = ask(world, world.entitlement("A"))
    second = ask(world, world.entitlement("B"))
    answer(world, second, world.max)
    answer(world, first, world.max, Answer.DENY, reason="not you")

    with world.reading() as session:
        found = decided(session, world.max.id)
        n_today = n_decided_since(session, world.max.id, clock.now() - timedelta(hours=12))
        n_later = n_decided_since(session, world.max.id, clock.now() + timedelta(hours=1))

    assert [(row.request_id, row.state) for row in found] == [
        (second.id, RequestState.APPROVED),
        (first.id, RequestState.DENIED),
    ]
    assert (n_today, n_later) == (2, 0)
    assert _waiting(world, world.max) == []


def test_pages_of_the_inbox_meet_without_a_gap(world: World) -> None:
    account_of(world, world.ada)
    ids = [ask(world, world.entitlement(f"G{n}")).id for n in range(5)]

    with world.reading() as session:
        first = inbox(session, world.max.id, limit=3)
        second = inbox(session, world.max.id, after=first[-1].request_id, limit=3)

    assert [row.request_id for row in first + second] == ids


def test_the_inbox_costs_eight_queries_however_long_it_is(lite_world: World) -> None:
    own(lite_world, lite_world.rita)
    for n in range(8):
        person = lite_world.person(f"P{n} Doe", manager=lite_world.max)
        lite_world.account(person)
        request = ask(lite_world, lite_world.entitlement(f"G{n}", approval=BOTH), by=person)
        if n % 2:
            answer(lite_world, request, lite_world.max)

    with lite_world.reading() as session, asserts_queries(9, lite_world.engine):
        found = inbox(session, lite_world.rita.id)

    assert len(found) == 4
