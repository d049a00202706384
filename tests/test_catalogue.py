"""What can be asked for, and what one knows before asking."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.world import World
from tests.world_requests import account_of, after, ask, make_super, manage, own
from uar.catalogue import Offer, catalogue, durations_up_to, offer
from uar.errors import NotFound
from uar.models import Resource
from uar.models.kinds import Approval, Cause, Risk


def _found(world: World, q: str = "", **values: int) -> list[Offer]:
    with world.reading() as session:
        return catalogue(session, world.ada.id, q, **values)


def test_every_word_must_occur_somewhere(world: World) -> None:
    account_of(world, world.ada)
    world.entitlement("Invoices", description="Read what customers owe")
    world.entitlement("Ledger", description="Read the books")

    assert [row.resource for row in _found(world, "READ customers")] == ["Invoices"]
    assert [row.resource for row in _found(world, "crm read")] == ["Invoices", "Ledger"]
    assert _found(world, "read nothing") == []


@pytest.mark.parametrize("q", ["%", "_", "100%", "\\", "'; drop table grants; --"])
def test_signs_are_only_signs(world: World, q: str) -> None:
    account_of(world, world.ada)
    world.entitlement("Invoices")

    assert _found(world, q) == []


def test_a_description_of_the_resource_is_searched_and_shown(world: World) -> None:
    account_of(world, world.ada)
    right = world.entitlement("Ledger")
    resource = world.get(Resource, right.resource_id)
    resource.description = "General ledger of the group"
    world.add(resource)

    [row] = _found(world, "general group")

    assert row.description == "General ledger of the group"


def test_an_offer_says_who_decides_in_order_and_for_how_long_at_most(world: World) -> None:
    account_of(world, world.ada)
    own(world, world.rita, world.cam)
    world.entitlement(approval=Approval.MANAGER_OWNER, max_minutes=90, risk=Risk.HIGH)

    [row] = _found(world)

    assert row.decides == ("Max Roth", "Cam Lee or Rita Ortiz")
    assert row.access == "CRM · Admins member"
    assert row.risk is Risk.HIGH
    assert row.durations == (10, 30, 60, 90)
    assert row.problem == ""


def test_l22_an_offer_says_when_nobody_could_decide(world: World) -> None:
    account_of(world, world.ada)
    manage(world, world.ada, None)
    world.entitlement()

    assert _found(world)[0].problem.startswith("Nobody can decide")

    make_super(world, world.cam)

    assert _found(world)[0].problem == ""


def test_an_offer_says_how_many_on_the_team_hold_it(world: World) -> None:
    account_of(world, world.ada)
    right = world.entitlement()
    mates = [world.person(f"Mate{n} Doe", manager=world.max) for n in range(3)]
    for mate in mates[:2]:
        world.grant(mate, right, account=world.account(mate))
    world.grant(world.sam, right, account=world.account(world.sam))

    [row] = _found(world)

    assert (row.team_holds, row.team, row.team_name) == (2, 3, "on your team")
    assert row.holders == 3


def test_without_a_manager_the_team_is_the_department(world: World) -> None:
    account_of(world, world.ada)
    manage(world, world.ada, None)
    world.person("Ben Cole", department="Sales")
    world.entitlement()

    [row] = _found(world)

    assert (row.team, row.team_name) == (1, "in Sales")


def test_what_is_held_and_what_is_asked_for_says_so(world: World) -> None:
    account = account_of(world, world.ada)
    for_ever = world.entitlement("A")
    for_a_while = world.entitlement("B")
    asked = world.entitlement("C")
    world.entitlement("D")
    world.grant(entitlement=for_ever, account=account)
    world.grant(
        entitlement=for_a_while,
        account=account,
        kind=Cause.REQUEST,
        request_id=7,
        ends_at=after(30),
    )
    request = ask(world, asked)

    a, b, c, d = _found(world)

    assert (a.is_held, a.held_until) == (True, None)
    assert (b.is_held, b.held_until) == (True, after(30))
    assert (c.is_held, c.request_id) == (False, request.id)
    assert (d.is_held, d.request_id) == (False, None)


def test_l14_only_what_an_own_account_can_hold_is_offered(world: World) -> None:
    world.entitlement("In CRM")
    erp = world.app("ERP")
    world.entitlement("In ERP", app=erp)
    world.account(world.ada, type="admin", is_person=False)
    world.account(world.ada, app=erp)

    assert [row.resource for row in _found(world)] == ["In ERP"]


def test_l7_what_a_rule_keeps_is_not_offered(world: World) -> None:
    account_of(world, world.ada)
    world.entitlement(fixed_why="A rule decides who is in it.")

    assert _found(world) == []


def test_pages_meet_without_a_gap(world: World) -> None:
    account_of(world, world.ada)
    for name in ("B", "A", "C", "A"):
        world.entitlement(name)

    first = _found(world, limit=2)
    second = _found(world, limit=2, after=first[-1].entitlement_id)

    assert [row.resource for row in first + second] == ["A", "A", "B", "C"]
    assert _found(world, after=second[-1].entitlement_id) == []


def test_one_offer_is_found_by_id_and_only_if_it_is_offered(world: World) -> None:
    right = world.entitlement()

    with world.reading() as session, pytest.raises(NotFound):
        offer(session, world.ada.id, right.id)
    account_of(world, world.ada)
    with world.reading() as session:
        assert offer(session, world.ada.id, right.id).entitlement_id == right.id


def test_the_usual_lengths_end_with_the_longest() -> None:
    assert durations_up_to(5) == (5,)
    assert durations_up_to(60) == (10, 30, 60)
    assert durations_up_to(100) == (10, 30, 60, 100)


def test_the_catalogue_costs_nine_queries_however_long_it_is(lite_world: World) -> None:
    account = account_of(lite_world, lite_world.ada)
    for n in range(30):
        right = lite_world.entitlement(f"Group {n}", approval=Approval.MANAGER_OWNER)
        if n % 3 == 0:
            lite_world.grant(entitlement=right, account=account)

    with lite_world.reading() as session, asserts_queries(9, lite_world.engine):
        found = catalogue(session, lite_world.ada.id, "group")

    assert len(found) == 30
